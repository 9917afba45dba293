//! Devices that fail, lie, come and go.

use super::*;

fn at(seconds: f64) -> Moment {
    Duration::from_secs_f64(seconds)
}

fn device() -> Supervision {
    Supervision::new(Rules::default(), at(100.0), 7)
}

/// Opens it at its time, and says when that was.
fn open(device: &mut Supervision) -> Moment {
    device.released();
    let now = device.wake().unwrap();
    assert_eq!(device.step(now), Some(Step::Open));
    device.opened(now);
    assert!(device.is_open());
    now
}

#[test]
fn a_device_that_fails_again_and_again_waits_longer_and_longer() {
    let mut device = device();
    let mut now = open(&mut device);
    assert_eq!(now, at(100.0));
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert_eq!(device.failed(now, "no answer"), Some(Step::Close));
        assert_eq!(device.failed(now, "once more"), None);
        assert_eq!(device.state(), (DeviceState::BackOff, now, Some("no answer")));
        // Not before its thread has ended.
        let hangs = device.wake().unwrap();
        assert_eq!(device.step(hangs - at(1.0)), None);
        let opened = open(&mut device);
        waits.push((opened - now).as_secs_f64());
        now = opened;
    }
    for (turn, wait) in waits.iter().enumerate() {
        let most = f64::min(60.0, f64::from(1 << turn.min(10)));
        assert!((most / 2.0..=most).contains(wait), "{waits:?}");
    }
    device.answered();
    device.failed(now, "no answer");
    device.released();
    assert!(device.wake().unwrap() - now <= at(1.0));
    // Two devices do not wait alike.
    let wait = |seed| {
        let mut device = Supervision::new(Rules::default(), at(0.0), seed);
        device.step(at(0.0));
        device.failed(at(0.0), "");
        device.released();
        device.wake()
    };
    assert_ne!(wait(1), wait(2));
}

#[test]
fn a_thread_that_hangs_is_told_once() {
    let mut device = device();
    let now = open(&mut device);
    device.failed(now, "no answer");
    let hangs = device.wake().unwrap();
    assert!(hangs - now > HANGS_AFTER);
    assert_eq!(device.step(hangs), Some(Step::Tell));
    let (state, _, reason) = device.state();
    assert_eq!(state, DeviceState::BackOff);
    let reason = reason.unwrap();
    assert!(reason.starts_with("no answer; its thread has not ended"), "{reason}");
    assert_eq!((device.wake(), device.step(hangs + at(1000.0))), (None, None));
    // It did end at last.
    open(&mut device);
    assert_eq!(device.state().2, None);
}

#[test]
fn one_that_lies_is_quarantined_and_says_why() {
    let mut device = device();
    let now = open(&mut device);
    for _ in 0..2 {
        assert_eq!(device.checked(now, false), None);
    }
    assert_eq!(device.checked(now, true), None);
    assert_eq!(device.checked(now, false), Some(Step::Close));
    let (state, _, reason) = device.state();
    assert_eq!(state, DeviceState::Quarantined);
    assert!(reason.unwrap().starts_with("3 of the last 4 answers"), "{reason:?}");
    // Nothing but a word of somebody brings it back.
    assert_eq!((device.vanished(now), device.failed(now, "")), (None, None));
    device.found(now);
    device.released();
    assert_eq!((device.wake(), device.counts()), (None, (1, 1, 3)));
    device.switch_on(now);
    open(&mut device);
    assert_eq!(device.checked(now, false), None);
}

#[test]
fn a_few_errors_of_very_many_answers_are_counted_only() {
    let mut device = device();
    let now = open(&mut device);
    for turn in 0..100_000 {
        assert_eq!(device.checked(now, turn % 30 != 29), None, "turn {turn}");
    }
    assert_eq!(device.counts(), (1, 96_667, 3333));
    assert!(device.checked.len() <= CHECKED);
}

#[test]
fn one_that_is_unplugged_comes_back_when_it_is_there() {
    let mut device = device();
    let now = open(&mut device);
    device.works(now, true);
    assert_eq!(device.vanished(now), Some(Step::Close));
    assert_eq!((device.vanished(now), device.failed(now, "lost")), (None, None));
    device.released();
    assert_eq!(device.wake(), None);
    device.found(now + at(5.0));
    assert_eq!(open(&mut device), now + at(5.0));
    // Also in the middle of a wait.
    device.failed(now, "lost");
    device.released();
    assert_eq!(device.vanished(now), None);
    assert_eq!(device.wake(), None);
}

#[test]
fn one_that_is_switched_off_stays_off() {
    let mut device = device();
    let now = open(&mut device);
    assert_eq!(device.switch_off(now), Some(Step::Close));
    assert_eq!(device.switch_off(now), None);
    device.released();
    device.found(now);
    assert_eq!((device.wake(), device.vanished(now)), (None, None));
    device.switch_on(now);
    open(&mut device);
    device.switch_on(now);
    assert!(device.is_open());
}

#[test]
fn what_comes_too_late_changes_nothing() {
    let mut device = device();
    device.step(at(100.0));
    device.switch_off(at(100.0));
    // It opens after it was switched off.
    device.opened(at(101.0));
    device.works(at(101.0), true);
    assert_eq!(device.state().0, DeviceState::Off);
}
