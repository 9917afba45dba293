//! Every number that is shown gets an entry that says where it comes from.

use super::{Cell, Origin};
use crate::derive::Figures;
use crate::figure::{Figure, Kind, Source, kinds_below};
use crate::format::{range, value};

/// The entries so far.
#[derive(Default)]
pub(super) struct Origins(pub(super) Vec<Origin>);

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

impl Origins {
    /// Takes down all figures of a device, a card or the race.
    pub(super) fn add(&mut self, of: &str, figures: &Figures) {
        for (name, figure) in figures {
            let anchor = anchor(of, name);
            if self.0.iter().any(|origin| origin.anchor == anchor) {
                continue;
            }
            let (place, file, title) = place(figure);
            let inputs =
                figure.source.inputs().map(|input| (input.to_owned(), self::anchor(of, input)));
            self.0.push(Origin {
                anchor,
                of: of.into(),
                name: name.clone(),
                cell: cell(of, name, figures),
                exact: format!("{} {}", figure.value, figure.unit),
                conditions: figure.conditions.clone(),
                title,
                place,
                file,
                inputs: inputs.collect(),
            });
        }
    }
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
