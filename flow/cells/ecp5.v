// The ECP5's PLL, clock gate and lookup table, as far as gemmine uses them: behavioural models for
// simulating a netlist.
//
// Names are those of yosys' declarations of the cells, settings and behaviour those of Lattice's sysCLOCK
// PLL/DLL guide for the ECP5 (FPGA-TN-02200). No model of the vendor's was used. Frequency is not
// modelled: every cycle at the input is one at the output, and the PLL is locked after 16 of them. Any
// setting but one output that is fed back to the PLL, and any movement at its control inputs, ends the
// simulation.

module EHXPLLL (
   input wire CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
              PLLWAKESYNC, ENCLKOP,
   output wire CLKOP,
   output wire LOCK
);

parameter CLKI_DIV = 1;
parameter CLKFB_DIV = 1;
parameter CLKOP_DIV = 8;
parameter CLKOP_CPHASE = 0;
parameter CLKOP_FPHASE = 0;
parameter CLKOP_ENABLE = "ENABLED";
parameter FEEDBK_PATH = "CLKOP";
parameter OUTDIVIDER_MUXA = "DIVA";
parameter PLLRST_ENA = "DISABLED";
parameter INTFB_WAKE = "DISABLED";
parameter STDBY_ENABLE = "DISABLED";
parameter DPHASE_SOURCE = "DISABLED";

localparam KNOWN =
   CLKOP_ENABLE == "ENABLED" && FEEDBK_PATH == "CLKOP" && OUTDIVIDER_MUXA == "DIVA"
   && PLLRST_ENA == "DISABLED" && INTFB_WAKE == "DISABLED" && STDBY_ENABLE == "DISABLED"
   && DPHASE_SOURCE == "DISABLED";

reg [4:0] cycles;

initial begin
   cycles = 0;
   if (!KNOWN) $fatal(1, "EHXPLLL: this model does not know a parameter's value");
end

always @(posedge CLKI) begin
   // As a board's top ties them: neither dynamic phase nor standby.
   if (RST || STDBY || PLLWAKESYNC || ENCLKOP || !PHASESTEP || !PHASELOADREG)
      $fatal(1, "EHXPLLL: this model knows idle control inputs only");
   if (!cycles[4]) cycles <= cycles + 1;
end

assign CLKOP = CLKI;
assign LOCK = cycles[4];

endmodule

// Passes the clock from the low phase on in which CE became high, and stops it low: no edge is cut.
module DCCA (
   input wire CLKI,
   input wire CE,
   output wire CLKO
);

reg enabled;

initial enabled = 0;

always @(negedge CLKI) enabled <= CE;

assign CLKO = CLKI & enabled;

endmodule

// A lookup table is the same function as in yosys' models, which a test proves, but as an index: Verilator
// makes a shift of it, where those become conditions in a row, and simulates several times as fast.
module LUT4 (
   input wire A, B, C, D,
   output wire Z
);

parameter [15:0] INIT = 0;

assign Z = INIT[{D, C, B, A}];

endmodule
