//! Figures without one of their parts, medians, and what the trust in a figure rests on.

use serde_json::json;

use super::*;

#[test]
fn no_figure_lacks_a_part() {
    let whole = json!({
        "value": 1.0, "unit": "W", "kind": "measured", "boundary": "wall", "conditions": "at work",
        "source": { "from": "run", "method": "a meter", "samples": [1.0] },
    });
    serde_json::from_value::<Figure>(whole.clone()).unwrap();
    for part in ["value", "unit", "kind", "boundary", "conditions", "source"] {
        let mut lacking = whole.clone();
        lacking.as_object_mut().unwrap().remove(part);
        let error = serde_json::from_value::<Figure>(lacking).unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
    for (part, wrong) in
        [("kind", json!("guessed")), ("unit", json!("GOPS")), ("value", json!(null))]
    {
        let mut figure = whole.clone();
        figure[part] = wrong;
        assert!(serde_json::from_value::<Figure>(figure).is_err(), "{part}");
    }
    let mut more = whole;
    more["source"]["place"] = json!("elsewhere");
    assert!(serde_json::from_value::<Figure>(more).is_err());
}

#[test]
fn what_was_measured_is_a_median_between_ends() {
    let of = |samples: &[f64]| median(samples);
    assert_eq!(of(&[2.0]), Ok((2.0, None)));
    assert_eq!(of(&[3.0, 1.0, 2.0]), Ok((2.0, Some(Range { low: 1.0, high: 3.0 }))));
    assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Ok((2.5, Some(Range { low: 1.0, high: 4.0 }))));
    assert_eq!(of(&[2.0, 2.0]), Ok((2.0, None)));
    assert_eq!(of(&[]), Err(FigureError::NoSamples));
    assert!(matches!(of(&[1.0, f64::NAN]), Err(FigureError::NotFinite { .. })));
    let figure =
        Figure::measured(vec![1.0, 5.0, 2.0], Unit::Watt, Boundary::Board, "at work", "a meter");
    let figure = figure.unwrap();
    assert_eq!((figure.kind, figure.value, figure.high()), (Kind::Measured, 2.0, 5.0));
}

#[test]
fn trust_rests_on_what_is_at_the_bottom() {
    let figure = |kind, inputs: &[&str]| Figure {
        value: 1.0,
        unit: Unit::One,
        kind,
        boundary: Boundary::Core,
        conditions: "any".into(),
        uncertainty: None,
        source: Source::Sum {
            add: inputs.iter().map(|&name| name.to_owned()).collect(),
            subtract: vec![],
        },
    };
    let (a, b) = (figure(Kind::Modelled, &[]), figure(Kind::Estimate, &[]));
    let c = figure(Kind::Derived, &["a", "b"]);
    let d = figure(Kind::Derived, &["c", "a"]);
    let circle = figure(Kind::Derived, &["circle"]);
    let find = |name: &str| match name {
        "a" => Some(&a),
        "b" => Some(&b),
        "c" => Some(&c),
        "circle" => Some(&circle),
        _ => None,
    };
    assert_eq!(kinds_below(&d, &find), BTreeSet::from([Kind::Modelled, Kind::Estimate]));
    assert_eq!(kinds_below(&circle, &find), BTreeSet::from([Kind::Derived]));
}

#[test]
fn names_are_those_of_files() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    for &unit in Unit::ALL {
        assert_eq!(serde_json::to_value(unit).unwrap(), unit.symbol());
    }
    for boundary in [Boundary::Core, Boundary::Board, Boundary::Wall] {
        assert_eq!(serde_json::to_value(boundary).unwrap(), boundary.name());
    }
}
