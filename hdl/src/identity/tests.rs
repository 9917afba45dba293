//! The words against the register table's fields.

use super::*;
use crate::registers::{BUILD, CLOCK_HZ, GEOMETRY, ID, LIMITS, PROTOCOLS, VERSION};

#[test]
fn every_word_says_what_the_device_is() {
    let build = Build { hash: 0xfeed_f00d, clock_hz: 48_000_000, baud: 9600, ..Build::default() };
    let words = constants(8, 4, build);
    let register = |address: u32| words[address as usize];
    assert_eq!(register(ID).to_le_bytes(), *b"GEMM");
    assert_eq!(register(VERSION), VERSION_VALUE);
    assert_eq!(register(BUILD), 0xfeed_f00d);
    assert_eq!(register(GEOMETRY).to_le_bytes(), [8, 4, 0, 11]);
    assert_eq!(register(PROTOCOLS), 1 << 3);
    // Descriptors, job slots, result banks, words of a payload less one.
    assert_eq!(register(LIMITS).to_le_bytes(), [16, 4, 2, 123]);
    assert_eq!(register(CLOCK_HZ), 48_000_000);
    let words = constants(8, 4, Build { engines: 3, ..build });
    assert_eq!(words[GEOMETRY as usize].to_le_bytes(), [8, 4, 3, 11]);
    assert_eq!(words[PROTOCOLS as usize], 1 << 16 | 1 << 3);
    let words = constants(8, 4, Build { noise: true, ..build });
    assert_eq!(words[PROTOCOLS as usize], 1 << 17 | 1 << 3);
    let both = protocol_names(protocols(1, true));
    assert_eq!(both, ["pearl-v3", "amadeus-upow2", "pearl-v3-zero-signal"]);
}
