//! Which attempt or tile of a scan is where: counts them, steps the nonce, and ends the scan.
//!
//! ```text
//!   seed's words ==>+------+---> again_out, more_out
//!   scan_in ------->|      |
//!   tile_end_in --->| Scan |---> hit_before_out
//!   attempt, hit -->|      |
//!   end_in -------->+------+===> nonce_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | no scan any more |
//! | `seed_write_in`, `seed_place_in`, `seed_word_in` | 1, 5, 32 | a word of the scan's [seed](crate::registers::SEED_FIELDS) |
//! | `scan_in`, `noise_in` | 1 | the running tile is a scan's; and one of Pearl, whose nonces count from 0 |
//! | `tile_end_in` | 1 | the running tile's last step was taken in the last cycle |
//! | `again_out` | 1 | behind its end it begins again, as the next attempt or tile |
//! | `more_out` | 1 | the same of the one that is being finished |
//! | `attempt_in`, `hit_in` | 1 | one with another one behind it is finished; and is a hit |
//! | `end_in` | 1 | the scan's last one is finished |
//! | `nonce_out` | 32 | nonce word of the attempt that is being finished, or how many tiles came before it |
//! | `hit_before_out` | 1 | the one before is a hit |
//!
//! Attempts and tiles are meant where only attempts are named.
//!
//! # Protocol
//! An attempt is finished before the next one ends. So whether that one is the last is known a chunk ahead, and the
//! hits of a scan are among its last two attempts.
//!
//! # Why
//! A scan that stopped in the middle of an attempt would have to empty the array. One that runs on to the attempt's
//! end loses an attempt in some 2^20, and not even that: it counts.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Scan {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// No scan any more.
    pub reset_in: Signal<In, Bit>,
    /// A word of the seed.
    pub seed_write_in: Signal<In, Bit>,
    /// Which one.
    pub seed_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub seed_word_in: Signal<In, Bits<32>>,
    /// The running tile is an attempt.
    pub scan_in: Signal<In, Bit>,
    /// It is a tile of Pearl.
    pub noise_in: Signal<In, Bit>,
    /// Its last step was taken in the last cycle.
    pub tile_end_in: Signal<In, Bit>,
    /// It begins again.
    pub again_out: Signal<Out, Bit>,
    /// The one that is being finished did.
    pub more_out: Signal<Out, Bit>,
    /// That is finished.
    pub attempt_in: Signal<In, Bit>,
    /// As a hit.
    pub hit_in: Signal<In, Bit>,
    /// The last one is finished.
    pub end_in: Signal<In, Bit>,
    /// Its nonce word.
    pub nonce_out: Signal<Out, Bits<32>>,
    /// The one before it is a hit.
    pub hit_before_out: Signal<Out, Bit>,
    /// Attempts behind the running one, where none is a hit.
    left: DFF<Bits<16>>,
    left_any: DFF<Bit>,
    again: DFF<Bit>,
    more: DFF<Bit>,
    nonce: DFF<Bits<32>>,
    hit: DFF<Bit>,
}

impl Logic for Scan {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, left_any, again, more, nonce, hit);
        self.left_any.d.next = self.left.q.val().any();
        self.again.d.next = self.scan_in.val() && self.left_any.q.val() && !self.hit.q.val();
        if self.tile_end_in.val() {
            self.more.d.next = self.again.q.val();
            if self.again.q.val() {
                self.left.d.next = self.left.q.val() - bits::<16>(1);
            }
        }
        if self.attempt_in.val() {
            self.nonce.d.next = self.nonce.q.val() + bits::<32>(1);
            self.hit.d.next = self.hit_in.val();
        }
        if self.seed_write_in.val() {
            // NONCE_WORD, and where the number of attempts is
            if self.seed_place_in.val() == bits::<5>(9) {
                self.nonce.d.next = self.seed_word_in.val();
                if self.noise_in.val() {
                    self.nonce.d.next = bits::<32>(0);
                }
            }
            if self.seed_place_in.val() == bits::<5>(30) {
                self.left.d.next = self.seed_word_in.val().get_bits::<16>(0);
            }
        }
        if self.end_in.val() || self.reset_in.val() {
            self.left.d.next = bits::<16>(0);
            self.left_any.d.next = false;
            self.again.d.next = false;
            self.hit.d.next = false;
        }
        self.again_out.next = self.again.q.val();
        self.more_out.next = self.more.q.val();
        self.nonce_out.next = self.nonce.q.val();
        self.hit_before_out.next = self.hit.q.val();
    }
}

const _: () = assert!(crate::registers::NONCE_WORD == 9);

#[cfg(test)]
mod tests;
