//! Rules about a file alone.

use std::collections::BTreeSet;

use crate::derive::{Figures, calculate, same};
use crate::figure::{Figure, Kind, Source, Unit, median};
use crate::result::{Class, ResultFile};

use super::{known, runs};

/// Broken rules: the rule, a JSON pointer, what is wrong.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<(&'static str, String, String)>);

impl Findings {
    pub(super) fn add(
        &mut self,
        rule: &'static str,
        pointer: impl Into<String>,
        text: impl Into<String>,
    ) {
        self.0.push((rule, pointer.into(), text.into()));
    }
}

/// The pointer of a figure.
pub(super) fn pointer(name: &str) -> String {
    format!("/figures/{}", name.replace('~', "~0").replace('/', "~1"))
}

pub(super) fn check(result: &ResultFile, findings: &mut Findings) {
    time(result, findings);
    runs::check(result, findings);
    blank("/run", &result.run, findings);
    blank("/device/title", &result.device.title, findings);
    blank("/limit", &result.limit, findings);
    blank("/conditions/operands", &result.conditions.operands, findings);
    blank("/conditions/warm_up", &result.conditions.warm_up, findings);
    for (name, figure) in &result.figures {
        let place = pointer(name);
        blank(&format!("{place}/conditions"), &figure.conditions, findings);
        range(&place, figure, findings);
        kind(&place, figure, result.device.class, findings);
        known::check(&place, name, figure, findings);
        run(&place, figure, result.conditions.repeats, findings);
        derived(&place, name, figure, &result.figures, findings);
    }
}

fn blank(pointer: &str, text: &str, findings: &mut Findings) {
    if text.trim().is_empty() {
        findings.add("conditions", pointer, "it is blank; say it, or say that nobody knows");
    }
}

fn time(result: &ResultFile, findings: &mut Findings) {
    let ran = |figure: &Figure| {
        figure.kind == Kind::Measured || matches!(figure.source, Source::Run { .. })
    };
    let measured = result.figures.iter().find(|(_, figure)| ran(figure));
    for (pointer, time) in [("/started", &result.started), ("/ended", &result.ended)] {
        match time {
            None => {
                if let Some((name, _)) = measured {
                    findings.add(
                        "time",
                        pointer,
                        format!("figure {name:?} is of a run, so the run has a time; give it"),
                    );
                }
            }
            Some(text) if !is_utc(text) => {
                findings.add(
                    "time",
                    pointer,
                    format!("it is {text:?}; write 2026-01-31T23:59:59Z"),
                );
            }
            Some(_) => {}
        }
    }
    if let (Some(started), Some(ended)) = (&result.started, &result.ended)
        && started > ended
    {
        findings.add("time", "/ended", format!("the run ended at {ended} and began at {started}"));
    }
}

/// Whether it is a time like 2026-01-31T23:59:59Z.
fn is_utc(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:ddZ";
    let fits = text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(is, wanted)| match wanted {
            'd' => is.is_ascii_digit(),
            _ => is == wanted,
        });
    let number =
        |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse::<u32>().ok());
    let within =
        |from, low, high| number(from).is_some_and(|number| (low..=high).contains(&number));
    fits && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 60)
}

fn range(place: &str, figure: &Figure, findings: &mut Findings) {
    let (low, value, high) = (figure.low(), figure.value, figure.high());
    if !(low <= value && value <= high) {
        let text = format!("{value} is not between {low} and {high}");
        findings.add("range", format!("{place}/uncertainty"), text);
    }
    let share = figure.unit == Unit::One && !(low >= 0.0 && high <= 1.0);
    // A ratio of two likes may be anything; only what counts cycles is a share.
    if share && place.starts_with("/figures/use-") {
        findings.add(
            "range",
            format!("{place}/value"),
            format!("{value} is no share; it is between 0 and 1"),
        );
    }
    if low < 0.0 {
        findings.add("range", format!("{place}/value"), format!("{low} is below 0"));
    }
}

fn kind(place: &str, figure: &Figure, class: Class, findings: &mut Findings) {
    let calculated = matches!(figure.source, Source::Ratio { .. } | Source::Sum { .. });
    let ran = matches!(figure.source, Source::Run { .. });
    let kind = figure.kind;
    // What a run of a simulation shows is a model's, and nobody measured it.
    let shown = match class {
        Class::Simulation => Kind::Modelled,
        _ => Kind::Measured,
    };
    let place = format!("{place}/kind");
    if calculated != (kind == Kind::Derived) {
        let text = match calculated {
            true => format!("it is calculated from others, and says {kind}; write derived"),
            false => "it is derived from nothing; name its inputs, or its own kind".into(),
        };
        findings.add("kind", place, text);
    } else if ran && kind != shown && kind != Kind::Measured {
        findings.add(
            "kind",
            place,
            format!("the run showed it, and it says {kind}; write {shown}"),
        );
    } else if matches!(figure.source, Source::Stated { .. }) && kind != Kind::Estimate {
        findings.add(
            "kind",
            place,
            format!("somebody states it, and it says {kind}; write estimate"),
        );
    } else if !ran && kind == Kind::Measured {
        findings.add(
            "same-run",
            place,
            "it was measured, and not in this run: power and throughput are of the same run, or one of them is an \
             estimate and says so",
        );
    }
}

fn run(place: &str, figure: &Figure, repeats: u32, findings: &mut Findings) {
    let Source::Run { samples, method } = &figure.source else { return };
    blank(&format!("{place}/source/method"), method, findings);
    let place = format!("{place}/source/samples");
    if samples.len() != repeats as usize {
        let text = format!("there are {} of {repeats} repeats; give one for each", samples.len());
        findings.add("samples", &*place, text);
    }
    match median(samples) {
        Err(error) => findings.add("samples", place, error.to_string()),
        Ok((value, range)) => {
            let ends = range.is_none_or(|range| {
                same(range.low, figure.low()) && same(range.high, figure.high())
            });
            let exact = range.is_some() || figure.uncertainty.is_none();
            if !same(value, figure.value) || !ends || !exact {
                let text = format!(
                    "they have the median {value}, and the figure is {} ({} to {})",
                    figure.value,
                    figure.low(),
                    figure.high()
                );
                findings.add("samples", place, text);
            }
        }
    }
}

fn derived(place: &str, name: &str, figure: &Figure, all: &Figures, findings: &mut Findings) {
    if leads_to(name, all) {
        let text = "it is calculated from itself, by way of its inputs";
        findings.add("derived", format!("{place}/source"), text);
        return;
    }
    let calculated = match calculate(all, figure.unit, &figure.source) {
        Ok(None) => return,
        Ok(Some(calculated)) => calculated,
        Err(error) => {
            findings.add("derived", format!("{place}/source"), error.to_string());
            return;
        }
    };
    let low = calculated.uncertainty.map_or(calculated.value, |range| range.low);
    let high = calculated.uncertainty.map_or(calculated.value, |range| range.high);
    let right = same(calculated.value, figure.value)
        && same(low, figure.low())
        && same(high, figure.high());
    if !right {
        let text = format!(
            "its inputs come to {} ({low} to {high}) {}, and it says {} ({} to {})",
            calculated.value,
            figure.unit,
            figure.value,
            figure.low(),
            figure.high()
        );
        findings.add("derived", format!("{place}/value"), text);
    }
    if calculated.boundary != figure.boundary {
        let text = format!(
            "it says {}, and the largest of its inputs is {}",
            figure.boundary, calculated.boundary
        );
        findings.add("boundary", format!("{place}/boundary"), text);
    }
}

/// Whether a figure's inputs, theirs, and so on, lead back to it.
fn leads_to(name: &str, all: &Figures) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![name];
    while let Some(at) = waiting.pop() {
        for input in all.get(at).into_iter().flat_map(|figure| figure.source.inputs()) {
            if input == name {
                return true;
            }
            if seen.insert(input) {
                waiting.push(input);
            }
        }
    }
    false
}
