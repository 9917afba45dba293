//! Calculated figures: value, range, boundary, units.

use super::*;

fn exact(value: f64, unit: Unit, boundary: Boundary) -> Figure {
    let source = Source::Run { method: "a clock".into(), samples: vec![value] };
    let conditions = "any".into();
    Figure { value, unit, kind: Kind::Measured, boundary, conditions, uncertainty: None, source }
}

fn figures() -> Figures {
    let power = Figure {
        uncertainty: Some(Range { low: 1.0, high: 4.0 }),
        ..exact(2.0, Unit::Watt, Boundary::Board)
    };
    let all = [
        ("rate", exact(4e9, Unit::MacPerSecond, Boundary::Core)),
        ("clock", exact(100.0, Unit::Megahertz, Boundary::Core)),
        ("peak", exact(64.0, Unit::MacPerCycle, Boundary::Core)),
        ("idle", exact(0.5, Unit::Watt, Boundary::Wall)),
        ("none", exact(0.0, Unit::MacPerSecond, Boundary::Core)),
        ("power", power),
    ];
    all.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
}

#[test]
fn a_quotient_has_value_range_and_the_largest_boundary() {
    let energy = ratio(&figures(), Unit::PicojoulePerMac, &["power"], &["rate"], "any").unwrap();
    assert!(same(energy.value, 500.0), "{}", energy.value);
    assert!(same(energy.low(), 250.0) && same(energy.high(), 1000.0));
    assert_eq!((energy.kind, energy.boundary), (Kind::Derived, Boundary::Board));
    let inverse = ratio(&figures(), Unit::MacPerJoule, &["rate"], &["power"], "any").unwrap();
    assert!(same(inverse.low(), 1e9) && same(inverse.high(), 4e9));
}

#[test]
fn energy_is_of_what_power_was_taken_of() {
    let mut all = figures();
    all.insert("machine".into(), exact(4e9, Unit::MacPerSecond, Boundary::Wall));
    all.insert("package".into(), exact(2.0, Unit::Watt, Boundary::Core));
    // A processor's package counts no supply, though the work was the whole machine's.
    let energy = ratio(&all, Unit::PicojoulePerMac, &["package"], &["machine"], "any").unwrap();
    assert_eq!(energy.boundary, Boundary::Core);
    let inverse = ratio(&all, Unit::MacPerJoule, &["machine"], &["package"], "any").unwrap();
    assert_eq!(inverse.boundary, Boundary::Core);
    let both = sum(&all, Unit::Watt, &["package", "idle"], &[], "any").unwrap();
    assert_eq!(both.boundary, Boundary::Wall);
    // Nothing with joules: the largest, as ever.
    let rate = ratio(&all, Unit::One, &["machine"], &["rate"], "any").unwrap();
    assert_eq!(rate.boundary, Boundary::Wall);
}

#[test]
fn scales_of_units_count() {
    let rate = ratio(&figures(), Unit::MacPerSecond, &["peak", "clock"], &[], "any").unwrap();
    assert!(same(rate.value, 6.4e9));
    assert_eq!(rate.uncertainty, None);
}

#[test]
fn a_difference_takes_the_far_ends() {
    let net = sum(&figures(), Unit::Watt, &["power"], &["idle"], "any").unwrap();
    assert_eq!((net.value, net.low(), net.high()), (1.5, 0.5, 3.5));
    assert_eq!(net.boundary, Boundary::Wall);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let all = figures();
    let error = ratio(&all, Unit::Watt, &["power"], &["rate"], "any").unwrap_err();
    assert_eq!(error.to_string(), "calculate in W: the inputs come to MAC^-1 J");
    let error = sum(&all, Unit::Watt, &["power", "rate"], &[], "any").unwrap_err();
    assert!(matches!(error, FigureError::Unit { .. }));
    let error = ratio(&all, Unit::Watt, &["powr"], &[], "any").unwrap_err();
    assert_eq!(error, FigureError::NoInput { name: "powr".into() });
    assert_eq!(ratio(&all, Unit::One, &[], &[], "any").unwrap_err(), FigureError::NoInputs);
    let error = ratio(&all, Unit::PicojoulePerMac, &["power"], &["none"], "any").unwrap_err();
    assert!(matches!(error, FigureError::NotFinite { .. }));
}
