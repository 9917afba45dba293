//! The registers that change slowly or never: constants, and many small counters that are swept into the same
//! memory in turn.
//!
//! ```text
//!                  +----------+
//!   event_in[n] -->| Counters |
//!   address_in ===>|          |===> data_out
//!                  +----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `event_in[n]` | 1 | counter n counts this cycle; those from [`FREQUENT`] on at most [`RARE_EVENTS_MAX`] times in [`PERIOD`] cycles |
//! | `address_in` | 6 | address of a [register](crate::registers); stands for two cycles |
//! | `data_out` | 32 | its word, [`READ_LATENCY`] cycles behind the first of them; 0 if it is neither a counter nor a constant |
//!
//! # Latency
//! A sweep takes [`PERIOD`] cycles. The word at address [`COUNTERS`] + s is swept in cycle 2 s + 2 after
//! power-up and every [`PERIOD`] cycles from then on: events of all cycles before are in the word that is read
//! [`SWEPT`] cycles later or more. Words are read in even cycles after power-up. The high half of a counter is
//! swept with what its low half, two cycles before, carried.
//!
//! # Why
//! A counter of 48 bits and its place in the multiplexer in front of the host cost some 100 LUTs, and there
//! are fifteen. A few bits each, one adder and a memory do the same; a reading is up to [`PERIOD`]
//! cycles old, which no host can tell. The sweep reads the memory in every other cycle and leaves the rest to the
//! host, so that one copy does; it writes while it reads, elsewhere, since what a block RAM of an ECP5 reads where
//! it is written at the same time, nobody says. Where a counter can't be, the memory holds the words that say what the device is.

use std::collections::BTreeMap;

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::registers::{COUNTERS, COUNTERS_END, COUNTERS_NARROW, COUNTERS_WIDE};
use crate::zero_extend::ZeroExtend;

/// Counters: nine of 48 bits, six of 24.
pub const COUNT: usize = COUNTERS_WIDE + COUNTERS_NARROW;
/// The first counters count as often as every cycle.
pub const FREQUENT: usize = 7;
/// What the others may count in [`PERIOD`] cycles: bytes, the most frequent of them, take ten each.
pub const RARE_EVENTS_MAX: usize = (1 << 3) - 1;
/// Cycles from a counter's sweep to its next one.
pub const PERIOD: usize = 2 * (COUNTERS_END - COUNTERS) as usize;
/// Cycles from a sweep to the first reading that finds what it wrote.
pub const SWEPT: usize = 3;
/// Cycles from the first cycle of an address to its word.
pub const READ_LATENCY: usize = 4;

// A counter's small one must hold the events of a period; its width.
const _: () = assert!(PERIOD < 1 << 6);

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Counters {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Count this cycle, by counter.
    pub event_in: [Signal<In, Bit>; COUNT],
    /// Which word.
    pub address_in: Signal<In, Bits<6>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    // Events since the last sweep
    frequent: [DFF<Bits<6>>; FREQUENT],
    rare: [DFF<Bits<3>>; COUNT - FREQUENT],
    // The sweep: address, then read, then add, then write
    /// Address of the word that is swept next (6:1), and which half of its time it is (0), XOR the first one's:
    /// registers power up as 0.
    turned_step: DFF<Bits<7>>,
    step: Signal<Local, Bits<7>>,
    next_step: Signal<Local, Bits<7>>,
    selected: [DFF<Bit>; COUNT],
    /// Places, XOR the first one, the last of these XOR the last one: at power-up the sweep writes a 0 there, and not
    /// over a constant or where it reads.
    place: [DFF<Bits<6>>; 3],
    high: [DFF<Bit>; 2],
    gated: [Signal<Local, Bits<6>>; FREQUENT],
    rare_gated: [Signal<Local, Bits<3>>; COUNT - FREQUENT],
    rare_picked: Signal<Local, Bits<3>>,
    picked: DFF<Bits<6>>,
    addend: Signal<Local, Bits<6>>,
    sum: DFF<Bits<25>>,
    carry: DFF<Bit>,
    words: RAM<Bits<32>, 6>,
    /// What is read: its own output register, where block RAM has one.
    data: DFF<Bits<32>>,
    /// What the host reads, which is there in every other cycle.
    held: DFF<Bits<32>>,
    word_wide: ZeroExtend<24, 25>,
    rare_wide: ZeroExtend<3, 6>,
    addend_wide: ZeroExtend<6, 25>,
    sum_wide: ZeroExtend<24, 32>,
    // Constants
    sweep_step: [Constant<Bits<7>>; COUNT],
    first_place: Constant<Bits<6>>,
    last_place: Constant<Bits<6>>,
    turn: Constant<Bits<6>>,
    first_step: Constant<Bits<7>>,
    last_step: Constant<Bits<7>>,
}

/// Address of the word of a counter that is swept with its events.
pub const fn low_place(counter: usize) -> u32 {
    if counter < COUNTERS_WIDE {
        COUNTERS + 2 * counter as u32
    } else {
        COUNTERS + (COUNTERS_WIDE + counter) as u32
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Counters {
    /// Counters at 0, and the constants that the registers from address 0 on read as.
    ///
    /// # Panics
    /// If there are so many constants that they reach the counters.
    pub fn new(constants: &[u32]) -> Self {
        assert!(constants.len() <= COUNTERS as usize, "{} constants", constants.len());
        let word = |address: u64| constants.get(address as usize).copied().unwrap_or(0);
        let words: BTreeMap<Bits<6>, Bits<32>> =
            (0..64).map(|address| (address.into(), u64::from(word(address)).into())).collect();
        Self {
            clock: Signal::default(),
            event_in: array_init::array_init(|_| Signal::default()),
            address_in: Signal::default(),
            data_out: Signal::default(),
            frequent: array_init::array_init(|_| DFF::default()),
            rare: array_init::array_init(|_| DFF::default()),
            turned_step: DFF::default(),
            step: Signal::default(),
            next_step: Signal::default(),
            selected: array_init::array_init(|_| DFF::default()),
            place: Default::default(),
            high: Default::default(),
            gated: array_init::array_init(|_| Signal::default()),
            rare_gated: array_init::array_init(|_| Signal::default()),
            rare_picked: Signal::default(),
            picked: DFF::default(),
            addend: Signal::default(),
            sum: DFF::default(),
            carry: DFF::default(),
            words: RAM::new(words),
            data: DFF::default(),
            held: DFF::default(),
            word_wide: ZeroExtend::default(),
            rare_wide: ZeroExtend::default(),
            addend_wide: ZeroExtend::default(),
            sum_wide: ZeroExtend::default(),
            sweep_step: array_init::array_init(|n| {
                Constant::new(u64::from(2 * low_place(n) + 1).into())
            }),
            first_place: Constant::new(u64::from(COUNTERS).into()),
            last_place: Constant::new(u64::from(COUNTERS_END - 1).into()),
            turn: Constant::new(u64::from(COUNTERS ^ (COUNTERS_END - 1)).into()),
            first_step: Constant::new(u64::from(2 * COUNTERS).into()),
            last_step: Constant::new(u64::from(2 * COUNTERS_END - 1).into()),
        }
    }
}

impl Logic for Counters {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, turned_step, picked, sum, carry, data, held);
        self.words.read_clock.next = self.clock.val();
        self.words.write_clock.next = self.clock.val();
        for s in 0..3 {
            self.place[s].clock.next = self.clock.val();
        }
        for s in 0..2 {
            self.high[s].clock.next = self.clock.val();
        }

        // Events
        self.step.next = self.turned_step.q.val() ^ self.first_step.val();
        for n in 0..COUNT {
            self.selected[n].clock.next = self.clock.val();
            self.selected[n].d.next = self.step.val() == self.sweep_step[n].val();
        }
        for n in 0..7 {
            self.frequent[n].clock.next = self.clock.val();
            self.gated[n].next = bits::<6>(0);
            self.frequent[n].d.next = self.frequent[n].q.val();
            if self.event_in[n].val() {
                self.frequent[n].d.next = self.frequent[n].q.val() + bits::<6>(1);
            }
            if self.selected[n].q.val() {
                self.gated[n].next = self.frequent[n].q.val();
                self.frequent[n].d.next = bits::<6>(0);
                if self.event_in[n].val() {
                    self.frequent[n].d.next = bits::<6>(1);
                }
            }
        }
        for n in 0..8 {
            self.rare[n].clock.next = self.clock.val();
            self.rare_gated[n].next = bits::<3>(0);
            self.rare[n].d.next = self.rare[n].q.val();
            if self.event_in[n + 7].val() {
                self.rare[n].d.next = self.rare[n].q.val() + bits::<3>(1);
            }
            if self.selected[n + 7].q.val() {
                self.rare_gated[n].next = self.rare[n].q.val();
                self.rare[n].d.next = bits::<3>(0);
                if self.event_in[n + 7].val() {
                    self.rare[n].d.next = bits::<3>(1);
                }
            }
        }

        // Sweep: it has the memory in odd cycles
        self.next_step.next = self.step.val() + bits::<7>(1);
        if self.step.val() == self.last_step.val() {
            self.next_step.next = self.first_step.val();
        }
        self.turned_step.d.next = self.next_step.val() ^ self.first_step.val();
        self.place[0].d.next = self.turned_step.q.val().get_bits::<6>(1);
        self.place[1].d.next = self.place[0].q.val();
        self.place[2].d.next = self.place[2].q.val();
        if self.step.val().get_bit(0) {
            self.place[2].d.next = self.place[1].q.val() ^ self.turn.val();
        }
        // The wide ones stand below 32, their high halves at odd addresses.
        self.high[0].d.next = self.step.val().get_bit(1) && !self.step.val().get_bit(6);
        self.high[1].d.next = self.high[0].q.val();
        self.rare_picked.next = self.rare_gated[0].val()
            | self.rare_gated[1].val()
            | self.rare_gated[2].val()
            | self.rare_gated[3].val()
            | self.rare_gated[4].val()
            | self.rare_gated[5].val()
            | self.rare_gated[6].val()
            | self.rare_gated[7].val();
        self.rare_wide.data_in.next = self.rare_picked.val();
        self.picked.d.next = self.rare_wide.data_out.val()
            | self.gated[0].val()
            | self.gated[1].val()
            | self.gated[2].val()
            | self.gated[3].val()
            | self.gated[4].val()
            | self.gated[5].val()
            | self.gated[6].val();
        self.words.read_address.next = self.address_in.val();
        if self.step.val().get_bit(0) {
            self.words.read_address.next = self.place[0].q.val() ^ self.first_place.val();
        }
        self.data.d.next = self.words.read_data.val();
        self.addend.next = self.picked.q.val();
        if self.high[1].q.val() {
            self.addend.next = bits::<6>(0);
            if self.carry.q.val() {
                self.addend.next = bits::<6>(1);
            }
        }
        self.word_wide.data_in.next = self.data.q.val().get_bits::<24>(0);
        self.addend_wide.data_in.next = self.addend.val();
        if self.step.val().get_bit(0) {
            self.sum.d.next = self.word_wide.data_out.val() + self.addend_wide.data_out.val();
        }
        self.sum_wide.data_in.next = self.sum.q.val().get_bits::<24>(0);
        self.words.write_enable.next = self.step.val().get_bit(0);
        self.words.write_address.next = self.place[2].q.val() ^ self.last_place.val();
        self.words.write_data.next = self.sum_wide.data_out.val();

        // What was read in the even cycle before the last comes in an even cycle, as the sum does.
        if !self.step.val().get_bit(0) {
            self.carry.d.next = self.sum.q.val().get_bit(24);
            self.held.d.next = self.data.q.val();
        }
        self.data_out.next = self.held.q.val();
    }
}

#[cfg(test)]
mod tests;
