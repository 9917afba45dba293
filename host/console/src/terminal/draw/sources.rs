//! The table of sources.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Canvas;
use super::table::{Align, Column, cells, item, place, titles};
use crate::status::{SourceState, SourceStatus, Status};
use crate::terminal::text::{clean, latency, short_age};

/// Draws it. The active source is always seen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, status: &Status) {
    if area.height == 0 {
        return;
    }
    let names = status.sources.iter().map(|source| cells(&clean(&source.name)) + 2);
    let placed = place(COLUMNS, area.width, names.max().unwrap_or(0));
    titles(canvas.buffer, canvas.palette, Rect { height: 1, ..area }, &placed);
    let rows = usize::from(area.height - 1);
    let active = status.sources.iter().position(|source| source.active).unwrap_or(0);
    let first = (active + 1).saturating_sub(rows);
    for (row, source) in (1..).zip(status.sources.iter().skip(first).take(rows)) {
        let line = Rect { y: area.y + row, height: 1, ..area };
        item(canvas.buffer, canvas.palette, line, &placed, (source, Style::new()));
    }
    if status.sources.is_empty() {
        canvas.line(area, 1, "none", Style::new());
    }
}

/// A state for people.
pub(super) fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Standby => "standby",
        SourceState::Connecting => "connecting",
        SourceState::Up => "up",
        SourceState::BackOff => "back-off",
        SourceState::Paused => "paused",
        SourceState::Off => "off",
    }
}

fn plain(text: String) -> (String, Style) {
    (text, Style::new())
}

const fn column(
    title: &'static str,
    width: u16,
    priority: u8,
    text: fn(&SourceStatus, super::Palette) -> (String, Style),
) -> Column<SourceStatus> {
    Column { title, width, grows: false, align: Align::Left, priority, text }
}

const COLUMNS: &[Column<SourceStatus>] = &[
    Column {
        grows: true,
        ..column("source", 10, 0, |source, palette| {
            let mark = if source.active { "> " } else { "  " };
            let style = if source.active { palette.strong() } else { Style::new() };
            (format!("{mark}{}", clean(&source.name)), style)
        })
    },
    column("state", 10, 1, |source, palette| {
        (state_name(source.state).into(), palette.source(source.state))
    }),
    column("kind", 7, 9, |source, _| plain(clean(&source.kind))),
    column("job", 12, 3, |source, _| {
        plain(source.job.as_ref().map_or_else(String::new, |job| clean(&job.name)))
    }),
    Column {
        align: Align::Right,
        ..column("height", 9, 5, |source, _| {
            let height = source.job.as_ref().and_then(|job| job.height);
            plain(height.map_or_else(String::new, |height| height.to_string()))
        })
    },
    Column {
        align: Align::Right,
        ..column("age", 6, 2, |source, _| {
            plain(source.job.as_ref().map_or_else(String::new, |job| short_age(job.age_s)))
        })
    },
    Column {
        align: Align::Right,
        ..column("answers in", 10, 6, |source, _| {
            plain(source.latency_s.map_or_else(String::new, latency))
        })
    },
    Column {
        align: Align::Right,
        ..column("accepted", 8, 7, |source, _| plain(source.shares.accepted.to_string()))
    },
    Column {
        align: Align::Right,
        ..column("rejected", 8, 8, |source, palette| {
            (source.shares.rejected.to_string(), palette.bad(source.shares.rejected))
        })
    },
    Column {
        grows: true,
        ..column("last error", 14, 4, |source, _| {
            plain(source.error.as_deref().map_or_else(String::new, clean))
        })
    },
    Column {
        grows: true,
        ..column("endpoint", 28, 10, |source, _| plain(clean(&source.endpoint)))
    },
];
