//! Which kind stands where.

use super::*;

#[test]
fn blocks_come_first_and_rows_behind() {
    let kinds = |multipliers: Multipliers| (0..64).map(move |n| multipliers.kind(n));
    let mixed: Vec<Kind> = kinds(Multipliers::mult18x18d(27)).collect();
    assert!(mixed[..27].iter().all(|&kind| kind == Kind::Mult18x18d));
    assert!(mixed[27..].iter().all(|&kind| kind == Kind::PairSums));
    let mixed: Vec<Kind> = kinds(Multipliers::mult9x9(40)).collect();
    assert!(mixed[..40].iter().all(|&kind| kind == Kind::Mult9x9));
    assert!(mixed[40..].iter().all(|&kind| kind == Kind::Rows));
    for (multipliers, kind) in [
        (Multipliers::default(), Kind::Inferred),
        (Multipliers::inferred(), Kind::Inferred),
        (Multipliers::sb_mac16(), Kind::SbMac16),
        (Multipliers::rows(), Kind::Rows),
        (Multipliers::narrow_rows(), Kind::NarrowRows),
        (Multipliers::mult18x18d(0), Kind::PairSums),
        (Multipliers::mult18x18d(256), Kind::Mult18x18d),
    ] {
        assert!(kinds(multipliers).all(|has| has == kind), "{multipliers:?}");
    }
}

#[test]
fn only_narrow_kinds_are_narrow() {
    let wide = [
        Multipliers::inferred(),
        Multipliers::mult18x18d(28),
        Multipliers::mult9x9(32),
        Multipliers::rows(),
    ];
    assert!(!wide.into_iter().any(Multipliers::is_narrow));
    assert!(Multipliers::sb_mac16().is_narrow() && Multipliers::narrow_rows().is_narrow());
}

#[test]
fn a_kind_is_found_by_its_name() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(Multipliers::of(kind, 256).kind(255), kind);
    }
    assert_eq!(
        "Rows".parse::<Kind>().unwrap_err().to_string(),
        "no multiplier is called \"Rows\"; there are inferred, sb_mac16, mult18x18d, mult9x9, pair_sums, rows, narrow_rows"
    );
}
