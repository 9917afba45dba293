//! The device's counters: many small ones that are swept into memory in turn.
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
//! | `event_in[n]` | 1 | counter n counts this cycle |
//! | `address_in` | 6 | address of a counter's [register](crate::registers) |
//! | `data_out` | 32 | its word, one cycle later |
//!
//! # Latency
//! A sweep takes [`PERIOD`] cycles. The word at address [`COUNTERS`] + s is swept in cycle s + 1 after
//! power-up and every [`PERIOD`] cycles from then on: events of all cycles before are in the word that an address brings
//! [`SWEPT`] cycles later or more. The high half of a counter is swept with its low half, and its word
//! changes a cycle behind that one's.
//!
//! # Why
//! A counter of 48 bits and its place in the multiplexer in front of the host cost some 100 LUTs, and there
//! are fifteen. Five bits each, one adder and a memory do the same; a reading is up to [`PERIOD`]
//! cycles old, which no host can tell.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::registers::{COUNTERS, COUNTERS_END, COUNTERS_NARROW, COUNTERS_WIDE};
use crate::zero_extend::ZeroExtend;

/// Counters: nine of 48 bits, six of 24.
pub const COUNT: usize = COUNTERS_WIDE + COUNTERS_NARROW;
/// Cycles from a counter's sweep to its next one.
pub const PERIOD: usize = (COUNTERS_END - COUNTERS) as usize;
/// Cycles from a sweep to the first address that finds what it wrote.
pub const SWEPT: usize = 3;

// A counter's small one must hold the events of a period; its width.
const _: () = assert!(PERIOD < 1 << 5);

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
    recent: [DFF<Bits<5>>; COUNT],
    // The sweep: address, then read, then add, then write
    /// Address of the word that is swept next, XOR the first one's: registers power up as 0.
    turned_slot: DFF<Bits<6>>,
    slot: Signal<Local, Bits<6>>,
    next_slot: Signal<Local, Bits<6>>,
    selected: [DFF<Bit>; COUNT],
    place: [DFF<Bits<6>>; 3],
    high: [DFF<Bit>; 2],
    gated: [Signal<Local, Bits<5>>; 16],
    picked: DFF<Bits<5>>,
    addend: Signal<Local, Bits<5>>,
    sum: DFF<Bits<25>>,
    /// Two copies: the sweep reads one, the host the other.
    words: RAM<Bits<24>, 6>,
    view: RAM<Bits<24>, 6>,
    word_wide: ZeroExtend<24, 25>,
    addend_wide: ZeroExtend<5, 25>,
    data_wide: ZeroExtend<24, 32>,
    // Constants
    low_place: [Constant<Bits<6>>; COUNT],
    first_slot: Constant<Bits<6>>,
    last_slot: Constant<Bits<6>>,
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
        Self {
            clock: Signal::default(),
            event_in: array_init::array_init(|_| Signal::default()),
            address_in: Signal::default(),
            data_out: Signal::default(),
            recent: array_init::array_init(|_| DFF::default()),
            turned_slot: DFF::default(),
            slot: Signal::default(),
            next_slot: Signal::default(),
            selected: array_init::array_init(|_| DFF::default()),
            place: Default::default(),
            high: Default::default(),
            gated: array_init::array_init(|_| Signal::default()),
            picked: DFF::default(),
            addend: Signal::default(),
            sum: DFF::default(),
            words: RAM::default(),
            view: RAM::default(),
            word_wide: ZeroExtend::default(),
            addend_wide: ZeroExtend::default(),
            data_wide: ZeroExtend::default(),
            low_place: array_init::array_init(|n| Constant::new(u64::from(low_place(n)).into())),
            first_slot: Constant::new(u64::from(COUNTERS).into()),
            last_slot: Constant::new(u64::from(COUNTERS_END - 1).into()),
        }
    }
}

impl Logic for Counters {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, turned_slot, picked, sum);
        self.words.read_clock.next = self.clock.val();
        self.words.write_clock.next = self.clock.val();
        self.view.read_clock.next = self.clock.val();
        self.view.write_clock.next = self.clock.val();
        for s in 0..3 {
            self.place[s].clock.next = self.clock.val();
        }
        for s in 0..2 {
            self.high[s].clock.next = self.clock.val();
        }

        // Events
        self.slot.next = self.turned_slot.q.val() ^ self.first_slot.val();
        self.gated[15].next = bits::<5>(0);
        for n in 0..COUNT {
            self.recent[n].clock.next = self.clock.val();
            self.selected[n].clock.next = self.clock.val();
            self.selected[n].d.next = self.slot.val() == self.low_place[n].val();
            self.gated[n].next = bits::<5>(0);
            self.recent[n].d.next = self.recent[n].q.val();
            if self.event_in[n].val() {
                self.recent[n].d.next = self.recent[n].q.val() + bits::<5>(1);
            }
            if self.selected[n].q.val() {
                self.gated[n].next = self.recent[n].q.val();
                self.recent[n].d.next = bits::<5>(0);
                if self.event_in[n].val() {
                    self.recent[n].d.next = bits::<5>(1);
                }
            }
        }

        // Sweep
        self.next_slot.next = self.slot.val() + bits::<6>(1);
        if self.slot.val() == self.last_slot.val() {
            self.next_slot.next = self.first_slot.val();
        }
        self.turned_slot.d.next = self.next_slot.val() ^ self.first_slot.val();
        self.place[0].d.next = self.slot.val();
        self.place[1].d.next = self.place[0].q.val();
        self.place[2].d.next = self.place[1].q.val();
        // The wide ones stand below 32, their high halves at odd addresses.
        self.high[0].d.next = self.slot.val().get_bit(0) && !self.slot.val().get_bit(5);
        self.high[1].d.next = self.high[0].q.val();
        self.picked.d.next = self.gated[0].val()
            | self.gated[1].val()
            | self.gated[2].val()
            | self.gated[3].val()
            | self.gated[4].val()
            | self.gated[5].val()
            | self.gated[6].val()
            | self.gated[7].val()
            | self.gated[8].val()
            | self.gated[9].val()
            | self.gated[10].val()
            | self.gated[11].val()
            | self.gated[12].val()
            | self.gated[13].val()
            | self.gated[14].val()
            | self.gated[15].val();
        self.words.read_address.next = self.place[0].q.val();
        self.addend.next = self.picked.q.val();
        if self.high[1].q.val() {
            self.addend.next = bits::<5>(0);
            if self.sum.q.val().get_bit(24) {
                self.addend.next = bits::<5>(1);
            }
        }
        self.word_wide.data_in.next = self.words.read_data.val();
        self.addend_wide.data_in.next = self.addend.val();
        self.sum.d.next = self.word_wide.data_out.val() + self.addend_wide.data_out.val();
        self.words.write_enable.next = true;
        self.words.write_address.next = self.place[2].q.val();
        self.words.write_data.next = self.sum.q.val().get_bits::<24>(0);
        self.view.write_enable.next = true;
        self.view.write_address.next = self.place[2].q.val();
        self.view.write_data.next = self.sum.q.val().get_bits::<24>(0);

        // Host
        self.view.read_address.next = self.address_in.val();
        self.data_wide.data_in.next = self.view.read_data.val();
        self.data_out.next = self.data_wide.data_out.val();
    }
}

#[cfg(test)]
mod tests;
