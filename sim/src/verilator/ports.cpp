// Drives one Verilated module port by port: each line of standard input holds the inputs of a cycle
// in hexadecimal, each line of standard output its outputs before the clock's edge.
#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "Vdut.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

int main() {
    VerilatedContext context;
    Vdut top{&context};
    uint64_t in[@INPUTS@];
    for (;;) {
        for (uint64_t& value : in) {
            if (std::scanf("%" SCNx64, &value) != 1) {
                top.final();
                return 0;
            }
        }
@DRIVE@
        @CLOCK_LOW@
        top.eval();
@SAMPLE@
        std::putchar('\n');
        @CLOCK_HIGH@
        top.eval();
    }
}
