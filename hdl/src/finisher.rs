//! Finishes tiles: ticket, comparison with the bound, completion queue; and holds the next tile's end
//! back until that is done.
//!
//! ```text
//!   the running tile ===>+----------+---> hold_out, drain_out
//!   tile_end, final ---->|          |
//!   fold words =========>| Finisher |---> keep_out, bank_out
//!   done_in ------------>|          |===> waiting_out, tiles, hits
//!   job window =========>|          |
//!   address_in =========>|          |===> data_out
//!   pop, release ======> +----------+---> underflow_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop all completions and tickets; stands while the array empties itself |
//! | `job_write_in`, `job_address_in`, `job_data_in` | 1, 6, 32 | a word of a job slot |
//! | `active_in` .. `chunks_last_in` | | the running tile, see [`queue`](crate::queue) and [`sources`](crate::sources) |
//! | `tile_end_in`, `final_in` | 1 | from the [sequencer](crate::sequencer): the running tile's last step was taken in the last cycle; steps of its end are due |
//! | `fold_valid_in`, `fold_in` | 1, 32 | from the [array](crate::array) |
//! | `done_in` | 1 | the tile's last result is out |
//! | `hold_out` | 1 | no step may be taken |
//! | `drain_out` | 1 | with `hold_out`: because no bank is free |
//! | `keep_out`, `bank_out` | 1 | the results that come now are kept; in this bank |
//! | `time_low_in`, `time_high_in` | 32 | the device's clock, for the completion |
//! | `pop_in`, `release_in`, `count_in` | 1, 1, 5 | the host frees completions, or banks |
//! | `popped_out`, `popped_count_out` | 1, 5 | there were as many completions as are popped, [`FREE_LATENCY`] cycle later |
//! | `underflow_out` | 1 | there were not; nothing was freed |
//! | `waiting_out` | 5 | completions in the queue |
//! | `tile_out`, `hit_out` | 1 | for one cycle: a tile is complete; and its ticket is a hit |
//! | `address_in`, `data_out` | 8, 32 | window on the completion queue |
//!
//! # Protocol
//! 1. The words of the tile's job slot are read when the tile before it is complete.
//! 2. From the first step of its last whole chunk on, a tile is held until its job is read, and until a
//!    bank is free if its results are kept. So neither its last fold word nor its first result can meet
//!    those of the tile before, however short it is.
//! 3. A tile is complete when its ticket, its last result and its completion's entry are there.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/finisher.txt"), "```")]
//!
//! # Why
//! Holding the end of a tile instead of its start costs nothing where tiles are long: the ticket of
//! one is ready hundreds of cycles before the next one's last chunk begins.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::accounts::Accounts;
use crate::completions::Completions;
use crate::flags::Flags;
use crate::jobs::Jobs;
use crate::join::Join;
use crate::scan::Scan;
use crate::solution::Solution;
use crate::ticket::Ticket;

mod latency;
pub use latency::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Finisher {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Job window
    /// A word of a job slot.
    pub job_write_in: Signal<In, Bit>,
    /// Which one.
    pub job_address_in: Signal<In, Bits<6>>,
    /// The word.
    pub job_data_in: Signal<In, Bits<32>>,
    // The running tile
    /// There is one.
    pub active_in: Signal<In, Bit>,
    /// Its tag.
    pub tag_in: Signal<In, Bits<32>>,
    /// Its job slot.
    pub job_in: Signal<In, Bits<2>>,
    /// Its results are kept.
    pub want_in: Signal<In, Bit>,
    /// It is a scan's.
    pub scan_in: Signal<In, Bit>,
    /// It is a tile of Pearl, not an attempt.
    pub noise_in: Signal<In, Bit>,
    /// Its whole chunks, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    /// Its last step was taken in the last cycle.
    pub tile_end_in: Signal<In, Bit>,
    /// Steps of its last whole chunk or tail are due.
    pub final_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    /// Because no bank is free.
    pub drain_out: Signal<Out, Bit>,
    /// A tile is being finished.
    pub pending_out: Signal<Out, Bit>,
    /// It begins again at its end, as the next attempt.
    pub again_out: Signal<Out, Bit>,
    // For a source of operands
    /// A word of a scan's seed.
    pub seed_write_out: Signal<Out, Bit>,
    /// Which one.
    pub seed_place_out: Signal<Out, Bits<5>>,
    /// The word.
    pub seed_word_out: Signal<Out, Bits<32>>,
    /// The running scan's seed is whole.
    pub seeded_out: Signal<Out, Bit>,
    // From the array
    /// A fold word is there.
    pub fold_valid_in: Signal<In, Bit>,
    /// Fold word.
    pub fold_in: Signal<In, Bits<32>>,
    /// The last result is out.
    pub done_in: Signal<In, Bit>,
    /// Keep the results that come.
    pub keep_out: Signal<Out, Bit>,
    /// In this bank.
    pub bank_out: Signal<Out, Bit>,
    /// Results are read for a solution's hash.
    pub hashes_out: Signal<Out, Bit>,
    /// Which one: 16 row + column.
    pub result_place_out: Signal<Out, Bits<8>>,
    /// The result, [`RESULT_LATENCY`](crate::solution::RESULT_LATENCY) cycles later.
    pub result_word_in: Signal<In, Bits<32>>,
    // Completion queue
    /// Clock of the device, low half.
    pub time_low_in: Signal<In, Bits<32>>,
    /// Clock of the device, high half.
    pub time_high_in: Signal<In, Bits<32>>,
    /// Free completions.
    pub pop_in: Signal<In, Bit>,
    /// Free banks.
    pub release_in: Signal<In, Bit>,
    /// How many.
    pub count_in: Signal<In, Bits<5>>,
    /// Completions are freed.
    pub popped_out: Signal<Out, Bit>,
    /// How many.
    pub popped_count_out: Signal<Out, Bits<5>>,
    /// There were not so many.
    pub underflow_out: Signal<Out, Bit>,
    /// Completions in the queue.
    pub waiting_out: Signal<Out, Bits<5>>,
    /// A tile is complete.
    pub tile_out: Signal<Out, Bit>,
    /// Its ticket is a hit.
    pub hit_out: Signal<Out, Bit>,
    /// A word of the queue.
    pub address_in: Signal<In, Bits<8>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    jobs: Jobs,
    // State: the tile that is being finished
    pending: DFF<Bit>,
    want: DFF<Bit>,
    is_scan: DFF<Bit>,
    is_attempt: DFF<Bit>,
    slot: DFF<Bits<2>>,
    chunks_last: DFF<Bits<11>>,
    fold_count: DFF<Bits<11>>,
    /// The next fold word is the tile's last; a cycle late, and they are further apart.
    last_fold: DFF<Bit>,
    /// Its last fold word has come: the next ones are of the running tile.
    folded: DFF<Bit>,
    ticket: Ticket,
    ticket_done: DFF<Bit>,
    hit: DFF<Bit>,
    results_done: DFF<Bit>,
    /// Of a device that grows operands: one; of one that grows those of Amadeus: one.
    scan: Vec<Scan>,
    solution: Vec<Solution>,
    hashing: DFF<Bit>,
    hold: DFF<Bit>,
    drain: DFF<Bit>,
    completions: Completions,
    bank: DFF<Bit>,
    accounts: Accounts,
    // Wires
    last_count: Signal<Local, Bits<11>>,
    attempts: Signal<Local, Bit>,
    keeps: Signal<Local, Bit>,
    drains: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
    folds_attempt: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    finished: Signal<Local, Bit>,
    attempted: Signal<Local, Bit>,
    more: Signal<Local, Bit>,
    hash_starts: Signal<Local, Bit>,
    nonce: Signal<Local, Bits<32>>,
    hit_before: Signal<Local, Bits<1>>,
    flags: Flags,
    flags_wide: Join<1, 3, 4>,
}

impl Finisher {
    /// One that finishes attempts, or tiles of scans, as well.
    pub fn new(attempts: bool, noise: bool) -> Self {
        Self {
            scan: (0..usize::from(attempts || noise)).map(|_| Scan::default()).collect(),
            solution: (0..usize::from(attempts)).map(|_| Solution::default()).collect(),
            ..Self::default()
        }
    }
}

impl Logic for Finisher {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            pending,
            want,
            is_scan,
            is_attempt,
            slot,
            chunks_last,
            fold_count,
            last_fold,
            folded,
            ticket_done,
            hit,
            results_done,
            hashing,
            hold,
            drain,
            bank
        );
        self.jobs.clock.next = self.clock.val();
        self.completions.clock.next = self.clock.val();
        self.ticket.clock.next = self.clock.val();
        self.accounts.clock.next = self.clock.val();

        // What is done: a tile or a scan, or an attempt with another one behind it
        self.finished.next = self.completions.done_out.val();
        self.complete.next = self.pending.q.val()
            && self.ticket_done.q.val()
            && self.results_done.q.val()
            && !self.completions.busy_out.val();
        self.more.next = false;
        self.nonce.next = bits::<32>(0);
        self.hit_before.next = bits::<1>(0);
        for n in 0..self.scan.len() {
            if self.is_scan.q.val() {
                self.more.next = self.scan[n].more_out.val();
                self.nonce.next = self.scan[n].nonce_out.val();
                if self.scan[n].hit_before_out.val() {
                    self.hit_before.next = bits::<1>(1);
                }
            }
        }
        self.attempted.next = self.complete.val() && self.more.val();

        // Job of the running tile, or seed of its scan
        self.jobs.reset_in.next = self.reset_in.val();
        self.jobs.write_in.next = self.job_write_in.val();
        self.jobs.address_in.next = self.job_address_in.val();
        self.jobs.data_in.next = self.job_data_in.val();
        self.jobs.due_in.next = self.active_in.val() && !self.pending.q.val();
        self.jobs.scan_in.next = self.scan_in.val();
        self.jobs.noise_in.next = self.noise_in.val();
        self.jobs.job_in.next = self.job_in.val();
        self.jobs.done_in.next = self.finished.val();
        self.jobs.again_in.next = self.attempted.val() && !self.is_attempt.q.val();
        self.jobs.read_in.next = self.hashing.q.val();
        self.jobs.read_slot_in.next = self.slot.q.val();

        // Ticket: the fold words of a tile may end before its last step, if a tail follows, and those of
        // the next may begin before it is complete
        self.attempts.next = self.scan_in.val() && !self.noise_in.val();
        self.folds_attempt.next = self.attempts.val();
        self.last_count.next = self.chunks_last_in.val();
        if self.pending.q.val() && !self.folded.q.val() {
            self.last_count.next = self.chunks_last.q.val();
            self.folds_attempt.next = self.is_attempt.q.val();
        }
        self.keeps.next = (self.want_in.val() && !self.scan_in.val()) || self.attempts.val();
        self.keep_out.next = self.keeps.val();
        if self.pending.q.val() {
            self.keep_out.next = self.want.q.val() || self.is_attempt.q.val();
        }
        self.ticket.reset_in.next = self.reset_in.val();
        self.ticket.load_in.next = self.jobs.load_out.val();
        self.ticket.load_place_in.next = self.jobs.load_place_out.val();
        self.ticket.load_word_in.next = self.jobs.word_out.val();
        self.ticket.copy_in.next = false;
        self.ticket.run_in.next = false;
        self.ticket.word_in.next = self.completions.ticket_word_out.val();
        self.ticket.bound_in.next = false;
        self.ticket.read_in.next = self.completions.ticket_read_out.val();
        self.jobs.read_place_in.next = bits::<5>(0);
        self.ticket.fold_valid_in.next = self.fold_valid_in.val() && !self.folds_attempt.val();
        self.ticket.fold_in.next = self.fold_in.val();
        self.last_fold.d.next = self.fold_count.q.val() == self.last_count.val();
        self.ticket.tile_end_in.next = self.last_fold.q.val();
        if self.fold_valid_in.val() {
            self.fold_count.d.next = self.fold_count.q.val() + bits::<11>(1);
            if self.last_fold.q.val() {
                self.fold_count.d.next = bits::<11>(0);
                self.folded.d.next = true;
            }
        }
        if self.ticket.valid_out.val() && !self.hashing.q.val() {
            self.ticket_done.d.next = true;
            self.hit.d.next = self.ticket.hit_out.val();
        }
        if self.done_in.val() {
            self.results_done.d.next = true;
        }
        if self.tile_end_in.val() {
            self.pending.d.next = true;
            self.want.d.next = self.want_in.val() && !self.scan_in.val();
            self.is_scan.d.next = self.scan_in.val();
            self.is_attempt.d.next = self.attempts.val();
            self.slot.d.next = self.job_in.val();
            self.chunks_last.d.next = self.chunks_last_in.val();
        }

        // An attempt has a hash of its results instead of a ticket
        self.hash_starts.next = self.pending.q.val()
            && self.is_attempt.q.val()
            && self.results_done.q.val()
            && !self.hashing.q.val();
        if self.hash_starts.val() {
            self.hashing.d.next = true;
        }
        self.again_out.next = false;
        self.hashes_out.next = false;
        self.result_place_out.next = bits::<8>(0);
        for n in 0..self.scan.len() {
            self.scan[n].clock.next = self.clock.val();
            self.scan[n].reset_in.next = self.reset_in.val();
            self.scan[n].seed_write_in.next = self.jobs.seed_write_out.val();
            self.scan[n].seed_place_in.next = self.jobs.seed_place_out.val();
            self.scan[n].seed_word_in.next = self.jobs.word_out.val();
            self.scan[n].scan_in.next = self.scan_in.val();
            self.scan[n].noise_in.next = self.noise_in.val();
            self.scan[n].tile_end_in.next = self.tile_end_in.val();
            self.scan[n].attempt_in.next = self.attempted.val();
            self.scan[n].hit_in.next = self.hit.q.val();
            self.scan[n].end_in.next = self.finished.val();
            self.again_out.next = self.scan[n].again_out.val();
        }
        for n in 0..self.solution.len() {
            self.solution[n].clock.next = self.clock.val();
            self.solution[n].reset_in.next = self.reset_in.val();
            self.solution[n].start_in.next = self.hash_starts.val();
            self.solution[n].nonce_in.next = self.nonce.val();
            self.solution[n].job_word_in.next = self.jobs.word_out.val();
            self.solution[n].result_word_in.next = self.result_word_in.val();
            self.solution[n].done_in.next = self.ticket.valid_out.val();
            self.solution[n].ticket_in.next = self.ticket.ticket_out.val();
            self.jobs.read_place_in.next = self.solution[n].job_place_out.val();
            self.hashes_out.next = self.solution[n].busy_out.val();
            self.result_place_out.next = self.solution[n].result_place_out.val();
            if self.solution[n].busy_out.val() {
                self.ticket.load_in.next = self.solution[n].load_out.val();
                self.ticket.load_place_in.next = self.solution[n].load_place_out.val();
                self.ticket.load_word_in.next = self.solution[n].load_word_out.val();
                self.ticket.copy_in.next = self.solution[n].copy_out.val();
                self.ticket.run_in.next = self.solution[n].run_out.val();
                self.ticket.word_in.next = self.solution[n].word_out.val();
                self.ticket.bound_in.next = self.solution[n].bound_out.val();
                self.ticket.read_in.next = self.solution[n].read_out.val();
            }
            if self.solution[n].valid_out.val() {
                self.ticket_done.d.next = true;
                self.hit.d.next = self.solution[n].hit_out.val();
            }
        }

        // Hold the end of a tile
        self.drains.next = self.keeps.val() && self.accounts.banks_full_out.val();
        self.free.next = self.jobs.loaded_out.val() && !self.pending.q.val();
        self.hold.d.next = self.final_in.val() && (self.drains.val() || !self.free.val());
        self.drain.d.next = self.final_in.val() && self.drains.val() && self.free.val();

        // Entry in the queue
        self.flags.zero_in.next = self.hit.q.val();
        self.flags.one_in.next = self.want.q.val();
        self.flags.two_in.next = self.want.q.val() && self.bank.q.val();
        self.flags_wide.high_in.next = self.hit_before.val();
        self.flags_wide.low_in.next = self.flags.flags_out.val();
        self.completions.reset_in.next = self.reset_in.val();
        self.completions.tile_end_in.next = self.tile_end_in.val();
        self.completions.tag_in.next = self.tag_in.val();
        self.completions.start_in.next = self.complete.val() && !self.more.val();
        self.completions.flags_in.next = self.flags_wide.joined_out.val();
        self.completions.nonce_in.next = self.nonce.val();
        self.completions.time_low_in.next = self.time_low_in.val();
        self.completions.time_high_in.next = self.time_high_in.val();
        self.completions.ticket_in.next = self.ticket.ticket_out.val();
        self.completions.address_in.next = self.address_in.val();

        // Accounts
        self.accounts.reset_in.next = self.reset_in.val();
        self.accounts.pop_in.next = self.pop_in.val();
        self.accounts.release_in.next = self.release_in.val();
        self.accounts.count_in.next = self.count_in.val();
        self.accounts.done_in.next = self.finished.val();
        self.accounts.kept_in.next = self.want.q.val();
        if self.finished.val() && self.want.q.val() {
            self.bank.d.next = !self.bank.q.val();
        }

        // Ready for the next tile
        if self.finished.val() || self.attempted.val() || self.reset_in.val() {
            self.pending.d.next = false;
            self.folded.d.next = false;
            self.ticket_done.d.next = false;
            self.results_done.d.next = false;
            self.hashing.d.next = false;
        }
        if self.reset_in.val() {
            self.fold_count.d.next = bits::<11>(0);
            self.hold.d.next = false;
            self.drain.d.next = false;
            self.bank.d.next = false;
        }

        // Outputs
        self.hold_out.next = self.hold.q.val();
        self.pending_out.next = self.pending.q.val();
        self.drain_out.next = self.drain.q.val();
        self.seed_write_out.next = self.jobs.seed_write_out.val();
        self.seed_place_out.next = self.jobs.seed_place_out.val();
        self.seed_word_out.next = self.jobs.word_out.val();
        self.seeded_out.next = self.free.val();
        self.bank_out.next = self.bank.q.val();
        self.popped_out.next = self.accounts.popped_out.val();
        self.popped_count_out.next = self.accounts.popped_count_out.val();
        self.underflow_out.next = self.accounts.underflow_out.val();
        self.waiting_out.next = self.accounts.waiting_out.val();
        self.tile_out.next = self.finished.val() || self.attempted.val();
        self.hit_out.next = (self.finished.val() || self.attempted.val()) && self.hit.q.val();
        self.data_out.next = self.completions.data_out.val();
    }
}

#[cfg(test)]
mod tests;
