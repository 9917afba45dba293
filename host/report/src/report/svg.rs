//! Charts as SVG: bars on a logarithmic scale with whiskers, stacked shares, a roofline.
//!
//! Drawn here and not by a plotting library, because a chart has to follow the page: colours by CSS class in the light,
//! in the dark and on paper, a title and a description for those who can't see it, letters of a size that can be read
//! on a telephone. So each chart is drawn twice, for narrow and for wide pages, and CSS shows one.

use std::fmt::Write;

/// Width of a chart on a telephone, in units of the drawing.
pub const NARROW: f64 = 320.0;
/// Width on a desk and on paper.
pub const WIDE: f64 = 800.0;

/// A drawing that grows.
pub(super) struct Drawing {
    id: String,
    title: String,
    about: String,
    width: f64,
    body: String,
}

/// How a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    pub(super) fn new(id: &str, title: &str, about: &str, width: f64) -> Self {
        let size = if width > NARROW { "wide" } else { "narrow" };
        Self {
            id: format!("{id}-{size}"),
            title: title.into(),
            about: about.into(),
            width,
            body: String::new(),
        }
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (short(x), short(y), escaped(text));
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
        );
    }

    pub(super) fn line(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> =
            points.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
        let _ =
            writeln!(self.body, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    pub(super) fn rectangle(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
    ) {
        let [x, y, width, height] = [x, y, width.max(0.0), height].map(short);
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        );
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let [x, y, radius] = [x, y, radius].map(short);
        let _ =
            writeln!(self.body, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
    }

    /// Coloured squares with words, as many in a row as there is room for; returns where they end.
    pub(super) fn legend(&mut self, left: f64, mut top: f64, entries: &[(String, String)]) -> f64 {
        let mut x = left;
        for (class, words) in entries {
            let wide = 24.0 + LETTER * words.chars().count() as f64;
            if x > left && x + wide > self.width {
                (x, top) = (left, top + 18.0);
            }
            self.rectangle(class, (x, top), (11.0, 11.0));
            self.text((x + 15.0, top + 10.0), Anchor::Start, "small", words);
            x += wide;
        }
        top + 18.0
    }

    pub(super) fn finish(self, height: f64) -> String {
        let Self { id, title, about, width, body } = self;
        let class = if width > NARROW { "wide" } else { "narrow" };
        format!(
            "<svg class=\"chart {class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n{body}</svg>\n",
            short(width),
            short(height),
            escaped(&title),
            escaped(&about)
        )
    }
}

/// About what a letter of the small size takes.
const LETTER: f64 = 6.4;

/// A coordinate with as many digits as matter.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Text that can't be taken for anything else.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A logarithmic scale from a power of ten to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Powers of ten.
    pub(super) from: i32,
    pub(super) to: i32,
    /// Where they are drawn.
    pub(super) at: (f64, f64),
}

impl Scale {
    /// The powers around all values above 0.
    pub(super) fn around(values: impl Iterator<Item = f64>, at: (f64, f64)) -> Self {
        let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if logs.is_empty() {
            return Self { from: 0, to: 1, at };
        }
        let from = (low - 0.05).floor() as i32;
        Self { from, to: ((high + 0.05).ceil() as i32).max(from + 1), at }
    }

    /// Where a value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let part =
            (value.max(1e-300).log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        self.at.0 + part.clamp(0.0, 1.0) * (self.at.1 - self.at.0)
    }

    /// The powers of ten that have a line, fewer where there are many.
    pub(super) fn ticks(&self, most: i32) -> impl Iterator<Item = i32> {
        let step = ((self.to - self.from) / most.max(1) + 1).max(1);
        (self.from..=self.to).step_by(usize::try_from(step).unwrap_or(1))
    }
}

/// A power of ten as it stands at an axis.
pub(super) fn power_of_ten(power: i32) -> String {
    match power {
        3 => "1,000".into(),
        0..3 => format!("{}", 10f64.powi(power)),
        -3..0 => format!("{:.*}", power.unsigned_abs() as usize, 10f64.powi(power)),
        _ => format!("1e{power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_all_values() {
        let scale = Scale::around([0.3, 45.0, 171.0].into_iter(), (0.0, 400.0));
        assert_eq!((scale.from, scale.to), (-1, 3));
        assert!((scale.place(0.1) - 0.0).abs() < 1e-9);
        assert!((scale.place(10.0) - 200.0).abs() < 1e-9);
        assert!((scale.place(1e9) - 400.0).abs() < 1e-9);
        let all: Vec<i32> = scale.ticks(10).collect();
        assert_eq!(all, [-1, 0, 1, 2, 3]);
        let none = Scale::around([0.0].into_iter(), (0.0, 1.0));
        assert_eq!((none.from, none.to), (0, 1));
    }

    #[test]
    fn axes_have_plain_numbers() {
        let all = [-2, -1, 0, 1, 2, 3, 4].map(power_of_ten);
        assert_eq!(all, ["0.01", "0.1", "1", "10", "100", "1,000", "1e4"]);
    }

    #[test]
    fn text_stays_text() {
        let mut drawing = Drawing::new("x", "a < b", "\"&\"", NARROW);
        drawing.text((0.0, 0.0), Anchor::Start, "small", "<script>");
        let text = drawing.finish(10.0);
        assert!(!text.contains("<script>") && text.contains("a &lt; b"), "{text}");
    }
}
