//! A solution of Amadeus: drives a [`ticket`](crate::ticket) machine through the hash of a seed and its product, and
//! says whether it has zeros where a hit has them.
//!
//! ```text
//!                         +----------+===> load, copy, read, run
//!   start_in ------------>|          |<--- done_in
//!   nonce_in ============>|          |<=== ticket_in
//!   job_word_in =========>| Solution |===> job_place_out
//!   result_word_in ======>|          |===> result_place_out
//!                         |          |---> busy_out
//!                         +----------+---> valid_out, hit_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop the solution; the ticket is to be reset with it |
//! | `start_in` | 1 | hash; not while `busy_out`, nor while the ticket is busy |
//! | `nonce_in` | 32 | the attempt's nonce word; stands while `busy_out` |
//! | `job_place_out` | 5 | a word of the [seed](crate::registers::SEED_FIELDS) |
//! | `job_word_in` | 32 | that word, [`JOB_LATENCY`] cycles later |
//! | `result_place_out` | 8 | a result: 16 row + column |
//! | `result_word_in` | 32 | that result, [`RESULT_LATENCY`] cycles later |
//! | `load_out`, `load_place_out`, `copy_out`, `word_out`, `bound_out`, `read_out`, `run_out` | 1, 5, 1, 3, 1, 1, 1 | to the ticket; but for `load_place_out` and `word_out` they are 0 while nothing is hashed |
//! | `load_word_out` | 32 | to the ticket; from two cycles behind a solution or reset on, `job_word_in` a cycle late, so that a tile's job can take the same way |
//! | `done_in` | 1 | the ticket's `valid_out` |
//! | `ticket_in` | 32 | the ticket's `ticket_out` |
//! | `busy_out` | 1 | from the cycle behind `start_in` to the one before `valid_out` |
//! | `valid_out` | 1 | for one cycle: the hash is where a ticket is, and can be read as one is |
//! | `hit_out` | 1 | with `valid_out`: the hash's first two words have zeros under the seed's masks |
//!
//! # The hash
//! covers 1264 bytes: the seed's 240 and the product, row by row. The host has compressed the seed's first three blocks.
//! Eighteen compressions are left, by number:
//!
//! | number | chaining value | message | flags |
//! |---|---|---|---|
//! | 0 | seed 20 to 27 | seed 0 to 11, with the nonce; 4 results | |
//! | 1 to 12 | | 16 results | of the last: end of the chunk |
//! | 13 to 15 | of the first: initial | 16 results | of the first: start of the chunk |
//! | 16 | | 12 results, 4 zeros | end of the chunk; 48 bytes |
//! | 17 | initial | the chaining values behind 12 and 16 | parent, root |
//!
//! Where no chaining value is named, it is the one that the compression before has left. That behind 12 waits in the
//! bound's places.
//!
//! # Steps
//! | steps | what |
//! |---|---|
//! | 0 to 15 | words of the message |
//! | 16 to 23 | in 13: copy the chaining value to the bound's places |
//! | 24 to 31 | in 0, 13 and 17: words of the chaining value |
//! | 34 | run |
//! | 40 to 43 | counter, length, flags, as the ticket takes them |
//!
//! Behind compression 17 the first two words of the hash are read, with steps 0 and 1, and their masks, with 2 and 3.
//! At most 32 cycles in a row are taken from the fold register.
//!
//! # Latency
//! [`LATENCY`] cycles from `start_in` to `valid_out`: two to begin, [`BLOCK_CYCLES`] a compression, and
//! [`RESULT_LATENCY`] + 5 for the comparison.
//!
//! # Why
//! The ticket machine is there and rests nearly always: an attempt takes more than 50,000 cycles. So this counts steps,
//! and what a step does is small tables. Nothing that a ticket needs is changed in the ticket's memory, so that a reset
//! can come at any time.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use comparison::Comparison;
use tables::{InitialWord, Parameter};

mod comparison;
mod latency;
mod tables;

pub use latency::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Solution {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    /// Hash.
    pub start_in: Signal<In, Bit>,
    /// The attempt's nonce word.
    pub nonce_in: Signal<In, Bits<32>>,
    /// Which word of the seed.
    pub job_place_out: Signal<Out, Bits<5>>,
    /// The word.
    pub job_word_in: Signal<In, Bits<32>>,
    /// Which result.
    pub result_place_out: Signal<Out, Bits<8>>,
    /// The result.
    pub result_word_in: Signal<In, Bits<32>>,
    // To the ticket
    /// Load a word, or copy one.
    pub load_out: Signal<Out, Bit>,
    /// Where to.
    pub load_place_out: Signal<Out, Bits<5>>,
    /// The word.
    pub load_word_out: Signal<Out, Bits<32>>,
    /// Copy it.
    pub copy_out: Signal<Out, Bit>,
    /// Which word to copy or to read.
    pub word_out: Signal<Out, Bits<3>>,
    /// Of the bound's places.
    pub bound_out: Signal<Out, Bit>,
    /// Read a word.
    pub read_out: Signal<Out, Bit>,
    /// Compress.
    pub run_out: Signal<Out, Bit>,
    // From the ticket
    /// It is compressed.
    pub done_in: Signal<In, Bit>,
    /// The word that was read.
    pub ticket_in: Signal<In, Bits<32>>,
    // What comes of it
    /// A solution is being hashed.
    pub busy_out: Signal<Out, Bit>,
    /// The hash is there.
    pub valid_out: Signal<Out, Bit>,
    /// It has the zeros.
    pub hit_out: Signal<Out, Bit>,
    // Where the hash stands: compression, and its step, which stays at the last one
    busy: DFF<Bit>,
    block: DFF<Bits<5>>,
    restart: DFF<Bit>,
    step: DFF<Bits<6>>,
    late: [DFF<Bits<6>>; LATE],
    // Which compression it is: the seed's, 13, 13 to 16, 12 or 16, 16, 17, and none any more
    first: DFF<Bit>,
    opens: DFF<Bit>,
    second: DFF<Bit>,
    ends: DFF<Bit>,
    short: DFF<Bit>,
    root: DFF<Bit>,
    reads: DFF<Bit>,
    // What is fetched
    last_four: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,
    result_place: DFF<Bits<8>>,
    ahead: Signal<Local, Bits<6>>,
    job_row: Signal<Local, Bits<2>>,
    job_column: Signal<Local, Bits<3>>,
    job_wide: Join<2, 3, 5>,
    job_place: DFF<Bits<5>>,
    // What the ticket does
    now: Signal<Local, Bits<6>>,
    load_row: Signal<Local, Bits<2>>,
    load_wide: Join<2, 3, 5>,
    load: DFF<Bit>,
    load_place: DFF<Bits<5>>,
    copy: DFF<Bit>,
    bound: DFF<Bit>,
    read: DFF<Bit>,
    run: DFF<Bit>,
    gives: DFF<Bit>,
    // Where its word comes from: one of these
    from_job: DFF<Bit>,
    from_nonce: DFF<Bit>,
    from_result: DFF<Bit>,
    from_table: DFF<Bit>,
    from_parameter: DFF<Bit>,
    index: DFF<Bits<3>>,
    initial_word: InitialWord,
    parameter_word: Parameter,
    fetched: Signal<Local, Bits<32>>,
    named: Signal<Local, Bits<32>>,
    result: Signal<Local, Bits<32>>,
    constant_word: Signal<Local, Bits<32>>,
    load_word: DFF<Bits<32>>,
    // Comparison
    comparison: Comparison,
    compared: DFF<Bit>,
    over: Signal<Local, Bit>,
    valid: DFF<Bit>,
}

impl Logic for Solution {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            busy,
            block,
            restart,
            step,
            first,
            opens,
            second,
            ends,
            short,
            root,
            reads,
            result_place,
            job_place,
            load,
            load_place,
            copy,
            bound,
            read,
            run,
            gives,
            from_job,
            from_nonce,
            from_result,
            from_table,
            from_parameter,
            index,
            load_word,
            compared,
            valid
        );
        for s in 0..LATE {
            self.late[s].clock.next = self.clock.val();
        }

        // Where the hash stands
        self.restart.d.next = self.start_in.val() || (self.busy.q.val() && self.done_in.val());
        if self.busy.q.val() && self.done_in.val() {
            self.block.d.next = self.block.q.val() + bits::<5>(1);
        }
        if self.busy.q.val() && !self.step.q.val().all() {
            self.step.d.next = self.step.q.val() + bits::<6>(1);
        }
        if self.restart.q.val() {
            self.step.d.next = bits::<6>(0);
        }
        self.late[0].d.next = self.step.q.val();
        for s in 1..LATE {
            self.late[s].d.next = self.late[s - 1].q.val();
        }
        for n in LATE..(LATE + 1) {
            self.ahead.next = self.late[n - 2].q.val();
            self.now.next = self.late[n - 1].q.val();
        }
        self.first.d.next = self.block.q.val() == bits::<5>(0);
        self.opens.d.next = self.block.q.val() == bits::<5>(13);
        self.second.d.next =
            self.block.q.val() >= bits::<5>(13) && self.block.q.val() <= bits::<5>(16);
        self.ends.d.next =
            self.block.q.val() == bits::<5>(12) || self.block.q.val() == bits::<5>(16);
        self.short.d.next = self.block.q.val() == bits::<5>(16);
        self.root.d.next = self.block.q.val() == bits::<5>(17);
        self.reads.d.next = self.block.q.val() == bits::<5>(18);

        // Fetch: results one after the other
        self.takes.next = self.busy.q.val()
            && !self.step.q.val().get_bit(5)
            && !self.step.q.val().get_bit(4)
            && !self.root.q.val()
            && !self.reads.q.val();
        self.last_four.next = self.step.q.val().get_bit(3) && self.step.q.val().get_bit(2);
        if (self.last_four.val() && self.short.q.val())
            || (!self.last_four.val() && self.first.q.val())
        {
            self.takes.next = false;
        }
        if self.takes.val() {
            self.result_place.d.next = self.result_place.q.val() + bits::<8>(1);
        }

        // Fetch: message, chaining value or masks of the seed
        self.job_row.next = bits::<2>(0);
        if self.ahead.val().get_bit(3) {
            self.job_row.next = bits::<2>(1);
        }
        self.job_column.next = self.ahead.val().get_bits::<3>(0);
        if self.ahead.val().get_bit(4) {
            self.job_row.next = bits::<2>(2);
            if self.ahead.val().get_bit(2) {
                self.job_row.next = bits::<2>(3);
            }
            self.job_column.next = self.ahead.val().get_bits::<3>(0) ^ bits::<3>(4);
        }
        if self.reads.q.val() {
            self.job_row.next = bits::<2>(3);
            self.job_column.next = bits::<3>(4);
            if self.ahead.val().get_bit(0) {
                self.job_column.next = bits::<3>(5);
            }
        }
        self.job_wide.high_in.next = self.job_row.val();
        self.job_wide.low_in.next = self.job_column.val();
        self.job_place.d.next = self.job_wide.joined_out.val();

        // What the ticket does: load or copy words of the message, of the bound's places, of the chaining value
        self.load_row.next = bits::<2>(0);
        self.load.d.next = false;
        self.copy.d.next = false;
        self.bound.d.next = false;
        if self.busy.q.val() && !self.now.val().get_bit(5) {
            if self.now.val().get_bit(4) {
                self.load.d.next = self.first.q.val() || self.opens.q.val() || self.root.q.val();
                if !self.now.val().get_bit(3) {
                    self.load_row.next = bits::<2>(1);
                    self.load.d.next = self.opens.q.val();
                    self.copy.d.next = self.opens.q.val();
                }
            } else {
                self.load_row.next = bits::<2>(2);
                if self.now.val().get_bit(3) {
                    self.load_row.next = bits::<2>(3);
                }
                self.load.d.next = !self.reads.q.val();
                self.copy.d.next = self.root.q.val();
                self.bound.d.next = self.root.q.val() && !self.now.val().get_bit(3);
            }
        }
        self.load_wide.high_in.next = self.load_row.val();
        self.load_wide.low_in.next = self.now.val().get_bits::<3>(0);
        self.load_place.d.next = self.load_wide.joined_out.val();
        self.read.d.next = self.busy.q.val() && self.reads.q.val();
        self.run.d.next =
            self.busy.q.val() && !self.reads.q.val() && self.now.val() == bits::<6>(34);
        self.gives.d.next = self.now.val().get_bits::<3>(3) == bits::<3>(5);

        // Where its word comes from
        self.from_job.d.next = !self.busy.q.val();
        self.from_nonce.d.next = false;
        self.from_result.d.next = false;
        self.from_table.d.next = false;
        self.from_parameter.d.next = self.busy.q.val() && self.gives.q.val();
        if self.busy.q.val() && !self.gives.q.val() {
            if self.load_place.q.val().get_bit(4) {
                self.from_result.d.next = !self.first.q.val();
                self.from_job.d.next = self.first.q.val();
                if self.first.q.val() && self.load_place.q.val() == bits::<5>(25) {
                    self.from_job.d.next = false;
                    self.from_nonce.d.next = true;
                }
                if self.load_place.q.val().get_bit(3) && self.load_place.q.val().get_bit(2) {
                    self.from_job.d.next = false;
                    self.from_result.d.next = !self.short.q.val();
                }
            } else {
                self.from_job.d.next = self.first.q.val();
                self.from_table.d.next = !self.first.q.val();
            }
        }
        self.index.d.next = self.load_place.q.val().get_bits::<3>(0);
        self.initial_word.index_in.next = self.index.q.val();
        self.parameter_word.index_in.next = self.index.q.val().get_bits::<2>(0);
        self.parameter_word.opens_in.next = self.opens.q.val();
        self.parameter_word.second_in.next = self.second.q.val();
        self.parameter_word.ends_in.next = self.ends.q.val();
        self.parameter_word.short_in.next = self.short.q.val();
        self.parameter_word.root_in.next = self.root.q.val();
        self.fetched.next = bits::<32>(0);
        if self.from_job.q.val() {
            self.fetched.next = self.job_word_in.val();
        }
        self.named.next = bits::<32>(0);
        if self.from_nonce.q.val() {
            self.named.next = self.nonce_in.val();
        }
        self.result.next = bits::<32>(0);
        if self.from_result.q.val() {
            self.result.next = self.result_word_in.val();
        }
        self.constant_word.next = bits::<32>(0);
        if self.from_table.q.val() {
            self.constant_word.next = self.initial_word.word_out.val();
        }
        if self.from_parameter.q.val() {
            self.constant_word.next = self.parameter_word.word_out.val();
        }
        self.load_word.d.next =
            self.fetched.val() | self.named.val() | self.result.val() | self.constant_word.val();

        // Comparison: a word of the hash and its mask are here at once
        self.comparison.clock.next = self.clock.val();
        self.comparison.clear_in.next = self.start_in.val();
        self.comparison.word_in.next = self.ticket_in.val();
        self.comparison.mask_in.next = self.job_word_in.val();
        self.comparison.compare_in.next = self.compared.q.val();
        self.compared.d.next = self.reads.q.val()
            && !self.now.val().get_bit(5)
            && self.now.val().get_bits::<2>(1) == bits::<2>(2);
        self.over.next = self.busy.q.val()
            && self.reads.q.val()
            && !self.now.val().get_bit(5)
            && self.now.val().get_bits::<2>(1) == bits::<2>(3);
        self.valid.d.next = self.over.val();
        if self.over.val() {
            self.busy.d.next = false;
            self.read.d.next = false;
            self.step.d.next = bits::<6>(63);
        }

        // Start and reset
        if self.start_in.val() {
            self.busy.d.next = true;
            self.block.d.next = bits::<5>(0);
            self.result_place.d.next = bits::<8>(0);
        }
        if self.reset_in.val() {
            self.busy.d.next = false;
            self.restart.d.next = false;
            self.step.d.next = bits::<6>(63);
            for s in 0..LATE {
                self.late[s].d.next = bits::<6>(63);
            }
            self.load.d.next = false;
            self.copy.d.next = false;
            self.bound.d.next = false;
            self.read.d.next = false;
            self.run.d.next = false;
            self.valid.d.next = false;
        }

        // Outputs
        self.job_place_out.next = self.job_place.q.val();
        self.result_place_out.next = self.result_place.q.val();
        self.load_out.next = self.load.q.val();
        self.load_place_out.next = self.load_place.q.val();
        self.load_word_out.next = self.load_word.q.val();
        self.copy_out.next = self.copy.q.val();
        self.word_out.next = self.load_place.q.val().get_bits::<3>(0);
        self.bound_out.next = self.bound.q.val();
        self.read_out.next = self.read.q.val();
        self.run_out.next = self.run.q.val();
        self.busy_out.next = self.busy.q.val();
        self.valid_out.next = self.valid.q.val();
        self.hit_out.next = self.comparison.zeros_out.val();
    }
}

#[cfg(test)]
mod tests;
