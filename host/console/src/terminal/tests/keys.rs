//! What keys do.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::sample::{crowd, rig};
use crate::status::{Control, Status};
use crate::terminal::view::{Reaction, View};

fn press(view: &mut View, status: &Arc<Status>, code: KeyCode) -> Reaction {
    view.key(KeyEvent::new(code, KeyModifiers::NONE), status)
}

fn typed(view: &mut View, status: &Arc<Status>, text: &str) -> Reaction {
    let mut last = Reaction::Nothing;
    for character in text.chars() {
        last = press(view, status, KeyCode::Char(character));
    }
    last
}

fn off(name: &str) -> Reaction {
    Reaction::Control(Control::DeviceOff { device: name.into() })
}

fn on(name: &str) -> Reaction {
    Reaction::Control(Control::DeviceOn { device: name.into() })
}

#[test]
fn ending_is_asked_for_once_and_left_the_second_time() {
    let status = Arc::new(rig());
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for first in [KeyEvent::from(KeyCode::Char('q')), ctrl_c] {
        let mut view = View::default();
        assert_eq!(view.key(first, &status), Reaction::Control(Control::Stop));
        assert!(view.prompt().unwrap().contains("ending"));
        assert_eq!(view.key(ctrl_c, &status), Reaction::Leave);
    }
    // Also in the middle of a question, where other keys say no.
    let mut view = View::default();
    typed(&mut view, &status, "d");
    assert_eq!(view.key(ctrl_c, &status), Reaction::Control(Control::Stop));
    let mut view = View::default();
    assert_eq!(typed(&mut view, &status, "dq"), Reaction::Redraw);
    let ctrl_q = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL);
    assert_eq!(view.key(ctrl_q, &status), Reaction::Nothing);
}

#[test]
fn a_device_is_switched_after_a_question_only() {
    let status = Arc::new(rig());
    let mut view = View::default();
    assert_eq!(typed(&mut view, &status, "d"), Reaction::Redraw);
    assert_eq!(view.prompt().unwrap(), "switch off serial:/dev/ttyUSB0? y: yes, any other key: no");
    assert_eq!(typed(&mut view, &status, "n"), Reaction::Redraw);
    assert_eq!(view.prompt(), None);
    assert_eq!(typed(&mut view, &status, "y"), Reaction::Redraw);
    assert_eq!(typed(&mut view, &status, "dy"), off("serial:/dev/ttyUSB0"));
    // The second is quarantined: it can be switched either way.
    assert_eq!(typed(&mut view, &status, "jDy"), on("serial:/dev/ttyUSB1"));
    assert_eq!(typed(&mut view, &status, "dy"), off("serial:/dev/ttyUSB1"));
    // The first works already.
    assert_eq!(typed(&mut view, &status, "kDy"), Reaction::Redraw);
    let empty = Arc::new(Status::default());
    assert_eq!(typed(&mut view, &empty, "d"), Reaction::Redraw);
    assert_eq!(view.prompt().unwrap(), "there is no device");
}

#[test]
fn the_miners_answer_is_shown_until_the_next_key() {
    let status = Arc::new(rig());
    let mut view = View::default();
    let Reaction::Control(control) = typed(&mut view, &status, "dy") else { panic!() };
    view.answered(&control, Err("no device x;\u{1b}[2J there are y".into()));
    assert_eq!(view.prompt().unwrap(), "failed to switch it off: no device x;[2J there are y");
    typed(&mut view, &status, "j");
    assert_eq!(view.prompt(), None);
    view.answered(&control, Ok(()));
    assert_eq!(view.prompt().unwrap(), "serial:/dev/ttyUSB0 is being switched off");
}

#[test]
fn a_selection_follows_its_device() {
    let mut status = crowd();
    let mut view = View::default();
    press(&mut view, &Arc::new(status.clone()), KeyCode::End);
    assert_eq!(view.selected.as_deref(), Some("serial:/dev/ttyUSB255"));
    // By state, the quarantined come first; by rate, the last is the fastest.
    typed(&mut view, &Arc::new(status.clone()), "ss");
    assert_eq!(view.selected_row(&view.sorted(&status)), 0);
    press(&mut view, &Arc::new(status.clone()), KeyCode::Up);
    assert_eq!(view.selected.as_deref(), Some("serial:/dev/ttyUSB255"));
    press(&mut view, &Arc::new(status.clone()), KeyCode::PageDown);
    press(&mut view, &Arc::new(status.clone()), KeyCode::Down);
    assert_eq!(view.selected.as_deref(), Some("serial:/dev/ttyUSB253"));
    // What went away is no longer selected.
    status.devices.truncate(3);
    assert_eq!(view.selected_row(&view.sorted(&status)), 0);
    typed(&mut view, &Arc::new(status.clone()), "j");
    assert_eq!(view.selected.as_deref(), Some("serial:/dev/ttyUSB1"));
}

#[test]
fn sorting_cycles() {
    let status = Arc::new(rig());
    let mut view = View::default();
    let mut firsts = Vec::new();
    for _ in 0..6 {
        firsts.push((view.sort.name(), view.sorted(&status)[0].name.clone()));
        typed(&mut view, &status, "s");
    }
    let expected = [
        ("found", "serial:/dev/ttyUSB0"),
        ("state", "serial:/dev/ttyUSB1"),
        ("rate", "cpu"),
        ("errors", "serial:/dev/ttyUSB1"),
        ("name", "cpu"),
        ("found", "serial:/dev/ttyUSB0"),
    ];
    assert_eq!(firsts, expected.map(|(sort, name)| (sort, name.to_owned())));
}

#[test]
fn a_paused_picture_stands_still() {
    let first = Arc::new(rig());
    let second = Arc::new(crowd());
    let mut view = View::default();
    let shown = view.update(&first);
    typed(&mut view, &shown, " ");
    assert_eq!(view.update(&second).devices.len(), 4);
    typed(&mut view, &first, " ");
    assert_eq!(view.update(&second).devices.len(), 256);
}

#[test]
fn a_key_that_is_let_go_does_nothing() {
    let mut view = View::default();
    let mut key = KeyEvent::from(KeyCode::Char('q'));
    key.kind = KeyEventKind::Release;
    assert_eq!(view.key(key, &Arc::new(rig())), Reaction::Nothing);
}
