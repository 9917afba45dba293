// The ECP5's block RAM, as far as gemmine uses it: a behavioural model for simulating a netlist.
//
// Widths, write modes and the output register are those of Lattice's memory usage guide for the ECP5
// (FPGA-TN-02204, before that TN1264). Names and defaults are those of yosys' declaration of the cell, and
// so are the places of the initial content. No model of the vendor's was used. Two kinds of use are here:
//
// * both ports 9 or 18 bits wide, each of which reads and writes;
// * 36 bits: A writes and B reads, the low half at DIA and DOA, the high half at DIB and DOB.
//
// Without reset and chip select. Anything else ends the simulation. What a port reads of a byte that the
// other port writes in the same cycle, the guide leaves open: here it is the complement of what was there,
// so that nobody can rely on it. Registers begin as 0, which is what the global reset leaves.

/* verilator lint_off DECLFILENAME */
module DP16KD (
   input wire DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
   DIA4, DIA3, DIA2, DIA1, DIA0,
   input wire ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
   input wire CLKA, CEA, OCEA, WEA, RSTA, CSA2, CSA1, CSA0,
   output wire DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
   DOA4, DOA3, DOA2, DOA1, DOA0,
   input wire DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
   DIB4, DIB3, DIB2, DIB1, DIB0,
   input wire ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
   input wire CLKB, CEB, OCEB, WEB, RSTB, CSB2, CSB1, CSB0,
   output wire DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
   DOB4, DOB3, DOB2, DOB1, DOB0
);

parameter DATA_WIDTH_A = 18;
parameter DATA_WIDTH_B = 18;
parameter REGMODE_A = "NOREG";
parameter REGMODE_B = "NOREG";
parameter WRITEMODE_A = "NORMAL";
parameter WRITEMODE_B = "NORMAL";
parameter RESETMODE = "SYNC";
parameter ASYNC_RESET_RELEASE = "SYNC";
parameter CSDECODE_A = "0b000";
parameter CSDECODE_B = "0b000";
parameter CLKAMUX = "CLKA";
parameter CLKBMUX = "CLKB";
parameter GSR = "ENABLED";
parameter INITVAL_00 = 320'h0;
parameter INITVAL_01 = 320'h0;
parameter INITVAL_02 = 320'h0;
parameter INITVAL_03 = 320'h0;
parameter INITVAL_04 = 320'h0;
parameter INITVAL_05 = 320'h0;
parameter INITVAL_06 = 320'h0;
parameter INITVAL_07 = 320'h0;
parameter INITVAL_08 = 320'h0;
parameter INITVAL_09 = 320'h0;
parameter INITVAL_0A = 320'h0;
parameter INITVAL_0B = 320'h0;
parameter INITVAL_0C = 320'h0;
parameter INITVAL_0D = 320'h0;
parameter INITVAL_0E = 320'h0;
parameter INITVAL_0F = 320'h0;
parameter INITVAL_10 = 320'h0;
parameter INITVAL_11 = 320'h0;
parameter INITVAL_12 = 320'h0;
parameter INITVAL_13 = 320'h0;
parameter INITVAL_14 = 320'h0;
parameter INITVAL_15 = 320'h0;
parameter INITVAL_16 = 320'h0;
parameter INITVAL_17 = 320'h0;
parameter INITVAL_18 = 320'h0;
parameter INITVAL_19 = 320'h0;
parameter INITVAL_1A = 320'h0;
parameter INITVAL_1B = 320'h0;
parameter INITVAL_1C = 320'h0;
parameter INITVAL_1D = 320'h0;
parameter INITVAL_1E = 320'h0;
parameter INITVAL_1F = 320'h0;
parameter INITVAL_20 = 320'h0;
parameter INITVAL_21 = 320'h0;
parameter INITVAL_22 = 320'h0;
parameter INITVAL_23 = 320'h0;
parameter INITVAL_24 = 320'h0;
parameter INITVAL_25 = 320'h0;
parameter INITVAL_26 = 320'h0;
parameter INITVAL_27 = 320'h0;
parameter INITVAL_28 = 320'h0;
parameter INITVAL_29 = 320'h0;
parameter INITVAL_2A = 320'h0;
parameter INITVAL_2B = 320'h0;
parameter INITVAL_2C = 320'h0;
parameter INITVAL_2D = 320'h0;
parameter INITVAL_2E = 320'h0;
parameter INITVAL_2F = 320'h0;
parameter INITVAL_30 = 320'h0;
parameter INITVAL_31 = 320'h0;
parameter INITVAL_32 = 320'h0;
parameter INITVAL_33 = 320'h0;
parameter INITVAL_34 = 320'h0;
parameter INITVAL_35 = 320'h0;
parameter INITVAL_36 = 320'h0;
parameter INITVAL_37 = 320'h0;
parameter INITVAL_38 = 320'h0;
parameter INITVAL_39 = 320'h0;
parameter INITVAL_3A = 320'h0;
parameter INITVAL_3B = 320'h0;
parameter INITVAL_3C = 320'h0;
parameter INITVAL_3D = 320'h0;
parameter INITVAL_3E = 320'h0;
parameter INITVAL_3F = 320'h0;

localparam WIDE = DATA_WIDTH_A == 36 && DATA_WIDTH_B == 36;
localparam BYTES_A = DATA_WIDTH_A / 9;
localparam BYTES_B = DATA_WIDTH_B / 9;
localparam KNOWN =
   (WIDE || ((DATA_WIDTH_A == 9 || DATA_WIDTH_A == 18) && (DATA_WIDTH_B == 9 || DATA_WIDTH_B == 18)))
   && (REGMODE_A == "NOREG" || REGMODE_A == "OUTREG")
   && (REGMODE_B == "NOREG" || REGMODE_B == "OUTREG")
   && (!WIDE || REGMODE_A == REGMODE_B)
   && (WRITEMODE_A == "NORMAL" || WRITEMODE_A == "READBEFOREWRITE" || WRITEMODE_A == "WRITETHROUGH")
   && (WRITEMODE_B == "NORMAL" || WRITEMODE_B == "READBEFOREWRITE" || WRITEMODE_B == "WRITETHROUGH")
   && CSDECODE_A == "0b000" && CSDECODE_B == "0b000" && CLKAMUX == "CLKA" && CLKBMUX == "CLKB";

localparam [64*320-1:0] INIT = {
   INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C,
   INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
   INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
   INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
   INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C,
   INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
   INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
   INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
   INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
   INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
   INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14,
   INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
   INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C,
   INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
   INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
   INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
};

// Bytes of 9 bits.
reg [8:0] memory [0:2047];
integer n;

initial begin
   if (!KNOWN) $fatal(1, "DP16KD: this model does not know a parameter's value");
   // A parameter is sixteen words of 18 bits, 20 bits apart.
   for (n = 0; n < 2048; n = n + 1) memory[n] = INIT[n / 2 * 20 + n % 2 * 9 +: 9];
end

wire [35:0] dia = {
   DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
   DIB2, DIB1, DIB0,
   DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
   DIA2, DIA1, DIA0
};
wire [17:0] dib = dia[35:18];
wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};

// The low bits of the address of wide data enable the bytes.
wire [10:0] first_a = ada[13:3] & ~(BYTES_A[10:0] - 11'd1);
wire [10:0] first_b = adb[13:3] & ~(BYTES_B[10:0] - 11'd1);
wire [3:0] bytes_a = BYTES_A == 1 ? 4'b0001 : BYTES_A == 2 ? {2'b00, ada[1:0]} : ada[3:0];
wire [3:0] bytes_b = BYTES_B == 1 ? 4'b0001 : {2'b00, adb[1:0]};
wire [3:0] write_a = CEA && WEA ? bytes_a : 4'b0000;
wire [3:0] write_b = CEB && WEB && !WIDE ? bytes_b : 4'b0000;

reg [35:0] data_a;
reg [35:0] data_b;
reg [35:0] register_a;
reg [35:0] register_b;
integer i, j, k;

initial begin
   data_a = 0;
   data_b = 0;
   register_a = 0;
   register_b = 0;
end

// Both ports stand in one block for the order of what happens at one edge. All clocks are one clock here.
always @(posedge CLKA) begin
   if (RSTA || RSTB || CSA2 || CSA1 || CSA0 || CSB2 || CSB1 || CSB0)
      $fatal(1, "DP16KD: this model knows no reset and no chip select");
   if (WIDE && WEB) $fatal(1, "DP16KD: port B of a wide memory reads");
   if (OCEA) register_a <= data_a;
   if (OCEB) register_b <= data_b;
   for (i = 0; i < BYTES_A; i = i + 1)
      if (CEA && !WIDE && !(WRITEMODE_A == "NORMAL" && WEA)) begin
         data_a[9*i +: 9] <= WRITEMODE_A == "WRITETHROUGH" && write_a[i] ? dia[9*i +: 9]
            : clash(first_a + i[10:0], write_b, first_b, BYTES_B) ? ~memory[first_a + i[10:0]]
            : memory[first_a + i[10:0]];
      end
   for (j = 0; j < BYTES_B; j = j + 1)
      if (CEB && !(WRITEMODE_B == "NORMAL" && WEB)) begin
         data_b[9*j +: 9] <= WRITEMODE_B == "WRITETHROUGH" && write_b[j] ? dib[9*j +: 9]
            : clash(first_b + j[10:0], write_a, first_a, BYTES_A) ? ~memory[first_b + j[10:0]]
            : memory[first_b + j[10:0]];
      end
   for (k = 0; k < 4; k = k + 1) begin
      if (write_a[k]) memory[first_a + k[10:0]] <= dia[9*k +: 9];
      if (write_b[k]) memory[first_b + k[10:0]] <= dib[9*(k%2) +: 9];
   end
end

always @(posedge CLKB) if (CLKA !== CLKB) $fatal(1, "DP16KD: this model knows one clock only");

// Whether a byte is one of those that a port writes.
function clash(input [10:0] address, input [3:0] writes, input [10:0] first, input integer bytes);
   clash = address >= first && address < first + bytes[10:0] && writes[address[1:0] - first[1:0]];
endfunction

wire [35:0] doa = REGMODE_A == "OUTREG" ? register_a : data_a;
wire [35:0] dob = REGMODE_B == "OUTREG" ? register_b : data_b;
assign {
   DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
   DOA2, DOA1, DOA0
} = WIDE ? dob[17:0] : doa[17:0];
assign {
   DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
   DOB2, DOB1, DOB0
} = WIDE ? dob[35:18] : dob[17:0];

endmodule
