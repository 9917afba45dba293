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
        (Multipliers::mult18x18d(0), Kind::PairSums),
        (Multipliers::mult18x18d(256), Kind::Mult18x18d),
    ] {
        assert!(kinds(multipliers).all(|has| has == kind), "{multipliers:?}");
    }
}

#[test]
fn every_kind_takes_i8_and_u8_for_what_they_are() {
    for kind in Kind::ALL {
        assert!((-128..256).all(|a| kind.sees_a(a) == a), "{kind:?}");
        assert!((-128..128).all(|b| kind.sees_b(b) == b), "{kind:?}");
    }
}

#[test]
fn a_kind_is_found_by_its_name() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(Multipliers::of(kind, 256).kind(255), kind);
    }
    assert_eq!(
        "Rows".parse::<Kind>().unwrap_err().to_string(),
        "no multiplier is called \"Rows\"; there are inferred, sb_mac16, mult18x18d, mult9x9, mult9x9_piped, pair_sums, rows"
    );
}
