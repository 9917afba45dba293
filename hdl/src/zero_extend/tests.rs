//! Values keep their value, and their Verilog has the width it says.

use super::*;
use crate::bits::unsigned_bits;

fn check<const N: usize, const M: usize>(verilog: &str) {
    let mut module = ZeroExtend::<N, M>::default();
    module.connect_all();
    for value in (0..N).flat_map(|n| [1 << n, (2 << n) - 1]).chain([0]) {
        module.data_in.next = unsigned_bits(value);
        assert!(simulate(&mut module, 10));
        assert_eq!(module.data_out.val().to_u64(), value, "{N} to {M} bits");
    }
    let Verilog::Custom(text) = module.hdl() else { panic!("a leaf has Verilog of its own") };
    assert_eq!(text, format!("always @(*) data_out = {verilog};\n"));
}

#[test]
fn values_keep_their_value() {
    check::<2, 5>("{3'h0, data_in}");
    check::<3, 8>("{5'h0, data_in}");
    check::<8, 12>("{4'h0, data_in}");
    check::<24, 32>("{8'h0, data_in}");
    check::<25, 32>("{7'h0, data_in}");
}
