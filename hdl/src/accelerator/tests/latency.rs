//! The accelerator's latencies as the RTL has them, from a word on the bus to a completion.

use super::*;
use crate::latency::{completion, fold_word, last_result, steps_without_hold};
use crate::queue::START_LATENCY;
use crate::registers::layout::Field;
use crate::ticket;

/// Words of a descriptor with the given fields.
fn descriptor(fields: &[(&str, u32)]) -> [u32; 4] {
    let mut words = [0; 4];
    for &(name, value) in fields {
        let field: &Field = DESCRIPTOR_FIELDS.iter().find(|field| field.name == name).unwrap();
        field.put(&mut words, value);
        assert_eq!(field.get(&words), value);
    }
    words
}

/// One bus cycle, which may write a word; `look` sees the module when it has settled.
fn cycle<M: Bus>(module: &mut M, write: Option<(u32, u32)>, look: &mut dyn FnMut(&M)) {
    let (address, word) = write.unwrap_or((0, 0xdead_beef));
    module.drive(write.is_some(), address, word);
    module.settle();
    look(module);
    module.edge();
}

/// When the first of these things happened, in cycles since the push of the descriptor.
#[derive(Debug, Default)]
struct Events {
    first_step: Option<usize>,
    first_operand: Option<usize>,
    last_step: Option<usize>,
    last_result: Option<usize>,
    last_fold: Option<usize>,
    completion: Option<usize>,
}

macro_rules! events_of {
    ($device:ty, $chunks:literal) => {{
        let mut module = ready::<$device>();
        // An operand that is not 0 at once.
        module.write(PANELS_A, &[0x0101_0101]);
        let words =
            descriptor(&[("chunk_last", 63), ("chunks_last", $chunks - 1), ("want_tile", 1)]);
        module.write(DESCRIPTORS, &words[..3]);
        let mut events = Events::default();
        let mut now = 0;
        while now < 2 || events.completion.is_none() {
            let write = (now == 0).then_some((DESCRIPTORS + 3, words[3]));
            cycle(&mut module, write, &mut |module: &$device| {
                let first = |event: &mut Option<usize>, happens: bool| {
                    if happens && event.is_none() {
                        *event = Some(now);
                    }
                };
                first(&mut events.first_step, module.sequencer.step_out.val());
                let operand = module.array.a_in[0].val() != Signed::default();
                first(&mut events.first_operand, operand);
                first(&mut events.last_step, module.sequencer.tile_end_out.val());
                first(&mut events.last_result, module.results.done_out.val());
                if module.array.fold_valid_out.val() {
                    events.last_fold = Some(now);
                }
                first(&mut events.completion, module.waiting_out.val().any());
            });
            now += 1;
        }
        let geometry = <$device>::geometry();
        assert_eq!(events.first_step, Some(START_LATENCY), "{geometry}");
        assert_eq!(events.first_operand, Some(START_LATENCY + OPERAND_LATENCY), "{geometry}");
        let since_end = |event: Option<usize>| event.unwrap() - events.last_step.unwrap();
        let steps = events.last_step.unwrap() + 1 - events.first_step.unwrap();
        assert_eq!(steps, crate::latency::tile_cycles(geometry, 64 * $chunks));
        assert_eq!(since_end(events.last_result), last_result(geometry), "{geometry}");
        assert_eq!(since_end(events.last_fold), fold_word(geometry), "{geometry}");
        assert_eq!(since_end(events.completion), completion(geometry));
        assert_eq!(
            since_end(events.completion),
            fold_word(geometry) + ticket::LATENCY + crate::finisher::ENTRY_CYCLES,
        );
    }};
}

#[test]
fn a_tile_lives_as_long_as_the_formulas_say() {
    events_of!(Small, 16);
    events_of!(Full, 16);
    events_of!(Full, 20);
}

/// Cycles that the second of two tiles is held, of two chunks of so many steps each.
fn held_cycles(steps: usize) -> u32 {
    let mut module = ready::<Full>();
    for tag in 0..2 {
        let fields = [("tag", tag), ("chunk_last", steps as u32 - 1), ("chunks_last", 1)];
        module.write(DESCRIPTORS + 4 * tag, &descriptor(&fields));
    }
    while module.read(STATUS) >> 8 & 0xff < 2 {}
    assert_eq!(module.read(MAC_LOW), 4 * steps as u32);
    assert_eq!(module.read(STALL_DRAIN_LOW), 0);
    module.read(STALL_HASH_LOW)
}

#[test]
fn a_long_tile_is_never_held() {
    let enough = steps_without_hold(Full::geometry());
    let most = enough.next_multiple_of(4);
    assert_eq!(held_cycles(most), 0);
    for steps in [most - 4, most - 12] {
        assert_eq!(held_cycles(steps) as usize, enough - steps, "{steps} steps");
    }
}

/// Words are there in the cycle that the latency says, and not before.
#[test]
fn a_word_is_read_after_the_read_latency() {
    let mut module = ready::<Small>();
    module.write(SCRATCH_SET, &[0x1234_5678]);
    module.idle(READ_LATENCY);
    for now in 0..=READ_LATENCY {
        let address = if now == 0 { SCRATCH } else { 0x3ff };
        module.drive(false, address, 0);
        module.settle();
        let there = module.data_out.val().to_u32() == 0x1234_5678;
        assert_eq!(there, now == READ_LATENCY, "cycle {now}");
        module.edge();
    }
}

/// Commits reach the queue a cycle after their write.
#[test]
fn a_commit_lets_a_tile_run() {
    let mut module = ready::<Small>();
    // Of two chunks, so that it is not held until its job is read.
    let fields = [("chunk_last", 63), ("chunks_last", 1), ("b_fence", 3), ("a_fence", 1)];
    module.write(DESCRIPTORS, &descriptor(&fields));
    module.idle(20);
    let mut first_step = None;
    for now in 0..20 {
        let write = (now == 0).then_some((COMMIT, 0x0301));
        cycle(&mut module, write, &mut |module: &Small| {
            if module.sequencer.step_out.val() && first_step.is_none() {
                first_step = Some(now);
            }
        });
    }
    let latency = 1 + crate::queue::FENCE_LATENCY + crate::queue::ARM_CYCLES;
    assert_eq!(first_step, Some(latency));
}

/// The next step can be taken when the array has emptied itself.
#[test]
fn a_reset_takes_as_long_as_the_flush() {
    let mut module = ready::<Small>();
    let mut ready_at = None;
    for now in 0..200 {
        let write = (now == 0).then_some((RESET, 0));
        cycle(&mut module, write, &mut |module: &Small| {
            if now > 1 && module.sequencer.ready_out.val() && ready_at.is_none() {
                ready_at = Some(now);
            }
        });
    }
    assert_eq!(ready_at, Some(crate::latency::reset()));
}
