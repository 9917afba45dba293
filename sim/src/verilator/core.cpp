// Drives one Verilated core: commands on standard input, observations on standard output, both
// little endian. The Rust side is sim/src/verilator/process.rs.
//
//   'S' u16 chunk_last, u16 chunks_last, u8 tail, u16 tail_last      shape, no cycle
//   'X' u32 n, n times (ROWS + COLUMNS) u16                          n cycles with a step each
//   'G' u32 n                                                        n cycles without
//   'R'                                                              one cycle in reset
//   'W' u32 n                        wait up to n cycles until ready and idle; not observed
//   'D'                              report: u8 ok, u64 cycle, u32 events, events, 3 u64 counters
//
// An event is u64 cycle, u32 source (0 fold, 1 + j column j), u32 word.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "Vdut.h"
#include "verilated.h"

static constexpr int ROWS = @ROWS@;
static constexpr int COLUMNS = @COLUMNS@;

struct Event {
    uint64_t cycle;
    uint32_t source;
    uint32_t word;
};

static Vdut* top;
static uint64_t now;
static bool ok = true;
static std::vector<Event> events;

double sc_time_stamp() { return 0; }

static void read_exactly(void* to, size_t size) {
    if (std::fread(to, 1, size, stdin) != size) std::exit(3);
}

template <typename T> static T read_value() {
    T value;
    read_exactly(&value, sizeof value);
    return value;
}

template <typename T> static void write_value(T value) { std::fwrite(&value, sizeof value, 1, stdout); }

static void edge() {
    top->clock = 1;
    top->eval();
}

static void settle() {
    top->clock = 0;
    top->eval();
}

static void observed_cycle() {
    settle();
    if (top->ready_out) {
        if (top->fold_valid_out) events.push_back({now, 0, top->fold_out});
@RESULTS@
    } else if (top->valid_in && !top->reset_in) {
        ok = false;
    }
    edge();
    ++now;
}

static void drive(const uint16_t* step) {
@DRIVE@
}

static void wait_idle(uint32_t cycles) {
    for (uint32_t n = 0; n < cycles; ++n) {
        settle();
        // What comes now belongs to no program.
        if (top->ready_out && (top->fold_valid_out@ANY_RESULT@)) ok = false;
        if (top->ready_out && !top->busy_out) {
            for (int k = 0; k < 2; ++k) {
                edge();
                settle();
            }
            return;
        }
        edge();
    }
    ok = false;
}

static void report() {
    write_value<uint8_t>(ok);
    write_value<uint64_t>(now);
    write_value<uint32_t>(events.size());
    std::fwrite(events.data(), sizeof(Event), events.size(), stdout);
    write_value<uint64_t>(top->cycles_low_out | uint64_t(top->cycles_high_out) << 24);
    write_value<uint64_t>(top->mac_cycles_low_out | uint64_t(top->mac_cycles_high_out) << 24);
    write_value<uint64_t>(top->full_mac_cycles_low_out | uint64_t(top->full_mac_cycles_high_out) << 24);
    std::fflush(stdout);
    events.clear();
    now = 0;
    ok = true;
}

int main() {
    static_assert(sizeof(Event) == 16, "events are written as they stand in memory");
    VerilatedContext context;
    top = new Vdut{&context};
    std::vector<uint16_t> steps;
    for (int command; (command = std::getchar()) != EOF;) {
        top->valid_in = 0;
        top->reset_in = 0;
        switch (command) {
        case 'S':
            top->chunk_last_in = read_value<uint16_t>();
            top->chunks_last_in = read_value<uint16_t>();
            top->tail_in = read_value<uint8_t>();
            top->tail_last_in = read_value<uint16_t>();
            break;
        case 'X': {
            const uint32_t n = read_value<uint32_t>();
            steps.resize(size_t(n) * (ROWS + COLUMNS));
            read_exactly(steps.data(), steps.size() * sizeof(uint16_t));
            top->valid_in = 1;
            for (uint32_t i = 0; i < n; ++i) {
                drive(&steps[size_t(i) * (ROWS + COLUMNS)]);
                observed_cycle();
            }
            break;
        }
        case 'G':
            for (uint32_t n = read_value<uint32_t>(); n > 0; --n) observed_cycle();
            break;
        case 'R':
            // In its reset, too, the array is offered a step.
            top->valid_in = 1;
            top->reset_in = 1;
            observed_cycle();
            break;
        case 'W':
            wait_idle(read_value<uint32_t>());
            break;
        case 'D':
            report();
            break;
        default:
            return 2;
        }
    }
    top->final();
    return 0;
}
