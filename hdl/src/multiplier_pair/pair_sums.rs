//! Verilog of a product in the carry chains of an ECP5: a sum of two rows in one chain, then sums of those.
//!
//! A cell of an ECP5's chain, half a `CCU2C`, has a table of four inputs in front of its adder. So it makes the
//! products of two bits itself: a chain adds `b[2k] * a` and `2 * b[2k + 1] * a`, and four of them take all of b.
//!
//! | register | holds | weight of its first bit |
//! |---|---|---|
//! | `pair_k` | digit k of b, two bits, times a; the last digit is signed | 4^k |
//! | `low`, `high` | pairs 0 and 1; pairs 2 and 3 | 1; 16 |
//! | `product` | the product | 1 |
//!
//! # Why
//! [`rows`](super::rows) take as many cells, but clear a row by its flip-flops' reset: four nets a product. A tile
//! of an ECP5 has two resets, and nextpnr did not find places for the rows of 36 products on a 25F.

use std::fmt::Write as _;

/// Pairs of rows.
const PAIRS: usize = 4;
/// Bits of a pair's sum.
const BITS: usize = 11;

/// What a cell of the chain gets at A, B, C and D, and its table: bit n of it is for the inputs that are n
/// in binary, A lowest. What it says for C = D = 0 is the carry, too, where sum and carry are not the same.
struct Cell {
    inputs: [String; 4],
    table: u16,
}

/// A & B, and C & D, are added.
const ADD: u16 = 0x7888;
/// C & D, and not (A & B), are added.
const SUBTRACT: u16 = 0x8777;
/// With C = D = 1: a carry.
const CARRY: u16 = 0x000f;

/// The cells of a pair's chain, lowest first.
fn cells(side: &str, pair: usize) -> Vec<Cell> {
    let a = |bit: usize| format!("a_{side}[{}]", bit.min(8));
    let twice = |bit: usize| bit.checked_sub(1).map_or_else(|| "1'b0".to_owned(), a);
    let b = |bit: usize| format!("b_{side}[{bit}]");
    let (once_row, twice_row) = (2 * pair, 2 * pair + 1);
    if twice_row < 7 {
        let cell =
            |bit| Cell { inputs: [a(bit), b(once_row), twice(bit), b(twice_row)], table: ADD };
        return (0..BITS).map(cell).collect();
    }
    // The sign of b: its row is subtracted. It has no bit 0, so the one that a complement lacks goes into bit 1.
    let one = || "1'b1".to_owned();
    let carry = Cell { inputs: [one(), one(), one(), one()], table: CARRY };
    let cell =
        |bit| Cell { inputs: [twice(bit), b(twice_row), a(bit), b(once_row)], table: SUBTRACT };
    std::iter::once(carry).chain((1..BITS).map(cell)).collect()
}

/// The chain of a pair: `sum_k`, and no more than that.
fn chain(side: &str, pair: usize) -> String {
    let mut text = format!("wire [{}:0] sum_{pair}_{side};\n", BITS);
    let _ = writeln!(text, "wire [{}:0] carry_{pair}_{side};", BITS.div_ceil(2));
    let _ = writeln!(text, "assign carry_{pair}_{side}[0] = 1'b0;");
    for (place, two) in cells(side, pair).chunks(2).enumerate() {
        let idle = Cell { inputs: std::array::from_fn(|_| "1'b0".to_owned()), table: 0 };
        let [first, second] = [&two[0], two.get(1).unwrap_or(&idle)];
        let pins = |n: usize, cell: &Cell| {
            let pin = |(port, input): (&str, &String)| format!("   .{port}{n}({input}),\n");
            ["A", "B", "C", "D"].into_iter().zip(&cell.inputs).map(pin).collect::<String>()
        };
        let _ = write!(
            text,
            "\
CCU2C #(
   .INIT0(16'h{:04x}),
   .INIT1(16'h{:04x}),
   .INJECT1_0(\"NO\"),
   .INJECT1_1(\"NO\")
) chain_{pair}_{place}_{side} (
   .CIN(carry_{pair}_{side}[{place}]),
{}{}   .S0(sum_{pair}_{side}[{}]),
   .S1(sum_{pair}_{side}[{}]),
   .COUT(carry_{pair}_{side}[{}])
);
",
            first.table,
            second.table,
            pins(0, first),
            pins(1, second),
            2 * place,
            2 * place + 1,
            place + 1
        );
    }
    text
}

/// Of 9 by 8 bits; names end with the side of the pair.
pub fn pair_sums(side: &str) -> String {
    let mut text =
        format!("wire [8:0] a_{side} = {side}_a_in;\nwire [8:0] b_{side} = {side}_b_in;\n\n");
    for pair in 0..PAIRS {
        let _ = writeln!(text, "{}", chain(side, pair));
    }
    let _ = write!(
        text,
        "\
reg [10:0] pair_0_{side};
reg [10:0] pair_1_{side};
reg [10:0] pair_2_{side};
reg [10:0] pair_3_{side};
reg [12:0] low_{side};
reg [12:0] high_{side};
reg [16:0] product_{side};

initial begin
   pair_0_{side} = 0;
   pair_1_{side} = 0;
   pair_2_{side} = 0;
   pair_3_{side} = 0;
   low_{side} = 0;
   high_{side} = 0;
   product_{side} = 0;
end

always @(posedge clock) begin
   pair_0_{side} <= sum_0_{side}[10:0];
   pair_1_{side} <= sum_1_{side}[10:0];
   pair_2_{side} <= sum_2_{side}[10:0];
   pair_3_{side} <= {{sum_3_{side}[10:1], a_{side}[0] & b_{side}[6]}};
   low_{side} <= {{{{{{2{{pair_0_{side}[10]}}}}, pair_0_{side}[10:2]}} + pair_1_{side}, pair_0_{side}[1:0]}};
   high_{side} <= {{{{{{2{{pair_2_{side}[10]}}}}, pair_2_{side}[10:2]}} + pair_3_{side}, pair_2_{side}[1:0]}};
   product_{side} <= {{{{{{4{{low_{side}[12]}}}}, low_{side}[12:4]}} + high_{side}, low_{side}[3:0]}};
end

always @(*) {side}_product_out = {{{{9{{product_{side}[16]}}}}, product_{side}}};

"
    );
    text
}
