//! BLAKE3's G function as a pipeline: a column or diagonal of a state goes in in every cycle.
//!
//! ```text
//!              +-------+
//!  a, b, c, d =>|       |=> a, b, c, d
//!  y_in =======>| Mixer |
//!  x_in =======>|       |
//!              +-------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in` | 32 | a word of the state's first row, with the first message word of this G added |
//! | `b_in`, `c_in`, `d_in` | 32 | words of the other rows |
//! | `y_in` | 32 | second message word, [`Y_LATENCY`] cycle behind |
//! | `x_in` | 32 | first message word of the *next* G that takes this `a`, [`X_LATENCY`] cycles behind; 0 if there is none |
//! | `a_out` .. `d_out` | 32 | the words after it, `a` with `x_in` added |
//!
//! # Latency
//! [`LATENCY`] cycles.
//!
//! # Why
//! A G is six sums of two words, one behind the other but for those with a message word: these are made a step
//! ahead, beside another. So there are four sums in a row, a stage each, and a stage is an XOR, a rotation, which
//! costs nothing, and one carry chain.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Cycles from the words to what G makes of them.
pub const LATENCY: usize = 5;
/// Cycles by which `y_in` comes behind the words.
pub const Y_LATENCY: usize = 1;
/// Cycles by which `x_in` comes behind the words.
pub const X_LATENCY: usize = 3;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Mixer {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// First row, message word added.
    pub a_in: Signal<In, Bits<32>>,
    /// Second row.
    pub b_in: Signal<In, Bits<32>>,
    /// Third row.
    pub c_in: Signal<In, Bits<32>>,
    /// Fourth row.
    pub d_in: Signal<In, Bits<32>>,
    /// Second message word.
    pub y_in: Signal<In, Bits<32>>,
    /// First message word of what comes next.
    pub x_in: Signal<In, Bits<32>>,
    /// First row, next message word added.
    pub a_out: Signal<Out, Bits<32>>,
    /// Second row.
    pub b_out: Signal<Out, Bits<32>>,
    /// Third row.
    pub c_out: Signal<Out, Bits<32>>,
    /// Fourth row.
    pub d_out: Signal<Out, Bits<32>>,
    a: [DFF<Bits<32>>; 5],
    b: [DFF<Bits<32>>; 5],
    c: [DFF<Bits<32>>; 5],
    d: [DFF<Bits<32>>; 5],
    // Words of the fourth and second row before and after they turn
    first_d: Signal<Local, Bits<32>>,
    first_d_turned: Signal<Local, Bits<32>>,
    first_b: Signal<Local, Bits<32>>,
    first_b_turned: Signal<Local, Bits<32>>,
    second_d: Signal<Local, Bits<32>>,
    second_d_turned: Signal<Local, Bits<32>>,
    second_b: Signal<Local, Bits<32>>,
}

impl Logic for Mixer {
    #[hdl_gen]
    fn update(&mut self) {
        for s in 0..5 {
            self.a[s].clock.next = self.clock.val();
            self.b[s].clock.next = self.clock.val();
            self.c[s].clock.next = self.clock.val();
            self.d[s].clock.next = self.clock.val();
        }
        // a += b
        self.a[0].d.next = self.a_in.val() + self.b_in.val();
        self.b[0].d.next = self.b_in.val();
        self.c[0].d.next = self.c_in.val();
        self.d[0].d.next = self.d_in.val();
        // d = (d ^ a) >>> 16; c += d; and the second message word ahead
        self.first_d.next = self.d[0].q.val() ^ self.a[0].q.val();
        self.first_d_turned.next = (self.first_d.val() >> 16) | (self.first_d.val() << 16);
        self.a[1].d.next = self.a[0].q.val() + self.y_in.val();
        self.b[1].d.next = self.b[0].q.val();
        self.c[1].d.next = self.c[0].q.val() + self.first_d_turned.val();
        self.d[1].d.next = self.first_d_turned.val();
        // b = (b ^ c) >>> 12; a += b
        self.first_b.next = self.b[1].q.val() ^ self.c[1].q.val();
        self.first_b_turned.next = (self.first_b.val() >> 12) | (self.first_b.val() << 20);
        self.a[2].d.next = self.a[1].q.val() + self.first_b_turned.val();
        self.b[2].d.next = self.first_b_turned.val();
        self.c[2].d.next = self.c[1].q.val();
        self.d[2].d.next = self.d[1].q.val();
        // d = (d ^ a) >>> 8; c += d; and the next message word ahead
        self.second_d.next = self.d[2].q.val() ^ self.a[2].q.val();
        self.second_d_turned.next = (self.second_d.val() >> 8) | (self.second_d.val() << 24);
        self.a[3].d.next = self.a[2].q.val() + self.x_in.val();
        self.b[3].d.next = self.b[2].q.val();
        self.c[3].d.next = self.c[2].q.val() + self.second_d_turned.val();
        self.d[3].d.next = self.second_d_turned.val();
        // b = (b ^ c) >>> 7
        self.second_b.next = self.b[3].q.val() ^ self.c[3].q.val();
        self.a[4].d.next = self.a[3].q.val();
        self.b[4].d.next = (self.second_b.val() >> 7) | (self.second_b.val() << 25);
        self.c[4].d.next = self.c[3].q.val();
        self.d[4].d.next = self.d[3].q.val();

        self.a_out.next = self.a[4].q.val();
        self.b_out.next = self.b[4].q.val();
        self.c_out.next = self.c[4].q.val();
        self.d_out.next = self.d[4].q.val();
    }
}

#[cfg(test)]
mod tests;
