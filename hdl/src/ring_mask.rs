//! Entries of a ring, less one, from its size as a power of two: 4 to 12, and the nearest of them for others. Wires only.
//!
//! # Why
//! An index AND this is a place in the ring; an index AND NOT this is how often a difference of two goes round.

use rust_hdl_core::prelude::*;

/// `mask_out` = 2^`size_in` - 1.
#[derive(LogicBlock, Default)]
pub struct RingMask {
    /// Size, as a power of two.
    pub size_in: Signal<In, Bits<4>>,
    /// As many ones.
    pub mask_out: Signal<Out, Bits<12>>,
}

impl Logic for RingMask {
    #[hdl_gen]
    fn update(&mut self) {
        self.mask_out.next = bits::<12>(15);
        if self.size_in.val() > bits::<4>(4) {
            self.mask_out.next = bits::<12>(31);
        }
        if self.size_in.val() > bits::<4>(5) {
            self.mask_out.next = bits::<12>(63);
        }
        if self.size_in.val() > bits::<4>(6) {
            self.mask_out.next = bits::<12>(127);
        }
        if self.size_in.val() > bits::<4>(7) {
            self.mask_out.next = bits::<12>(255);
        }
        if self.size_in.val() > bits::<4>(8) {
            self.mask_out.next = bits::<12>(511);
        }
        if self.size_in.val() > bits::<4>(9) {
            self.mask_out.next = bits::<12>(1023);
        }
        if self.size_in.val() > bits::<4>(10) {
            self.mask_out.next = bits::<12>(2047);
        }
        if self.size_in.val() > bits::<4>(11) {
            self.mask_out.next = bits::<12>(4095);
        }
    }
}

#[cfg(test)]
mod tests;
