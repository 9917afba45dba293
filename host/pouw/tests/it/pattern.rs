//! Patterns: bytes, index lists, offsets, and the one legal spelling of each.

use gemmine_pouw::pattern::{Pattern, PatternError};
use proptest::prelude::*;

fn check(offsets: &[u32], bytes: &str) {
    let pattern = Pattern::from_offsets(offsets).unwrap();
    assert_eq!(hex::encode(pattern.to_bytes()), bytes);
    assert_eq!(Pattern::from_bytes(pattern.to_bytes()), Ok(pattern));
    assert_eq!(pattern.offsets(), offsets);
    assert_eq!(pattern.count() as usize, offsets.len());
    assert_eq!(Some(&pattern.max_offset()), offsets.last());
}

#[test]
fn lists_and_bytes() {
    check(&(0..16).collect::<Vec<_>>(), "000f00000000");
    check(&(0..256).collect::<Vec<_>>(), "00ff00000000");
    check(&[0, 8, 64, 72], "070103010000");
    check(&[0, 32], "1f0100000000");
    check(&[0, 1, 4, 5, 64, 65, 68, 69], "00010101070 1".replace(' ', "").as_str());
    check(&[0], "000000000000");
    assert_eq!(Pattern::NATIVE, Pattern::contiguous(16).unwrap());
}

#[test]
fn refused_lists() {
    let check = |list: &[u32], error| assert_eq!(Pattern::from_offsets(list), Err(error));
    check(&[], PatternError::Length(0));
    check(&(0..4097).collect::<Vec<_>>(), PatternError::Length(4097));
    check(&[1, 2], PatternError::Start(1));
    check(&[0, 2, 1], PatternError::Order { at: 2 });
    check(&[0, 1, 1], PatternError::Order { at: 2 });
    check(&[0, 1, 3], PatternError::NotNested);
    // Stride 3 is no multiple of the inner span 4.
    check(&[0, 2, 3, 5], PatternError::NotNested);
    // Four levels.
    let four: Vec<u32> =
        (0..16).map(|i| (i & 1) + (i & 2) * 2 + (i & 4) * 4 + (i & 8) * 8).collect();
    check(&four, PatternError::NotNested);
    check(&[0, 300], PatternError::Range { level: 0, value: 300 });
    check(&(0..257).collect::<Vec<_>>(), PatternError::Range { level: 0, value: 257 });
    check(&[0, u32::MAX], PatternError::Range { level: 0, value: u32::MAX });
}

#[test]
fn refused_bytes() {
    let check = |bytes, error| assert_eq!(Pattern::from_bytes(bytes), Err(error));
    check([0, 15, 0, 0, 1, 1], PatternError::AfterUnit { level: 2 });
    check([0, 0, 1, 3, 0, 0], PatternError::AfterUnit { level: 1 });
    // 0..16 spelt as 4 x 4.
    check([0, 3, 0, 3, 0, 0], PatternError::SplitStride { level: 1 });
    check([7, 0, 0, 0, 0, 0], PatternError::IdleFactor { level: 0 });
    check([255, 255, 255, 255, 0, 0], PatternError::Period { level: 1, period: 1 << 32 });
    // 2^24 itself is legal.
    assert!(Pattern::from_bytes([255, 255, 1, 127, 0, 0]).is_ok());
    check(
        [255, 255, 1, 128, 0, 0],
        PatternError::Period { level: 1, period: (1 << 24) + (1 << 17) },
    );
}

#[test]
fn legal_offsets() {
    let native = Pattern::NATIVE;
    let legal: Vec<u32> = (0..50).filter(|&t| native.is_legal_offset(t)).collect();
    assert_eq!(legal, [0, 16, 32, 48]);
    assert_eq!(native.legal_offsets(48).collect::<Vec<_>>(), [0, 16, 32]);
    assert_eq!(native.legal_offsets(47).collect::<Vec<_>>(), [0, 16]);
    assert_eq!(native.legal_offsets(15).count(), 0);
    let strided = Pattern::from_offsets(&[0, 8, 64, 72]).unwrap();
    let legal: Vec<u32> = strided.legal_offsets(256).collect();
    let expected: Vec<u32> =
        (0..184).filter(|t| t % 128 < 64 && t % 16 < 8).filter(|t| t + 72 < 256).collect();
    assert_eq!(legal, expected);
}

proptest! {
    /// Legal tiles of a pattern cover a period exactly once.
    #[test]
    fn legal_tiles_are_a_partition(f in prop::collection::vec((1u32..5, 1u32..5), 3)) {
        let mut bytes = [0u8; 6];
        for (pair, (factor, length)) in bytes.chunks_exact_mut(2).zip(&f) {
            pair[0] = (factor - 1) as u8;
            pair[1] = (length - 1) as u8;
        }
        let Ok(pattern) = Pattern::from_bytes(bytes) else { return Ok(()) };
        prop_assert_eq!(Pattern::from_offsets(&pattern.offsets()), Ok(pattern));
        let period: u32 = f.iter().map(|(factor, length)| factor * length).product();
        let mut seen = vec![0; period as usize];
        for t in (0..period).filter(|&t| pattern.is_legal_offset(t)) {
            for offset in pattern.offsets() {
                seen[(t + offset) as usize] += 1;
            }
        }
        prop_assert!(seen.iter().all(|&count| count == 1));
    }

    #[test]
    fn bytes_round_trip(bytes: [u8; 6]) {
        if let Ok(pattern) = Pattern::from_bytes(bytes) {
            prop_assert_eq!(pattern.to_bytes(), bytes);
        }
    }
}
