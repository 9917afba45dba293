//! The device thread: order, batching, and units that fail among units that don't.

use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_pouw::panel::Panel;

use super::*;
use crate::device::{Descriptor, Side};
use crate::simulated::{EngineKind, Simulated};

const PATIENCE: Duration = Duration::from_secs(60);

fn worker() -> Worker {
    let device = Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap();
    Worker::start(Box::new(device), 16).unwrap()
}

fn panel(value: i8, steps: usize) -> Arc<Panel> {
    Arc::new(Panel::from_steps(&vec![[value; 16]; steps]))
}

/// A unit whose n-th tile is 64 * id * n everywhere.
fn unit(id: u64, tiles: i8) -> WorkUnit {
    WorkUnit {
        id,
        a: panel(id as i8, 64),
        b: (0..tiles).map(|n| panel(n, 64)).collect(),
        steps: 64,
        chunk_steps: 64,
        ticket_key: [0; 32],
        bound_le: [0; 32],
        want_tiles: true,
    }
}

fn assert_answers(report: &UnitReport, id: u64, tiles: usize) {
    assert_eq!(report.id, id);
    let completions = report.result.as_ref().unwrap();
    assert_eq!(completions.len(), tiles);
    for (n, completion) in completions.iter().enumerate() {
        let tile = completion.tile.as_ref().unwrap();
        assert_eq!(tile[15][15], 64 * id as i32 * n as i32, "tile {n} of unit {id}");
    }
}

#[test]
fn reports_come_in_the_order_of_units_of_every_size() {
    let worker = worker();
    let sizes = [4, 1, 100, 0, 63, 64, 2, 127];
    for (id, &tiles) in sizes.iter().enumerate() {
        worker.send(unit(id as u64 + 1, tiles)).unwrap();
    }
    for (id, &tiles) in sizes.iter().enumerate() {
        let report = worker.receive(PATIENCE).unwrap();
        assert_answers(&report, id as u64 + 1, tiles as usize);
    }
    let nothing = worker.receive(Duration::from_millis(1)).unwrap_err();
    assert!(nothing.to_string().contains("waiting for a report of the device's thread"));
}

#[test]
fn a_unit_that_fails_takes_no_other_with_it() {
    let worker = worker();
    for id in 1..=9 {
        let mut unit = unit(id, 3);
        if id % 3 == 0 {
            unit.chunk_steps = 1;
        }
        worker.send(unit).unwrap();
    }
    for id in 1..=9 {
        let report = worker.receive(PATIENCE).unwrap();
        if id % 3 == 0 {
            let error = report.result.unwrap_err().to_string();
            assert!(error.starts_with("chunk length 1 is outside"), "{error}");
        } else {
            assert_answers(&report, id, 3);
        }
    }
}

#[test]
fn dropping_a_busy_worker_ends_its_thread() {
    let worker = worker();
    for id in 1..=16 {
        worker.send(unit(id, 20)).unwrap();
    }
    drop(worker);
}

/// A device that answers with the wrong tag once in a while, and counts its resets.
struct Liar {
    device: Simulated,
    waits: u32,
    resets: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

impl Device for Liar {
    fn identity(&self) -> &Identity {
        self.device.identity()
    }
    fn load_panel(&mut self, side: Side, place: usize, p: Arc<Panel>) -> Result<(), DeviceError> {
        self.device.load_panel(side, place, p)
    }
    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        self.device.push(descriptor)
    }
    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        self.waits += 1;
        let completion = self.device.wait(timeout)?;
        let tag = if self.waits == 5 { completion.tag ^ 1 } else { completion.tag };
        Ok(Completion { tag, ..completion })
    }
    fn reset(&mut self) -> Result<(), DeviceError> {
        self.resets.fetch_add(1, Ordering::Relaxed);
        self.device.reset()
    }
    fn counters(&mut self) -> Result<Counters, DeviceError> {
        self.device.counters()
    }
}

#[test]
fn a_completion_out_of_turn_resets_the_device_and_spoils_nothing_else() {
    let resets = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let device = Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap();
    let liar = Liar { device, waits: 0, resets: Arc::clone(&resets) };
    let worker = Worker::start(Box::new(liar), 16).unwrap();
    worker.send(unit(1, 9)).unwrap();
    let error = worker.receive(PATIENCE).unwrap().result.unwrap_err().to_string();
    assert!(error.starts_with("completion 5 came where 4 was due"), "{error}");
    worker.send(unit(2, 9)).unwrap();
    assert_answers(&worker.receive(PATIENCE).unwrap(), 2, 9);
    assert_eq!(resets.load(Ordering::Relaxed), 1);
}
