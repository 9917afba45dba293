//! The dashboard as text.

use std::sync::Arc;

use expect_test::{ExpectFile, expect_file};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::sample::{crowd, device, line, rig};
use crate::status::{DeviceState, Level, SourceState, Status};
use crate::terminal::draw::draw;
use crate::terminal::palette::Palette;
use crate::terminal::view::View;

const PALETTE: Palette = Palette { colour: true, unicode: true };

fn cells(status: &Status, view: &mut View, size: (u16, u16), palette: Palette) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    draw(&mut buffer, status, view, palette);
    buffer
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let lines = buffer.content.chunks(width).map(|cells| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

/// A view that has seen the rate rise and fall.
fn watched() -> View {
    let mut view = View::default();
    for step in 0..60 {
        let mut status = rig();
        status.uptime_s = f64::from(step) * 5.0;
        status.totals.reported.minute = f64::from(step % 20) * 1e9;
        view.update(&Arc::new(status));
    }
    view
}

fn check(status: &Status, size: (u16, u16), expected: ExpectFile) {
    expected.assert_eq(&text(&cells(status, &mut watched(), size, PALETTE)));
}

#[test]
fn a_rig_in_80x24() {
    check(&rig(), (80, 24), expect_file!["rig-80x24.txt"]);
}

#[test]
fn a_rig_in_40x15() {
    check(&rig(), (40, 15), expect_file!["rig-40x15.txt"]);
}

#[test]
fn a_rig_in_160x50() {
    check(&rig(), (160, 50), expect_file!["rig-160x50.txt"]);
}

#[test]
fn as_many_devices_as_there_can_be() {
    let status = Arc::new(crowd());
    let mut view = watched();
    let size = (80, 24);
    let first = cells(&status, &mut view, size, PALETTE);
    for code in [KeyCode::PageDown, KeyCode::PageDown, KeyCode::Down] {
        view.key(KeyEvent::new(code, KeyModifiers::NONE), &status);
        cells(&status, &mut view, size, PALETTE);
    }
    let scrolled = cells(&status, &mut view, size, PALETTE);
    view.key(KeyEvent::new(KeyCode::End, KeyModifiers::NONE), &status);
    view.key(KeyEvent::new(KeyCode::Char('s'), KeyModifiers::NONE), &status);
    let sorted = cells(&status, &mut view, size, PALETTE);
    let pictures = [first, scrolled, sorted].map(|picture| text(&picture)).join("\n");
    expect_file!["crowd-80x24.txt"].assert_eq(&pictures);
}

/// Everything that a person must not overlook, in one picture.
#[test]
fn alerts() {
    let mut status = rig();
    status.notice = Some(
        "NOT USEFUL WORK: zeros are multiplied, so that tickets are of noise alone and of no use to \
         anybody but the network that counts them"
            .into(),
    );
    status.totals.log_writable = false;
    status.sources[0].active = false;
    status.sources[0].state = SourceState::Paused;
    status.totals.shares.unanswered = 3;
    status.log = vec![
        line(1, Level::Warning, "job refused: certificate version 4"),
        line(2, Level::Error, "failed to write gemmine-out/shares-000001.jsonl: no space left"),
    ];
    let mut view = watched();
    let status = Arc::new(status);
    view.key(KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE), &status);
    let picture = cells(&status, &mut view, (80, 24), PALETTE);
    expect_file!["alerts-80x24.txt"].assert_eq(&text(&picture));
}

#[test]
fn no_source_and_no_device() {
    let status = Status { totals: rig().totals, ..Status::default() };
    check(&status, (80, 12), expect_file!["empty-80x12.txt"]);
}

#[test]
fn a_quarantined_device_is_selected_and_about_to_be_switched_on() {
    let status = Arc::new(rig());
    let mut view = watched();
    for code in [KeyCode::Down, KeyCode::Char('D')] {
        view.key(KeyEvent::new(code, KeyModifiers::NONE), &status);
    }
    let picture = cells(&status, &mut view, (120, 20), PALETTE);
    expect_file!["quarantined-120x20.txt"].assert_eq(&text(&picture));
}

#[test]
fn ascii_alone() {
    let palette = Palette { colour: false, unicode: false };
    let picture = text(&cells(&rig(), &mut watched(), (80, 24), palette));
    let beyond = picture.chars().filter(|c| !c.is_ascii());
    assert_eq!(beyond.count(), 0, "{picture}");
}

#[test]
fn states_have_colours_unless_nobody_wants_any() {
    let colour_at = |palette, word: &str| {
        let buffer = cells(&rig(), &mut View::default(), (80, 24), palette);
        let lines = text(&buffer);
        let (row, line) = lines.lines().enumerate().find(|(_, line)| line.contains(word)).unwrap();
        let column = line[..line.find(word).unwrap()].chars().count();
        buffer[(column as u16, row as u16)].fg
    };
    assert_eq!(colour_at(PALETTE, "quarantined"), Color::Red);
    assert_eq!(colour_at(PALETTE, "gone"), Color::Magenta);
    let plain = Palette { colour: false, unicode: true };
    assert_eq!(colour_at(plain, "quarantined"), Color::Reset);
    let buffer = cells(&crowd(), &mut watched(), (160, 50), plain);
    let coloured =
        |cell: &ratatui::buffer::Cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset);
    assert!(!buffer.content.iter().any(coloured));
}

/// Any size has a picture; what matters most is in it as soon as there is room for a line.
#[test]
fn every_size_has_a_picture() {
    for status in [rig(), crowd(), Status::default()] {
        for width in [0, 1, 2, 3, 7, 12, 19, 25, 33, 54, 79, 81, 119, 200, 300] {
            for height in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17, 30, 60, 100] {
                cells(&status, &mut watched(), (width, height), PALETTE);
            }
        }
    }
    let picture = text(&cells(&rig(), &mut watched(), (30, 8), PALETTE));
    assert!(picture.contains("gemmine 0.1.0") && picture.contains("q: end"), "{picture}");
}

#[test]
fn texts_of_others_can_not_command_the_terminal() {
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}evil\r\n\u{200b}\u{7}";
    let mut status = rig();
    status.work = evil.into();
    status.notice = Some(evil.into());
    for source in &mut status.sources {
        source.error = Some(evil.into());
        source.name = evil.into();
    }
    status.sources[0].job.as_mut().unwrap().name = evil.into();
    status.devices.push(device(evil, DeviceState::Gone, 0.0));
    status.log.push(line(31, Level::Error, evil));
    let buffer = cells(&status, &mut View::default(), (160, 50), PALETTE);
    let picture = text(&buffer);
    assert!(picture.matches("[2J31mevil").count() >= 6, "{picture}");
    assert!(!picture.chars().any(|c| c.is_control() && c != '\n'), "{picture:?}");
    assert!(!picture.contains(['\u{202e}', '\u{200b}']), "{picture:?}");
}
