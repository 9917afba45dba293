//! A solution with its ticket, and memories for the seed and the product.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use super::{RESULT_LATENCY, Solution};
use crate::ticket::Ticket;

/// Registers behind the product's memory.
const RESULT_DELAYS: usize = RESULT_LATENCY - 1;

/// The ticket is the solution's while that is busy, and the test's otherwise.
#[derive(LogicBlock, Default)]
pub struct Bench {
    pub clock: Signal<In, Clock>,
    pub reset_in: Signal<In, Bit>,
    pub start_in: Signal<In, Bit>,
    pub nonce_in: Signal<In, Bits<32>>,
    // A word of the seed (8 bits of address, the low 5 count), or a result
    pub write_seed_in: Signal<In, Bit>,
    pub write_result_in: Signal<In, Bit>,
    pub write_address_in: Signal<In, Bits<8>>,
    pub write_data_in: Signal<In, Bits<32>>,
    // Ticket
    pub fold_valid_in: Signal<In, Bit>,
    pub fold_in: Signal<In, Bits<32>>,
    pub tile_end_in: Signal<In, Bit>,
    pub load_in: Signal<In, Bit>,
    pub load_place_in: Signal<In, Bits<5>>,
    pub load_word_in: Signal<In, Bits<32>>,
    pub read_in: Signal<In, Bit>,
    pub word_in: Signal<In, Bits<3>>,
    pub ticket_out: Signal<Out, Bits<32>>,
    pub ticket_valid_out: Signal<Out, Bit>,
    pub ticket_hit_out: Signal<Out, Bit>,
    // Solution
    pub busy_out: Signal<Out, Bit>,
    pub valid_out: Signal<Out, Bit>,
    pub hit_out: Signal<Out, Bit>,
    seed_place: DFF<Bits<5>>,
    seed: RAM<Bits<32>, 5>,
    product: RAM<Bits<32>, 8>,
    results: [DFF<Bits<32>>; RESULT_DELAYS],
    ticket: Ticket,
    solution: Solution,
}

impl Logic for Bench {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, seed_place);
        for s in 0..RESULT_DELAYS {
            self.results[s].clock.next = self.clock.val();
        }
        self.seed.read_clock.next = self.clock.val();
        self.seed.write_clock.next = self.clock.val();
        self.product.read_clock.next = self.clock.val();
        self.product.write_clock.next = self.clock.val();
        self.ticket.clock.next = self.clock.val();
        self.solution.clock.next = self.clock.val();

        // Memories
        self.seed.write_enable.next = self.write_seed_in.val();
        self.seed.write_address.next = self.write_address_in.val().get_bits::<5>(0);
        self.seed.write_data.next = self.write_data_in.val();
        self.seed_place.d.next = self.solution.job_place_out.val();
        self.seed.read_address.next = self.seed_place.q.val();
        self.solution.job_word_in.next = self.seed.read_data.val();
        self.product.write_enable.next = self.write_result_in.val();
        self.product.write_address.next = self.write_address_in.val();
        self.product.write_data.next = self.write_data_in.val();
        self.product.read_address.next = self.solution.result_place_out.val();
        self.results[0].d.next = self.product.read_data.val();
        for s in 1..RESULT_DELAYS {
            self.results[s].d.next = self.results[s - 1].q.val();
        }
        for s in RESULT_DELAYS..(RESULT_DELAYS + 1) {
            self.solution.result_word_in.next = self.results[s - 1].q.val();
        }

        // Ticket
        self.ticket.reset_in.next = self.reset_in.val();
        self.ticket.fold_valid_in.next = self.fold_valid_in.val();
        self.ticket.fold_in.next = self.fold_in.val();
        self.ticket.tile_end_in.next = self.tile_end_in.val();
        self.ticket.load_in.next = self.solution.load_out.val() || self.load_in.val();
        self.ticket.load_place_in.next = self.load_place_in.val();
        self.ticket.load_word_in.next = self.load_word_in.val();
        self.ticket.word_in.next = self.word_in.val();
        if self.solution.busy_out.val() {
            self.ticket.load_place_in.next = self.solution.load_place_out.val();
            self.ticket.load_word_in.next = self.solution.load_word_out.val();
            self.ticket.word_in.next = self.solution.word_out.val();
        }
        self.ticket.copy_in.next = self.solution.copy_out.val();
        self.ticket.bound_in.next = self.solution.bound_out.val();
        self.ticket.read_in.next = self.solution.read_out.val() || self.read_in.val();
        self.ticket.run_in.next = self.solution.run_out.val();

        // Solution
        self.solution.reset_in.next = self.reset_in.val();
        self.solution.start_in.next = self.start_in.val();
        self.solution.nonce_in.next = self.nonce_in.val();
        self.solution.done_in.next = self.ticket.valid_out.val();
        self.solution.ticket_in.next = self.ticket.ticket_out.val();

        // Outputs
        self.ticket_out.next = self.ticket.ticket_out.val();
        self.ticket_valid_out.next = self.ticket.valid_out.val();
        self.ticket_hit_out.next = self.ticket.hit_out.val();
        self.busy_out.next = self.solution.busy_out.val();
        self.valid_out.next = self.solution.valid_out.val();
        self.hit_out.next = self.solution.hit_out.val();
    }
}
