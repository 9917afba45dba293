//! Where panel memory's words come from: the host, or what the device grows for a scan itself.
//!
//! ```text
//!   host's words ======>+-----------------------+
//!                       |                       |===> write, address, word of A
//!   scan, noise ------->| XofSource (Amadeus)   |===> write, address, word of B
//!   seed's words ======>| NoiseSource (Pearl)   |---> scan_out, noise_out
//!   pass_end, hold ---->+-----------------------+---> grows_out, hold_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_write_in`, `b_write_in`, `address_in`, `word_in` | 1, 1, 18, 32 | a word from the host, for either side |
//! | `scan_in`, `noise_in`, `scans_in` | 1 | of the [queue](crate::queue): the running tile is a scan's, of Pearl; one runs |
//! | `seed_write_in`, `seed_place_in`, `seed_word_in`, `seeded_in` | 1, 5, 32, 1 | of the [finisher](crate::finisher): a word of the seed; it is whole |
//! | `hold_in` | 1 | no step may be taken, for another reason |
//! | `chunks_last_in`, `pass_end_in` | 11, 1 | the running tile's chunks, less one; this cycle's step is the last that reads its chunk |
//! | `scan_out`, `noise_out` | 1 | the running tile is a scan that this device can do; and of Pearl |
//! | `grows_out`, `hold_out` | 1 | a step's operands are not grown yet; that, or `hold_in` |
//! | `a_write_out` .. `b_word_out` | | what is written to panel memory |
//!
//! # Why
//! A scan's operands go where else the host writes, in the same cycles and through the same port: panel memory does
//! not know of them. A device has either source, both or none; with none, this is wires.

use rust_hdl_core::prelude::*;

use crate::noise_source::NoiseSource;
use crate::xof_source::XofSource;

/// Bits of the number of a step of Pearl's noise: a scan's tiles have up to 2^11 steps.
pub const NOISE_STEP_BITS: usize = 11;
/// The same, with the side in front.
const NOISE_PLACE_BITS: usize = NOISE_STEP_BITS + 1;

/// See the module's documentation. P, Q: the array; W: bits of a word's address in a panel lane.
#[derive(LogicBlock, Default)]
pub struct Sources<const P: usize, const Q: usize, const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // The host's
    /// A word of A.
    pub a_write_in: Signal<In, Bit>,
    /// A word of B.
    pub b_write_in: Signal<In, Bit>,
    /// Where, in either.
    pub address_in: Signal<In, Bits<18>>,
    /// The word.
    pub word_in: Signal<In, Bits<32>>,
    // The running tile
    /// It is a scan's.
    pub scan_in: Signal<In, Bit>,
    /// Its operands are noise.
    pub noise_in: Signal<In, Bit>,
    /// A scan's tile runs, or will in the next cycle.
    pub scans_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_in: Signal<In, Bit>,
    /// Its chunks, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    /// This cycle's step is the last that reads its chunk.
    pub pass_end_in: Signal<In, Bit>,
    // Seed
    /// A word of it.
    pub seed_write_in: Signal<In, Bit>,
    /// Which one.
    pub seed_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub seed_word_in: Signal<In, Bits<32>>,
    /// It is whole.
    pub seeded_in: Signal<In, Bit>,
    // The running tile, by what the device can do
    /// It is a scan's.
    pub scan_out: Signal<Out, Bit>,
    /// Of Pearl.
    pub noise_out: Signal<Out, Bit>,
    /// Its operands are not grown yet.
    pub grows_out: Signal<Out, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    // Panel memory
    /// A word of A.
    pub a_write_out: Signal<Out, Bit>,
    /// Where in A.
    pub a_address_out: Signal<Out, Bits<18>>,
    /// The word.
    pub a_word_out: Signal<Out, Bits<32>>,
    /// A word of B.
    pub b_write_out: Signal<Out, Bit>,
    /// Where in B.
    pub b_address_out: Signal<Out, Bits<18>>,
    /// The word.
    pub b_word_out: Signal<Out, Bits<32>>,
    grows: Signal<Local, Bit>,
    xof: Vec<XofSource<P, Q, W>>,
    noise: Vec<NoiseSource<P, Q, W, NOISE_STEP_BITS, NOISE_PLACE_BITS>>,
}

impl<const P: usize, const Q: usize, const W: usize> Sources<P, Q, W> {
    /// Those of a device with so many engines for Amadeus, and with or without Pearl's noise.
    pub fn new(engines: usize, noise: bool) -> Self {
        Self {
            xof: (0..usize::from(engines > 0)).map(|_| XofSource::new(engines)).collect(),
            noise: (0..usize::from(noise)).map(|_| NoiseSource::default()).collect(),
            ..Self::default()
        }
    }
}

impl<const P: usize, const Q: usize, const W: usize> Logic for Sources<P, Q, W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.scan_out.next = false;
        self.noise_out.next = false;
        self.grows.next = false;
        self.a_write_out.next = self.a_write_in.val();
        self.a_address_out.next = self.address_in.val();
        self.a_word_out.next = self.word_in.val();
        self.b_write_out.next = self.b_write_in.val();
        self.b_address_out.next = self.address_in.val();
        self.b_word_out.next = self.word_in.val();
        for n in 0..self.xof.len() {
            self.xof[n].clock.next = self.clock.val();
            self.xof[n].scan_in.next = self.scans_in.val() && !self.noise_in.val();
            self.xof[n].seed_write_in.next = self.seed_write_in.val();
            self.xof[n].seed_place_in.next = self.seed_place_in.val();
            self.xof[n].seed_word_in.next = self.seed_word_in.val();
            self.xof[n].seeded_in.next = self.seeded_in.val();
            self.xof[n].chunks_last_in.next = self.chunks_last_in.val();
            self.xof[n].pass_end_in.next = self.pass_end_in.val();
            if !self.noise_in.val() {
                self.scan_out.next = self.scan_in.val();
                self.grows.next = self.xof[n].hold_out.val();
            }
            if self.xof[n].write_out.val() {
                self.a_write_out.next = true;
                self.a_address_out.next = self.xof[n].a_address_out.val();
                self.a_word_out.next = self.xof[n].a_word_out.val();
                self.b_write_out.next = true;
                self.b_address_out.next = self.xof[n].b_address_out.val();
                self.b_word_out.next = self.xof[n].b_word_out.val();
            }
        }
        for n in 0..self.noise.len() {
            self.noise[n].clock.next = self.clock.val();
            self.noise[n].scan_in.next = self.scans_in.val() && self.noise_in.val();
            self.noise[n].seed_write_in.next = self.seed_write_in.val();
            self.noise[n].seed_place_in.next = self.seed_place_in.val();
            self.noise[n].seed_word_in.next = self.seed_word_in.val();
            self.noise[n].seeded_in.next = self.seeded_in.val();
            self.noise[n].chunks_last_in.next = self.chunks_last_in.val();
            self.noise[n].pass_end_in.next = self.pass_end_in.val();
            if self.noise_in.val() {
                self.scan_out.next = self.scan_in.val();
                self.noise_out.next = self.scan_in.val();
                self.grows.next = self.noise[n].hold_out.val();
            }
            if self.noise[n].a_write_out.val() {
                self.a_write_out.next = true;
                self.a_address_out.next = self.noise[n].a_address_out.val();
                self.a_word_out.next = self.noise[n].word_out.val();
            }
            if self.noise[n].b_write_out.val() {
                self.b_write_out.next = true;
                self.b_address_out.next = self.noise[n].b_address_out.val();
                self.b_word_out.next = self.noise[n].word_out.val();
            }
        }
        self.grows_out.next = self.grows.val();
        self.hold_out.next = self.hold_in.val() || self.grows.val();
    }
}
