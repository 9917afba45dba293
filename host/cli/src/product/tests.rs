//! Segments, checks, and what is too large.

use super::*;

const LIMITS: Limits = Limits {
    panels: 2,
    panel_steps: 1000,
    memory_steps: 2000,
    steps_multiple: 4,
    chunk_steps_min: 40,
    chunk_steps_max: 512,
    queue: 4,
};

#[test]
fn segments_are_whole_chunks_that_cover_k_once() {
    for (k, expected) in [
        (1, vec![(0, 128)]),
        (128, vec![(0, 128)]),
        (896, vec![(0, 896)]),
        (897, vec![(0, 896), (896, 128)]),
        (2000, vec![(0, 896), (896, 896), (1792, 256)]),
    ] {
        let split = Split::new(k, &LIMITS).unwrap();
        let found: Vec<_> = (0..split.segments()).map(|index| split.segment(index)).collect();
        assert_eq!(found, expected, "k = {k}");
    }
}

#[test]
fn a_device_too_small_for_one_chunk_is_refused() {
    let error = Split::new(5, &Limits { panel_steps: 100, ..LIMITS }).unwrap_err();
    assert!(error.to_string().contains("hold 100 steps"), "{error}");
}

#[test]
fn both_checks_find_a_single_wrong_entry() {
    let values = |count: usize, step| (0..count).map(|i| (i * step % 251) as u8 as i8).collect();
    let a = Matrix { rows: 5, columns: 7, values: values(35, 37) };
    let b = Matrix { rows: 7, columns: 3, values: values(21, 91) };
    let right = direct(&a, &b);
    assert_eq!(check(&a, &b, &right), Some(Check::Direct));
    assert!(freivalds(&a, &b, &right));
    for (at, bit) in [(0, 0), (7, 31), (14, 13)] {
        let mut wrong = right.clone();
        wrong.values[at] ^= 1 << bit;
        assert_eq!(check(&a, &b, &wrong), None);
        assert!(!freivalds(&a, &b, &wrong));
    }
}

#[test]
fn a_sum_outside_of_int32_is_refused_with_its_place() {
    let mut sums = vec![0, i64::from(i32::MIN), 1 << 31, 0];
    let error = take_strip(&mut sums, &mut [0; 20], 4, 2).unwrap_err();
    assert!(error.to_string().contains("entry [5, 0] of the product is 2147483648"), "{error}");
}

#[test]
fn what_is_too_large_is_refused_from_its_shape() {
    let check = |m, k, n, fits: bool| {
        let found = ensure_shapes((m, k), (k, n)).map_err(|error| format!("{error:#}"));
        match found {
            Ok(()) => assert!(fits, "{m} x {k} x {n}"),
            Err(error) => assert!(!fits && error.contains("more than the limit of"), "{error}"),
        }
    };
    check(1_000_000_000, 0, 100_000_000, false);
    check(1_000_000_000, 0, 0, true);
    check(100_000, 1, 1_000_000, false);
    // A short product of long lines, and one whose panels are mostly padding.
    check(1, 1 << 28, 16, false);
    check(1, 1, 20_000_000, false);
    check(1, 1, 10_000_000, true);
    check(usize::MAX, usize::MAX, usize::MAX, false);
    check(16_384, 4096, 16_384, true);
}
