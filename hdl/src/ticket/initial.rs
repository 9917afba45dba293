//! The ticket as it powers up: its constants in memory, everything else 0.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use super::Ticket;
use super::program::{self, Decoder, Schedule};
use crate::join::Join;

impl Default for Ticket {
    fn default() -> Self {
        let words = || RAM::new(program::constants());
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            fold_valid_in: Signal::default(),
            fold_in: Signal::default(),
            tile_end_in: Signal::default(),
            load_in: Signal::default(),
            load_place_in: Signal::default(),
            load_word_in: Signal::default(),
            read_in: Signal::default(),
            word_in: Signal::default(),
            ticket_out: Signal::default(),
            valid_out: Signal::default(),
            hit_out: Signal::default(),
            busy_out: Signal::default(),
            slot: DFF::default(),
            full: DFF::default(),
            fold_word: DFF::default(),
            is_last: DFF::default(),
            word_due: DFF::default(),
            turn_due: DFF::default(),
            free: Signal::default(),
            takes: Signal::default(),
            turns: Signal::default(),
            last_slot: DFF::default(),
            all_slots: DFF::default(),
            start: Default::default(),
            running: DFF::default(),
            lane: DFF::default(),
            op: DFF::default(),
            second: DFF::default(),
            stage: DFF::default(),
            beat: DFF::default(),
            ends: DFF::default(),
            schedule: Schedule::default(),
            decoder: Decoder::default(),
            next_running: DFF::default(),
            next_lane: DFF::default(),
            next_op: DFF::default(),
            next_second: DFF::default(),
            next_stage: DFF::default(),
            next_message: DFF::default(),
            next_ends: DFF::default(),
            a_place: DFF::default(),
            b_place: DFF::default(),
            loads: Default::default(),
            inverts: Default::default(),
            folds: Default::default(),
            copied: Join::default(),
            kept: DFF::default(),
            write: Default::default(),
            target: Default::default(),
            xors: Default::default(),
            turn: Default::default(),
            compares: Default::default(),
            ended: Default::default(),
            a_words: words(),
            b_words: words(),
            a: DFF::default(),
            b: DFF::default(),
            a_wide: Join::default(),
            b_wide: Join::default(),
            carry_in: Signal::default(),
            sum: Signal::default(),
            word: DFF::default(),
            carry: DFF::default(),
            result: Signal::default(),
        }
    }
}
