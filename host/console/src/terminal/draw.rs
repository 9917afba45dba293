//! The picture: a status and a view into cells.
//!
//! From top to bottom: headline, alerts, rates and shares, the rate's sparkline, sources, devices, a line about the
//! selected device, the log, and keys. What has no room is left out in the order in which it can be spared: the log
//! first, then the sparkline, then rows of sources; columns and parts of lines by priorities of their own.

mod devices;
mod header;
mod sources;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::palette::Palette;
use super::text::{clean, clock};
use super::view::View;
use crate::status::{Level, Status};
use table::put;

/// Fewest rows of devices, heading included.
const FEWEST_DEVICES: u16 = 3;

/// Draws a status.
pub fn draw(buffer: &mut Buffer, status: &Status, view: &mut View, palette: Palette) {
    let area = buffer.area;
    if area.is_empty() {
        return;
    }
    let mut canvas = Canvas { buffer, area, palette };
    let keys = canvas.take_bottom(1);
    let alerts = header::draw(&mut canvas, status, view);
    let plan = Plan::new(canvas.area.height, status, alerts);
    if plan.bars {
        let row = canvas.take_top(1);
        bars(&mut canvas, row, view);
    }
    let rows = canvas.take_top(plan.sources);
    sources::draw(&mut canvas, rows, status);
    let log = canvas.take_bottom(plan.log);
    let detail = canvas.take_bottom(u16::from(plan.detail));
    let devices = canvas.area;
    devices::draw(&mut canvas, devices, detail, status, view);
    draw_log(&mut canvas, log, status);
    draw_keys(&mut canvas, keys, view);
}

/// Where there is room left.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    palette: Palette,
}

impl Canvas<'_> {
    /// The uppermost rows of what is left.
    fn take_top(&mut self, rows: u16) -> Rect {
        let height = rows.min(self.area.height);
        let taken = Rect { height, ..self.area };
        self.area.y += height;
        self.area.height -= height;
        taken
    }

    /// The lowermost rows of what is left.
    fn take_bottom(&mut self, rows: u16) -> Rect {
        let height = rows.min(self.area.height);
        self.area.height -= height;
        Rect { y: self.area.y + self.area.height, height, ..self.area }
    }

    /// A line of text in an area's row.
    fn line(&mut self, area: Rect, row: u16, text: &str, style: Style) {
        if row < area.height {
            let cells = Rect { y: area.y + row, height: 1, ..area };
            put(self.buffer, self.palette, cells, text, style);
        }
    }

    /// A line of text in a style that fills the row.
    fn bar(&mut self, area: Rect, row: u16, text: &str, style: Style) {
        if row < area.height {
            self.buffer.set_style(Rect { y: area.y + row, height: 1, ..area }, style);
            self.line(area, row, text, style);
        }
    }
}

/// Rows of each part below the header.
struct Plan {
    bars: bool,
    sources: u16,
    detail: bool,
    log: u16,
}

impl Plan {
    fn new(height: u16, status: &Status, alerts: u16) -> Self {
        let mut left = height.saturating_sub(FEWEST_DEVICES);
        let mut take = |wanted: u16, least: u16| {
            let given = if left >= least { wanted.min(left) } else { 0 };
            left -= given;
            given
        };
        let count = |items: usize| u16::try_from(items).unwrap_or(u16::MAX);
        // Many sources must leave room for devices.
        let most = (height / 4).max(2);
        let sources = take((count(status.sources.len()).max(1) + 1).min(most), 2);
        let detail = take(1, 2) == 1;
        let bars = take(u16::from(height + alerts >= 12), 1) == 1;
        // Devices and log share what is left, two to one where both want more.
        let devices = count(status.devices.len()).saturating_sub(FEWEST_DEVICES - 1);
        let spare = left.saturating_sub(devices.min(left * 2 / 3));
        let log = if height >= 12 { spare.min(count(status.log.len()) + 1) } else { 0 };
        Self { bars, sources, detail, log: if log < 2 { 0 } else { log } }
    }
}

fn bars(canvas: &mut Canvas<'_>, row: Rect, view: &View) {
    const LABEL: &str = "rate ";
    canvas.line(row, 0, LABEL, Style::new());
    let label = LABEL.len() as u16;
    let cells =
        Rect { x: row.x + label.min(row.width), width: row.width.saturating_sub(label), ..row };
    let heights = view.history.heights(cells.width.into());
    let text: String = heights.iter().map(|height| canvas.palette.bar(*height)).collect();
    let style = canvas.palette.bars();
    canvas.line(cells, 0, &text, style);
}

fn draw_log(canvas: &mut Canvas<'_>, area: Rect, status: &Status) {
    if area.height == 0 {
        return;
    }
    let heading = canvas.palette.heading();
    canvas.line(area, 0, "log", heading);
    let rows = usize::from(area.height - 1);
    let newest = status.log.iter().skip(status.log.len().saturating_sub(rows));
    for (row, line) in (1..).zip(newest) {
        let level = match line.level {
            Level::Info => "",
            Level::Warning => "warning: ",
            Level::Error => "error: ",
        };
        let (about, text) = (clean(&line.about), clean(&line.text));
        let text = format!("{} {level}{about}: {text}", clock(line.unix_time_s));
        let style = canvas.palette.level(line.level);
        canvas.line(area, row, &text, style);
    }
}

fn draw_keys(canvas: &mut Canvas<'_>, area: Rect, view: &View) {
    if let Some(prompt) = view.prompt() {
        let style = canvas.palette.alert();
        canvas.bar(area, 0, &prompt, style);
        return;
    }
    let pause = if view.is_paused() { "space: go on" } else { "space: pause" };
    let sort = format!("s: sort (by {})", view.sort.name());
    let keys = [
        (0, "q: end".to_owned()),
        (3, pause.to_owned()),
        (2, sort),
        (1, "d/D: device off/on".to_owned()),
        (4, "arrows: select".to_owned()),
    ];
    let lines = header::flow(area.width, &keys, 1);
    let text = lines.into_iter().next().unwrap_or_default();
    canvas.line(area, 0, &text, Style::new());
}
