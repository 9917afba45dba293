// Gowin's MULT9X9, as far as gemmine uses it: a behavioural model for simulation.
//
// The macro's structure is that of Gowin's DSP user guide (UG287): a register in front of each operand,
// one behind the multiplication, one at the output. Names and defaults are those of yosys' declaration
// of the cell. No model of the vendor's was used. Two modes are here: both operands and
// the output registered, with and without the pipeline register, synchronous reset, both operands signed and
// from the macro's inputs. Any other parameter or tied input ends the simulation. Registers begin as 0, which is
// what the global reset after configuration leaves.

/* verilator lint_off DECLFILENAME */
module MULT9X9 (
   input wire CLK,
   input wire CE,
   input wire RESET,
   input wire signed [8:0] A,
   input wire [8:0] SIA,
   input wire ASEL,
   input wire ASIGN,
   input wire signed [8:0] B,
   input wire [8:0] SIB,
   input wire BSEL,
   input wire BSIGN,
   output wire [17:0] DOUT
);

parameter AREG = 1'b0;
parameter BREG = 1'b0;
parameter OUT_REG = 1'b0;
parameter PIPE_REG = 1'b0;
parameter ASIGN_REG = 1'b0;
parameter BSIGN_REG = 1'b0;
parameter SOA_REG = 1'b0;
parameter MULT_RESET_MODE = "SYNC";

localparam KNOWN =
   AREG == 1'b1 && BREG == 1'b1 && OUT_REG == 1'b1 && ASIGN_REG == 1'b0
   && BSIGN_REG == 1'b0 && SOA_REG == 1'b0 && MULT_RESET_MODE == "SYNC";

reg signed [8:0] a;
reg signed [8:0] b;
reg signed [17:0] pipe;
reg signed [17:0] product;

initial begin
   a = 0;
   b = 0;
   pipe = 0;
   product = 0;
   if (!KNOWN) $fatal(1, "MULT9X9: this model does not know a parameter's value");
end

always @(posedge CLK) begin
   if (!CE || RESET || ASEL || BSEL || !ASIGN || !BSIGN || SIA != 0 || SIB != 0)
      $fatal(1, "MULT9X9: this model knows signed operands from A and B, CE = 1 and RESET = 0 only");
   a <= A;
   b <= B;
   pipe <= a * b;
   product <= PIPE_REG == 1'b1 ? pipe : a * b;
end

assign DOUT = product;

endmodule
