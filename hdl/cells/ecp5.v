// The ECP5's MULT18X18D, as far as gemmine uses it: a behavioural model for simulation.
//
// The block's structure is that of Lattice's sysDSP usage guide (FPGA-TN-02205): a register in front of
// each operand, one behind the multiplication, one at the output. Names and defaults are those of yosys'
// declaration of the cell. No model of the vendor's was used. One mode is here:
// both operands and the output registered in CLK0's domain with CE0 and RST0, no pipeline register, both
// operands signed and from the block's inputs. Any other parameter or tied input ends the simulation.
// Registers begin as 0, which is what the global reset after configuration leaves.

/* verilator lint_off DECLFILENAME */
module MULT18X18D (
  input wire A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
  input wire B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
  input wire SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, RST0,
  output wire P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20,
              P19, P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2,
              P1, P0
);

parameter REG_INPUTA_CLK = "NONE";
parameter REG_INPUTA_CE = "CE0";
parameter REG_INPUTA_RST = "RST0";
parameter REG_INPUTB_CLK = "NONE";
parameter REG_INPUTB_CE = "CE0";
parameter REG_INPUTB_RST = "RST0";
parameter REG_INPUTC_CLK = "NONE";
parameter REG_INPUTC_CE = "CE0";
parameter REG_INPUTC_RST = "RST0";
parameter REG_PIPELINE_CLK = "NONE";
parameter REG_PIPELINE_CE = "CE0";
parameter REG_PIPELINE_RST = "RST0";
parameter REG_OUTPUT_CLK = "NONE";
parameter REG_OUTPUT_CE = "CE0";
parameter REG_OUTPUT_RST = "RST0";
parameter CLK0_DIV = "ENABLED";
parameter CLK1_DIV = "ENABLED";
parameter CLK2_DIV = "ENABLED";
parameter CLK3_DIV = "ENABLED";
parameter HIGHSPEED_CLK = "NONE";
parameter GSR = "ENABLED";
parameter CAS_MATCH_REG = "FALSE";
parameter SOURCEB_MODE = "B_SHIFT";
parameter MULT_BYPASS = "DISABLED";
parameter RESETMODE = "SYNC";

localparam KNOWN =
   REG_INPUTA_CLK == "CLK0" && REG_INPUTA_CE == "CE0" && REG_INPUTA_RST == "RST0"
   && REG_INPUTB_CLK == "CLK0" && REG_INPUTB_CE == "CE0" && REG_INPUTB_RST == "RST0"
   && REG_INPUTC_CLK == "NONE" && REG_INPUTC_CE == "CE0" && REG_INPUTC_RST == "RST0"
   && REG_PIPELINE_CLK == "NONE" && REG_PIPELINE_CE == "CE0" && REG_PIPELINE_RST == "RST0"
   && REG_OUTPUT_CLK == "CLK0" && REG_OUTPUT_CE == "CE0" && REG_OUTPUT_RST == "RST0"
   && CLK0_DIV == "ENABLED" && CLK1_DIV == "ENABLED" && CLK2_DIV == "ENABLED"
   && CLK3_DIV == "ENABLED" && HIGHSPEED_CLK == "NONE" && GSR == "ENABLED"
   && CAS_MATCH_REG == "FALSE" && SOURCEB_MODE == "B_SHIFT" && MULT_BYPASS == "DISABLED"
   && RESETMODE == "SYNC";

reg signed [17:0] a;
reg signed [17:0] b;
reg signed [35:0] product;

initial begin
   a = 0;
   b = 0;
   product = 0;
   if (!KNOWN) $fatal(1, "MULT18X18D: this model does not know a parameter's value");
end

always @(posedge CLK0) begin
   if (!SIGNEDA || !SIGNEDB || SOURCEA || SOURCEB || !CE0 || RST0)
      $fatal(1, "MULT18X18D: this model knows signed operands from A and B, CE0 = 1 and RST0 = 0 only");
   a <= {
  A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
   };
   b <= {
  B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
   };
   product <= a * b;
end

assign {
  P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
  P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
} = product;

endmodule
