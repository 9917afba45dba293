//! Figures calculated from others: value, range, kind and boundary follow from the inputs, and are checked the same
//! way that they are made.

use std::collections::BTreeMap;

use crate::figure::{Boundary, Figure, FigureError, Kind, Range, Source, Unit};
use crate::unit::Dimension;

/// The figures of a file, by name.
pub type Figures = BTreeMap<String, Figure>;

/// Two calculations of one number that differ by less are the same: floating point rounds.
pub const TOLERANCE: f64 = 1e-9;

/// Whether two numbers are the same, but for rounding.
pub fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

/// A product of figures over a product of figures.
///
/// # Errors
/// If a name is of no figure, or the units do not come to `unit`.
pub fn ratio(
    figures: &Figures,
    unit: Unit,
    multiply: &[&str],
    divide: &[&str],
    conditions: impl Into<String>,
) -> Result<Figure, FigureError> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let source = Source::Ratio { multiply: owned(multiply), divide: owned(divide) };
    derived(figures, unit, source, conditions.into())
}

/// A sum of figures less others.
///
/// # Errors
/// As [`ratio`].
pub fn sum(
    figures: &Figures,
    unit: Unit,
    add: &[&str],
    subtract: &[&str],
    conditions: impl Into<String>,
) -> Result<Figure, FigureError> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let source = Source::Sum { add: owned(add), subtract: owned(subtract) };
    derived(figures, unit, source, conditions.into())
}

fn derived(
    figures: &Figures,
    unit: Unit,
    source: Source,
    conditions: String,
) -> Result<Figure, FigureError> {
    let Some(Derived { value, uncertainty, boundary }) = calculate(figures, unit, &source)? else {
        return Err(FigureError::NoInputs);
    };
    Ok(Figure { value, unit, kind: Kind::Derived, boundary, conditions, uncertainty, source })
}

/// What follows from the inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derived {
    /// The value.
    pub value: f64,
    /// Between which values it lies if every input is at its worst end at once; none if all inputs are exact.
    pub uncertainty: Option<Range>,
    /// The largest of the inputs' boundaries; of energy, the largest of those inputs that count joules: what power was
    /// not taken of is in no joule, however large a thing the work was counted on.
    pub boundary: Boundary,
}

/// Calculates a figure from its inputs; none of one that is not calculated.
///
/// # Errors
/// If a name is of no figure, there are none, the units do not come to `unit`, or the result is not finite.
pub fn calculate(
    figures: &Figures,
    unit: Unit,
    source: &Source,
) -> Result<Option<Derived>, FigureError> {
    let find = |names: &[String]| -> Result<Vec<&Figure>, FigureError> {
        let figure = |name: &String| {
            figures.get(name).ok_or_else(|| FigureError::NoInput { name: name.clone() })
        };
        names.iter().map(figure).collect()
    };
    let (plus, minus, ends): (_, _, [f64; 3]) = match source {
        Source::Ratio { multiply, divide } => {
            let (multiply, divide) = (find(multiply)?, find(divide)?);
            let product = |figures: &[&Figure], end: End| -> f64 {
                figures.iter().map(|figure| figure.unit.scale() * end(figure)).product()
            };
            let of = |above: End, below: End| product(&multiply, above) / product(&divide, below);
            check_unit(unit, &multiply, &divide)?;
            let ends = [of(value, value), of(low, high), of(high, low)];
            (multiply, divide, ends)
        }
        Source::Sum { add, subtract } => {
            let (add, subtract) = (find(add)?, find(subtract)?);
            let total = |figures: &[&Figure], end: End| -> f64 {
                figures.iter().map(|figure| figure.unit.scale() * end(figure)).sum()
            };
            let of = |above: End, below: End| total(&add, above) - total(&subtract, below);
            for figure in add.iter().chain(&subtract) {
                check_unit(unit, &[*figure], &[])?;
            }
            let ends = [of(value, value), of(low, high), of(high, low)];
            (add, subtract, ends)
        }
        Source::Line { .. }
        | Source::Pointer { .. }
        | Source::Run { .. }
        | Source::Stated { .. } => return Ok(None),
    };
    let all = || plus.iter().chain(&minus);
    let joules = all().filter(|figure| figure.unit.counts_joules());
    let Some(boundary) =
        joules.map(|f| f.boundary).max().or_else(|| all().map(|f| f.boundary).max())
    else {
        return Err(FigureError::NoInputs);
    };
    let [value, low, high] = ends.map(|end| end / unit.scale());
    if ![value, low, high].into_iter().all(f64::is_finite) {
        let names: Vec<&str> = source.inputs().collect();
        return Err(FigureError::NotFinite { what: names.join(", ") });
    }
    let uncertain = all().any(|figure| figure.uncertainty.is_some());
    let uncertainty = uncertain.then_some(Range { low, high });
    Ok(Some(Derived { value, uncertainty, boundary }))
}

type End = fn(&Figure) -> f64;

fn value(figure: &Figure) -> f64 {
    figure.value
}

fn low(figure: &Figure) -> f64 {
    figure.low()
}

fn high(figure: &Figure) -> f64 {
    figure.high()
}

fn check_unit(unit: Unit, multiply: &[&Figure], divide: &[&Figure]) -> Result<(), FigureError> {
    let product = |figures: &[&Figure]| {
        let dimensions = figures.iter().map(|figure| figure.unit.dimension());
        dimensions.fold(Dimension::default(), Dimension::times)
    };
    let found = product(multiply).over(product(divide));
    if found == unit.dimension() {
        return Ok(());
    }
    Err(FigureError::Unit { unit, found: found.to_string() })
}

#[cfg(test)]
mod tests;
