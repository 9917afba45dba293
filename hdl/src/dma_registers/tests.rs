//! The tables against themselves and against the accelerator's.

use super::*;
use crate::registers::{
    COMPLETION_FIELDS, COMPLETION_WORDS, COMPLETIONS, DESCRIPTOR_WORDS, QUEUE, RESULTS,
};

// The link's registers stand where the accelerator has nothing, and fit into the window.
const _: () = assert!(DMA_REGISTERS >= COMPLETIONS + QUEUE * COMPLETION_WORDS);
const _: () = assert!(DMA_REGISTERS + DMA_REGISTER_WORDS <= RESULTS);
const _: () = assert!(WINDOW_BYTES == 4 << crate::registers::ADDRESS_BITS);
// A descriptor goes into one command, and an entry into one burst.
const _: () = assert!(DESCRIPTOR_WORDS <= IMMEDIATE_WORDS);
const _: () = assert!(4 * ENTRY_WORDS as u64 <= BURST_BYTES);

#[test]
fn addresses_are_in_order_and_in_range() {
    for (n, register) in TABLE.iter().enumerate() {
        assert_eq!(register.address, DMA_REGISTERS + n as u32, "{}", register.name);
    }
    assert!(TABLE.len() <= DMA_REGISTER_WORDS as usize);
}

#[test]
fn fields_do_not_overlap() {
    // `payload` is over `host`.
    for (fields, words) in [
        (&COMMAND_FIELDS[..6], COMMAND_WORDS),
        (&ENTRY_FIELDS[..], ENTRY_WORDS),
        (&STATUS_FIELDS[..], 1),
    ] {
        let mut free = 0;
        for field in fields {
            let begin = 32 * field.word + field.low;
            assert!(begin >= free, "{} overlaps", field.name);
            free = begin + 32 * (field.words - 1) + field.bits;
        }
        assert!(free <= 32 * words);
    }
}

#[test]
fn an_entry_has_every_field_of_a_completion() {
    let mut completion = [0; 16];
    for field in COMPLETION_FIELDS {
        for n in 0..field.words {
            completion[(field.word + n) as usize] |= (u32::MAX >> (32 - field.bits)) << field.low;
        }
    }
    let used = completion.iter().filter(|&&word| word != 0).count();
    let entry = entry_of(&completion);
    assert_eq!(entry.iter().filter(|&&word| word != 0).count(), used);
    assert_eq!(completion_of(&entry), completion);
    assert!(entry[13..].iter().all(|&word| word == 0));
    let counted: [u32; 16] = std::array::from_fn(|n| n as u32);
    assert_eq!(entry_of(&counted)[..13], [0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15]);
}

#[test]
fn an_error_is_read_from_the_status() {
    assert_eq!(DmaError::of_status(0x0007_0042), Some(DmaError::Write));
    assert_eq!(DmaError::of_status(0x0007_0022), Some(DmaError::Range));
    assert_eq!(DmaError::of_status(0x0007_0041), None);
    assert_eq!(DmaError::of_status(0x0000_00f2), None);
}
