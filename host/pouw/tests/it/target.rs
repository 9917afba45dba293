//! Targets, hex, and the bound.

use gemmine_pouw::target::{TargetError, U256, bound, meets, parse_hex, target_from_nbits, to_hex};

#[test]
fn compact_form() {
    let check = |nbits, hex: &str| assert_eq!(to_hex(target_from_nbits(nbits)), hex, "{nbits:#x}");
    let zero = "0".repeat(64);
    check(0x1d00_ffff, &format!("00000000ffff{}", "0".repeat(52)));
    check(0x1b04_04cb, &format!("00000000000404cb{}", "0".repeat(48)));
    check(0x1e01_0000, &format!("000001{}", "0".repeat(58)));
    check(0x0312_3456, &format!("{}123456", "0".repeat(58)));
    check(0x0212_3456, &format!("{}1234", "0".repeat(60)));
    check(0x0012_3456, &zero);
    check(0x1d80_0000, &zero);
    check(0x1d80_0001, &zero);
    check(0x1d00_0000, &zero);
    check(0x2101_0000, &zero);
    check(0x2100_ffff, &format!("ffff{}", "0".repeat(60)));
    check(0x2200_ffff, &format!("ff{}", "0".repeat(62)));
    check(0xff7f_ffff, &zero);
}

#[test]
fn hex_round_trip_and_refusals() {
    let text = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";
    assert_eq!(to_hex(parse_hex(text).unwrap()), text);
    assert_eq!(parse_hex(&text.to_uppercase()).unwrap(), parse_hex(text).unwrap());
    assert_eq!(parse_hex(&text[1..]), Err(TargetError::Length(63)));
    let odd = text.replace('7', "g");
    assert_eq!(parse_hex(&odd), Err(TargetError::Digit { found: 'g', at: 14 }));
    assert_eq!(parse_hex(&"é".repeat(32)), Err(TargetError::Length(32)));
}

#[test]
fn bound_is_the_smaller_rule_and_saturates() {
    let t = U256::from(1000);
    // Above r = 128 the second rule is the smaller, below it the first.
    assert_eq!(bound(t, 16, 16, 2048, 128), U256::from(1000u64 * 256 * 2048));
    assert_eq!(bound(t, 16, 16, 2112, 128), U256::from(1000u64 * 256 * 2048));
    assert_eq!(bound(t, 2, 64, 4096, 256), U256::from(1000u64 * 128 * 16 * 128));
    assert_eq!(bound(t, 16, 16, 2048, 64), U256::from(1000u64 * 256 * 2048));
    assert_eq!(bound(U256::MAX, 16, 16, 2048, 128), U256::MAX);
    assert_eq!(bound(U256::MAX, u32::MAX, u32::MAX, u32::MAX, 1), U256::MAX);
    assert_eq!(bound(t, 16, 16, 2048, 0), U256::zero());
}

#[test]
fn tickets_are_little_endian() {
    let mut ticket = [0; 32];
    ticket[0] = 2;
    assert!(meets(&ticket, U256::from(2)));
    assert!(!meets(&ticket, U256::from(1)));
    ticket[31] = 1;
    assert!(!meets(&ticket, U256::one() << 248));
    assert!(meets(&ticket, (U256::one() << 248) + 2));
}
