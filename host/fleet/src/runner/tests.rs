//! Every kind of device makes what it was given, once, and its claims are what the host computes.

mod grids;
mod salvage;

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use gemmine_driver::{
    BoardOpener, Cpu, DeviceKind, EngineKind, SerialDevice, SerialOptions, Simulated,
};
use gemmine_hdl::Geometry;
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;

use super::*;
use crate::piece::{Cursor, Place};
use crate::production::Check;
use crate::testing::{STEPS, amadeus_job, pearl_job, product, production};

const PATIENCE: Duration = Duration::from_millis(20);
/// Turns of a runner that make anything that is asked for here.
const TURNS: usize = 100_000;

fn task(zero_signal: bool) -> Task {
    Task::Pearl { steps: STEPS, zero_signal }
}

fn cpu() -> Box<dyn Device> {
    Box::new(Cpu::new(NonZeroUsize::new(2)).unwrap())
}

fn model() -> Box<dyn Device> {
    Box::new(Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap())
}

/// A virtual board on a line in this process.
fn board(noise: bool) -> Box<dyn Device> {
    let config =
        BoardConfig { noise, first_baud: 12_000_000, ..BoardConfig::new(Geometry::new(8, 8)) };
    let board = Arc::new(Mutex::new(Box::new(ModelBoard::new(config).unwrap()) as Box<_>));
    let options = SerialOptions { baud: 12_000_000, ..SerialOptions::default() };
    Box::new(SerialDevice::on(Box::new(BoardOpener::new(board)), "board".into(), options).unwrap())
}

/// Works until so many answers are there.
fn run(runner: &mut Runner, answers: usize) -> Vec<Done> {
    let mut done = Vec::new();
    for _ in 0..TURNS {
        done.extend(runner.next(PATIENCE).unwrap());
        if done.len() == answers {
            return done;
        }
    }
    panic!("{} answers of {answers}", done.len());
}

/// Gives a runner pieces of sizes that vary, and holds every claim against the host.
fn check(mut runner: Runner, production: &Arc<Production>, ask: Ask, sizes: &[u32]) -> usize {
    let oldest = OldestWanted::default();
    let mut cursor = Cursor::new(production.whole(), 0);
    let scans = runner.joined().scans;
    let (mut seen, mut hits) = (HashSet::new(), 0);
    for (id, size) in (1..).zip(sizes) {
        let mut pieces = vec![cursor.take(*size)];
        if !scans {
            pieces.push(cursor.take(*size));
        }
        let asked: u64 = pieces.iter().map(Piece::tickets).sum();
        let assignment =
            Assignment { id, production: Arc::clone(production), pieces: pieces.clone(), ask };
        runner.start(assignment, &oldest).unwrap();
        assert!(!runner.is_idle());
        let [done] = &run(&mut runner, 1)[..] else { unreachable!() };
        let left: u64 = done.left.iter().map(Piece::tickets).sum();
        assert_eq!((done.id, done.tickets + left), (id, asked));
        for claim in &done.claims {
            assert!(pieces.iter().any(|piece| piece.pass == claim.pass && piece.has(claim.place)));
            assert!(seen.insert((claim.pass, claim.place)), "{claim:?} twice");
            let found = production.check(claim, &ask).unwrap();
            match found {
                Check::Hit { .. } => hits += 1,
                Check::Miss => assert!(!claim.hit),
                Check::Wrong(text) => panic!("{text}"),
            }
        }
        assert!(!done.claims.is_empty());
        cursor.give_back(done.left.clone());
    }
    assert!(runner.is_idle() && runner.next(PATIENCE).unwrap().is_none());
    hits
}

#[test]
fn tiles_with_their_operands() {
    let product = product((3, 5), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let ask = production.ask(2.0, 1.0);
    assert_eq!(ask.tickets_per_hit(), 2.0);
    for device in [cpu(), model(), board(false)] {
        let external = device.identity().kind == DeviceKind::External;
        let runner = Runner::new(device, task(false)).unwrap();
        let sizes: &[u32] = if external { &[1, 4] } else { &[1, 4, 15, 16, 40, 100] };
        let hits = check(runner, &production, ask, sizes);
        assert!(hits > 0 || external);
    }
}

#[test]
fn a_device_with_a_source_of_noise_scans() {
    let product = product((4, 20), true);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let ask = production.ask(8.0, 1.0);
    let runner = Runner::new(board(true), task(true)).unwrap();
    assert!(runner.joined().scans && runner.joined().ticket_cycles.is_some());
    let hits = check(runner, &production, ask, &[60, 60, 7, 60, 60, 60]);
    assert!(hits >= 3, "{hits}");
    // With a signal it has to be sent the operands like any other.
    assert!(!Runner::new(board(true), task(false)).unwrap().joined().scans);
    assert!(!Runner::new(board(false), task(true)).unwrap().joined().scans);
}

#[test]
fn attempts_on_the_processor() {
    let production = production(1, amadeus_job(9, 30), None);
    let identity = cpu().identity().clone();
    let runner = Runner::processor(identity, NonZeroUsize::new(2)).unwrap();
    let ask = production.ask(4.0, 1.0);
    assert_eq!(ask, Ask::Amadeus(2));
    assert!(check(runner, &production, ask, &[1, 2, 127, 128, 129]) > 10);
}

#[test]
fn stale_work_is_dropped_in_the_middle() {
    let product = product((4, 4), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let oldest = OldestWanted::default();
    let mut runner = Runner::new(model(), task(false)).unwrap();
    let mut cursor = Cursor::new(production.whole(), 0);
    let pieces: Vec<Piece> = (0..500).map(|_| cursor.take(16)).collect();
    let ask = production.ask(1e6, 5.0);
    let assignment =
        |id, pieces| Assignment { id, production: Arc::clone(&production), pieces, ask };
    runner.start(assignment(1, pieces.clone()), &oldest).unwrap();
    assert_eq!(runner.next(PATIENCE).unwrap(), None);
    oldest.store(2, Ordering::Relaxed);
    for _ in 0..1000 {
        assert_eq!(runner.next(PATIENCE).unwrap(), None);
    }
    runner.drop_all().unwrap();
    assert!(runner.is_idle());
    // The device is none the worse for it.
    oldest.store(1, Ordering::Relaxed);
    runner.start(assignment(2, pieces[..2].to_vec()), &oldest).unwrap();
    let done = run(&mut runner, 1);
    assert_eq!((done[0].id, done[0].tickets), (2, 32));
    assert!(matches!(done[0].claims[..], [Claim { place: Place::Tile { row: 3, column: 3 }, .. }]));
}

#[test]
fn a_device_that_can_not_do_the_task_is_refused() {
    let refused = |device, task| Runner::new(device, task).unwrap_err().to_string();
    assert!(refused(cpu(), Task::Amadeus).contains("no engines that grow operands"));
    let long = Task::Pearl { steps: 1 << 20, zero_signal: false };
    assert!(refused(board(false), long).contains("k is 1048576 with padding"));
}
