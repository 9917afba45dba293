//! A port that breaks at any byte: no unit is lost, and none comes back twice.

use std::time::Duration;

use super::super::device::SerialDevice;
use super::super::device::SerialOptions;
use super::device::{lanes, panel};
use super::line::Line;
use crate::device::Device;
use crate::worker::{WorkUnit, Worker};

const PATIENCE: Duration = Duration::from_secs(60);

/// No search for a rate: it has tests of its own.
fn options() -> SerialOptions {
    SerialOptions { max_baud: 115_200, ..SerialOptions::default() }
}

fn unit(id: u64) -> WorkUnit {
    WorkUnit {
        id,
        a: panel(&lanes(id, 64)),
        b: (0..3).map(|n| panel(&lanes(10 * id + n, 64))).collect(),
        steps: 64,
        chunk_steps: 64,
        ticket_key: [id as u8; 32],
        bound_le: [0; 32],
        want_tiles: id.is_multiple_of(2),
    }
}

fn entry(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Runs five units on a line that breaks; returns the bytes that went over it.
fn run(line: &Line) -> u64 {
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    let worker = Worker::start(Box::new(device), 8).unwrap();
    for id in 0..5 {
        worker.send(unit(id)).unwrap();
    }
    for id in 0..5 {
        let report = worker.receive(PATIENCE).unwrap();
        assert_eq!(report.id, id);
        let completions = report.result.unwrap();
        assert_eq!(completions.len(), 3);
        for (n, completion) in (0..).zip(&completions) {
            let want = entry(&lanes(id, 64)[15], &lanes(10 * id + n, 64)[2]);
            let tile = completion.tile.as_ref();
            assert_eq!(tile.map(|tile| tile[15][2]), id.is_multiple_of(2).then_some(want));
        }
    }
    drop(worker);
    line.world().bytes
}

/// A line whose port breaks after so many bytes, and comes back.
fn breaking(after: u64, loses_power: bool) -> Line {
    let line = Line::new(6);
    let mut world = line.world();
    world.breaks_after = Some(after);
    world.back_after = Some(Duration::from_millis(700));
    world.loses_power = loses_power;
    drop(world);
    line
}

#[test]
fn a_port_that_breaks_at_any_byte_loses_no_unit() {
    let whole = run(&Line::new(6));
    let mut opened = 0;
    // The bytes to the end of the opening are those of another test.
    let opening = {
        let line = Line::new(6);
        SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
        line.world().bytes
    };
    for (n, after) in (opening..whole + 200).step_by(53).enumerate() {
        let line = breaking(after, n % 2 == 0);
        run(&line);
        opened += line.world().opened - 1;
    }
    assert!(opened > 250, "{opened} breaks are too few for a test");
}

#[test]
fn a_port_that_breaks_while_it_is_opened_is_an_error() {
    for after in 0..3000 {
        let line = breaking(after, false);
        let opened = SerialDevice::on(Box::new(line.clone()), "test".into(), options());
        match opened {
            Ok(_) => assert!(line.world().bytes <= after),
            Err(error) => assert!(error.is_lost(), "{error}"),
        }
    }
}

#[test]
fn a_port_that_stays_away_is_a_clear_error_for_every_unit() {
    let line = breaking(40_000, false);
    line.world().back_after = None;
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    let worker = Worker::start(Box::new(device), 64).unwrap();
    let mut errors = Vec::new();
    for id in 0..40 {
        worker.send(unit(id)).unwrap();
    }
    for id in 0..40 {
        let report = worker.receive(PATIENCE).unwrap();
        assert_eq!(report.id, id);
        errors.extend(report.result.err().map(|error| error.to_string()));
    }
    assert!((1..40).contains(&errors.len()), "{errors:?}");
    for error in errors {
        assert!(error.contains("lost device test: there is no port test"), "{error}");
    }
}

#[test]
fn another_device_in_its_place_is_not_taken_for_it() {
    let line = breaking(40_000, true);
    let mut device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    line.world().plugged = false;
    assert!(device.counters().unwrap_err().is_lost());
    let closed = device.counters().unwrap_err().to_string();
    assert!(closed.ends_with("reset the device to open it again"), "{closed}");
    line.world().board = super::board::Board::new(super::accelerator::Accelerator::new(7));
    let error = device.reset().unwrap_err().to_string();
    assert!(error.contains("another device answers on the port now"), "{error}");
}
