//! The table of devices, and the line about the selected one.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Canvas;
use super::table::{Align, Column, cells, item, place, titles};
use crate::status::{DeviceState, DeviceStatus, Status};
use crate::terminal::text::{age, clean, percent, si};
use crate::terminal::view::View;

/// Draws both.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    detail: Rect,
    status: &Status,
    view: &mut View,
) {
    if area.height == 0 {
        return;
    }
    let devices = view.sorted(status);
    let selected = view.selected_row(&devices);
    let rows = usize::from(area.height - 1);
    let first = view.scroll(selected, rows, devices.len());
    let names = devices.iter().map(|device| cells(&clean(&device.name)));
    let placed = place(COLUMNS, area.width, names.max().unwrap_or(0));
    titles(canvas.buffer, canvas.palette, Rect { height: 1, ..area }, &placed);
    for (row, (index, device)) in (1..).zip(devices.iter().enumerate().skip(first).take(rows)) {
        let line = Rect { y: area.y + row, height: 1, ..area };
        let over = if index == selected { canvas.palette.selected() } else { Style::new() };
        item(canvas.buffer, canvas.palette, line, &placed, (*device, over));
    }
    match devices.get(selected) {
        Some(device) => {
            let text = describe(device, selected + 1, devices.len());
            canvas.line(detail, 0, &text, Style::new());
        }
        None => canvas.line(area, 1, "none yet", Style::new()),
    }
}

/// The line about a device.
fn describe(device: &DeviceStatus, number: usize, count: usize) -> String {
    let state = state_name(device.state);
    let mut parts = vec![format!("{number}/{count} {}", clean(&device.name))];
    parts.push(format!("{state} for {}", age(device.state_s)));
    parts.extend(device.reason.as_deref().map(clean));
    if !device.description.is_empty() {
        parts.push(clean(&device.description));
    }
    parts.extend(device.build.as_deref().map(|build| format!("build {}", clean(build))));
    if device.starts > 1 {
        parts.push(format!("opened {} times", device.starts));
    }
    parts.join("; ")
}

/// A state for people.
pub(super) fn state_name(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Starting => "starting",
        DeviceState::Working => "working",
        DeviceState::Idle => "idle",
        DeviceState::BackOff => "back-off",
        DeviceState::Quarantined => "quarantined",
        DeviceState::Gone => "gone",
        DeviceState::Off => "off",
    }
}

fn plain(text: String) -> (String, Style) {
    (text, Style::new())
}

const fn column(
    title: &'static str,
    width: u16,
    priority: u8,
    text: fn(&DeviceStatus, super::Palette) -> (String, Style),
) -> Column<DeviceStatus> {
    Column { title, width, grows: false, align: Align::Right, priority, text }
}

const COLUMNS: &[Column<DeviceStatus>] = &[
    Column {
        grows: true,
        align: Align::Path,
        ..column("device", 12, 0, |device, _| plain(clean(&device.name)))
    },
    Column {
        align: Align::Left,
        ..column("state", 11, 1, |device, palette| {
            (state_name(device.state).into(), palette.device(device.state))
        })
    },
    column("MAC/s", 7, 2, |device, _| plain(si(device.reported.minute))),
    column("15 min", 7, 8, |device, _| plain(si(device.reported.quarter))),
    column("1 day", 7, 11, |device, _| plain(si(device.reported.day))),
    column("hits", 7, 4, |device, _| plain(device.hits.to_string())),
    column("shares", 6, 9, |device, _| plain(device.shares.to_string())),
    column("errors", 6, 3, |device, palette| {
        (device.hardware_errors.to_string(), palette.bad(device.hardware_errors))
    }),
    column("err %", 6, 5, |device, palette| {
        (percent(device.hardware_error_rate), palette.bad(device.hardware_errors))
    }),
    column("used", 5, 7, |device, _| plain(device.utilisation.map_or_else(String::new, percent))),
    column("temp", 5, 10, |device, _| {
        plain(device.temperature_c.map_or_else(String::new, |value| format!("{value:.0} C")))
    }),
    column("W", 5, 12, |device, _| {
        plain(device.power_w.map_or_else(String::new, |value| format!("{value:.1}")))
    }),
    Column {
        grows: true,
        align: Align::Left,
        ..column("why", 12, 6, |device, _| {
            plain(device.reason.as_deref().map_or_else(String::new, clean))
        })
    },
];
