//! Whether words have zeros where their masks have ones.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `clear_in` | 1 | no word was compared yet |
//! | `word_in`, `mask_in` | 32 | a word and its mask |
//! | `compare_in` | 1 | compare the two; a cycle late |
//! | `zeros_out` | 1 | so far every word has its zeros; two cycles behind the word |

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Comparison {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Begin.
    pub clear_in: Signal<In, Bit>,
    /// A word.
    pub word_in: Signal<In, Bits<32>>,
    /// Where it is to have zeros.
    pub mask_in: Signal<In, Bits<32>>,
    /// The word that came in the last cycle counts.
    pub compare_in: Signal<In, Bit>,
    /// Every word has its zeros.
    pub zeros_out: Signal<Out, Bit>,
    masked: Signal<Local, Bits<32>>,
    /// A byte of the word has a one under the mask.
    ones: [DFF<Bit>; 4],
    zeros: DFF<Bit>,
}

impl Logic for Comparison {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, zeros);
        for b in 0..4 {
            self.ones[b].clock.next = self.clock.val();
        }
        self.masked.next = self.word_in.val() & self.mask_in.val();
        self.ones[0].d.next = self.masked.val().get_bits::<8>(0).any();
        self.ones[1].d.next = self.masked.val().get_bits::<8>(8).any();
        self.ones[2].d.next = self.masked.val().get_bits::<8>(16).any();
        self.ones[3].d.next = self.masked.val().get_bits::<8>(24).any();
        if self.compare_in.val()
            && (self.ones[0].q.val()
                || self.ones[1].q.val()
                || self.ones[2].q.val()
                || self.ones[3].q.val())
        {
            self.zeros.d.next = false;
        }
        if self.clear_in.val() {
            self.zeros.d.next = true;
        }
        self.zeros_out.next = self.zeros.q.val();
    }
}
