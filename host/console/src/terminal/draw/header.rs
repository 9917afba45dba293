//! The lines at the top: what it is, what everybody must see, rates, shares.

use ratatui::style::Style;

use super::Canvas;
use super::sources::state_name;
use super::table::cells;
use crate::status::Status;
use crate::terminal::text::{age, clean, latency, si};
use crate::terminal::view::View;

/// Most rows of an alert.
const ALERT_ROWS: usize = 2;

/// Draws them; returns how many rows alerts took.
pub(super) fn draw(canvas: &mut Canvas<'_>, status: &Status, view: &View) -> u16 {
    let palette = canvas.palette;
    let headline = [
        (0, format!("gemmine {}", clean(&status.version))),
        (1, format!("up {}", age(status.uptime_s))),
        (2, clean(&status.work)),
    ];
    rows(canvas, &headline, 1, palette.strong());
    let mut height = 0;
    for alert in alerts(status, view) {
        let lines = wrap(&alert, canvas.area.width.saturating_sub(2), ALERT_ROWS);
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == 0 { "! " } else { "  " };
            let area = canvas.take_top(1);
            canvas.bar(area, 0, &format!("{mark}{line}"), palette.alert());
            height += 1;
        }
    }
    rows(canvas, &rates(status), 2, Style::new());
    rows(canvas, &shares(status), 2, Style::new());
    height
}

fn rows(canvas: &mut Canvas<'_>, parts: &[(u8, String)], most: usize, style: Style) {
    for line in flow(canvas.area.width, parts, most) {
        let area = canvas.take_top(1);
        canvas.line(area, 0, &line, style);
    }
}

/// What everybody must see.
fn alerts(status: &Status, view: &View) -> Vec<String> {
    let mut alerts = Vec::new();
    alerts.extend(status.notice.as_deref().map(clean));
    if !status.totals.log_writable {
        alerts.push("the log of shares can't be written: make room on its disk".into());
    }
    if !status.sources.iter().any(|source| source.active) {
        alerts.push(no_work(status));
    }
    if view.is_paused() {
        alerts.push(format!("paused at {}; space goes on", age(status.uptime_s)));
    }
    alerts
}

/// Why there is nothing to work on.
fn no_work(status: &Status) -> String {
    if status.sources.is_empty() {
        return "no work: there is no source".into();
    }
    let sources = status.sources.iter().map(|source| {
        let text = format!("{} {}", clean(&source.name), state_name(source.state));
        match source.error.as_deref() {
            Some(error) => format!("{text}: {}", clean(error)),
            None => text,
        }
    });
    format!("no work: {}", sources.collect::<Vec<_>>().join("; "))
}

fn rates(status: &Status) -> [(u8, String); 5] {
    let totals = &status.totals;
    let rate = |rate: f64, window: &str| format!("{}MAC/s {window}", si(rate));
    let job = totals.job_latency_s.map(latency);
    [
        (0, rate(totals.reported.minute, "1 min")),
        (3, rate(totals.reported.quarter, "15 min")),
        (4, rate(totals.reported.day, "1 day")),
        (1, format!("credited {}MAC", si(totals.macs_credited))),
        (2, format!("job latency {}", job.unwrap_or_else(|| "-".into()))),
    ]
}

fn shares(status: &Status) -> Vec<(u8, String)> {
    let shares = &status.totals.shares;
    let mut parts = vec![
        (0, format!("shares: {} found", shares.found)),
        (1, format!("{} accepted", shares.accepted)),
        (2, format!("{} rejected", shares.rejected)),
        (5, format!("{} stale", shares.stale)),
        (3, format!("{} pending", shares.pending)),
    ];
    if shares.unanswered > 0 {
        parts.push((4, format!("{} unanswered", shares.unanswered)));
    }
    parts.push((6, format!("{} hardware errors", status.totals.hardware_errors)));
    parts
}

/// Parts in as many lines as there may be; those with the highest priority's number are left out until they fit.
pub(super) fn flow(width: u16, parts: &[(u8, String)], most: usize) -> Vec<String> {
    let mut kept: Vec<&(u8, String)> = parts.iter().filter(|(_, text)| !text.is_empty()).collect();
    loop {
        let lines = fill(width, &kept);
        if lines.len() <= most || kept.len() <= 1 {
            return lines.into_iter().take(most).collect();
        }
        let worst = kept.iter().enumerate().max_by_key(|(_, (priority, _))| *priority);
        let Some((worst, _)) = worst else { return lines };
        kept.remove(worst);
    }
}

fn fill(width: u16, parts: &[&(u8, String)]) -> Vec<String> {
    const GAP: &str = "  ";
    let mut lines: Vec<String> = Vec::new();
    for (_, part) in parts {
        match lines.last_mut() {
            Some(line) if cells(line) + cells(GAP) + cells(part) <= width => {
                line.push_str(GAP);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// A text in lines that break between words, at most so many.
fn wrap(text: &str, width: u16, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() == most;
        match lines.last_mut() {
            // What has no room is cut off where it is drawn.
            Some(line) if line.is_empty() || last || cells(line) + 1 + cells(word) <= width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
