//! The report's charts, each for narrow and for wide pages.

use super::svg::{Anchor, Drawing, NARROW, Scale, WIDE, power_of_ten};
use crate::figure::Figure;
use crate::format::{percent, range, value};

/// A bar with a whisker.
pub(super) struct Bar<'a> {
    /// Whose it is.
    pub(super) label: &'a str,
    /// A colour: `fpga`, `held`, `fed`, `gpu`, `sheet`, `asic`, `cpu`.
    pub(super) class: &'static str,
    pub(super) figure: &'a Figure,
    /// The number in the unit of the axis.
    pub(super) scale: f64,
}

/// A chart in both widths.
pub(super) fn both(draw: impl Fn(f64) -> String) -> String {
    draw(NARROW) + &draw(WIDE)
}

/// What a bar chart says of itself.
pub(super) struct Words<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) axis: &'a str,
    pub(super) legend: &'a [(&'static str, &'static str)],
}

/// Bars on a logarithmic scale, a row each.
pub(super) fn bars(words: &Words<'_>, bars: &[Bar<'_>], width: f64) -> String {
    let wide = width > NARROW;
    let (left, right, row) = if wide { (250.0, 520.0, 26.0) } else { (4.0, 316.0, 40.0) };
    let ends = |bar: &Bar<'_>| [bar.figure.low() * bar.scale, bar.figure.high() * bar.scale];
    let scale = Scale::around(bars.iter().flat_map(ends), (left, right));
    let rows: Vec<String> =
        bars.iter().map(|bar| format!("{}: {}", bar.label, said(bar))).collect();
    let about = format!("Bars on a logarithmic scale, {}. {}.", words.axis, rows.join("; "));
    let mut drawing = Drawing::new(words.id, words.title, &about, width);
    let entries: Vec<(String, String)> =
        words.legend.iter().map(|(class, words)| ((*class).into(), (*words).into())).collect();
    let top = drawing.legend(4.0, 4.0, &entries) + 10.0;
    let bottom = top + row * bars.len() as f64;
    for power in scale.ticks(if wide { 8 } else { 5 }) {
        let x = scale.place(10f64.powi(power));
        drawing.line("grid", &[(x, top), (x, bottom)]);
        let anchor = match power {
            _ if power == scale.from => Anchor::Start,
            _ if power == scale.to => Anchor::End,
            _ => Anchor::Middle,
        };
        drawing.text((x, bottom + 14.0), anchor, "small", &power_of_ten(power));
    }
    for (n, bar) in bars.iter().enumerate() {
        let y = top + row * n as f64;
        let (middle, label) = if wide { (y + 13.0, y + 17.0) } else { (y + 29.0, y + 15.0) };
        if wide {
            drawing.text((left - 8.0, label), Anchor::End, "label", bar.label);
            drawing.text((right + 10.0, label), Anchor::Start, "small", &said(bar));
        } else {
            drawing.text((left, label), Anchor::Start, "label", bar.label);
            drawing.text((right, label), Anchor::End, "small", &value(bar.figure));
        }
        let x = scale.place(bar.figure.value * bar.scale);
        drawing.rectangle(bar.class, (left, middle - 6.0), (x - left, 12.0));
        if bar.figure.uncertainty.is_some() {
            let [low, high] = ends(bar).map(|end| scale.place(end));
            drawing.line("whisker", &[(low, middle), (high, middle)]);
            for x in [low, high] {
                drawing.line("whisker", &[(x, middle - 5.0), (x, middle + 5.0)]);
            }
        }
    }
    drawing.text(
        (if wide { (left + right) / 2.0 } else { 160.0 }, bottom + 32.0),
        Anchor::Middle,
        "small",
        words.axis,
    );
    drawing.finish(bottom + 42.0)
}

/// A figure with its range.
fn said(bar: &Bar<'_>) -> String {
    let range = range(bar.figure);
    if range.is_empty() { value(bar.figure) } else { format!("{} ({range})", value(bar.figure)) }
}

/// Shares of a row that make up a whole.
pub(super) struct Stack {
    pub(super) label: String,
    pub(super) shares: [f64; 5],
}

/// What the shares are, with their classes.
pub(super) const CAUSES: [(&str, &str); 5] = [
    ("c0", "multiplies"),
    ("c1", "waits for the line"),
    ("c2", "for operands"),
    ("c3", "for results to leave"),
    ("c4", "for a hash"),
];

/// Stacked shares, a row each.
pub(super) fn stacks(id: &str, title: &str, stacks: &[Stack], width: f64) -> String {
    let wide = width > NARROW;
    let (left, right, row) = if wide { (330.0, 700.0, 24.0) } else { (4.0, 316.0, 38.0) };
    let rows: Vec<String> = stacks
        .iter()
        .map(|stack| format!("{}: multiplies in {}", stack.label, percent(stack.shares[0])))
        .collect();
    let about = format!("Shares of all cycles, stacked to the whole. {}.", rows.join("; "));
    let mut drawing = Drawing::new(id, title, &about, width);
    let entries = CAUSES.map(|(class, words)| (class.to_owned(), words.to_owned()));
    let top = drawing.legend(4.0, 4.0, &entries) + 8.0;
    for (n, stack) in stacks.iter().enumerate() {
        let y = top + row * n as f64;
        let bar = if wide { y + 4.0 } else { y + 20.0 };
        if wide {
            drawing.text((left - 8.0, y + 16.0), Anchor::End, "label", &stack.label);
            drawing.text(
                (right + 10.0, y + 16.0),
                Anchor::Start,
                "small",
                &percent(stack.shares[0]),
            );
        } else {
            drawing.text((left, y + 15.0), Anchor::Start, "label", &stack.label);
            drawing.text((right, y + 15.0), Anchor::End, "small", &percent(stack.shares[0]));
        }
        let mut x = left;
        for ((class, _), share) in CAUSES.iter().zip(stack.shares) {
            let part = share.clamp(0.0, 1.0) * (right - left);
            drawing.rectangle(class, (x, bar), (part.min(right - x), 14.0));
            x += part;
        }
    }
    let bottom = top + row * stacks.len() as f64;
    for (part, anchor) in [(0.0, Anchor::Start), (0.5, Anchor::Middle), (1.0, Anchor::End)] {
        let x = left + part * (right - left);
        drawing.line("grid", &[(x, top), (x, bottom)]);
        drawing.text((x, bottom + 14.0), anchor, "small", &format!("{} %", 100.0 * part));
    }
    drawing.text(
        ((left + right) / 2.0, bottom + 30.0),
        Anchor::Middle,
        "small",
        "share of the cycles",
    );
    drawing.finish(bottom + 40.0)
}

/// A device under its roof.
pub(super) struct Roof {
    pub(super) label: String,
    /// MAC/s with every PE at work.
    pub(super) peak: f64,
    /// Bytes a second of the link.
    pub(super) link: f64,
    /// MAC for a byte, and MAC/s, of each way to work.
    pub(super) points: Vec<(f64, f64)>,
}

/// Rooflines: what arithmetic and link allow, and what comes of it.
pub(super) fn roofline(id: &str, title: &str, roofs: &[Roof], width: f64) -> String {
    let wide = width > NARROW;
    let (left, right) = if wide { (70.0, 780.0) } else { (44.0, 312.0) };
    let height = if wide { 380.0 } else { 260.0 };
    let said: Vec<String> = roofs
        .iter()
        .map(|roof| {
            let points: Vec<String> = roof
                .points
                .iter()
                .map(|(x, y)| format!("{} at {} MAC/byte", rate(*y), crate::format::number(*x)))
                .collect();
            format!("{}: at most {}; {}", roof.label, rate(roof.peak), points.join(", "))
        })
        .collect();
    let about = format!(
        "Throughput over multiply-accumulates for each byte on the link, both axes logarithmic. A line rises with the link and \
         ends at what the array can do. {}.",
        said.join(". ")
    );
    let mut drawing = Drawing::new(id, title, &about, width);
    let entries: Vec<(String, String)> = roofs
        .iter()
        .enumerate()
        .map(|(n, roof)| (format!("d{n}"), format!("{} {}", letter(n), roof.label)))
        .collect();
    let top = drawing.legend(4.0, 4.0, &entries) + 22.0;
    let bottom = top + height;
    let points = || roofs.iter().flat_map(|roof| roof.points.iter().copied());
    let x = Scale::around(points().map(|point| point.0), (left, right));
    let highest = roofs.iter().map(|roof| roof.peak);
    let y = Scale::around(highest.chain(points().map(|point| point.1)), (bottom, top));
    for power in x.ticks(if wide { 8 } else { 4 }) {
        let at = x.place(10f64.powi(power));
        drawing.line("grid", &[(at, top), (at, bottom)]);
        // The last one may stand at the drawing's edge.
        let anchor = if power == x.to { Anchor::End } else { Anchor::Middle };
        drawing.text((at, bottom + 14.0), anchor, "small", &power_of_ten(power));
    }
    for power in y.ticks(8) {
        let at = y.place(10f64.powi(power));
        drawing.line("grid", &[(left, at), (right, at)]);
        drawing.text((left - 5.0, at + 4.0), Anchor::End, "small", &power_of_ten(power));
    }
    let (from, to) = (10f64.powi(x.from), 10f64.powi(x.to));
    for (n, roof) in roofs.iter().enumerate() {
        let ridge = (roof.peak / roof.link).clamp(from, to);
        // Below the lowest line of the drawing nothing is to be seen.
        let begin = (10f64.powi(y.from) / roof.link).clamp(from, ridge);
        let at =
            |intensity: f64| (x.place(intensity), y.place((roof.link * intensity).min(roof.peak)));
        drawing.line(&format!("roof d{n}"), &[at(begin), at(ridge), at(to)]);
    }
    let radius = if wide { 5.0 } else { 4.0 };
    let mut labels: Vec<((f64, f64), String)> = Vec::new();
    for (n, roof) in roofs.iter().enumerate() {
        for point in &roof.points {
            let at = (x.place(point.0), y.place(point.1));
            drawing.circle(&format!("point d{n}"), at, radius);
            // Dots that lie on each other share a label.
            let near = |(x, y): (f64, f64)| (x - at.0).hypot(y - at.1) < 4.0 * radius;
            match labels.iter_mut().find(|(place, _)| near(*place)) {
                Some((_, letters)) => letters.push_str(&format!(" {}", letter(n))),
                None => labels.push((at, letter(n).to_string())),
            }
        }
    }
    for ((x, y), letters) in labels {
        // Behind the dots, or in front where the drawing ends.
        let space = 3.0 * radius;
        let (x, anchor) = if x + space + 60.0 > right {
            (x - space, Anchor::End)
        } else {
            (x + space, Anchor::Start)
        };
        drawing.text((x, y + 4.0), anchor, "label", &letters);
    }
    drawing.text((4.0, top - 8.0), Anchor::Start, "small", "MAC/s");
    drawing.text(
        ((left + right) / 2.0, bottom + 31.0),
        Anchor::Middle,
        "small",
        "MAC for a byte on the link",
    );
    drawing.finish(bottom + 40.0)
}

/// Whose a dot is.
fn letter(n: usize) -> char {
    char::from(b'A'.saturating_add(u8::try_from(n % 26).unwrap_or(0)))
}

fn rate(macs: f64) -> String {
    crate::format::quantity(macs, crate::figure::Unit::MacPerSecond)
}
