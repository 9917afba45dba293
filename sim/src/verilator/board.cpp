// Drives one Verilated serial device at its two wires: commands on standard input, what happened on
// standard output, both little endian. The Rust side is sim/src/verilator/board.rs.
//
//   'P' u64 increment                the host's rate, in bits a cycle, in 2^-24; of what is put from now on
//   'B' u32 n, n bytes               put bytes on the wire to the device
//   'R' u64 n, u8 at_rest            run n cycles, or until the device rests; answer: u64 now, u8 resting,
//                                    u32 bytes, and for each u64 first cycle of its start bit, u8 byte
//   'T' u32 n, n bytes               trace into the file of this name from now on (needs VM_TRACE)
//   'C'                              close the trace; answer: a byte
//
// Arguments are the Verilog's: $value$plusargs finds them.
// The host's sender is uart_tx, its receiver uart_rx, in plain C++.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "Vdut.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

// Cycles without any activity after which the device rests: longer than any pipeline in it.
static constexpr int QUIET_CYCLES = 64;
static constexpr uint64_t BIT = uint64_t(1) << 24;
static constexpr uint64_t FRACTION = BIT - 1;

struct LineByte {
    uint64_t cycle;
    uint8_t byte;
};

static Vdut* top;
static uint64_t now;
static uint64_t increment;
#if VM_TRACE
static VerilatedVcdC* trace;
#endif

double sc_time_stamp() { return 0; }

// The host's sender: every byte goes at the rate at which it was put
struct Waiting {
    uint8_t byte;
    uint64_t increment;
};
static std::deque<Waiting> waiting;
static uint64_t send_increment;
static bool sending;
static unsigned shifted;
static unsigned bits_left;
static uint64_t send_phase;

static bool send_cycle() {
    if (!sending && !waiting.empty()) {
        sending = true;
        shifted = (unsigned(waiting.front().byte) << 1) | 0x200;
        send_increment = waiting.front().increment;
        waiting.pop_front();
        bits_left = 10;
        send_phase = 0;
    }
    if (!sending) return true;
    const bool level = shifted & 1;
    send_phase = (send_phase & FRACTION) + send_increment;
    if (send_phase & BIT) {
        shifted >>= 1;
        if (--bits_left == 0) sending = false;
    }
    return level;
}

// The host's receiver
static bool first_low, low, receiving, stuck;
static unsigned position, data;
static uint64_t phase, began;
static std::vector<LineByte> received;

static void receive_cycle(bool line) {
    const bool low_now = low;
    const bool was_receiving = receiving, was_stuck = stuck;
    low = first_low;
    first_low = !line;
    if (!low_now) stuck = false;
    if (was_receiving) {
        phase = (phase & FRACTION) + increment;
        if (phase & BIT) {
            const unsigned at = position++;
            if (at == 0) {
                receiving = low_now;
            } else if (at == 9) {
                receiving = false;
                stuck = low_now;
                if (!low_now) received.push_back({began, uint8_t(data)});
            } else {
                data = (data >> 1) | (low_now ? 0 : 0x80);
            }
        }
    } else if (low_now && !was_stuck) {
        receiving = true;
        position = 0;
        phase = BIT / 2;
        began = now - 2;
    }
}

// One cycle. True if anything moves.
static bool cycle() {
    const bool level = send_cycle();
    top->line_in = level;
    top->clock = 0;
    top->eval();
#if VM_TRACE
    if (trace) trace->dump(2 * now);
#endif
    const bool line = top->line_out;
    receive_cycle(line);
    const bool moves = sending || !waiting.empty() || !level || !line || receiving || low || first_low || top->active_out;
    top->clock = 1;
    top->eval();
#if VM_TRACE
    if (trace) trace->dump(2 * now + 1);
#endif
    ++now;
    return moves;
}

static void read_exactly(void* to, size_t size) {
    if (std::fread(to, 1, size, stdin) != size) std::exit(3);
}

template <typename T> static T read_value() {
    T value;
    read_exactly(&value, sizeof value);
    return value;
}

template <typename T> static void write_value(T value) { std::fwrite(&value, sizeof value, 1, stdout); }

int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
#if VM_TRACE
    context.traceEverOn(true);
#endif
    top = new Vdut{&context};
    int quiet = 0;
    std::vector<uint8_t> bytes;
    for (int command; (command = std::getchar()) != EOF;) {
        switch (command) {
        case 'P':
            increment = read_value<uint64_t>();
            break;
        case 'B':
            bytes.resize(read_value<uint32_t>());
            read_exactly(bytes.data(), bytes.size());
            for (const uint8_t byte : bytes) waiting.push_back({byte, increment});
            if (!bytes.empty()) quiet = 0;
            break;
        case 'R': {
            const uint64_t end = now + read_value<uint64_t>();
            const bool at_rest = read_value<uint8_t>();
            while (now < end && !(at_rest && quiet >= QUIET_CYCLES)) {
                quiet = cycle() ? 0 : quiet + 1;
            }
            write_value<uint64_t>(now);
            write_value<uint8_t>(quiet >= QUIET_CYCLES);
            write_value<uint32_t>(received.size());
            for (const LineByte& byte : received) {
                write_value(byte.cycle);
                write_value(byte.byte);
            }
            received.clear();
            std::fflush(stdout);
            break;
        }
#if VM_TRACE
        case 'T': {
            bytes.resize(read_value<uint32_t>());
            read_exactly(bytes.data(), bytes.size());
            trace = new VerilatedVcdC;
            top->trace(trace, 99);
            trace->open(std::string(bytes.begin(), bytes.end()).c_str());
            if (!trace->isOpen()) return 4;
            break;
        }
        case 'C':
            trace->close();
            trace = nullptr;
            write_value<uint8_t>(1);
            std::fflush(stdout);
            break;
#endif
        default:
            return 2;
        }
    }
#if VM_TRACE
    if (trace) trace->close();
#endif
    top->final();
    return 0;
}
