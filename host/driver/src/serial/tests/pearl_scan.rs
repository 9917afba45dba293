//! Scans of Pearl over the link: where they end, what is refused, lines that damage and ports that break.

use std::time::Duration;

use gemmine_pouw::digest::Digest;
use gemmine_pouw::noise::{self, factor_rows, index_pairs, noise_row};
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile;

use super::super::device::{SerialDevice, SerialOptions};
use super::device::{lanes, options, panel};
use super::line::{Line, Random};
use crate::device::{Completion, Device, Side};
use crate::error::DeviceError;
use crate::scan::{AmadeusScan, PearlScan, Scan, ScanEnd, Work};
use crate::scanner::Scanner;

const PATIENCE: Duration = Duration::from_secs(60);
const STEPS: usize = 128;

/// A device with a source of noise.
fn device(word_bits: usize) -> (Line, SerialDevice) {
    let line = Line::new(word_bits);
    line.world().board.accelerator.noise = true;
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    (line, device)
}

/// One of a few tiles; one in eight of them is a hit.
fn scan(tag: u32, tiles: u32) -> PearlScan {
    let mut random = Random(u64::from(tag));
    let mut seed = || std::array::from_fn(|_| random.next() as u8);
    let (a_seed, b_seed) = (seed(), seed());
    PearlScan {
        a_seed,
        b_seed,
        bound_le: std::array::from_fn(|byte| if byte == 31 { 0x1f } else { 0xff }),
        row_panel: random.next() as u32 & 0xfffff >> 1,
        column_panel: random.next() as u32 & 0xfffff >> 1,
        columns: 1 + tag % 4,
        tiles,
        steps: STEPS,
    }
}

fn tagged(tag: u32, work: PearlScan) -> Scan {
    Scan { tag, work: work.into() }
}

/// The ticket of a tile by the golden function.
fn ticket(scan: &PearlScan, nth: u32) -> Digest {
    let (row, column) = scan.place(nth);
    let lanes = |side, seed, panel: u32| -> Vec<Vec<i8>> {
        let pairs = index_pairs(side, seed, 128, scan.steps as u32);
        let rows: Vec<u32> = (16 * panel..16 * panel + 16).collect();
        let factors = factor_rows(side, seed, 128, &rows);
        factors.chunks(128).map(|factor| noise_row(factor, &pairs)).collect()
    };
    let a = lanes(noise::Side::A, &scan.a_seed, row);
    let b = lanes(noise::Side::B, &scan.b_seed, column);
    let rows: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
    let columns: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
    tile::ticket(&scan.a_seed, &tile::tile(&rows, &columns, 128).register)
}

/// Where a scan ends by the rule: where, with which ticket, a hit or not, and one before it or not.
fn golden(scan: &PearlScan) -> (ScanEnd, Digest, bool) {
    let bound = U256::from_little_endian(&scan.bound_le);
    let mut hit_before = false;
    for nonce in 0..scan.tiles {
        let ticket = ticket(scan, nonce);
        let hit = meets(&ticket, bound);
        if hit_before || nonce + 1 == scan.tiles {
            return (ScanEnd { nonce, hit_before }, ticket, hit);
        }
        hit_before = hit;
    }
    unreachable!("a scan has a tile at least")
}

fn assert_golden(completion: &Completion, tag: u32, scan: &PearlScan) {
    let (end, ticket, hit) = golden(scan);
    assert_eq!(completion.tag, tag);
    assert_eq!(completion.scan, Some(end), "{scan:?}");
    assert_eq!((completion.ticket, completion.hit), (ticket, hit), "{scan:?}");
    assert_eq!(completion.tile, None);
}

#[test]
fn scans_end_where_the_rule_says() {
    let (line, mut device) = device(8);
    let identity = device.identity();
    assert!(identity.noise && identity.engines == 0);
    assert!(identity.description.contains(", source of Pearl's noise, panels of up to 1024"));
    let mut ends = [0; 3];
    for tag in 0..40 {
        let scan = match tag % 10 {
            // The last panels that there are, more chunks, hits in every other tile.
            7 => {
                PearlScan { row_panel: 0xffffd, column_panel: 0xfffff, columns: 1, ..scan(tag, 3) }
            }
            8 => PearlScan { steps: 8 * STEPS, ..scan(tag, 2) },
            0..3 | 9 => {
                let bound_le = std::array::from_fn(|byte| if byte == 31 { 0x7f } else { 0xff });
                PearlScan { bound_le, ..scan(tag, 1 + tag % 2) }
            }
            _ => scan(tag, 1 + tag % 12),
        };
        device.scan(tagged(tag, scan)).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_golden(&completion, tag, &scan);
        let end = completion.scan.unwrap();
        ends[if end.hit_before { 2 } else { usize::from(completion.hit) }] += 1;
    }
    assert!(ends.iter().all(|&count| count > 3), "{ends:?}");
    assert_eq!(line.world().board.accelerator.errors, 0);
}

#[test]
fn scans_of_both_kinds_take_turns_and_leave_no_panel() {
    let line = Line::new(6);
    {
        let accelerator = &mut line.world().board.accelerator;
        (accelerator.noise, accelerator.engines) = (true, 1);
        accelerator.tile_time = Duration::from_millis(30);
    }
    let mut device = SerialDevice::on(Box::new(line), "test".into(), options()).unwrap();
    let load = |device: &mut SerialDevice| device.load_panel(Side::A, 0, panel(&lanes(1, 64)));
    load(&mut device).unwrap();
    let attempts = AmadeusScan { seed: [7; 240], nonce: 0, attempts: 2, bits: 64, steps: 64 };
    for tag in 0..10 {
        device.scan(tagged(2 * tag, scan(tag, 3))).unwrap();
        device.scan(Scan { tag: 2 * tag + 1, work: attempts.into() }).unwrap();
        let full = device.scan(tagged(99, scan(tag, 3))).unwrap_err();
        assert!(matches!(full, DeviceError::JobsFull(4)) && full.is_busy(), "{full}");
        let busy = load(&mut device).unwrap_err();
        assert!(matches!(busy, DeviceError::PanelBusy { side: Side::A, panel: 0 }), "{busy}");
        assert_golden(&device.wait(PATIENCE).unwrap(), 2 * tag, &scan(tag, 3));
        let end = device.wait(PATIENCE).unwrap().scan;
        assert_eq!(end, Some(ScanEnd { nonce: 1, hit_before: false }));
    }
    load(&mut device).unwrap();
}

#[test]
fn what_no_scan_can_be_is_refused_before_a_byte_is_sent() {
    let (line, mut device) = device(10);
    let sent = line.world().bytes;
    let base = scan(1, 4);
    for (scan, text) in [
        (
            PearlScan { tiles: 0, ..base },
            "tiles of a scan 0 is outside of what device test can do (1 to 65536)",
        ),
        (PearlScan { tiles: 65_537, ..base }, "tiles of a scan 65537 is outside"),
        (PearlScan { columns: 0, ..base }, "column panels of a scan 0 is outside"),
        (PearlScan { columns: 65_537, ..base }, "column panels of a scan 65537 is outside"),
        (
            PearlScan { row_panel: 0xfffff, columns: 3, ..base },
            "last row panel of a scan 1048576 is outside",
        ),
        (
            PearlScan { row_panel: u32::MAX, columns: 1, ..base },
            "last row panel of a scan 4294967298 is outside",
        ),
        (
            PearlScan { column_panel: 0xffffe, columns: 3, ..base },
            "last column panel of a scan 1048576 is outside",
        ),
        (PearlScan { steps: 0, ..base }, "steps of a scan's tile 0 is outside"),
        (PearlScan { steps: 192, ..base }, "steps of a scan's tile 192 is outside"),
        // Its panels hold 4,096.
        (
            PearlScan { steps: 2176, ..base },
            "steps of a scan's tile 2176 is outside of what device test can do (128 to 2048)",
        ),
    ] {
        let error = device.scan(tagged(1, scan)).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(!error.is_busy() && !error.is_lost());
    }
    assert_eq!(line.world().bytes, sent);
    let (line, mut device) = self::device(6);
    let sent = line.world().bytes;
    let long = tagged(1, PearlScan { steps: 384, ..base });
    let error = device.scan(long).unwrap_err().to_string();
    assert!(error.contains("can do (128 to 256)"), "{error}");
    assert_eq!(line.world().bytes, sent);
}

#[test]
fn a_device_without_the_source_of_the_operands_refuses_by_name() {
    let (line, mut device) = device(6);
    let sent = line.world().bytes;
    let attempts = AmadeusScan { seed: [7; 240], nonce: 0, attempts: 2, bits: 64, steps: 64 };
    let error = device.scan(Scan { tag: 0, work: attempts.into() }).unwrap_err().to_string();
    assert!(error.contains("device test can do (no scans: it has no engines"), "{error}");
    assert_eq!(line.world().bytes, sent);
    line.world().board.accelerator.noise = false;
    let mut device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    assert!(!device.identity().noise && !device.identity().description.contains("noise"));
    let sent = line.world().bytes;
    let error = device.scan(tagged(1, scan(1, 4))).unwrap_err().to_string();
    assert!(error.contains("device test can do (no scans of Pearl: it has no source"), "{error}");
    assert_eq!(line.world().bytes, sent);
}

#[test]
fn an_end_that_can_not_be_is_a_broken_protocol_and_a_wrong_ticket_is_handed_on() {
    let (line, mut device) = device(6);
    line.world().board.accelerator.wrong_hash = 1;
    let wanted = scan(1, 1);
    device.scan(tagged(1, wanted)).unwrap();
    let completion = device.wait(PATIENCE).unwrap();
    let (end, ticket, _) = golden(&wanted);
    assert_eq!((completion.scan, completion.ticket[0]), (Some(end), ticket[0] ^ 1));
    line.world().board.accelerator.wrong_nonce = 1 << 20;
    device.scan(tagged(2, wanted)).unwrap();
    let error = device.wait(PATIENCE).unwrap_err();
    let text = "a scan of the tiles 0 to 0 ended at 1048576";
    assert!(error.is_lost() && error.to_string().contains(text), "{error}");
}

#[test]
fn a_stuck_scan_is_an_error_only_after_its_time() {
    let (line, mut device) = device(6);
    line.world().board.accelerator.stuck = true;
    // 65,536 tiles of at least 4,368 cycles: 6 s of work.
    let long = PearlScan { columns: 512, row_panel: 0, column_panel: 0, ..scan(1, 65_536) };
    device.scan(tagged(1, long)).unwrap();
    let early = device.wait(Duration::from_secs(60)).unwrap_err();
    assert!(matches!(early, DeviceError::Timeout { .. }), "{early}");
    let error = device.wait(Duration::from_secs(600)).unwrap_err();
    assert!(matches!(error, DeviceError::Stuck { .. }), "{error}");
    device.reset().unwrap();
    line.world().board.accelerator.stuck = false;
    device.scan(tagged(2, scan(2, 4))).unwrap();
    assert_golden(&device.wait(PATIENCE).unwrap(), 2, &scan(2, 4));
}

#[test]
fn a_bad_line_changes_no_scan() {
    let (line, mut device) = device(6);
    line.world().board.accelerator.tile_time = Duration::from_millis(4);
    line.damage(800, 4);
    for tag in 0..30 {
        device.scan(tagged(2 * tag, scan(2 * tag, 2))).unwrap();
        device.scan(tagged(2 * tag + 1, scan(2 * tag + 1, 2))).unwrap();
        for tag in [2 * tag, 2 * tag + 1] {
            assert_golden(&device.wait(PATIENCE).unwrap(), tag, &scan(tag, 2));
        }
    }
    let link = device.counters().unwrap().link.unwrap();
    assert!(link.device.frames_bad > 0 && link.host.responses_damaged > 0, "{link:?}");
    assert_eq!(line.world().board.accelerator.errors, 0);
}

/// Runs four scans on a line that may break; returns the bytes that went over it to open it and in all.
fn run(line: &Line) -> [u64; 2] {
    line.world().board.accelerator.noise = true;
    // No search for a rate: it has tests of its own.
    let options = SerialOptions { max_baud: 115_200, ..SerialOptions::default() };
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options).unwrap();
    let opening = line.world().bytes;
    let mut scanner = Scanner::new(Box::new(device));
    let mut scans = (0..4).map(|nth| scan(nth, 2));
    for came in 0..4 {
        let scanned = loop {
            while scanner.has_room()
                && let Some(scan) = scans.next()
            {
                scanner.send(scan).unwrap();
            }
            if let Some(scanned) = scanner.next(Duration::from_millis(40)).unwrap() {
                break scanned;
            }
        };
        let wanted = scan(came, 2);
        assert_eq!(scanned.work, Work::Pearl(wanted));
        assert_golden(&scanned.completion, came, &wanted);
        assert_eq!(scanned.made(), golden(&wanted).0.nonce + 1);
    }
    assert!(scanner.is_idle());
    [opening, line.world().bytes]
}

#[test]
fn a_port_that_breaks_at_any_byte_loses_no_scan() {
    let [opening, whole] = run(&Line::new(6));
    let mut opened = 0;
    for (n, after) in (opening..whole).step_by(37).enumerate() {
        let line = Line::new(6);
        let mut world = line.world();
        world.breaks_after = Some(after);
        world.back_after = Some(Duration::from_millis(700));
        world.loses_power = n % 2 == 0;
        drop(world);
        run(&line);
        opened += line.world().opened - 1;
    }
    assert!(opened > 25, "{opened} breaks are too few for a test");
}
