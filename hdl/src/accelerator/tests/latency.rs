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

/// So many cycles from the one on whose word is written to an address; `look` sees each of them when it
/// has settled, as long as it wants to.
fn cycles_from_write<M: Bus>(
    module: &mut M,
    address: u32,
    word: u32,
    mut look: impl FnMut(usize, &M) -> bool,
) {
    module.drive(true, address, 0xdead_beef);
    module.settle();
    module.edge();
    for now in 0.. {
        module.drive(false, 0, if now == 0 { word } else { 0xdead_beef });
        module.settle();
        let goes_on = look(now, module);
        module.edge();
        if !goes_on {
            break;
        }
    }
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
        cycles_from_write(&mut module, DESCRIPTORS + 3, words[3], |now, module: &$device| {
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
            events.completion.is_none()
        });
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

/// Words are there in the cycle that the latency says, whatever the address was before and is then.
#[test]
fn a_word_is_read_after_the_read_latency() {
    let mut module = ready::<Small>();
    module.write(SCRATCH_SET, &[0x1234_5678]);
    module.idle(200);
    // Counters stand in memory that is the sweep's in every other cycle.
    for (address, begins) in [(SCRATCH, 0), (SCRATCH, 1), (STALL_LINK_LOW, 0), (STALL_LINK_LOW, 1)]
    {
        module.idle(2 * READ_LATENCY + begins);
        for now in 0..=READ_LATENCY {
            module.drive(false, if now < ADDRESS_CYCLES { address } else { 0x3ff }, 0);
            module.settle();
            let word = module.data_out.val().to_u32();
            match now {
                0 => assert_eq!(word, 0),
                READ_LATENCY if address == SCRATCH => assert_eq!(word, 0x1234_5678),
                READ_LATENCY => assert!((200..400).contains(&word), "{word} cycles"),
                _ => {}
            }
            module.edge();
        }
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
    cycles_from_write(&mut module, COMMIT, 0x0301, |now, module: &Small| {
        if module.sequencer.step_out.val() && first_step.is_none() {
            first_step = Some(now);
        }
        now < 20
    });
    let latency = 1 + crate::queue::FENCE_LATENCY + crate::queue::ARM_CYCLES;
    assert_eq!(first_step, Some(latency));
}

/// The next step can be taken when the array has emptied itself.
#[test]
fn a_reset_takes_as_long_as_the_flush() {
    let mut module = ready::<Small>();
    let mut ready_at = None;
    cycles_from_write(&mut module, RESET, 0, |now, module: &Small| {
        if now > 1 && module.sequencer.ready_out.val() && ready_at.is_none() {
            ready_at = Some(now);
        }
        now < 200
    });
    assert_eq!(ready_at, Some(crate::latency::reset()));
}
