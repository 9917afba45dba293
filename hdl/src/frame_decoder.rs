//! Bytes from the line to words of frames: COBS and CRC-32.
//!
//! ```text
//!               +--------------+===> word_out, place_out
//!  valid_in --->|              |---> word_valid_out
//!  byte_in ====>| FrameDecoder |---> good_out, bad_out
//!               |              |===> words_out
//!               +--------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `valid_in`, `byte_in` | 1, 8 | a byte from the line |
//! | `word_valid_out`, `place_out`, `word_out` | 1, 7, 32 | a word of a frame, and its number in it |
//! | `good_out`, `words_out` | 1, 7 | the frame is whole and has so many words, the CRC included |
//! | `bad_out` | 1 | the frame was damaged; forget its words |
//!
//! # Protocol
//! Any byte, any time. Words come before it is known whether their frame is whole: keep them aside
//! until `good_out`. A zero that follows a zero is no frame, and says nothing.
//!
//! # Latency
//! [`LATENCY`] cycles from a byte to what it brings about.
//!
//! # Why
//! Unstuffing gives at most one byte for each one that comes: the zero that a code stands for comes
//! with the next code. The CRC of a whole frame with its own CRC behind it is always the same, so
//! nobody needs to know where the frame ends before it has.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::crc32::Crc32;
use crate::frame::{CRC_RESIDUE, FRAME_WORDS_MAX};
use crate::join::Join;

/// Cycles from a byte to its word, or to the verdict on its frame.
pub const LATENCY: usize = 2;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct FrameDecoder {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A byte is there.
    pub valid_in: Signal<In, Bit>,
    /// The byte.
    pub byte_in: Signal<In, Bits<8>>,
    /// A word is there.
    pub word_valid_out: Signal<Out, Bit>,
    /// Its number in the frame.
    pub place_out: Signal<Out, Bits<7>>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
    /// The frame is whole.
    pub good_out: Signal<Out, Bit>,
    /// The frame is damaged.
    pub bad_out: Signal<Out, Bit>,
    /// Words of the frame.
    pub words_out: Signal<Out, Bits<7>>,
    // Unstuffing
    begun: DFF<Bit>,
    left: DFF<Bits<8>>,
    longest: DFF<Bit>,
    byte_valid: DFF<Bit>,
    octet: DFF<Bits<8>>,
    ends: DFF<Bit>,
    clean: DFF<Bit>,
    // Words and CRC
    step: Crc32,
    crc: DFF<Bits<32>>,
    position: DFF<Bits<2>>,
    word: DFF<Bits<32>>,
    word_valid: DFF<Bit>,
    words: DFF<Bits<7>>,
    place: DFF<Bits<7>>,
    excess: DFF<Bit>,
    good: DFF<Bit>,
    bad: DFF<Bit>,
    ended_words: DFF<Bits<7>>,
    // Wires and constants
    is_zero: Signal<Local, Bit>,
    whole: Signal<Local, Bit>,
    widen: Join<8, 24, 32>,
    residue: Constant<Bits<32>>,
    words_max: Constant<Bits<7>>,
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            valid_in: Signal::default(),
            byte_in: Signal::default(),
            word_valid_out: Signal::default(),
            place_out: Signal::default(),
            word_out: Signal::default(),
            good_out: Signal::default(),
            bad_out: Signal::default(),
            words_out: Signal::default(),
            begun: DFF::default(),
            left: DFF::default(),
            longest: DFF::default(),
            byte_valid: DFF::default(),
            octet: DFF::default(),
            ends: DFF::default(),
            clean: DFF::default(),
            step: Crc32::default(),
            crc: DFF::default(),
            position: DFF::default(),
            word: DFF::default(),
            word_valid: DFF::default(),
            words: DFF::default(),
            place: DFF::default(),
            excess: DFF::default(),
            good: DFF::default(),
            bad: DFF::default(),
            ended_words: DFF::default(),
            is_zero: Signal::default(),
            whole: Signal::default(),
            widen: Join::default(),
            residue: Constant::new(u64::from(!CRC_RESIDUE).into()),
            words_max: Constant::new((FRAME_WORDS_MAX as u64).into()),
        }
    }
}

impl Logic for FrameDecoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            begun,
            left,
            longest,
            byte_valid,
            octet,
            ends,
            clean,
            crc,
            position,
            word,
            word_valid,
            words,
            place,
            excess,
            good,
            bad,
            ended_words
        );
        // Unstuffing
        self.is_zero.next = !(self.byte_in.val().any());
        self.byte_valid.d.next = false;
        self.ends.d.next = false;
        self.octet.d.next = self.byte_in.val();
        self.clean.d.next = !(self.left.q.val().any());
        if self.valid_in.val() {
            if self.is_zero.val() {
                self.ends.d.next = self.begun.q.val();
                self.begun.d.next = false;
                self.left.d.next = bits::<8>(0);
            } else if self.left.q.val().any() {
                self.byte_valid.d.next = true;
                self.left.d.next = self.left.q.val() - bits::<8>(1);
            } else {
                self.begun.d.next = true;
                self.left.d.next = self.byte_in.val() - bits::<8>(1);
                self.longest.d.next = self.byte_in.val().all();
                // The zero that the code before stands for
                self.byte_valid.d.next = self.begun.q.val() && !self.longest.q.val();
                self.octet.d.next = bits::<8>(0);
            }
        }

        // Words and CRC. The register is kept inverted, so that it powers up as all ones.
        self.step.crc_in.next = !self.crc.q.val();
        self.step.byte_in.next = self.octet.q.val();
        self.widen.high_in.next = self.octet.q.val();
        self.widen.low_in.next = self.word.q.val().get_bits::<24>(8);
        self.word_valid.d.next = false;
        self.place.d.next = self.words.q.val();
        if self.byte_valid.q.val() {
            self.crc.d.next = !self.step.crc_out.val();
            self.word.d.next = self.widen.joined_out.val();
            self.position.d.next = self.position.q.val() + bits::<2>(1);
            if self.position.q.val().all() {
                self.word_valid.d.next = !self.excess.q.val();
                self.words.d.next = self.words.q.val() + bits::<7>(1);
                if self.words.q.val() == self.words_max.val() {
                    self.words.d.next = self.words_max.val();
                    self.word_valid.d.next = false;
                    self.excess.d.next = true;
                }
            }
        }

        // Verdict
        self.whole.next = self.clean.q.val()
            && !self.excess.q.val()
            && !(self.position.q.val().any())
            && (self.words.q.val() > bits::<7>(1))
            && (self.crc.q.val() == self.residue.val());
        self.good.d.next = self.ends.q.val() && self.whole.val();
        self.bad.d.next = self.ends.q.val() && !self.whole.val();
        self.ended_words.d.next = self.words.q.val();
        if self.ends.q.val() {
            self.crc.d.next = bits::<32>(0);
            self.position.d.next = bits::<2>(0);
            self.words.d.next = bits::<7>(0);
            self.excess.d.next = false;
        }

        // Outputs
        self.word_valid_out.next = self.word_valid.q.val();
        self.place_out.next = self.place.q.val();
        self.word_out.next = self.word.q.val();
        self.good_out.next = self.good.q.val();
        self.bad_out.next = self.bad.q.val();
        self.words_out.next = self.ended_words.q.val();
    }
}

#[cfg(test)]
mod tests;
