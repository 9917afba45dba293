//! Wide, cut and filled joins against the shift, and their Verilog.

use super::*;
use crate::testbench::Random;

fn check<const H: usize, const L: usize, const N: usize>(verilog: &str) {
    let mut random = Random(N as u64);
    let mut module = Join::<H, L, N>::default();
    module.connect_all();
    for _ in 0..200 {
        let (high, low) = (random.next() & !(u64::MAX << H), random.next() & !(u64::MAX << L));
        module.high_in.next = unsigned_bits(high);
        module.low_in.next = unsigned_bits(low);
        assert!(simulate(&mut module, 10));
        let want = (high << L | low) & !(u64::MAX << N);
        assert_eq!(module.joined_out.val().to_u64(), want, "{H} and {L} in {N} bits");
    }
    let Verilog::Custom(text) = module.hdl() else { panic!("a leaf has Verilog of its own") };
    assert_eq!(text, format!("always @(*) joined_out = {verilog};\n"));
}

#[test]
fn two_values_stand_side_by_side() {
    check::<8, 24, 32>("{high_in, low_in}");
    check::<1, 6, 7>("{high_in, low_in}");
    check::<4, 4, 8>("{high_in, low_in}");
}

#[test]
fn high_bits_are_cut() {
    check::<4, 11, 14>("{high_in[2:0], low_in}");
    check::<4, 11, 12>("{high_in[0:0], low_in}");
    check::<4, 11, 11>("low_in");
    check::<4, 11, 9>("low_in[8:0]");
}

#[test]
fn zeros_fill_the_front() {
    check::<5, 8, 16>("{3'h0, high_in, low_in}");
    check::<8, 8, 32>("{16'h0, high_in, low_in}");
}
