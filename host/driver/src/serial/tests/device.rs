//! The device interface over the link: answers by the rule, refusals before a byte is sent, memories
//! that are full.

use std::sync::Arc;
use std::time::Duration;

use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::{fold_register, ticket, tile};

use super::super::device::{SerialDevice, SerialOptions};
use super::line::{Line, Random};
use crate::device::{Completion, Descriptor, Device, Side};
use crate::error::DeviceError;
use crate::worker::{WorkUnit, Worker};

pub const KEY: [u8; 32] = [5; 32];
const PATIENCE: Duration = Duration::from_secs(60);

pub fn options() -> SerialOptions {
    SerialOptions { max_baud: 1_000_000, ..SerialOptions::default() }
}

/// A device with `4 << word_bits` steps of memory a side.
fn device(word_bits: usize) -> (Line, SerialDevice) {
    let line = Line::new(word_bits);
    let device = SerialDevice::on(Box::new(line.clone()), "test".into(), options()).unwrap();
    (line, device)
}

pub fn lanes(seed: u64, steps: usize) -> Vec<Vec<i8>> {
    let mut random = Random(seed);
    let extreme = [-128, -127, 127, 0, -1];
    let mut value = || match random.below(3) {
        0 => extreme[random.below(5) as usize],
        _ => random.next() as i8,
    };
    (0..16).map(|_| (0..steps).map(|_| value()).collect()).collect()
}

pub fn panel(lanes: &[Vec<i8>]) -> Arc<Panel> {
    let lanes: Vec<&[i8]> = lanes.iter().map(Vec::as_slice).collect();
    Arc::new(Panel::from_lanes(&lanes, lanes[0].len()))
}

pub fn descriptor(tag: u32, steps: usize) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps,
        chunk_steps: 64,
        ticket_key: KEY,
        bound_le: [0xff; 32],
        want_tile: true,
    }
}

/// Loads random panels of one length into place 0 of both sides.
pub fn load(device: &mut dyn Device, seed: u64, steps: usize) -> [Vec<Vec<i8>>; 2] {
    let operands = [lanes(2 * seed, steps), lanes(2 * seed + 1, steps)];
    for (side, lanes) in [Side::A, Side::B].into_iter().zip(&operands) {
        device.load_panel(side, 0, panel(lanes)).unwrap();
    }
    operands
}

pub fn assert_golden(completion: &Completion, operands: &[Vec<Vec<i8>>; 2], chunk: usize) {
    let [a, b] = operands
        .each_ref()
        .map(|lanes| -> Vec<&[i8]> { lanes.iter().map(Vec::as_slice).collect() });
    let golden = tile(&a, &b, chunk);
    assert_eq!(completion.ticket, ticket(&KEY, &golden.register));
    assert_eq!(completion.ticket, ticket(&KEY, &fold_register(&golden.words)));
    if let Some(tile) = &completion.tile {
        assert_eq!(tile.as_flattened(), golden.product);
    }
}

#[test]
fn answers_are_what_the_rule_says() {
    let (line, mut device) = device(6);
    // Whole chunks, tails, other chunk lengths, all of a lane's memory.
    for (n, (steps, chunk_steps)) in
        [(64, 64), (256, 64), (192, 128), (200, 68), (180, 100)].into_iter().enumerate()
    {
        let operands = load(&mut device, n as u64, steps);
        let want_tile = n != 1;
        let tile = Descriptor { chunk_steps, want_tile, ..descriptor(n as u32, steps) };
        device.push(tile).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_eq!((completion.tag, completion.hit), (n as u32, true));
        assert_eq!(completion.tile.is_some(), want_tile);
        assert_golden(&completion, &operands, chunk_steps);
        // The bound is inclusive.
        for (bound_le, hit) in [(completion.ticket, true), ([0; 32], false)] {
            device.push(Descriptor { bound_le, ..tile }).unwrap();
            assert_eq!(device.wait(PATIENCE).unwrap().hit, hit);
        }
    }
    let counters = device.counters().unwrap();
    assert_eq!((counters.tiles, counters.hits), (15, 10));
    let stalls = counters.stalls.unwrap();
    assert!(counters.mac_cycles + stalls.total() >= counters.time.unwrap());
    let link = counters.link.unwrap();
    assert_eq!((link.host.frames_resent, link.device.frames_bad), (0, 0));
    assert_eq!(link.baud, 1_000_000);
    assert_eq!(line.world().board.accelerator.errors, 0);
}

#[test]
fn unsigned_bytes_of_a_reach_the_array_as_such() {
    let (_line, mut device) = device(6);
    let [a, b] = load(&mut device, 9, 64);
    device.push(Descriptor { unsigned_a: true, ..descriptor(1, 64) }).unwrap();
    let tile = device.wait(PATIENCE).unwrap().tile.unwrap();
    for (i, j) in [(0, 0), (3, 15), (15, 7)] {
        let terms = a[i].iter().zip(&b[j]);
        let sum: i32 = terms.map(|(&a, &b)| i32::from(a.cast_unsigned()) * i32::from(b)).sum();
        assert_eq!(tile[i][j], sum);
    }
}

#[test]
fn a_full_queue_refuses_and_nothing_is_lost() {
    let (line, mut device) = device(6);
    line.world().board.accelerator.tile_time = Duration::from_millis(3);
    let operands = load(&mut device, 3, 64);
    for round in 0..5 {
        for tag in 0..16 {
            device.push(descriptor(round << 8 | tag, 64)).unwrap();
        }
        let full = device.push(descriptor(99, 64)).unwrap_err();
        assert!(matches!(full, DeviceError::QueueFull(16)) && full.is_busy(), "{full}");
        for tag in 0..16 {
            let completion = device.wait(PATIENCE).unwrap();
            assert_eq!(completion.tag, round << 8 | tag);
            assert_golden(&completion, &operands, 64);
        }
    }
    let none = device.wait(Duration::from_millis(3)).unwrap_err().to_string();
    assert!(none.ends_with("waiting for a completion, with no descriptor outstanding"), "{none}");
    assert_eq!(line.world().board.accelerator.errors, 0);
}

#[test]
fn panels_in_use_stay_and_the_oldest_make_room() {
    // Memory for four panels of 64 steps a side.
    let (_line, mut device) = device(6);
    let panels: Vec<_> = (0..5).map(|n| lanes(100 + n, 64)).collect();
    device.load_panel(Side::A, 0, panel(&panels[0])).unwrap();
    for (n, lanes) in panels[..4].iter().enumerate() {
        device.load_panel(Side::B, n, panel(lanes)).unwrap();
    }
    device.push(Descriptor { b_panel: 1, ..descriptor(1, 64) }).unwrap();
    // The oldest one, of place 0, is in nobody's way.
    device.load_panel(Side::B, 4, panel(&panels[4])).unwrap();
    let gone = device.push(descriptor(2, 64)).unwrap_err();
    assert!(matches!(gone, DeviceError::NoPanel { side: Side::B, panel: 0 }), "{gone}");
    let busy = device.load_panel(Side::B, 0, panel(&panels[0])).unwrap_err();
    assert!(matches!(busy, DeviceError::PanelBusy { side: Side::B, panel: 0 }), "{busy}");
    let busy = device.load_panel(Side::A, 0, panel(&panels[0])).unwrap_err();
    assert!(matches!(busy, DeviceError::PanelBusy { side: Side::A, panel: 0 }), "{busy}");
    let completion = device.wait(PATIENCE).unwrap();
    assert_golden(&completion, &[panels[0].clone(), panels[1].clone()], 64);
    device.load_panel(Side::B, 0, panel(&panels[0])).unwrap();
    for (place, lanes) in [(0, 0), (2, 2), (3, 3), (4, 4)] {
        device.push(Descriptor { b_panel: place, ..descriptor(place as u32, 64) }).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_golden(&completion, &[panels[0].clone(), panels[lanes].clone()], 64);
    }
}

#[test]
fn a_waiting_descriptor_is_never_behind_by_too_many_commits() {
    let (line, mut device) = device(10);
    line.world().board.accelerator.stuck = true;
    load(&mut device, 1, 64);
    device.push(descriptor(1, 64)).unwrap();
    let loads = (0..300).map(|n| device.load_panel(Side::B, 1 + n % 8, panel(&lanes(7, 64))));
    let loaded = loads.take_while(Result::is_ok).count();
    assert!(loaded < 128, "{loaded} commits ahead");
    line.world().board.accelerator.stuck = false;
    assert_eq!(device.wait(PATIENCE).unwrap().tag, 1);
    // After many more commits, old panels still serve.
    for _ in 0..300 {
        device.load_panel(Side::B, 1, panel(&lanes(8, 4))).unwrap();
    }
    let a = device.push(Descriptor { b_panel: 2, ..descriptor(2, 64) });
    a.unwrap();
    assert_eq!(device.wait(PATIENCE).unwrap().tag, 2);
}

#[test]
fn job_slots_are_shared_and_reused_when_free() {
    let (line, mut device) = device(6);
    load(&mut device, 1, 64);
    line.world().board.accelerator.jobs_written = 0;
    let with_key = |key: u8, tag| Descriptor { ticket_key: [key; 32], ..descriptor(tag, 64) };
    for tag in 0..8 {
        device.push(with_key(tag as u8 % 4, tag)).unwrap();
    }
    let full = device.push(with_key(9, 8)).unwrap_err();
    assert!(matches!(full, DeviceError::JobsFull(4)) && full.is_busy(), "{full}");
    for tag in 0..8 {
        assert_eq!(device.wait(PATIENCE).unwrap().tag, tag);
    }
    device.push(with_key(9, 8)).unwrap();
    device.push(with_key(3, 9)).unwrap();
    let last = [device.wait(PATIENCE).unwrap(), device.wait(PATIENCE).unwrap()];
    assert_ne!(last[0].ticket, last[1].ticket);
    assert_eq!(line.world().board.accelerator.jobs_written, 5 * 16);
}

#[test]
fn what_does_not_fit_is_refused_before_a_byte_is_sent() {
    let (line, mut device) = device(6);
    load(&mut device, 1, 128);
    let sent = line.world().bytes;
    let refusals = [
        (Descriptor { chunk_steps: 32, ..descriptor(1, 128) }, "chunk length 32 is outside"),
        (Descriptor { chunk_steps: 66, ..descriptor(1, 128) }, "chunk length 66 is outside"),
        (Descriptor { chunk_steps: 1028, ..descriptor(1, 2056) }, "chunk length 1028 is outside"),
        (Descriptor { chunk_steps: 128, ..descriptor(1, 64) }, "whole chunks of a tile 0"),
        (descriptor(1, 130), "steps of a tile 130 is outside"),
        (descriptor(1, 132), "tail length 4 is outside"),
        (descriptor(1, 64), "steps of a tile 64 is outside"),
        (Descriptor { a_panel: 3, ..descriptor(1, 128) }, "A panel 3 is empty"),
        (Descriptor { b_panel: 99, ..descriptor(1, 128) }, "B panel 99 is empty"),
    ];
    for (descriptor, text) in refusals {
        let error = device.push(descriptor).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(!error.is_busy() && !error.is_lost());
    }
    for (place, steps, text) in [
        (0, 260, "panel length 260 is outside of what device test can do (1 to 256)"),
        (0, 66, "panel length 66 is outside of what device test can do (multiples of 4)"),
        (99, 64, "panel 99 is outside"),
    ] {
        let error = device.load_panel(Side::A, place, panel(&lanes(1, steps))).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
    }
    assert_eq!(line.world().bytes, sent);
}

#[test]
fn a_wrong_tag_and_a_stuck_array_are_errors_and_a_reset_helps() {
    let (line, mut device) = device(6);
    let operands = load(&mut device, 1, 64);
    line.world().board.accelerator.wrong_tag = 1 << 9;
    device.push(descriptor(1, 64)).unwrap();
    let error = device.wait(PATIENCE).unwrap_err();
    assert!(matches!(error, DeviceError::Tag { expected: 1, got: 513 }), "{error}");
    device.reset().unwrap();
    line.world().board.accelerator.wrong_tag = 0;
    line.world().board.accelerator.stuck = true;
    device.push(descriptor(2, 64)).unwrap();
    let error = device.wait(PATIENCE).unwrap_err().to_string();
    assert!(error.contains("it is stuck"), "{error}");
    device.reset().unwrap();
    line.world().board.accelerator.stuck = false;
    // Panels stay.
    device.push(descriptor(3, 64)).unwrap();
    assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
}

#[test]
fn a_bad_line_changes_no_answer() {
    let (line, mut device) = device(6);
    line.world().board.accelerator.tile_time = Duration::from_millis(2);
    line.damage(1500, 4);
    for round in 0..60 {
        let operands = load(&mut device, round, 64);
        let tags = || (0..6).map(|n| (round as u32) << 8 | n);
        for tag in tags() {
            device.push(Descriptor { want_tile: tag % 3 == 0, ..descriptor(tag, 64) }).unwrap();
        }
        for tag in tags() {
            let completion = device.wait(PATIENCE).unwrap();
            assert_eq!(completion.tag, tag);
            assert_golden(&completion, &operands, 64);
        }
    }
    let link = device.counters().unwrap().link.unwrap();
    assert!(link.device.frames_bad > 50 && link.host.responses_damaged > 20, "{link:?}");
    let check = device.check_link(50).unwrap().unwrap();
    assert!(check.host.frames_resent > 0 && check.device.frames_bad > 0, "{check:?}");
    line.damage(0, 0);
    let check = device.check_link(50).unwrap().unwrap();
    assert_eq!((check.host.frames_resent, check.device.frames_bad), (0, 0), "{check:?}");
}

#[test]
fn panels_that_are_there_are_not_sent_again() {
    let (line, device) = device(8);
    let worker = Worker::start(Box::new(device), 4).unwrap();
    let b: Vec<Arc<Panel>> = (0..3).map(|n| panel(&lanes(n, 256))).collect();
    let mut bytes = [0; 3];
    for (id, bytes) in (0..).zip(&mut bytes) {
        let before = line.world().sent;
        let unit = WorkUnit {
            id,
            a: panel(&lanes(50 + id, 256)),
            b: b.clone(),
            steps: 256,
            chunk_steps: 64,
            ticket_key: KEY,
            bound_le: [0; 32],
            want_tiles: true,
        };
        worker.send(unit).unwrap();
        let completions = worker.receive(PATIENCE).unwrap().result.unwrap();
        for (n, completion) in (0..).zip(&completions) {
            assert_golden(completion, &[lanes(50 + id, 256), lanes(n, 256)], 64);
        }
        *bytes = line.world().sent - before;
    }
    // A panel has 4 KiB. The second unit sends its A alone.
    assert!(bytes[0] > 4 * 4096 && bytes[1] < 2 * 4096 && bytes[2] < 2 * 4096, "{bytes:?}");
}
