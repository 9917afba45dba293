// Drives one Verilated memory device at its AXI ports: commands on standard input, what happened on standard output, all
// little endian. The Rust side is sim/src/verilator/memory.rs; host memory is on that side, too.
//
//   'L' u32 min, u32 max, u64 seed   cycles that host memory takes; if they differ, it also takes its time to be ready
//   'r' u32 address                  the host reads a word of the window
//   'w' u32 address, u32 word        the host writes one
//   'R' u64 n                        run n cycles, or until the device is idle
//   'T' u32 n, n bytes               trace into the file of this name from now on (needs VM_TRACE)
//   'C'                              close the trace; answer: a byte
//
// Each but 'L' and 'T' is answered by any number of accesses to host memory, then by what was asked for:
//
//   'M' u32 count, and for each u8 is_write, u64 address, u32 bytes, of a write these bytes
//       the other side answers all of them, in order: u8 ok, of a read also the bytes
//   'D' u64 now, u32 word, u32 interrupts, u8 idle
//
// Accesses wait until the first answer is due, and cross together. What AXI forbids ends the simulation with a message.
#include <cstdarg>
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

// Verilator's name of the port `interrupt`, which is a word of some C++ compilers
#define INTERRUPT __SYM__interrupt

// Cycles without any activity after which the device is idle: longer than any pipeline in it.
static constexpr int QUIET_CYCLES = 64;
// Cycles in which the window answers, whatever else is going on.
static constexpr uint64_t ACCESS_CYCLES_MAX = 1000000;
static constexpr unsigned BEAT = 8, READS_IN_FLIGHT = 4, BURST_BYTES = 128, PAGE = 4096;

static Vdut* top;
static uint64_t now;
static uint32_t interrupts;
#if VM_TRACE
static VerilatedVcdC* trace;
#endif

double sc_time_stamp() { return 0; }

[[noreturn]] static void broken(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "cycle %llu: ", (unsigned long long)now);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    std::exit(4);
}

// Pipes
static void read_exactly(void* to, size_t size) {
    if (size && std::fread(to, 1, size, stdin) != size) std::exit(3);
}

template <typename T> static T read_value() {
    T value;
    read_exactly(&value, sizeof value);
    return value;
}

template <typename T> static void write_value(T value) { std::fwrite(&value, sizeof value, 1, stdout); }

// Latencies (SplitMix64)
static uint32_t latency_min = 1, latency_max = 1;
static uint64_t seed;

static uint64_t draw() {
    uint64_t word = seed += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

static uint64_t latency() { return latency_min + draw() % (uint64_t(latency_max) - latency_min + 1); }

// Whether a channel goes on in this cycle: always, if latencies are fixed
static bool willing() { return latency_min == latency_max || (draw() & 3) != 0; }

// Host memory
struct Burst {
    uint64_t due;
    uint64_t address;
    std::vector<uint8_t> bytes;
    bool answered, ok;
};
static std::deque<Burst> reads, writes;
// Where a burst stands that has not crossed yet, in order
struct Access {
    bool is_write;
    size_t nth;
};
static std::vector<Access> crossing;
static size_t reads_gone, writes_gone;

static void cross() {
    write_value('M');
    write_value<uint32_t>(crossing.size());
    for (const Access& access : crossing) {
        const Burst& burst = access.is_write ? writes[access.nth - writes_gone] : reads[access.nth - reads_gone];
        write_value<uint8_t>(access.is_write);
        write_value(burst.address);
        write_value<uint32_t>(burst.bytes.size());
        if (access.is_write) std::fwrite(burst.bytes.data(), 1, burst.bytes.size(), stdout);
    }
    std::fflush(stdout);
    for (const Access& access : crossing) {
        Burst& burst = access.is_write ? writes[access.nth - writes_gone] : reads[access.nth - reads_gone];
        burst.ok = read_value<uint8_t>();
        if (!access.is_write) read_exactly(burst.bytes.data(), burst.bytes.size());
        burst.answered = true;
    }
    crossing.clear();
}

static void check_burst(const char* channel, uint64_t address, unsigned beats, unsigned size, unsigned kind) {
    if (size != 3 || kind != 1) broken("%s: beats of 2^%u bytes, burst of kind %u", channel, size, kind);
    if (address % BEAT) broken("%s: address %#llx", channel, (unsigned long long)address);
    if (beats * BEAT > BURST_BYTES) broken("%s: %u beats", channel, beats);
    if (address / PAGE != (address + beats * BEAT - 1) / PAGE) broken("%s: crosses 4 KiB at %#llx", channel, (unsigned long long)address);
}

// A channel on which the device says something: once valid, it stays and stays the same until it is taken
struct Offer {
    const char* name;
    bool waits;
    std::vector<uint64_t> said;
    bool taken(bool valid, bool ready, std::vector<uint64_t> says) {
        if (waits && (!valid || says != said)) broken("%s: changed before it was taken", name);
        waits = valid && !ready;
        if (waits) said = std::move(says);
        return valid && ready;
    }
};
static Offer ar{"AR"}, aw{"AW"}, w{"W"};

// AR and R
static bool r_valid;
static unsigned r_beat;

static void drive_reads() {
    top->m_axi_arready = willing();
    if (!r_valid && !reads.empty() && reads.front().due <= now && willing()) {
        if (!reads.front().answered) cross();
        r_valid = true;
    }
    top->m_axi_rvalid = r_valid;
    if (!r_valid) return;
    const Burst& burst = reads.front();
    uint64_t word = 0;
    for (unsigned n = 0; n < BEAT; ++n) word |= uint64_t(burst.bytes[r_beat * BEAT + n]) << (8 * n);
    top->m_axi_rdata = word;
    top->m_axi_rresp = burst.ok ? 0 : 2;
    top->m_axi_rlast = (r_beat + 1) * BEAT == burst.bytes.size();
}

static void take_reads() {
    const unsigned beats = top->m_axi_arlen + 1;
    if (ar.taken(top->m_axi_arvalid, top->m_axi_arready, {top->m_axi_araddr, top->m_axi_arlen})) {
        check_burst("AR", top->m_axi_araddr, beats, top->m_axi_arsize, top->m_axi_arburst);
        if (reads.size() >= READS_IN_FLIGHT) broken("AR: more than %u reads in flight", READS_IN_FLIGHT);
        const uint64_t earliest = reads.empty() ? 0 : reads.back().due;
        uint64_t due = now + latency();
        if (due < earliest) due = earliest;
        crossing.push_back({false, reads_gone + reads.size()});
        reads.push_back({due, top->m_axi_araddr, std::vector<uint8_t>(beats * BEAT), false, false});
    }
    if (r_valid && top->m_axi_rready) {
        r_valid = false;
        if (++r_beat * BEAT == reads.front().bytes.size()) {
            r_beat = 0;
            reads.pop_front();
            ++reads_gone;
        } else {
            r_valid = willing();
        }
    }
    // A beat that waits for its turn
    if (!r_valid && r_beat) r_valid = willing();
}

// AW, W and B
struct Request {
    uint64_t address;
    unsigned beats;
};
static std::deque<Request> requests;
static std::deque<std::vector<uint8_t>> data;
static std::vector<uint8_t> beats_so_far;
static unsigned beat_count;
static bool cut, b_valid;

static void drive_writes() {
    top->m_axi_awready = willing();
    top->m_axi_wready = willing();
    if (!b_valid && !writes.empty() && writes.front().due <= now && willing()) {
        if (!writes.front().answered) cross();
        b_valid = true;
    }
    top->m_axi_bvalid = b_valid;
    if (b_valid) top->m_axi_bresp = writes.front().ok ? 0 : 2;
}

static std::deque<unsigned> data_beats;

static void take_writes() {
    if (aw.taken(top->m_axi_awvalid, top->m_axi_awready, {top->m_axi_awaddr, top->m_axi_awlen})) {
        check_burst("AW", top->m_axi_awaddr, top->m_axi_awlen + 1, top->m_axi_awsize, top->m_axi_awburst);
        requests.push_back({top->m_axi_awaddr, top->m_axi_awlen + 1u});
    }
    if (w.taken(top->m_axi_wvalid, top->m_axi_wready, {top->m_axi_wdata, top->m_axi_wstrb, top->m_axi_wlast})) {
        if (cut) broken("W: bytes behind one that is left out");
        ++beat_count;
        for (unsigned n = 0; n < BEAT; ++n) {
            const bool strobe = top->m_axi_wstrb >> n & 1;
            if (strobe && cut) broken("W: strobes %#x", unsigned(top->m_axi_wstrb));
            if (strobe) beats_so_far.push_back(uint8_t(top->m_axi_wdata >> (8 * n)));
            cut |= !strobe;
        }
        if (top->m_axi_wlast) {
            data.push_back(std::move(beats_so_far));
            data_beats.push_back(beat_count);
            beats_so_far.clear();
            beat_count = 0;
            cut = false;
        }
    }
    while (!requests.empty() && !data.empty()) {
        const Request request = requests.front();
        if (request.beats != data_beats.front()) broken("W: %u beats of %u", data_beats.front(), request.beats);
        crossing.push_back({true, writes_gone + writes.size()});
        const uint64_t earliest = writes.empty() ? 0 : writes.back().due;
        uint64_t due = now + latency();
        if (due < earliest) due = earliest;
        writes.push_back({due, request.address, std::move(data.front()), false, false});
        requests.pop_front();
        data.pop_front();
        data_beats.pop_front();
    }
    if (b_valid && top->m_axi_bready) {
        b_valid = false;
        writes.pop_front();
        ++writes_gone;
    }
}

// One cycle. True if anything moves.
static bool cycle() {
    top->clock = 0;
    drive_reads();
    drive_writes();
    top->interrupt_ready = willing();
    top->eval();
#if VM_TRACE
    if (trace) trace->dump(2 * now);
#endif
    take_reads();
    take_writes();
    interrupts += top->INTERRUPT;
    const bool moves = top->active || top->INTERRUPT || !reads.empty() || !writes.empty() || !requests.empty() || !data.empty()
        || top->m_axi_arvalid || top->m_axi_awvalid || top->m_axi_wvalid;
    top->clock = 1;
    top->eval();
#if VM_TRACE
    if (trace) trace->dump(2 * now + 1);
#endif
    ++now;
    return moves;
}

// The window: one access at a time
static uint32_t read_word(uint32_t address) {
    bool asked = false;
    top->s_axil_araddr = address;
    top->s_axil_arvalid = 1;
    top->s_axil_rready = 1;
    for (uint64_t n = 0; n < ACCESS_CYCLES_MAX; ++n) {
        // What the device says in this cycle does not depend on what it is told in it
        top->eval();
        const bool takes = top->s_axil_arready && top->s_axil_arvalid, says = top->s_axil_rvalid;
        const uint32_t word = top->s_axil_rdata;
        if (says && top->s_axil_rresp) broken("R of the window: response %u", unsigned(top->s_axil_rresp));
        cycle();
        if (takes) {
            asked = true;
            top->s_axil_arvalid = 0;
        }
        if (says) {
            if (!asked) broken("R of the window: a word that nobody asked for");
            top->s_axil_rready = 0;
            return word;
        }
    }
    broken("the window does not answer a read of %#x", address);
}

static void write_word(uint32_t address, uint32_t word) {
    top->s_axil_awaddr = address;
    top->s_axil_wdata = word;
    top->s_axil_wstrb = 15;
    top->s_axil_awvalid = 1;
    top->s_axil_wvalid = 1;
    top->s_axil_bready = 1;
    for (uint64_t n = 0; n < ACCESS_CYCLES_MAX; ++n) {
        top->eval();
        const bool where = top->s_axil_awready && top->s_axil_awvalid, what = top->s_axil_wready && top->s_axil_wvalid;
        const bool says = top->s_axil_bvalid;
        if (says && (top->s_axil_awvalid || top->s_axil_wvalid || top->s_axil_bresp)) broken("B of the window: response %u", unsigned(top->s_axil_bresp));
        cycle();
        if (where) top->s_axil_awvalid = 0;
        if (what) top->s_axil_wvalid = 0;
        if (says) {
            top->s_axil_bready = 0;
            return;
        }
    }
    broken("the window does not answer a write to %#x", address);
}

static void done(uint32_t word, bool idle) {
    // Nobody sees what has not crossed, and the other side may look now
    if (!crossing.empty()) cross();
    write_value('D');
    write_value(now);
    write_value(word);
    write_value(interrupts);
    write_value<uint8_t>(idle);
    interrupts = 0;
    std::fflush(stdout);
}

int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
#if VM_TRACE
    context.traceEverOn(true);
#endif
    top = new Vdut{&context};
    top->reset = 0;
    top->s_axil_awvalid = top->s_axil_wvalid = top->s_axil_bready = top->s_axil_arvalid = top->s_axil_rready = 0;
    top->s_axil_awprot = top->s_axil_arprot = 0;
    int quiet = 0;
    std::vector<uint8_t> name;
    for (int command; (command = std::getchar()) != EOF;) {
        switch (command) {
        case 'L':
            latency_min = read_value<uint32_t>();
            latency_max = read_value<uint32_t>();
            seed = read_value<uint64_t>();
            break;
        case 'r':
            quiet = 0;
            done(read_word(read_value<uint32_t>()), false);
            break;
        case 'w': {
            quiet = 0;
            const uint32_t address = read_value<uint32_t>();
            write_word(address, read_value<uint32_t>());
            done(0, false);
            break;
        }
        case 'R': {
            const uint64_t count = read_value<uint64_t>();
            const uint64_t end = count > UINT64_MAX - now ? UINT64_MAX : now + count;
            while (now < end && quiet < QUIET_CYCLES) quiet = cycle() ? 0 : quiet + 1;
            done(0, quiet >= QUIET_CYCLES);
            break;
        }
#if VM_TRACE
        case 'T': {
            name.resize(read_value<uint32_t>());
            read_exactly(name.data(), name.size());
            trace = new VerilatedVcdC;
            top->trace(trace, 99);
            trace->open(std::string(name.begin(), name.end()).c_str());
            break;
        }
        case 'C':
            if (trace) trace->close();
            write_value<uint8_t>(0);
            std::fflush(stdout);
            break;
#endif
        default:
            std::exit(2);
        }
    }
    return 0;
}
