//! The descriptor queue: takes descriptors word by word, holds one ready while another runs, and waits
//! for their panels.
//!
//! ```text
//!   write, word, data ==>+-------+---> active_out
//!   pop, count =========>|       |===> the running tile: tag, shape, job, ..
//!   commits[2] =========>| Queue |---> load_out, base[2]
//!   tile_end_in -------->|       |---> waiting_out, fenced_out
//!   reset_in ----------->+-------+===> outstanding_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop all descriptors |
//! | `write_in`, `word_in`, `data_in` | 1, 2, 32 | a word of the descriptor window; word 3 pushes |
//! | `a_commits_in`, `b_commits_in` | 8 | panels committed so far, modulo 256; a fence that is up to 127 behind is met |
//! | `pop_in`, `pop_count_in` | 1, 5 | completions are popped: so many descriptors are no longer outstanding |
//! | `tile_end_in` | 1 | this cycle's step is the running tile's last; not in the cycle behind `load_out` |
//! | `again_in` | 1 | the running tile is an attempt of a scan and another one follows it: nothing is loaded at its end; stands from a cycle before that on |
//! | `active_out` | 1 | a tile runs: its steps may be taken |
//! | `load_out`, `a_base_out`, `b_base_out` | 1, W, W | another tile is loaded; where its panels begin, in this cycle and the next |
//! | `tag_out` .. `job_out` | | the running tile's descriptor, by field, from [`SHAPE_LATENCY`] after its load on; the steps of chunk and tail as multiples of four |
//! | `scans_out` | 1 | an attempt of a scan runs, or will in the next cycle; low for [`SCAN_REST_CYCLES`] or more between two scans |
//! | `fenced_out` | 1 | no tile runs, for the next one's panels are not committed |
//! | `outstanding_out` | 5 | descriptors pushed and not popped |
//! | `overflow_out` | 1 | this cycle's push is lost: [`QUEUE`](crate::registers::QUEUE) are outstanding |
//!
//! # Latency
//! A tile can be loaded, with `load_out`, [`NEXT_LATENCY`] cycles after the push of its descriptor or
//! after the load of the tile before, whichever comes later; and [`FENCE_LATENCY`] after the commit of
//! its panels, if that comes later still. If a tile runs then, it is loaded in the cycle of that
//! one's end, and follows without a cycle between. Else, and if it is a scan, it is loaded when none runs, and runs
//! [`ARM_CYCLES`] after its load: onto an empty queue [`START_LATENCY`] after its push.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/queue.txt"), "```")]
//!
//! # Why
//! The next descriptor waits in registers, with its fences already compared, so that one tile follows
//! the other in the next cycle. Whether a tile ends is known late in a cycle, so the hundred registers of the
//! running one's descriptor take the next one's a cycle later; what the tile's first steps need is on `a_base_out`
//! and `b_base_out`. The first tile after a rest begins three cycles later: the sequencer compares with a shape
//! that has stood for two.
//!
//! A chunk is whole words of panel memory, of four steps each, so that lanes can
//! [share a memory](crate::panel_group): a host fills the last word up with zeros, which change no sum.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;

/// Cycles from the push of a descriptor, or from the load of the tile before, to the first cycle in
/// which its tile can be loaded.
pub const NEXT_LATENCY: usize = 8;
/// Cycles from the commit of the last panel that a tile waits for to its load.
pub const FENCE_LATENCY: usize = 1;
/// Cycles from the load of a tile, where none runs, to the first cycle in which it runs.
pub const ARM_CYCLES: usize = 4;
/// Cycles from the load of a tile to its descriptor's fields.
pub const SHAPE_LATENCY: usize = 2;
/// Cycles between two scans, at least.
pub const SCAN_REST_CYCLES: usize = ARM_CYCLES - 1;
/// Cycles from the push of a descriptor onto an empty queue to the first cycle in which its tile runs.
pub const START_LATENCY: usize = NEXT_LATENCY + ARM_CYCLES;

/// See the module's documentation. `W` is the number of bits of a word's address in its lane.
#[derive(LogicBlock, Default)]
pub struct Queue<const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Window
    /// A word of a descriptor.
    pub write_in: Signal<In, Bit>,
    /// Which one.
    pub word_in: Signal<In, Bits<2>>,
    /// The word.
    pub data_in: Signal<In, Bits<32>>,
    // Accounts
    /// Panels of A committed.
    pub a_commits_in: Signal<In, Bits<8>>,
    /// Panels of B committed.
    pub b_commits_in: Signal<In, Bits<8>>,
    /// Completions are popped.
    pub pop_in: Signal<In, Bit>,
    /// How many.
    pub pop_count_in: Signal<In, Bits<5>>,
    /// Descriptors outstanding.
    pub outstanding_out: Signal<Out, Bits<5>>,
    /// A descriptor is lost.
    pub overflow_out: Signal<Out, Bit>,
    // The running tile
    /// Its last step is taken.
    pub tile_end_in: Signal<In, Bit>,
    /// It begins again behind its end.
    pub again_in: Signal<In, Bit>,
    /// There is one.
    pub active_out: Signal<Out, Bit>,
    /// Another one begins with the next cycle.
    pub load_out: Signal<Out, Bit>,
    /// First word of the other one's A panel.
    pub a_base_out: Signal<Out, Bits<W>>,
    /// First word of the other one's B panel.
    pub b_base_out: Signal<Out, Bits<W>>,
    /// Tag.
    pub tag_out: Signal<Out, Bits<32>>,
    /// Steps of a chunk, less one.
    pub chunk_last_out: Signal<Out, Bits<10>>,
    /// Whole chunks, less one.
    pub chunks_last_out: Signal<Out, Bits<11>>,
    /// A tail follows.
    pub tail_out: Signal<Out, Bit>,
    /// Its steps, less one.
    pub tail_last_out: Signal<Out, Bits<10>>,
    /// Bytes of A are u8.
    pub unsigned_out: Signal<Out, Bit>,
    /// Keep the product tile.
    pub want_out: Signal<Out, Bit>,
    /// It is an attempt of a scan.
    pub scan_out: Signal<Out, Bit>,
    /// Its operands are noise.
    pub noise_out: Signal<Out, Bit>,
    /// An attempt runs, or will in the next cycle.
    pub scans_out: Signal<Out, Bit>,
    /// Job slot.
    pub job_out: Signal<Out, Bits<2>>,
    /// No tile runs, since the next one's panels are missing.
    pub fenced_out: Signal<Out, Bit>,
    // State: queue
    memory: RAM<Bits<32>, 6>,
    head: DFF<Bits<4>>,
    tail: DFF<Bits<4>>,
    waiting: DFF<Bits<5>>,
    outstanding: DFF<Bits<5>>,
    // State: the next tile
    fetching: DFF<Bit>,
    place: DFF<Bits<3>>,
    next_valid: DFF<Bit>,
    next_tag: DFF<Bits<32>>,
    next_base: DFF<Bits<32>>,
    next_shape: DFF<Bits<32>>,
    next_rest: DFF<Bits<32>>,
    fenced: DFF<Bit>,
    ready: DFF<Bit>,
    /// Ready to follow the running one without a cycle between.
    follows: DFF<Bit>,
    /// Something follows the running one, be it itself.
    goes_on: DFF<Bit>,
    // State: the running tile
    /// It was loaded in the last cycle.
    loaded: DFF<Bit>,
    arming: [DFF<Bit>; 2],
    armed: DFF<Bit>,
    active: DFF<Bit>,
    tag: DFF<Bits<32>>,
    shape: DFF<Bits<32>>,
    rest: DFF<Bits<32>>,
    // Wires
    full: Signal<Local, Bit>,
    push: Signal<Local, Bit>,
    fetched: Signal<Local, Bit>,
    idle: Signal<Local, Bit>,
    starts: Signal<Local, Bit>,
    swap: Signal<Local, Bit>,
    met: Signal<Local, Bit>,
    a_lead: Signal<Local, Bits<8>>,
    b_lead: Signal<Local, Bits<8>>,
    write_place: Join<4, 2, 6>,
    read_place: Join<4, 2, 6>,
}

impl<const W: usize> Logic for Queue<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            head,
            tail,
            waiting,
            outstanding,
            fetching,
            place,
            next_valid,
            next_tag,
            next_base,
            next_shape,
            next_rest,
            fenced,
            ready,
            follows,
            goes_on,
            loaded,
            armed,
            active,
            tag,
            shape,
            rest
        );
        for s in 0..2 {
            self.arming[s].clock.next = self.clock.val();
        }
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();

        // Push
        self.full.next = self.outstanding.q.val().get_bit(4);
        self.push.next = self.write_in.val() && self.word_in.val().all() && !self.full.val();
        self.overflow_out.next = self.write_in.val() && self.word_in.val().all() && self.full.val();
        self.write_place.high_in.next = self.tail.q.val();
        self.write_place.low_in.next = self.word_in.val();
        self.memory.write_address.next = self.write_place.joined_out.val();
        self.memory.write_data.next = self.data_in.val();
        self.memory.write_enable.next = self.write_in.val() && !self.full.val();
        if self.push.val() {
            self.tail.d.next = self.tail.q.val() + bits::<4>(1);
            self.outstanding.d.next = self.outstanding.q.val() + bits::<5>(1);
        }
        if self.pop_in.val() {
            self.outstanding.d.next = self.outstanding.q.val() - self.pop_count_in.val();
        }

        // Fetch the next one: four words, each a cycle behind its address
        self.fetched.next = self.fetching.q.val() && self.place.q.val().get_bit(2);
        self.read_place.high_in.next = self.head.q.val();
        self.read_place.low_in.next = self.place.q.val().get_bits::<2>(0);
        self.memory.read_address.next = self.read_place.joined_out.val();
        if self.fetching.q.val() {
            self.place.d.next = self.place.q.val() + bits::<3>(1);
            self.next_rest.d.next = self.memory.read_data.val();
            self.next_shape.d.next = self.next_rest.q.val();
            self.next_base.d.next = self.next_shape.q.val();
            self.next_tag.d.next = self.next_base.q.val();
        }
        if !self.fetching.q.val() && !self.next_valid.q.val() && self.waiting.q.val().any() {
            self.fetching.d.next = true;
            self.place.d.next = bits::<3>(0);
        }
        if self.fetched.val() {
            self.fetching.d.next = false;
            self.next_valid.d.next = true;
            self.head.d.next = self.head.q.val() + bits::<4>(1);
        }
        if self.push.val() && !self.fetched.val() {
            self.waiting.d.next = self.waiting.q.val() + bits::<5>(1);
        }
        if self.fetched.val() && !self.push.val() {
            self.waiting.d.next = self.waiting.q.val() - bits::<5>(1);
        }

        // Its fences
        self.idle.next = !self.active.q.val()
            && !self.arming[0].q.val()
            && !self.arming[1].q.val()
            && !self.armed.q.val();
        self.starts.next = self.ready.q.val() && self.idle.val();
        self.swap.next = self.starts.val() || (self.follows.q.val() && self.tile_end_in.val());
        self.a_lead.next = self.a_commits_in.val() - self.next_rest.q.val().get_bits::<8>(16);
        self.b_lead.next = self.b_commits_in.val() - self.next_rest.q.val().get_bits::<8>(24);
        // What these say in the cycle behind a load is void: none follows so soon, be the queue idle or not.
        self.fenced.d.next = self.next_valid.q.val()
            && (self.a_lead.val().get_bit(7) || self.b_lead.val().get_bit(7));
        self.met.next = self.next_valid.q.val()
            && !self.a_lead.val().get_bit(7)
            && !self.b_lead.val().get_bit(7);
        self.ready.d.next = self.met.val();
        self.follows.d.next =
            self.met.val() && !self.next_shape.q.val().get_bit(23) && !self.again_in.val();
        self.goes_on.d.next =
            self.again_in.val() || (self.met.val() && !self.next_shape.q.val().get_bit(23));

        // The running one
        self.arming[0].d.next = self.starts.val();
        self.arming[1].d.next = self.arming[0].q.val();
        self.armed.d.next = self.arming[1].q.val();
        if self.armed.q.val() {
            self.active.d.next = true;
        }
        // The next one is loaded at an end exactly if it follows.
        if self.tile_end_in.val() && !self.goes_on.q.val() {
            self.active.d.next = false;
        }
        if self.swap.val() {
            self.next_valid.d.next = false;
        }
        self.loaded.d.next = self.swap.val();
        if self.loaded.q.val() {
            self.tag.d.next = self.next_tag.q.val();
            self.shape.d.next = self.next_shape.q.val();
            self.rest.d.next = self.next_rest.q.val();
        }

        // Reset
        if self.reset_in.val() {
            self.head.d.next = bits::<4>(0);
            self.tail.d.next = bits::<4>(0);
            self.waiting.d.next = bits::<5>(0);
            self.outstanding.d.next = bits::<5>(0);
            self.fetching.d.next = false;
            self.next_valid.d.next = false;
            self.fenced.d.next = false;
            self.ready.d.next = false;
            self.follows.d.next = false;
            self.goes_on.d.next = false;
            for s in 0..2 {
                self.arming[s].d.next = false;
            }
            self.armed.d.next = false;
            self.active.d.next = false;
        }

        // Outputs
        self.outstanding_out.next = self.outstanding.q.val();
        self.active_out.next = self.active.q.val();
        self.load_out.next = self.swap.val();
        self.a_base_out.next = self.next_base.q.val().get_bits::<W>(0);
        self.b_base_out.next = self.next_base.q.val().get_bits::<W>(16);
        self.tag_out.next = self.tag.q.val();
        // Steps less one, of a multiple of four
        self.chunk_last_out.next = self.shape.q.val().get_bits::<10>(0) | bits::<10>(3);
        self.tail_out.next = self.shape.q.val().get_bit(10);
        self.tail_last_out.next = self.shape.q.val().get_bits::<10>(11) | bits::<10>(3);
        self.unsigned_out.next = self.shape.q.val().get_bit(21);
        self.want_out.next = self.shape.q.val().get_bit(22);
        self.scan_out.next = self.shape.q.val().get_bit(23);
        self.noise_out.next = self.shape.q.val().get_bit(24);
        self.scans_out.next =
            self.shape.q.val().get_bit(23) && (self.armed.q.val() || self.active.q.val());
        self.chunks_last_out.next = self.rest.q.val().get_bits::<11>(0);
        self.job_out.next = self.rest.q.val().get_bits::<2>(12);
        self.fenced_out.next = self.fenced.q.val() && self.idle.val();
    }
}

#[cfg(test)]
mod tests;
