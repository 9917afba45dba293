//! Values keep their value.

use super::*;

/// Every value of `values`, through the module.
fn check<const N: usize, const M: usize>(values: impl Iterator<Item = i64>) {
    let mut module = SignExtend::<N, M>::default();
    module.connect_all();
    for value in values {
        module.data_in.next = signed_bits(value);
        assert!(simulate(&mut module, 10));
        assert_eq!(signed_value(module.data_out.val()), value, "{N} to {M} bits");
    }
}

#[test]
fn every_nine_bit_value_keeps_its_value() {
    check::<9, 10>(-256..256);
    check::<9, 26>(-256..256);
    check::<9, 32>(-256..256);
}

#[test]
fn partial_sums_keep_their_value() {
    let high = 1 << 25;
    let powers = (0..25).flat_map(|n| [1 << n, -(1 << n), (1 << n) - 1]);
    check::<26, 32>(powers.chain([-high, 1 - high, high - 1, 0, -1]));
}
