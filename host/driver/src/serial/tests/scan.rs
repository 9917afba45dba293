//! Scans over the link: where they end, what they do to panels, slots and tiles, lines that damage and ports
//! that break.

use std::time::Duration;

use gemmine_pouw::amadeus::{NONCE_AT, Solution, seeded_product};
use gemmine_pouw::digest::Digest;

use super::super::device::{SerialDevice, SerialOptions};
use super::device::{lanes, options, panel};
use super::line::{Line, Random};
use crate::device::{Completion, Descriptor, Device, Side};
use crate::error::DeviceError;
use crate::scan::{AmadeusScan, Scan, ScanEnd, Work};
use crate::scanner::Scanner;

const PATIENCE: Duration = Duration::from_secs(60);
const STEPS: usize = 64;

/// A device with engines.
fn device(engines: u32) -> (Line, SerialDevice) {
    let line = Line::new(6);
    line.world().board.accelerator.engines = engines;
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    (line, device)
}

fn scan(tag: u32, attempts: u32) -> Scan {
    let mut random = Random(u64::from(tag));
    let seed = std::array::from_fn(|_| random.next() as u8);
    let nonce = random.next() as u32 >> 1;
    Scan { tag, work: AmadeusScan { seed, nonce, attempts, bits: 3, steps: STEPS }.into() }
}

fn amadeus(scan: &Scan) -> AmadeusScan {
    match scan.work {
        Work::Amadeus(scan) => scan,
        Work::Pearl(scan) => unreachable!("{scan:?}"),
    }
}

/// The same with other numbers.
fn with(scan: Scan, change: impl FnOnce(&mut AmadeusScan)) -> Scan {
    let mut work = amadeus(&scan);
    change(&mut work);
    Scan { work: work.into(), ..scan }
}

fn solution(scan: &AmadeusScan, nonce: u32) -> Solution {
    let mut seed = scan.seed;
    seed[NONCE_AT..NONCE_AT + 4].copy_from_slice(&nonce.to_le_bytes());
    Solution::new(&seed, seeded_product(&seed, scan.steps))
}

/// Where a scan ends by the rule: where, with which hash, a hit or not, and one before it or not.
fn golden(scan: &Scan) -> (ScanEnd, Digest, bool) {
    let scan = &amadeus(scan);
    let is_hit = |nonce| solution(scan, nonce).bits() >= scan.bits;
    let last = scan.nonce + (scan.attempts - 1);
    let hit = (scan.nonce..=last).find(|&nonce| is_hit(nonce));
    let nonce = hit.map_or(last, |nonce| last.min(nonce.saturating_add(1)));
    let end = ScanEnd { nonce, hit_before: hit.is_some_and(|hit| hit < nonce) };
    (end, solution(scan, nonce).hash, is_hit(nonce))
}

fn assert_golden(completion: &Completion, scan: &Scan) {
    let (end, hash, hit) = golden(scan);
    assert_eq!(completion.tag, scan.tag);
    assert_eq!(completion.scan, Some(end), "{scan:?}");
    assert_eq!((completion.ticket, completion.hit), (hash, hit), "{scan:?}");
    assert_eq!(completion.tile, None);
}

#[test]
fn scans_end_where_the_rule_says() {
    let (line, mut device) = device(3);
    assert_eq!(device.identity().engines, 3);
    assert!(device.identity().description.contains("3 engines for Amadeus"));
    assert_eq!(device.identity().cert_versions, [3]);
    let mut ends = [0; 3];
    for tag in 0..60 {
        let attempts = 1 + tag % 12;
        let scan = match tag % 10 {
            // The last nonces that there are, more chunks, hits in every other attempt.
            7 => with(scan(tag, attempts), |scan| scan.nonce = u32::MAX - attempts + 1),
            8 => with(scan(tag, attempts), |scan| scan.steps = 3 * STEPS),
            0..3 | 9 => with(scan(tag, 1 + tag % 2), |scan| scan.bits = 1),
            _ => scan(tag, attempts),
        };
        device.scan(scan).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_golden(&completion, &scan);
        let end = completion.scan.unwrap();
        ends[if end.hit_before { 2 } else { usize::from(completion.hit) }] += 1;
    }
    assert!(ends.iter().all(|&count| count > 3), "{ends:?}");
    assert_eq!(line.world().board.accelerator.errors, 0);
}

#[test]
fn two_scans_are_outstanding_and_a_third_has_no_slots() {
    let (line, mut device) = device(1);
    line.world().board.accelerator.tile_time = Duration::from_millis(30);
    for tag in 0..20 {
        device.scan(scan(2 * tag, 4)).unwrap();
        device.scan(scan(2 * tag + 1, 4)).unwrap();
        let full = device.scan(scan(99, 4)).unwrap_err();
        assert!(matches!(full, DeviceError::JobsFull(4)) && full.is_busy(), "{full}");
        for tag in [2 * tag, 2 * tag + 1] {
            assert_golden(&device.wait(PATIENCE).unwrap(), &scan(tag, 4));
        }
    }
    let none = device.wait(Duration::from_millis(3)).unwrap_err().to_string();
    assert!(none.ends_with("with no descriptor outstanding"), "{none}");
}

fn tile(tag: u32, want_tile: bool) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps: 64,
        chunk_steps: 64,
        ticket_key: [1; 32],
        bound_le: [0xff; 32],
        want_tile,
    }
}

fn load(device: &mut SerialDevice) -> Result<(), DeviceError> {
    device.load_panel(Side::A, 0, panel(&lanes(1, 64)))?;
    device.load_panel(Side::B, 0, panel(&lanes(2, 64)))
}

#[test]
fn tiles_and_scans_wait_for_each_other() {
    let (line, mut device) = device(1);
    load(&mut device).unwrap();
    device.push(tile(1, true)).unwrap();
    let before = device.wait(PATIENCE).unwrap();
    for want_tile in [true, false] {
        device.push(tile(2, want_tile)).unwrap();
        let mixed = device.scan(scan(3, 4)).unwrap_err();
        assert!(matches!(mixed, DeviceError::Mixed("tiles")) && mixed.is_busy(), "{mixed}");
        assert_eq!(device.wait(PATIENCE).unwrap().ticket, before.ticket);
    }
    device.scan(scan(3, 4)).unwrap();
    let mixed = device.push(tile(4, true)).unwrap_err();
    assert!(matches!(mixed, DeviceError::Mixed("scans")) && mixed.is_busy(), "{mixed}");
    let busy = load(&mut device).unwrap_err();
    assert!(matches!(busy, DeviceError::PanelBusy { side: Side::A, panel: 0 }), "{busy}");
    assert_golden(&device.wait(PATIENCE).unwrap(), &scan(3, 4));
    // Nothing is left of the panels, nor of the key in a slot that the seed took.
    let gone = device.push(tile(5, true)).unwrap_err();
    assert!(matches!(gone, DeviceError::NoPanel { side: Side::A, panel: 0 }), "{gone}");
    load(&mut device).unwrap();
    device.push(tile(5, true)).unwrap();
    let after = device.wait(PATIENCE).unwrap();
    assert_eq!((after.ticket, after.tile), (before.ticket, before.tile));
    assert_eq!(line.world().board.accelerator.errors, 0);
}

#[test]
fn what_no_scan_can_be_is_refused_before_a_byte_is_sent() {
    let (line, mut device) = device(2);
    let sent = line.world().bytes;
    let base = amadeus(&scan(1, 4));
    for (scan, text) in [
        (
            AmadeusScan { attempts: 0, ..base },
            "attempts of a scan 0 is outside of what device test can do (1 to",
        ),
        (AmadeusScan { attempts: 65_537, ..base }, "attempts of a scan 65537 is outside"),
        (
            AmadeusScan { nonce: u32::MAX - 2, ..base },
            "last nonce word of a scan 4294967296 is outside",
        ),
        (AmadeusScan { bits: 0, ..base }, "leading zero bits of a scan 0 is outside"),
        (AmadeusScan { bits: 65, ..base }, "leading zero bits of a scan 65 is outside"),
        (AmadeusScan { steps: 0, ..base }, "steps of an attempt 0 is outside"),
        (AmadeusScan { steps: 100, ..base }, "steps of an attempt 100 is outside"),
        (AmadeusScan { steps: 65_856, ..base }, "steps of an attempt 65856 is outside"),
    ] {
        let error = device.scan(Scan { tag: 1, work: scan.into() }).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(!error.is_busy() && !error.is_lost());
    }
    assert_eq!(line.world().bytes, sent);
    // The first nonce does not have to leave room for more than the scan has.
    device.scan(with(scan(1, 4), |scan| scan.nonce = u32::MAX - 3)).unwrap();
    device.wait(PATIENCE).unwrap();
}

#[test]
fn a_device_without_engines_refuses_by_name() {
    let (line, mut device) = device(0);
    assert_eq!(device.identity().engines, 0);
    assert!(!device.identity().description.contains("engine"));
    let sent = line.world().bytes;
    let error = device.scan(scan(1, 4)).unwrap_err().to_string();
    assert!(error.contains("device test can do (no scans: it has no engines"), "{error}");
    assert_eq!(line.world().bytes, sent);
}

#[test]
fn an_end_that_can_not_be_is_a_broken_protocol_and_a_wrong_hash_is_handed_on() {
    let (line, mut device) = device(1);
    line.world().board.accelerator.wrong_hash = 1;
    let wanted = scan(1, 1);
    device.scan(wanted).unwrap();
    let completion = device.wait(PATIENCE).unwrap();
    let (end, hash, _) = golden(&wanted);
    assert_eq!(completion.scan, Some(end));
    assert_eq!(completion.ticket[0], hash[0] ^ 1);
    line.world().board.accelerator.wrong_nonce = 1 << 20;
    device.scan(wanted).unwrap();
    let error = device.wait(PATIENCE).unwrap_err();
    assert!(error.is_lost() && error.to_string().contains("a scan of the nonces"), "{error}");
    line.world().board.accelerator.wrong_nonce = 0;
    device.reset().unwrap();
    device.scan(wanted).unwrap();
    assert_eq!(device.wait(PATIENCE).unwrap().scan, Some(end));
}

#[test]
fn a_stuck_scan_is_an_error_only_after_its_time_and_a_reset_drops_it() {
    let (line, mut device) = device(1);
    line.world().board.accelerator.stuck = true;
    let long = with(scan(1, 1), |scan| (scan.steps, scan.attempts) = (640, 60_000));
    device.scan(long).unwrap();
    let cycles = device.identity().attempt_cycles(640).unwrap() * 60_000;
    assert_eq!(cycles, 60_000 * 10 * 1152);
    // 14 s of work: nothing is wrong for some minutes.
    let early = device.wait(Duration::from_secs(60)).unwrap_err();
    assert!(matches!(early, DeviceError::Timeout { .. }), "{early}");
    let error = device.wait(Duration::from_secs(600)).unwrap_err();
    assert!(matches!(error, DeviceError::Stuck { .. }), "{error}");
    device.reset().unwrap();
    line.world().board.accelerator.stuck = false;
    device.scan(scan(2, 4)).unwrap();
    assert_golden(&device.wait(PATIENCE).unwrap(), &scan(2, 4));
}

#[test]
fn few_questions_are_asked_during_a_long_scan() {
    let (line, mut device) = device(1);
    line.world().board.accelerator.tile_time = Duration::from_secs(1);
    // 4,000 times 576 cycles, and some, by estimate.
    let second = with(scan(1, 1), |scan| (scan.steps, scan.attempts, scan.bits) = (640, 4_000, 2));
    let before = line.world().bytes;
    device.scan(second).unwrap();
    device.wait(PATIENCE).unwrap();
    let bytes = line.world().bytes - before;
    assert!(bytes < 4000, "{bytes} bytes for a scan");
}

#[test]
fn a_bad_line_changes_no_scan() {
    let (line, mut device) = device(1);
    line.world().board.accelerator.tile_time = Duration::from_millis(4);
    line.damage(800, 4);
    for tag in 0..200 {
        device.scan(scan(2 * tag, 2)).unwrap();
        device.scan(scan(2 * tag + 1, 2)).unwrap();
        for tag in [2 * tag, 2 * tag + 1] {
            assert_golden(&device.wait(PATIENCE).unwrap(), &scan(tag, 2));
        }
    }
    let link = device.counters().unwrap().link.unwrap();
    assert!(link.device.frames_bad > 20 && link.host.responses_damaged > 20, "{link:?}");
    // Counted by the double: each scan ran once.
    assert_eq!(line.world().board.accelerator.errors, 0);
}

/// No search for a rate: it has tests of its own.
fn first_rate() -> SerialOptions {
    SerialOptions { max_baud: 115_200, ..SerialOptions::default() }
}

/// Runs six scans on a line that may break; returns the bytes that went over it to open it and in all.
fn run(line: &Line) -> [u64; 2] {
    line.world().board.accelerator.engines = 2;
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), first_rate()).unwrap();
    let opening = line.world().bytes;
    let mut scanner = Scanner::new(Box::new(device));
    let mut scans = (0..6).map(|tag| scan(tag, 3));
    for came in 0..6 {
        let scanned = loop {
            while scanner.has_room()
                && let Some(scan) = scans.next()
            {
                scanner.send(scan.work).unwrap();
            }
            if let Some(scanned) = scanner.next(Duration::from_millis(40)).unwrap() {
                break scanned;
            }
        };
        let wanted = scan(came, 3);
        assert_eq!(scanned.work, wanted.work);
        assert_golden(&scanned.completion, &wanted);
        assert_eq!(scanned.made(), golden(&wanted).0.nonce - wanted.work.first() + 1);
    }
    assert!(scanner.is_idle());
    scanner.counters().unwrap();
    [opening, line.world().bytes]
}

#[test]
fn a_port_that_breaks_at_any_byte_loses_no_scan() {
    let [opening, whole] = run(&Line::new(6));
    let mut opened = 0;
    for (n, after) in (opening..whole).step_by(7).enumerate() {
        let line = Line::new(6);
        let mut world = line.world();
        world.breaks_after = Some(after);
        world.back_after = Some(Duration::from_millis(700));
        world.loses_power = n % 2 == 0;
        drop(world);
        run(&line);
        opened += line.world().opened - 1;
    }
    assert!(opened > 250, "{opened} breaks are too few for a test");
}

#[test]
fn a_device_that_stays_away_and_one_that_is_lost_again_and_again_are_errors() {
    let (line, device) = device(1);
    let mut scanner = Scanner::new(Box::new(device));
    // Its answers break the protocol every time.
    line.world().board.accelerator.wrong_nonce = 1 << 20;
    scanner.send(scan(0, 1).work).unwrap();
    let tries = (0..10).map(|_| scanner.next(PATIENCE)).take_while(Result::is_ok).count();
    assert_eq!(tries, 4);
    line.world().board.accelerator.wrong_nonce = 0;
    scanner.drop_all().unwrap();
    assert!(scanner.is_idle());
    line.world().plugged = false;
    let error = scanner.send(scan(1, 1).work).unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert!(error.to_string().contains("there is no port"), "{error}");
}

#[test]
fn what_is_dropped_never_comes_back() {
    let (line, device) = device(1);
    line.world().board.accelerator.tile_time = Duration::from_millis(300);
    let mut scanner = Scanner::new(Box::new(device));
    for tag in [0, 1] {
        scanner.send(scan(tag, 4).work).unwrap();
    }
    assert!(!scanner.has_room() && scanner.next(Duration::from_millis(5)).unwrap().is_none());
    scanner.drop_all().unwrap();
    // Tags go on.
    scanner.send(scan(9, 4).work).unwrap();
    let scanned = loop {
        if let Some(scanned) = scanner.next(Duration::from_millis(5)).unwrap() {
            break scanned;
        }
    };
    let wanted = Scan { tag: 2, ..scan(9, 4) };
    assert_eq!(scanned.work, wanted.work);
    assert_golden(&scanned.completion, &wanted);
    assert!(scanner.is_idle());
    assert_eq!(line.world().board.accelerator.resets, 2);
}
