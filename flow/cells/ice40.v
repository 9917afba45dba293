// The iCE40's PLL and its lookup table, as far as gemmine uses them: behavioural models for simulating a
// netlist.
//
// Names are those of yosys' declaration of the cell, settings those of Lattice's sysCLOCK PLL guide for
// the iCE40 (FPGA-TN-02052). No model of the vendor's was used. Frequency is not modelled: every cycle at
// the input is one at the output, and the PLL is locked after 16 of them. A setting that has anything but
// one clock without delays or bypass ends the simulation.

module SB_PLL40_PAD (
   input wire PACKAGEPIN,
   input wire RESETB,
   input wire BYPASS,
   output wire PLLOUTGLOBAL,
   output wire PLLOUTCORE,
   output wire LOCK
);

parameter FEEDBACK_PATH = "SIMPLE";
parameter DIVR = 4'b0000;
parameter DIVF = 7'b0000000;
parameter DIVQ = 3'b000;
parameter FILTER_RANGE = 3'b000;

reg [4:0] cycles;

initial begin
   cycles = 0;
   if (FEEDBACK_PATH != "SIMPLE") $fatal(1, "SB_PLL40_PAD: this model knows simple feedback only");
end

always @(posedge PACKAGEPIN) begin
   if (!RESETB || BYPASS) $fatal(1, "SB_PLL40_PAD: this model knows no reset and no bypass");
   if (!cycles[4]) cycles <= cycles + 1;
end

assign PLLOUTGLOBAL = PACKAGEPIN;
assign PLLOUTCORE = PACKAGEPIN;
assign LOCK = cycles[4];

endmodule

// A lookup table is the same function as in yosys' models, which a test proves, but as an index: Verilator
// makes a shift of it, where those become conditions in a row, and simulates several times as fast.
module SB_LUT4 (
   input wire I0, I1, I2, I3,
   output wire O
);

parameter [15:0] LUT_INIT = 0;

assign O = LUT_INIT[{I3, I2, I1, I0}];

endmodule
