//! Descriptors through the queue: all of them once, in their order, and what does not fit is refused by name.

use std::sync::Arc;

use gemmine_driver::{Cpu, Descriptor, Device, DeviceError, DeviceKind, Side};

use super::*;

/// Loads the same panels into both devices.
fn load(devices: [&mut dyn Device; 2], panels: usize, steps: usize) {
    for device in devices {
        for place in 0..panels {
            for (side, salt) in [(Side::A, 0), (Side::B, 1000)] {
                let mut next = random(salt + place as u64);
                let made = Arc::new(panel(steps, || next() as i8));
                device.load_panel(side, place, made).unwrap();
            }
        }
    }
}

#[test]
fn many_tiles_of_many_jobs_are_what_the_processor_makes_of_them() {
    let (mut gpu, _lock) = open();
    let mut cpu = Cpu::new(None).unwrap();
    let (panels, steps, tiles) = (9, 256, 700);
    load([&mut gpu, &mut cpu], panels, steps);
    let asked = |tag: u32| Descriptor {
        a_panel: tag as usize % panels,
        b_panel: (tag as usize / panels) % panels,
        want_tile: tag.is_multiple_of(5),
        // Runs of one job, as they come, and one that is another's in the middle.
        ticket_key: [(tag / 100) as u8; 32],
        chunk_steps: if tag / 50 == 3 { 64 } else { 128 },
        unsigned_a: tag / 30 == 20,
        ..descriptor(tag, steps, 128)
    };
    for tag in 0..tiles {
        gpu.push(asked(tag)).unwrap();
        cpu.push(asked(tag)).unwrap();
    }
    for _ in 0..tiles {
        assert_eq!(wait(&mut gpu), cpu.wait(PATIENCE).unwrap());
    }
    assert_eq!(gpu.counters().unwrap(), cpu.counters().unwrap());
    let nothing = gpu.wait(Duration::from_millis(1));
    assert!(matches!(nothing, Err(DeviceError::Timeout { .. })), "{nothing:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let (mut gpu, _lock) = open();
    load([&mut gpu, &mut Cpu::new(None).unwrap()], 1, 256);
    let refused = |result: Result<(), DeviceError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    let asked = descriptor(1, 256, 128);
    let limits = gpu.identity().limits;
    refused(gpu.push(Descriptor { b_panel: 9, ..asked }), "panel 9");
    refused(gpu.push(Descriptor { b_panel: limits.panels, ..asked }), "panel 4097");
    refused(gpu.push(Descriptor { steps: 255, ..asked }), "steps 255");
    refused(gpu.push(Descriptor { chunk_steps: 0, ..asked }), "chunk 0");
    refused(gpu.push(Descriptor { chunk_steps: 126, ..asked }), "chunk 126");
    let long = Arc::new(Panel::zero(limits.panel_steps + 1));
    refused(gpu.load_panel(Side::A, 0, long), "65537");
    for tag in 0..limits.queue {
        gpu.push(Descriptor { tag: tag as u32, ..asked }).unwrap();
    }
    refused(gpu.push(asked), "queue is full (4096");
    // What was on its way is not taken for an answer to what comes next.
    gpu.reset().unwrap();
    gpu.push(Descriptor { tag: 77, ..asked }).unwrap();
    assert_eq!(wait(&mut gpu).tag, 77);
}

#[test]
fn it_says_what_it_is() {
    let (gpu, _lock) = open();
    let identity = gpu.identity();
    assert!(identity.description.contains("packed int8 dot products"), "{identity:?}");
    assert!(!identity.counts_cycles());
    if gpu.adapter().is_software() {
        assert_eq!(identity.kind, DeviceKind::SoftwareGpu);
        assert!(identity.description.contains("software, plumbing check"), "{identity:?}");
        // No card's count is its energy.
        assert_eq!(gpu.adapter().pci_address, "");
    }
    let listed = gemmine_gpu::adapters().unwrap();
    assert!(listed.contains(gpu.adapter()));
}

#[test]
fn a_card_that_is_not_there_is_named_with_those_that_are() {
    let _lock = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    let error = Gpu::open(&"no such card".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("\"gpu:no such card\"") && error.contains("gpu:0 "), "{error}");
    let error = Gpu::open(&Choice::Number(99)).unwrap_err().to_string();
    assert!(error.contains("\"gpu:99\""), "{error}");
}
