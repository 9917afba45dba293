// Gowin's PLL and lookup tables, as far as gemmine uses them: behavioural models for simulating a netlist.
//
// Names and defaults are those of yosys' declaration of the cell, settings those of Gowin's clock user
// guide (UG286). No model of the vendor's was used. Frequency is not modelled: every cycle at the input is
// one at the output, and the PLL is locked after 16 of them. Any setting but fixed dividers with internal
// feedback, and any movement at its control inputs, ends the simulation.

module rPLL (
   input wire CLKIN, CLKFB, RESET, RESET_P,
   input wire [5:0] FBDSEL, IDSEL, ODSEL,
   input wire [3:0] PSDA, DUTYDA, FDLY,
   output wire CLKOUT,
   output wire LOCK
);

parameter FCLKIN = "100.0";
parameter IDIV_SEL = 0;
parameter FBDIV_SEL = 0;
parameter ODIV_SEL = 8;
parameter DYN_IDIV_SEL = "false";
parameter DYN_FBDIV_SEL = "false";
parameter DYN_ODIV_SEL = "false";
parameter CLKFB_SEL = "internal";

localparam KNOWN =
   DYN_IDIV_SEL == "false" && DYN_FBDIV_SEL == "false" && DYN_ODIV_SEL == "false"
   && CLKFB_SEL == "internal";

reg [4:0] cycles;

initial begin
   cycles = 0;
   if (!KNOWN) $fatal(1, "rPLL: this model does not know a parameter's value");
end

always @(posedge CLKIN) begin
   if (RESET || RESET_P || FBDSEL != 0 || IDSEL != 0 || ODSEL != 0 || PSDA != 0 || DUTYDA != 0 || FDLY != 0)
      $fatal(1, "rPLL: this model knows idle control inputs only");
   if (!cycles[4]) cycles <= cycles + 1;
end

assign CLKOUT = CLKIN;
assign LOCK = cycles[4];

endmodule

// The clock's gate, after Gowin's clock guide for the GW1N (UG286): the enable is looked at while the clock is low.
module DQCE (
   input wire CLKIN,
   input wire CE,
   output wire CLKOUT
);

reg enabled;

initial enabled = 0;

always @(negedge CLKIN) enabled <= CE;

assign CLKOUT = CLKIN & enabled;

endmodule

// A lookup table is the same function as in yosys' models, which a test proves, but as an index: Verilator
// makes a shift of it, where those become conditions in a row, and simulates several times as fast.
module LUT1 (
   input wire I0,
   output wire F
);

parameter [1:0] INIT = 0;

assign F = INIT[I0];

endmodule

module LUT2 (
   input wire I0, I1,
   output wire F
);

parameter [3:0] INIT = 0;

assign F = INIT[{I1, I0}];

endmodule

module LUT3 (
   input wire I0, I1, I2,
   output wire F
);

parameter [7:0] INIT = 0;

assign F = INIT[{I2, I1, I0}];

endmodule

module LUT4 (
   input wire I0, I1, I2, I3,
   output wire F
);

parameter [15:0] INIT = 0;

assign F = INIT[{I3, I2, I1, I0}];

endmodule
