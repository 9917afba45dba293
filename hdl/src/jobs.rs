//! The job slots: written by the host, read for the tile that runs.
//!
//! ```text
//!   write, address, data ==>+------+---> loaded_out
//!   due, scan, noise, job =>|      |---> load, place (ticket)
//!   done, again ----------->| Jobs |---> seed's write, place
//!   read, slot, place =====>+------+===> word_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | no job is loaded |
//! | `write_in`, `address_in`, `data_in` | 1, 6, 32 | a word of a slot |
//! | `due_in` | 1 | a tile runs and none is being finished: load its job, if it is not loaded |
//! | `scan_in`, `noise_in`, `job_in` | 1, 1, 2 | it is a scan's; a tile of Pearl; its slot, or the first of its two; stand while `due_in` |
//! | `done_in` | 1 | the job that is loaded is not needed any more |
//! | `again_in` | 1 | it was used up, and is needed once more: a Pearl tile of a scan with another one behind it is finished |
//! | `loaded_out` | 1 | it is loaded |
//! | `load_out`, `load_place_out` | 1, 5 | a word of a tile's job comes on `word_out` two cycles later |
//! | `seed_write_out`, `seed_place_out` | 1, 5 | a word of a scan's seed is on `word_out` |
//! | `read_in`, `read_slot_in`, `read_place_in` | 1, 2, 5 | read a word of a seed instead, two cycles later; not while one loads |
//! | `word_out` | 32 | the word |
//!
//! # Latency
//! From `due_in` to `loaded_out` 18 cycles for a tile, 34 for a scan, 18 for its next tiles.
//!
//! # Why
//! A ticket takes the place of its own key. So each tile of a scan of Pearl has its key and bound loaded anew, beside
//! its own steps; the rest of the seed counts on where it is.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Jobs {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// No job is loaded.
    pub reset_in: Signal<In, Bit>,
    /// A word of a slot.
    pub write_in: Signal<In, Bit>,
    /// Which one.
    pub address_in: Signal<In, Bits<6>>,
    /// The word.
    pub data_in: Signal<In, Bits<32>>,
    /// Load the running tile's job.
    pub due_in: Signal<In, Bit>,
    /// It is an attempt.
    pub scan_in: Signal<In, Bit>,
    /// Its slot.
    pub job_in: Signal<In, Bits<2>>,
    /// It is a tile of Pearl.
    pub noise_in: Signal<In, Bit>,
    /// It is done.
    pub done_in: Signal<In, Bit>,
    /// It is done, and the same once more.
    pub again_in: Signal<In, Bit>,
    /// Its job is loaded.
    pub loaded_out: Signal<Out, Bit>,
    /// A word of a tile's job comes.
    pub load_out: Signal<Out, Bit>,
    /// Which one.
    pub load_place_out: Signal<Out, Bits<5>>,
    /// A word of a seed is there.
    pub seed_write_out: Signal<Out, Bit>,
    /// Which one.
    pub seed_place_out: Signal<Out, Bits<5>>,
    /// Read a word of a seed.
    pub read_in: Signal<In, Bit>,
    /// The first of its two slots.
    pub read_slot_in: Signal<In, Bits<2>>,
    /// Which word.
    pub read_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
    memory: RAM<Bits<32>, 6>,
    loading: DFF<Bit>,
    place: DFF<Bits<6>>,
    loaded: DFF<Bit>,
    /// A scan's seed was loaded: only the ticket needs its job again.
    seeded: DFF<Bit>,
    // State: the word whose address is next
    load: DFF<Bit>,
    seed: DFF<Bit>,
    load_place: DFF<Bits<6>>,
    address: DFF<Bits<6>>,
    seed_write: [DFF<Bit>; 2],
    seed_place: [DFF<Bits<5>>; 2],
    ends: Signal<Local, Bit>,
    seeds: Signal<Local, Bit>,
    slot: Signal<Local, Bits<2>>,
    read_place: Join<2, 5, 6>,
    whole: Join<2, 4, 6>,
}

impl Logic for Jobs {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, loading, place, loaded, seeded, load, seed, load_place, address);
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();
        for s in 0..2 {
            self.seed_write[s].clock.next = self.clock.val();
            self.seed_place[s].clock.next = self.clock.val();
        }
        self.memory.write_enable.next = self.write_in.val();
        self.memory.write_address.next = self.address_in.val();
        self.memory.write_data.next = self.data_in.val();

        // Where the load stands
        self.seeds.next = self.scan_in.val() && !self.seeded.q.val();
        self.ends.next = self.place.q.val().get_bit(4);
        if self.seeds.val() {
            self.ends.next = self.place.q.val().get_bit(5);
        }
        if self.loading.q.val() {
            self.place.d.next = self.place.q.val() + bits::<6>(1);
            if self.ends.val() {
                self.loading.d.next = false;
                self.loaded.d.next = true;
            }
        }
        if self.due_in.val() && !self.loaded.q.val() && !self.loading.q.val() {
            self.loading.d.next = true;
            self.place.d.next = bits::<6>(0);
        }
        if self.again_in.val() {
            self.loaded.d.next = false;
            self.seeded.d.next = true;
        }
        if self.done_in.val() {
            self.loaded.d.next = false;
            self.seeded.d.next = false;
        }
        if self.reset_in.val() {
            self.loading.d.next = false;
            self.loaded.d.next = false;
            self.seeded.d.next = false;
        }

        // Address, a cycle behind the place: a seed goes on from its first slot into the next
        self.slot.next = self.job_in.val();
        if self.scan_in.val() {
            self.slot.next =
                (self.job_in.val() & bits::<2>(2)) | self.load_place.q.val().get_bits::<2>(4);
        }
        self.whole.high_in.next = self.slot.val();
        self.whole.low_in.next = self.load_place.q.val().get_bits::<4>(0);
        // The slot's low bit makes way for the place's high one.
        self.read_place.high_in.next = self.read_slot_in.val() >> 1;
        self.read_place.low_in.next = self.read_place_in.val();
        self.address.d.next = self.whole.joined_out.val();
        if self.read_in.val() {
            self.address.d.next = self.read_place.joined_out.val();
        }
        self.memory.read_address.next = self.address.q.val();

        // Outputs
        self.loaded_out.next = self.loaded.q.val();
        self.load.d.next = self.loading.q.val()
            && !self.ends.val()
            && (!self.scan_in.val() || (self.noise_in.val() && !self.place.q.val().get_bit(4)));
        self.seed.d.next = self.loading.q.val() && !self.ends.val() && self.seeds.val();
        self.load_place.d.next = self.place.q.val();
        self.load_out.next = self.load.q.val();
        self.load_place_out.next = self.load_place.q.val().get_bits::<5>(0);
        self.seed_write[0].d.next = self.seed.q.val();
        self.seed_place[0].d.next = self.load_place.q.val().get_bits::<5>(0);
        self.seed_write[1].d.next = self.seed_write[0].q.val();
        self.seed_place[1].d.next = self.seed_place[0].q.val();
        self.seed_write_out.next = self.seed_write[1].q.val();
        self.seed_place_out.next = self.seed_place[1].q.val();
        self.word_out.next = self.memory.read_data.val();
    }
}

#[cfg(test)]
mod tests;
