//! Verilog of the products that are an operator or a DSP block.
//!
//! Names end with the side of the pair. Inputs of a block that its mode does not
//! use are tied, outputs left open where the vendor's tools do the same.

/// Names of the blocks, and the products that each makes.
pub const BLOCKS: [(&str, usize); 3] = [("SB_MAC16", 2), ("MULT18X18D", 1), ("MULT9X9", 1)];

/// `*` between registers.
pub fn inferred(side: &str) -> String {
    format!(
        "\
reg signed [8:0] a_{side};
reg signed [8:0] b_{side};
reg signed [17:0] product_{side};
reg signed [17:0] late_product_{side};

initial begin
   a_{side} = 9'h0;
   b_{side} = 9'h0;
   product_{side} = 18'h0;
   late_product_{side} = 18'h0;
end

always @(posedge clock) begin
   a_{side} <= {side}_a_in;
   b_{side} <= {side}_b_in;
   product_{side} <= a_{side} * b_{side};
   late_product_{side} <= product_{side};
end

always @(*) {side}_product_out = {{{{8{{late_product_{side}[17]}}}}, late_product_{side}}};

"
    )
}

/// The late register behind a block's product of 18 bits, and the port.
fn late_register(side: &str) -> String {
    format!(
        "\
reg [17:0] late_product_{side};

initial late_product_{side} = 18'h0;

always @(posedge clock) late_product_{side} <= product_{side}[17:0];

always @(*) {side}_product_out = {{{{8{{late_product_{side}[17]}}}}, late_product_{side}}};

"
    )
}

/// `SB_MAC16` for both products. Its multipliers take 8 x 8 bits with sign, so a u8 from 128 on counts as 256 less;
/// the block's adders, which have nothing else to do, put 256 b back. Every product fits in their 16 bits. Operand and
/// product registers are the block's own, and so is the late one, behind the adder. What is added goes through a
/// register in logic, 8 cells a product, and the block's, so that it meets its product.
///
/// A late register in logic cells, 32 a block, would be nearer to the partial sum's carry chain: 73 MHz instead of 67 for
/// a 4x4 grid, at 256 of a UP5K's 5280 cells, which other parts of a device need more.
pub fn sb_mac16() -> String {
    let offset = |side: &str| {
        format!(
            "\
reg [7:0] offset_{side};

initial offset_{side} = 8'h0;

always @(posedge clock)
   offset_{side} <= {side}_a_in[7] & ~{side}_a_in[8] ? {side}_b_in[7:0] : 8'h0;

"
        )
    };
    ["left", "right"].map(offset).concat()
        + "\
wire [31:0] products;

SB_MAC16 #(
   .NEG_TRIGGER(1'b0),
   .MODE_8x8(1'b1),
   .A_SIGNED(1'b1),
   .B_SIGNED(1'b1),
   .A_REG(1'b1),
   .B_REG(1'b1),
   .C_REG(1'b1),
   .D_REG(1'b1),
   .TOP_8x8_MULT_REG(1'b1),
   .BOT_8x8_MULT_REG(1'b1),
   .PIPELINE_16x16_MULT_REG1(1'b0),
   .PIPELINE_16x16_MULT_REG2(1'b0),
   .TOPADDSUB_LOWERINPUT(2'b01),
   .TOPADDSUB_UPPERINPUT(1'b1),
   .TOPADDSUB_CARRYSELECT(2'b00),
   .TOPOUTPUT_SELECT(2'b01),
   .BOTADDSUB_LOWERINPUT(2'b01),
   .BOTADDSUB_UPPERINPUT(1'b1),
   .BOTADDSUB_CARRYSELECT(2'b00),
   .BOTOUTPUT_SELECT(2'b01)
) block (
   .CLK(clock),
   .CE(1'b1),
   .A({right_a_in[7:0], left_a_in[7:0]}),
   .B({right_b_in[7:0], left_b_in[7:0]}),
   .C({offset_right, 8'h0}),
   .D({offset_left, 8'h0}),
   .AHOLD(1'b0),
   .BHOLD(1'b0),
   .CHOLD(1'b0),
   .DHOLD(1'b0),
   .IRSTTOP(1'b0),
   .IRSTBOT(1'b0),
   .ORSTTOP(1'b0),
   .ORSTBOT(1'b0),
   .OLOADTOP(1'b0),
   .OLOADBOT(1'b0),
   .ADDSUBTOP(1'b0),
   .ADDSUBBOT(1'b0),
   .OHOLDTOP(1'b0),
   .OHOLDBOT(1'b0),
   .CI(1'b0),
   .ACCUMCI(1'b0),
   .SIGNEXTIN(1'b0),
   .O(products)
);

always @(*) left_product_out = {{10{products[15]}}, products[15:0]};
always @(*) right_product_out = {{10{products[31]}}, products[31:16]};

"
}

/// `MULT18X18D` with both operands and the output registered, since nextpnr times any other choice
/// as if there were no register. The operands go through unsigned wires: bits of signed ones, at pins of a
/// module that yosys learns of later, make it read this module anew at the end of `synth_ecp5`, unmapped.
pub fn mult18x18d(side: &str) -> String {
    let pins = |port: &str, wire: &str, bits: usize, high: usize| {
        let pin = |bit: usize| format!("   .{port}{bit}({wire}[{}]),\n", bit.min(high));
        (0..bits).map(pin).collect::<String>()
    };
    format!(
        "\
wire [8:0] a_{side} = {side}_a_in;
wire [8:0] b_{side} = {side}_b_in;
wire [35:0] product_{side};

MULT18X18D #(
   .REG_INPUTA_CLK(\"CLK0\"),
   .REG_INPUTA_CE(\"CE0\"),
   .REG_INPUTA_RST(\"RST0\"),
   .REG_INPUTB_CLK(\"CLK0\"),
   .REG_INPUTB_CE(\"CE0\"),
   .REG_INPUTB_RST(\"RST0\"),
   .REG_PIPELINE_CLK(\"NONE\"),
   .REG_OUTPUT_CLK(\"CLK0\"),
   .REG_OUTPUT_CE(\"CE0\"),
   .REG_OUTPUT_RST(\"RST0\")
) block_{side} (
{}{}{}   .CLK0(clock),
   .CE0(1'b1),
   .RST0(1'b0),
   .SIGNEDA(1'b1),
   .SIGNEDB(1'b1),
   .SOURCEA(1'b0),
   .SOURCEB(1'b0)
);

{}",
        pins("A", &format!("a_{side}"), 18, 8),
        pins("B", &format!("b_{side}"), 18, 8),
        pins("P", &format!("product_{side}"), 36, 35),
        late_register(side)
    )
}

/// `MULT9X9` with both operands and the output registered, and the late register in logic.
pub fn mult9x9(side: &str) -> String {
    mult9x9_block(side, 0) + &late_register(side)
}

/// `MULT9X9` whose own pipeline register stands for the late one: 18 flip-flops fewer a product, and the way from
/// the block to the partial sum's carry chain in one cycle with the sum.
pub fn mult9x9_piped(side: &str) -> String {
    mult9x9_block(side, 1)
        + &format!(
            "always @(*) {side}_product_out = {{{{8{{product_{side}[17]}}}}, product_{side}}};\n\n"
        )
}

fn mult9x9_block(side: &str, pipe: u8) -> String {
    format!(
        "\
wire [17:0] product_{side};

MULT9X9 #(
   .AREG(1'b1),
   .BREG(1'b1),
   .OUT_REG(1'b1),
   .PIPE_REG(1'b{pipe}),
   .ASIGN_REG(1'b0),
   .BSIGN_REG(1'b0),
   .SOA_REG(1'b0),
   .MULT_RESET_MODE(\"SYNC\")
) block_{side} (
   .CLK(clock),
   .CE(1'b1),
   .RESET(1'b0),
   .A({side}_a_in),
   .SIA(9'h0),
   .ASEL(1'b0),
   .ASIGN(1'b1),
   .B({side}_b_in),
   .SIB(9'h0),
   .BSEL(1'b0),
   .BSIGN(1'b1),
   .DOUT(product_{side})
);

"
    )
}
