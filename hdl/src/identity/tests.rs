//! The words against the register table's fields.

use super::*;

#[test]
fn every_word_says_what_the_device_is() {
    let build = Build { hash: 0xfeed_f00d, clock_hz: 48_000_000, baud: 9600, ..Build::default() };
    let mut identity = Identity::<8, 4, 11>::new(build);
    identity.connect_all();
    assert!(simulate(&mut identity, 10));
    assert_eq!(identity.id_out.val().to_u32().to_le_bytes(), *b"GEMM");
    assert_eq!(identity.version_out.val().to_u32(), VERSION_VALUE);
    assert_eq!(identity.build_out.val().to_u32(), 0xfeed_f00d);
    assert_eq!(identity.geometry_out.val().to_u32().to_le_bytes(), [8, 4, 0, 11]);
    assert_eq!(identity.protocols_out.val().to_u32(), 1 << 3);
    // Descriptors, job slots, result banks, words of a payload less one.
    assert_eq!(identity.limits_out.val().to_u32().to_le_bytes(), [16, 4, 2, 123]);
    assert_eq!(identity.clock_hz_out.val().to_u32(), 48_000_000);
}
