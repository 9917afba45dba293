//! Every number that is shown gets an entry that says where it comes from.

use super::{Cell, Origin};
use crate::derive::Figures;
use crate::figure::{Figure, Kind, Range, Source, Unit, kinds_below};
use crate::format::{range, value};

/// What the race is of, among the sources.
pub(super) const RACE: &str = "the race";

/// The entries so far.
pub(super) struct Origins<'a> {
    pub(super) entries: Vec<Origin>,
    /// The race's figures, which others are calculated from, too.
    race: &'a Figures,
}

/// A name as a part of an anchor.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c {
            _ if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The anchor of a figure.
fn anchor(of: &str, name: &str) -> String {
    format!("from-{}-{}", slug(of), slug(name))
}

/// A figure as it is shown.
pub(super) fn cell(of: &str, name: &str, figures: &Figures) -> Cell {
    figures.get(name).map_or_else(Cell::default, |figure| Cell {
        text: value(figure),
        range: range(figure),
        kind: kind(figure, figures),
        boundary: figure.boundary.name().into(),
        anchor: anchor(of, name),
    })
}

/// The kind; of what is derived, also what it rests on.
fn kind(figure: &Figure, figures: &Figures) -> String {
    if figure.kind != Kind::Derived {
        return figure.kind.name().into();
    }
    let below = kinds_below(figure, &|name| figures.get(name));
    let below: Vec<&str> =
        below.into_iter().filter(|kind| *kind != Kind::Definition).map(Kind::name).collect();
    format!("derived from {}", below.join(", "))
}

impl<'a> Origins<'a> {
    /// Begins with the race.
    pub(super) fn new(race: &'a Figures) -> Self {
        let mut origins = Self { entries: Vec::new(), race };
        origins.add(RACE, race);
        origins
    }

    /// Takes down all figures of a device, a card or the race. What is the race's has its entry there.
    pub(super) fn add(&mut self, of: &str, figures: &Figures) {
        let owner = |name: &str| {
            let is_race = figures.get(name).is_some_and(|own| self.race.get(name) == Some(own));
            if is_race { RACE } else { of }
        };
        let mut added = Vec::new();
        for (name, figure) in figures {
            let anchor = anchor(of, name);
            if owner(name) != of || self.entries.iter().any(|origin| origin.anchor == anchor) {
                continue;
            }
            let (place, file, title) = place(figure);
            let inputs = figure
                .source
                .inputs()
                .map(|input| (input.to_owned(), self::anchor(owner(input), input)));
            added.push(Origin {
                anchor,
                of: of.into(),
                name: name.clone(),
                cell: cell(of, name, figures),
                exact: exact(figure),
                conditions: figure.conditions.clone(),
                title,
                place,
                file,
                inputs: inputs.collect(),
            });
        }
        self.entries.extend(added);
    }
}

/// Value and ends in the figure's own unit, rounded to six digits.
fn exact(figure: &Figure) -> String {
    let unit = match figure.unit {
        Unit::One => String::new(),
        unit => format!(" {unit}"),
    };
    let value = six_digits(figure.value);
    match figure.uncertainty {
        Some(Range { low, high }) => {
            format!("{value}{unit} ({} to {}{unit})", six_digits(low), six_digits(high))
        }
        None => format!("{value}{unit}"),
    }
}

/// Six digits that count, without the noise of floating point.
fn six_digits(value: f64) -> String {
    // Of a number that was just written: it can be read.
    format!("{value:.5e}").parse().unwrap_or(value).to_string()
}

/// Where a figure comes from, in which file, and whose it is.
fn place(figure: &Figure) -> (String, String, String) {
    match &figure.source {
        Source::Line { file, line, title } => {
            (format!("{file}, line {line}"), file.clone(), title.clone())
        }
        Source::Pointer { file, pointer } => {
            (format!("{file}, {pointer}"), file.clone(), String::new())
        }
        Source::Run { method, samples } => {
            let samples: Vec<String> = samples.iter().map(f64::to_string).collect();
            (format!("this run: {}", samples.join(", ")), String::new(), method.clone())
        }
        Source::Stated { reason } => ("stated".into(), String::new(), reason.clone()),
        Source::Ratio { multiply, divide } => {
            let over = if divide.is_empty() {
                String::new()
            } else {
                format!(" / ({})", divide.join(" x "))
            };
            (format!("{}{over}", multiply.join(" x ")), String::new(), String::new())
        }
        Source::Sum { add, subtract } => {
            let less: String = subtract.iter().map(|name| format!(" - {name}")).collect();
            (format!("{}{less}", add.join(" + ")), String::new(), String::new())
        }
    }
}
