//! Shapes that are refused, and operands that are the same everywhere.

use super::*;

const SHAPE: Shape = Shape { m: 64, n: 32, k: 2048, rank: 128 };

#[test]
fn operands_are_every_value_about_equally_often_and_the_same_everywhere() {
    let values = uniform("A", 1 << 16);
    let mut counts = [0; 128];
    values.iter().for_each(|value| counts[(i32::from(*value) + 64) as usize] += 1);
    // 512 each; six deviations.
    assert!(counts.iter().all(|count| (376..648).contains(count)), "{counts:?}");
    assert_eq!(values[..8], uniform("A", 8));
    assert_ne!(values[..8], uniform("B", 8));
    assert_eq!(
        blake3::hash(&values.iter().map(|value| *value as u8).collect::<Vec<_>>()).to_hex()[..16],
        *DIGEST
    );
}

/// Of the first 65,536 values of A: results of other computers are of the same operands.
const DIGEST: &str = "db538aca97bee8ec";

#[test]
fn pieces_are_of_many_passes_or_one() {
    let mut workload = Workload::pearl(SHAPE, Operands::Uniform).unwrap();
    // 4 x 2 tiles a pass.
    let pieces = workload.take(20, false);
    assert_eq!(pieces.iter().map(Piece::tickets).sum::<u64>(), 20);
    assert!(pieces.last().unwrap().pass >= 2);
    let one = workload.take(20, true);
    assert_eq!(one.len(), 1);
    workload.give_back(one.clone());
    assert_eq!(workload.take(20, true), one);
    assert!(workload.description().contains("m = 64, n = 32, k = 2048, r = 128"));
}

#[test]
fn shapes_that_are_no_jobs_are_refused_by_name() {
    let error = |shape| format!("{:#}", Workload::pearl(shape, Operands::Zero).unwrap_err());
    assert!(error(Shape { m: 20, ..SHAPE }).contains("m = 20"));
    assert!(error(Shape { n: 0, ..SHAPE }).contains("multiples of 16"));
    assert!(error(Shape { m: 1 << 20, k: 1 << 20, ..SHAPE }).contains("268435456 values"));
    assert!(error(Shape { k: 1000, ..SHAPE }).contains("k = 1000"));
    assert!(error(Shape { k: 0, ..SHAPE }).contains("k = 0"));
}
