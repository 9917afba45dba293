//! Rotates the ticket's result. Wires and tables only.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `word_in` | 32 | a word |
//! | `turn_in` | 4 | rotate right: 8 is not at all; 2 by 12, 3 by 16, 4 by 7, 5 by 8. So two tables in a row make each bit |
//! | `word_out` | 32 | the word, rotated |

use rust_hdl_core::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Turn {
    /// A word.
    pub word_in: Signal<In, Bits<32>>,
    /// How far.
    pub turn_in: Signal<In, Bits<4>>,
    /// The word, rotated.
    pub word_out: Signal<Out, Bits<32>>,
    far: Signal<Local, Bits<32>>,
    near: Signal<Local, Bits<32>>,
    straight: Signal<Local, Bits<32>>,
}

impl Logic for Turn {
    #[hdl_gen]
    fn update(&mut self) {
        self.far.next = bits::<32>(0);
        if self.turn_in.val().get_bit(1) {
            self.far.next = (self.word_in.val() >> 12) | (self.word_in.val() << 20);
            if self.turn_in.val().get_bit(0) {
                self.far.next = (self.word_in.val() >> 16) | (self.word_in.val() << 16);
            }
        }
        self.near.next = bits::<32>(0);
        if self.turn_in.val().get_bit(2) {
            self.near.next = (self.word_in.val() >> 7) | (self.word_in.val() << 25);
            if self.turn_in.val().get_bit(0) {
                self.near.next = (self.word_in.val() >> 8) | (self.word_in.val() << 24);
            }
        }
        self.straight.next = bits::<32>(0);
        if self.turn_in.val().get_bit(3) {
            self.straight.next = self.word_in.val();
        }
        self.word_out.next = self.far.val() | self.near.val() | self.straight.val();
    }
}
