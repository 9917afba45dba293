//! The fold's last step: XOR of the row XORs of a chunk, one fold word a whole chunk.
//!
//! ```text
//!               +------+
//!  take_in  --->|      |---> fold_valid_out
//!  address_in =>| Fold |
//!  tail_in  --->|      |===> fold_out
//!  row_in   ===>|      |
//!               +------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `take_in`, `address_in` | 1, A | token of the rightmost head, as it leaves it |
//! | `tail_in` | 1 | the chunk is the tile's tail, shorter than r: it has no fold word |
//! | `row_in` | 32 | row XOR, [`ROW_OFFSET`] cycles behind the token |
//! | `fold_valid_out`, `fold_out` | 1, 32 | the fold word of a whole chunk |
//!
//! # Latency
//! [`LATENCY`] cycles from the token of the chunk's last row to the fold word.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/fold.txt"), "```")]

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::head;

/// Cycles by which `row_in` trails its token.
pub const ROW_OFFSET: usize = head::FOLD_LATENCY - 1;
/// Cycles from the last token of a chunk to its fold word.
pub const LATENCY: usize = ROW_OFFSET + 1;

/// See the module's documentation. `A` is the number of address bits.
#[derive(LogicBlock)]
pub struct Fold<const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A row XOR follows.
    pub take_in: Signal<In, Bit>,
    /// Which one: 0 is a chunk's first, all ones its last.
    pub address_in: Signal<In, Bits<A>>,
    /// The chunk has no fold word.
    pub tail_in: Signal<In, Bit>,
    /// Row XOR.
    pub row_in: Signal<In, Bits<32>>,
    /// A fold word is on `fold_out`.
    pub fold_valid_out: Signal<Out, Bit>,
    /// The fold word.
    pub fold_out: Signal<Out, Bits<32>>,
    take: [DFF<Bit>; 3],
    opens: [DFF<Bit>; 3],
    closes: [DFF<Bit>; 3],
    folded: DFF<Bits<32>>,
    valid: DFF<Bit>,
    old: Signal<Local, Bits<32>>,
    zero: Constant<Bits<32>>,
}

impl<const A: usize> Default for Fold<A> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            take_in: Signal::default(),
            address_in: Signal::default(),
            tail_in: Signal::default(),
            row_in: Signal::default(),
            fold_valid_out: Signal::default(),
            fold_out: Signal::default(),
            take: array_init::array_init(|_| DFF::default()),
            opens: array_init::array_init(|_| DFF::default()),
            closes: array_init::array_init(|_| DFF::default()),
            folded: DFF::default(),
            valid: DFF::default(),
            old: Signal::default(),
            zero: Constant::new(Bits::default()),
        }
    }
}

impl<const A: usize> Logic for Fold<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, folded, valid);
        for s in 0..3 {
            self.take[s].clock.next = self.clock.val();
            self.opens[s].clock.next = self.clock.val();
            self.closes[s].clock.next = self.clock.val();
        }

        // Control
        self.take[0].d.next = self.take_in.val();
        self.opens[0].d.next = !(self.address_in.val().any());
        self.closes[0].d.next =
            self.take_in.val() && self.address_in.val().all() && !self.tail_in.val();
        for s in 1..3 {
            self.take[s].d.next = self.take[s - 1].q.val();
            self.opens[s].d.next = self.opens[s - 1].q.val();
            self.closes[s].d.next = self.closes[s - 1].q.val();
        }

        // Data
        self.old.next = self.folded.q.val();
        if self.opens[2].q.val() {
            self.old.next = self.zero.val();
        }
        if self.take[2].q.val() {
            self.folded.d.next = self.old.val() ^ self.row_in.val();
        }
        self.valid.d.next = self.closes[2].q.val();
        self.fold_valid_out.next = self.valid.q.val();
        self.fold_out.next = self.folded.q.val();
    }
}

#[cfg(test)]
mod tests;
