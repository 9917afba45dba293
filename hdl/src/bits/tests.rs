//! Round trips of numbers through signals, at the ends of every width.

use super::*;

/// There and back for the ends of a width, where rust-hdl's own cast does not return.
fn round_trip<const N: usize>() {
    let low = i64::MIN >> (64 - N);
    for value in [low, low + 1, -1, 0, !low - 1, !low] {
        // One bit holds 0 and -1 only.
        let value = value.clamp(low, !low);
        let signal: Signed<N> = signed_bits(value);
        assert_eq!(signed_value(signal), value, "{N} bits");
        assert_eq!(signal.sign_bit(), value < 0, "sign of {value} in {N} bits");
    }
}

#[test]
fn extremes_survive_the_round_trip() {
    round_trip::<1>();
    round_trip::<2>();
    round_trip::<8>();
    round_trip::<9>();
    round_trip::<18>();
    round_trip::<26>();
    round_trip::<31>();
    round_trip::<32>();
    round_trip::<33>();
    round_trip::<48>();
    round_trip::<63>();
}

#[test]
fn every_operand_survives_the_round_trip() {
    for value in -256..256 {
        assert_eq!(signed_value::<9>(signed_bits(value)), value);
    }
}

#[test]
fn high_bits_fall_off() {
    assert_eq!(signed_value::<9>(signed_bits(256)), -256);
    assert_eq!(signed_value::<9>(signed_bits(-257)), 255);
    assert_eq!(signed_value::<26>(signed_bits(i64::MIN)), 0);
    assert_eq!(unsigned_bits::<9>(0x1234).to_u64(), 0x034);
    assert_eq!(unsigned_bits::<1>(u64::MAX).to_u64(), 1);
    assert_eq!(unsigned_bits::<32>(u64::MAX).to_u64(), u64::from(u32::MAX));
    assert_eq!(unsigned_bits::<64>(u64::MAX).to_u64(), u64::MAX);
}
