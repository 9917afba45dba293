// Gowin's block RAM with a port that writes and one that reads, as far as gemmine uses it: a behavioural model for simulating a netlist.
//
// Widths, modes and byte enables are those of Gowin's memory user guide (UG285). Names and defaults are
// those of yosys' declaration of the cell, and so are the places of the initial content. No model of the
// vendor's was used. Here are widths of 9, 18 and 36 bits,
// without output register, reset and block select. Anything else ends the simulation.
//
// What is read of a byte that the other port writes in the same cycle, the guide leaves open: here it is
// the complement of what was there, so that nobody can rely on it. Registers begin as 0, which is what the
// global reset leaves.

/* verilator lint_off DECLFILENAME */
module SDPX9B (
   input wire CLKA, CEA, CLKB, CEB, OCE, RESETA, RESETB,
   input wire [13:0] ADA, ADB,
   input wire [2:0] BLKSELA, BLKSELB,
   input wire [35:0] DI,
   output wire [35:0] DO
);

parameter READ_MODE = 1'b0;
parameter BIT_WIDTH_0 = 36;
parameter BIT_WIDTH_1 = 36;
parameter BLK_SEL_0 = 3'b000;
parameter BLK_SEL_1 = 3'b000;
parameter RESET_MODE = "SYNC";
parameter INIT_RAM_00 = 288'h0;
parameter INIT_RAM_01 = 288'h0;
parameter INIT_RAM_02 = 288'h0;
parameter INIT_RAM_03 = 288'h0;
parameter INIT_RAM_04 = 288'h0;
parameter INIT_RAM_05 = 288'h0;
parameter INIT_RAM_06 = 288'h0;
parameter INIT_RAM_07 = 288'h0;
parameter INIT_RAM_08 = 288'h0;
parameter INIT_RAM_09 = 288'h0;
parameter INIT_RAM_0A = 288'h0;
parameter INIT_RAM_0B = 288'h0;
parameter INIT_RAM_0C = 288'h0;
parameter INIT_RAM_0D = 288'h0;
parameter INIT_RAM_0E = 288'h0;
parameter INIT_RAM_0F = 288'h0;
parameter INIT_RAM_10 = 288'h0;
parameter INIT_RAM_11 = 288'h0;
parameter INIT_RAM_12 = 288'h0;
parameter INIT_RAM_13 = 288'h0;
parameter INIT_RAM_14 = 288'h0;
parameter INIT_RAM_15 = 288'h0;
parameter INIT_RAM_16 = 288'h0;
parameter INIT_RAM_17 = 288'h0;
parameter INIT_RAM_18 = 288'h0;
parameter INIT_RAM_19 = 288'h0;
parameter INIT_RAM_1A = 288'h0;
parameter INIT_RAM_1B = 288'h0;
parameter INIT_RAM_1C = 288'h0;
parameter INIT_RAM_1D = 288'h0;
parameter INIT_RAM_1E = 288'h0;
parameter INIT_RAM_1F = 288'h0;
parameter INIT_RAM_20 = 288'h0;
parameter INIT_RAM_21 = 288'h0;
parameter INIT_RAM_22 = 288'h0;
parameter INIT_RAM_23 = 288'h0;
parameter INIT_RAM_24 = 288'h0;
parameter INIT_RAM_25 = 288'h0;
parameter INIT_RAM_26 = 288'h0;
parameter INIT_RAM_27 = 288'h0;
parameter INIT_RAM_28 = 288'h0;
parameter INIT_RAM_29 = 288'h0;
parameter INIT_RAM_2A = 288'h0;
parameter INIT_RAM_2B = 288'h0;
parameter INIT_RAM_2C = 288'h0;
parameter INIT_RAM_2D = 288'h0;
parameter INIT_RAM_2E = 288'h0;
parameter INIT_RAM_2F = 288'h0;
parameter INIT_RAM_30 = 288'h0;
parameter INIT_RAM_31 = 288'h0;
parameter INIT_RAM_32 = 288'h0;
parameter INIT_RAM_33 = 288'h0;
parameter INIT_RAM_34 = 288'h0;
parameter INIT_RAM_35 = 288'h0;
parameter INIT_RAM_36 = 288'h0;
parameter INIT_RAM_37 = 288'h0;
parameter INIT_RAM_38 = 288'h0;
parameter INIT_RAM_39 = 288'h0;
parameter INIT_RAM_3A = 288'h0;
parameter INIT_RAM_3B = 288'h0;
parameter INIT_RAM_3C = 288'h0;
parameter INIT_RAM_3D = 288'h0;
parameter INIT_RAM_3E = 288'h0;
parameter INIT_RAM_3F = 288'h0;

localparam BYTES_A = BIT_WIDTH_0 / 9;
localparam BYTES_B = BIT_WIDTH_1 / 9;
localparam KNOWN =
   (BIT_WIDTH_0 == 9 || BIT_WIDTH_0 == 18 || BIT_WIDTH_0 == 36)
   && (BIT_WIDTH_1 == 9 || BIT_WIDTH_1 == 18 || BIT_WIDTH_1 == 36)
   && READ_MODE == 1'b0 && BLK_SEL_0 == 3'b000 && BLK_SEL_1 == 3'b000;

localparam [64*288-1:0] INIT = {
   INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C,
   INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
   INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34,
   INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
   INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C,
   INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
   INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24,
   INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
   INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C,
   INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
   INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14,
   INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
   INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C,
   INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
   INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04,
   INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
};

// Bytes of 9 bits.
reg [8:0] memory [0:2047];
integer n;

initial begin
   if (!KNOWN) $fatal(1, "SDPX9B: this model does not know a parameter's value");
   for (n = 0; n < 2048; n = n + 1) memory[n] = INIT[9*n +: 9];
end

// The low bits of the address of wide data enable the bytes.
wire [10:0] first_a = ADA[13:3] & ~(BYTES_A[10:0] - 11'd1);
wire [10:0] first_b = ADB[13:3] & ~(BYTES_B[10:0] - 11'd1);
wire [3:0] bytes_a = BYTES_A == 1 ? 4'b0001 : BYTES_A == 2 ? {2'b00, ADA[1:0]} : ADA[3:0];
wire [3:0] write_a = CEA ? bytes_a : 4'b0000;

reg [35:0] data;
integer i, j;

initial data = 0;

// Both ports stand in one block for the order of what happens at one edge. Both clocks are one here.
always @(posedge CLKA) begin
   if (RESETA || RESETB || BLKSELA != 0 || BLKSELB != 0)
      $fatal(1, "SDPX9B: this model knows no reset and no other block");
   for (j = 0; j < BYTES_B; j = j + 1)
      if (CEB) data[9*j +: 9] <= memory[first_b + j[10:0]] ^ {9{clash(first_b + j[10:0])}};
   for (i = 0; i < BYTES_A; i = i + 1) if (write_a[i]) memory[first_a + i[10:0]] <= DI[9*i +: 9];
end

always @(posedge CLKB) if (CLKA !== CLKB) $fatal(1, "SDPX9B: this model knows one clock only");

// Whether a byte is being written.
function clash(input [10:0] address);
   clash = address >= first_a && address < first_a + BYTES_A[10:0] && write_a[address[1:0] - first_a[1:0]];
endfunction

assign DO = data;

endmodule
