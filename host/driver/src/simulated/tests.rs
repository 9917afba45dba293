//! The in-process device against the rule, and what it refuses.

use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::{ticket, tile};

use super::*;

const KEY: [u8; 32] = [5; 32];

fn device(kind: EngineKind) -> Simulated {
    Simulated::new(kind, Geometry::new(4, 4)).unwrap()
}

fn panel(seed: u8, steps: usize) -> Arc<Panel> {
    let value = |step: usize, lane: usize| (step * 31 + lane * 17 + usize::from(seed) * 7) as u8;
    let steps: Vec<[i8; 16]> =
        (0..steps).map(|step| std::array::from_fn(|lane| value(step, lane) as i8)).collect();
    Arc::new(Panel::from_steps(&steps))
}

fn descriptor(tag: u32) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps: 256,
        chunk_steps: 128,
        ticket_key: KEY,
        bound_le: [0xff; 32],
        want_tile: true,
    }
}

fn loaded(kind: EngineKind) -> Simulated {
    let mut device = device(kind);
    device.load_panel(Side::A, 0, panel(1, 256)).unwrap();
    device.load_panel(Side::B, 0, panel(2, 256)).unwrap();
    device
}

#[test]
fn completions_are_what_the_rule_says_on_every_engine() {
    for kind in [EngineKind::Model, EngineKind::Rtl, EngineKind::Verilator] {
        check_completions(&mut loaded(kind));
    }
}

fn check_completions(device: &mut Simulated) {
    let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..16).map(|lane| panel.lane(lane)).collect() };
    let (a, b) = (lanes(&panel(1, 256)), lanes(&panel(2, 256)));
    let (a, b): (Vec<&[i8]>, Vec<&[i8]>) =
        (a.iter().map(Vec::as_slice).collect(), b.iter().map(Vec::as_slice).collect());
    let golden = tile(&a, &b, 128);
    let hash = ticket(&KEY, &golden.register);
    for (tag, bound_le, want_tile) in [(7, [0xff; 32], true), (8, hash, false), (9, [0; 32], true)]
    {
        device.push(Descriptor { bound_le, want_tile, ..descriptor(tag) }).unwrap();
        let completion = device.wait(Duration::ZERO).unwrap();
        assert_eq!(completion.tag, tag);
        assert_eq!(completion.ticket, hash);
        // The bound is inclusive.
        assert_eq!(completion.hit, tag != 9);
        let product = completion.tile.map(|tile| tile.as_flattened().to_vec());
        assert_eq!(product, want_tile.then(|| golden.product.clone()));
    }
    let counters = device.counters().unwrap();
    assert_eq!((counters.tiles, counters.hits), (3, 2));
    assert_eq!(counters.mac_cycles, 3 * 256 * 16);
}

#[test]
fn every_descriptor_gets_one_completion_in_order() {
    let mut device = loaded(EngineKind::Model);
    for tag in 0..64 {
        device.push(descriptor(tag)).unwrap();
    }
    let full = device.push(descriptor(64)).unwrap_err();
    assert_eq!(
        full.to_string(),
        "descriptor queue is full (64 outstanding); wait for a completion first"
    );
    let mut last = 0;
    for tag in 0..64 {
        let completion = device.wait(Duration::ZERO).unwrap();
        assert_eq!(completion.tag, tag);
        assert!(completion.cycle > last, "cycles go up");
        last = completion.cycle;
    }
    let none = device.wait(Duration::from_millis(3)).unwrap_err();
    assert_eq!(
        none.to_string(),
        "timed out after 3 ms waiting for a completion, with no descriptor outstanding"
    );
}

#[test]
fn what_does_not_fit_is_refused_and_not_queued() {
    let mut device = loaded(EngineKind::Model);
    let refusals = [
        (Descriptor { a_panel: 3, ..descriptor(1) }, "A panel 3 is empty"),
        (Descriptor { b_panel: 99, ..descriptor(1) }, "panel 99 is outside"),
        (Descriptor { chunk_steps: 32, ..descriptor(1) }, "chunk length 32 is outside"),
        (Descriptor { steps: 512, ..descriptor(1) }, "the A panel holds 256 steps"),
    ];
    for (descriptor, text) in refusals {
        let error = device.push(descriptor).unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
    }
    assert!(device.load_panel(Side::A, 65, panel(1, 64)).is_err());
    device.push(descriptor(2)).unwrap();
    let busy = device.load_panel(Side::B, 0, panel(1, 64)).unwrap_err();
    assert_eq!(
        busy.to_string(),
        "B panel 0 is in use; wait for the completions of its descriptors first"
    );
    device.reset().unwrap();
    assert!(device.load_panel(Side::A, 0, panel(1, 65_540)).is_err());
    assert!(device.wait(Duration::ZERO).is_err(), "nothing was queued");
}
