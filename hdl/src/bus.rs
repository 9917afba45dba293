//! The bus of the accelerator: which part an address means, and whose word is read.
//!
//! ```text
//!   write_in, address_in ==>+-----+---> one strobe a part
//!                           | Bus |===> next_out, low_out
//!   words of the parts ====>|     |===> data_out
//!                           +-----+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `address_in` | 1, 20 | from the link, a cycle before the word; the address map is that of [`registers`](crate::registers) |
//! | `register_next_out`, `next_out` | 1, 18 | the next cycle's word is for a register; its place in its part |
//! | `descriptor_write_out` .. `b_write_out` | 1 | this cycle's word is for this part |
//! | `low_out` | 18 | place in the part |
//! | `register_in`, `completion_in`, `result_in` | 32 | the parts' words, two cycles behind `low_out`, which is three behind `next_out` |
//! | `data_out` | 32 | the word of the part that was meant, else 0 |
//!
//! # Latency
//! Strobes come with the word, a cycle behind its address; `data_out` comes four cycles behind the
//! address, and three behind `low_out`.
//!
//! # Why
//! A strobe reaches far into the device and what it does there takes its time, so it starts from a
//! register.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Bus {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Write the next cycle's word.
    pub write_in: Signal<In, Bit>,
    /// Where.
    pub address_in: Signal<In, Bits<20>>,
    /// The next word is for a register.
    pub register_next_out: Signal<Out, Bit>,
    /// Its place in its part.
    pub next_out: Signal<Out, Bits<18>>,
    /// To the descriptor window.
    pub descriptor_write_out: Signal<Out, Bit>,
    /// To a job slot.
    pub job_write_out: Signal<Out, Bit>,
    /// To the panel memory of A'.
    pub a_write_out: Signal<Out, Bit>,
    /// To the panel memory of B'.
    pub b_write_out: Signal<Out, Bit>,
    /// Place in the part.
    pub low_out: Signal<Out, Bits<18>>,
    /// Word of a register.
    pub register_in: Signal<In, Bits<32>>,
    /// Word of the completion queue.
    pub completion_in: Signal<In, Bits<32>>,
    /// A result.
    pub result_in: Signal<In, Bits<32>>,
    /// The word read.
    pub data_out: Signal<Out, Bits<32>>,
    is_control: Signal<Local, Bit>,
    is_register: Signal<Local, Bit>,
    /// What is read: nothing, a register, a completion, a result.
    kind: Signal<Local, Bits<2>>,
    low: DFF<Bits<18>>,
    descriptor_write: DFF<Bit>,
    job_write: DFF<Bit>,
    a_write: DFF<Bit>,
    b_write: DFF<Bit>,
    kinds: [DFF<Bits<2>>; 3],
    data: DFF<Bits<32>>,
}

impl Logic for Bus {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, low, descriptor_write, job_write, a_write, b_write, data);
        for s in 0..3 {
            self.kinds[s].clock.next = self.clock.val();
        }

        // Registers and windows stand in the first 512 words.
        self.is_control.next = !(self.address_in.val().get_bits::<11>(9).any());
        self.is_register.next =
            self.is_control.val() && self.address_in.val().get_bits::<3>(6) == bits::<3>(0);
        self.register_next_out.next = self.write_in.val() && self.is_register.val();
        self.next_out.next = self.address_in.val().get_bits::<18>(0);
        self.descriptor_write.d.next = self.write_in.val()
            && self.is_control.val()
            && self.address_in.val().get_bits::<3>(6) == bits::<3>(1);
        self.job_write.d.next = self.write_in.val()
            && self.is_control.val()
            && self.address_in.val().get_bits::<3>(6) == bits::<3>(2);
        self.a_write.d.next =
            self.write_in.val() && self.address_in.val().get_bits::<2>(18) == bits::<2>(2);
        self.b_write.d.next =
            self.write_in.val() && self.address_in.val().get_bits::<2>(18) == bits::<2>(3);
        self.low.d.next = self.address_in.val().get_bits::<18>(0);

        // Data
        self.kind.next = bits::<2>(0);
        if self.is_register.val() {
            self.kind.next = bits::<2>(1);
        }
        if self.is_control.val() && self.address_in.val().get_bit(8) {
            self.kind.next = bits::<2>(2);
        }
        if self.address_in.val().get_bits::<11>(9) == bits::<11>(512) {
            self.kind.next = bits::<2>(3);
        }
        self.kinds[0].d.next = self.kind.val();
        for s in 1..3 {
            self.kinds[s].d.next = self.kinds[s - 1].q.val();
        }
        self.data.d.next = bits::<32>(0);
        if self.kinds[2].q.val() == bits::<2>(1) {
            self.data.d.next = self.register_in.val();
        }
        if self.kinds[2].q.val() == bits::<2>(2) {
            self.data.d.next = self.completion_in.val();
        }
        if self.kinds[2].q.val() == bits::<2>(3) {
            self.data.d.next = self.result_in.val();
        }

        // Outputs
        self.descriptor_write_out.next = self.descriptor_write.q.val();
        self.job_write_out.next = self.job_write.q.val();
        self.a_write_out.next = self.a_write.q.val();
        self.b_write_out.next = self.b_write.q.val();
        self.low_out.next = self.low.q.val();
        self.data_out.next = self.data.q.val();
    }
}

#[cfg(test)]
mod tests;
