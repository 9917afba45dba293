//! Which four hashes come next: the index pairs of A and of B, then rows of E, panel by panel.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in`, `seeded_in`, `seed_write_in` .. `chunks_last_in` | | as of the [source](crate::noise_source) |
//! | `ready_in`, `start_out` | 1 | four hashes can be, and are, started |
//! | `b_out`, `pairs_out`, `index_out` | 1, 1, 32 | which ones, as of [`noise_hash`](crate::noise_hash) |
//! | `panel_end_in` | 1 | a panel was read for the last time |
//! | `first_b_out`, `second_b_out` | 1 | the panel in bank 0, and in bank 1, is of B |
//!
//! # Protocol
//! 1. Batches of pairs: four for each chunk of 128 steps, for A and then for B.
//! 2. Batches of rows: sixteen a panel. Panel i of A, the row's panels of B, panel i + 1 of A, and so on, in banks 0
//!    and 1 in turn. A panel's first batch waits until less than two panels are in the banks.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::bits::unsigned_bits;

/// Index of a batch's first hash: of pairs 4 times its number; of rows 64 times the panel, 16 times the four lanes
/// (batch, 3:2), plus a quarter of the columns (1:0). Wires and multiplexers only.
#[derive(LogicBlock, Default)]
pub struct BatchIndex {
    /// Rows, not pairs.
    pub rows_in: Signal<In, Bit>,
    /// Number of the panel.
    pub panel_in: Signal<In, Bits<20>>,
    /// Number of the batch.
    pub batch_in: Signal<In, Bits<13>>,
    /// The index.
    pub index_out: Signal<Out, Bits<32>>,
}

impl Logic for BatchIndex {
    fn update(&mut self) {
        let (panel, batch) = (self.panel_in.val().to_u64(), self.batch_in.val().to_u64());
        let rows = panel << 6 | (batch >> 2 & 3) << 4 | batch & 3;
        self.index_out.next = unsigned_bits(if self.rows_in.val() { rows } else { batch << 2 });
    }

    fn connect(&mut self) {
        self.index_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
always @(*) index_out = rows_in ?
   {6'h0, panel_in, batch_in[3:2], 2'h0, batch_in[1:0]} : {17'h0, batch_in, 2'h0};
"
            .into(),
        )
    }
}

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Batches {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A scan runs.
    pub scan_in: Signal<In, Bit>,
    // Seed
    /// A word of it.
    pub seed_write_in: Signal<In, Bit>,
    /// Which one.
    pub seed_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub seed_word_in: Signal<In, Bits<32>>,
    /// It is whole.
    pub seeded_in: Signal<In, Bit>,
    /// Chunks of a tile, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    // Hashes
    /// Four can be started.
    pub ready_in: Signal<In, Bit>,
    /// Four are started.
    pub start_out: Signal<Out, Bit>,
    /// Of B.
    pub b_out: Signal<Out, Bit>,
    /// For index pairs.
    pub pairs_out: Signal<Out, Bit>,
    /// The first one.
    pub index_out: Signal<Out, Bits<32>>,
    // Panels
    /// One was read for the last time.
    pub panel_end_in: Signal<In, Bit>,
    /// That in bank 0 is of B.
    pub first_b_out: Signal<Out, Bit>,
    /// That in bank 1 is of B.
    pub second_b_out: Signal<Out, Bit>,
    // State: what is hashed next
    seeded: DFF<Bit>,
    rows: DFF<Bit>,
    b: DFF<Bit>,
    batch: DFF<Bits<13>>,
    /// Panel of A.
    row: DFF<Bits<20>>,
    /// Panel of B, that of a row's first tile, and how many are left in the row.
    column: DFF<Bits<20>>,
    first_column: DFF<Bits<20>>,
    left: DFF<Bits<16>>,
    columns_last: DFF<Bits<16>>,
    // State: banks
    bank: DFF<Bit>,
    first_b: DFF<Bit>,
    second_b: DFF<Bit>,
    used: DFF<Bits<2>>,
    // Wires
    start: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    index: BatchIndex,
}

impl Logic for Batches {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            seeded,
            rows,
            b,
            batch,
            row,
            column,
            first_column,
            left,
            columns_last,
            bank,
            first_b,
            second_b,
            used
        );
        if self.seeded_in.val() {
            self.seeded.d.next = true;
        }

        // Start; a panel's first batch only into a free bank
        self.begins.next = self.rows.q.val() && !(self.batch.q.val().any());
        self.start.next = self.seeded.q.val()
            && self.ready_in.val()
            && !(self.begins.val() && self.used.q.val().get_bit(1));
        if self.start.val() && self.begins.val() {
            if self.bank.q.val() {
                self.second_b.d.next = self.b.q.val();
            } else {
                self.first_b.d.next = self.b.q.val();
            }
        }
        if self.start.val() && self.begins.val() && !self.panel_end_in.val() {
            self.used.d.next = self.used.q.val() + bits::<2>(1);
        }
        if !(self.start.val() && self.begins.val()) && self.panel_end_in.val() {
            self.used.d.next = self.used.q.val() - bits::<2>(1);
        }

        // What comes next
        if self.start.val() {
            self.batch.d.next = self.batch.q.val() + bits::<13>(1);
            if !self.rows.q.val() {
                if self.batch.q.val().get_bits::<2>(0).all()
                    && self.batch.q.val().get_bits::<11>(2) == self.chunks_last_in.val()
                {
                    self.batch.d.next = bits::<13>(0);
                    self.b.d.next = !self.b.q.val();
                    self.rows.d.next = self.b.q.val();
                }
            } else {
                if self.batch.q.val().get_bits::<4>(0).all() {
                    self.batch.d.next = bits::<13>(0);
                    self.bank.d.next = !self.bank.q.val();
                    if !self.b.q.val() {
                        self.b.d.next = true;
                        self.column.d.next = self.first_column.q.val();
                        self.left.d.next = self.columns_last.q.val();
                    } else {
                        self.column.d.next = self.column.q.val() + bits::<20>(1);
                        self.left.d.next = self.left.q.val() - bits::<16>(1);
                        if !(self.left.q.val().any()) {
                            self.b.d.next = false;
                            self.row.d.next = self.row.q.val() + bits::<20>(1);
                        }
                    }
                }
            }
        }
        self.index.rows_in.next = self.rows.q.val();
        self.index.batch_in.next = self.batch.q.val();
        self.index.panel_in.next = self.row.q.val();
        if self.b.q.val() {
            self.index.panel_in.next = self.column.q.val();
        }

        // Seed
        if self.seed_write_in.val() {
            if self.seed_place_in.val() == bits::<5>(24) {
                self.row.d.next = self.seed_word_in.val().get_bits::<20>(0);
            }
            if self.seed_place_in.val() == bits::<5>(25) {
                self.first_column.d.next = self.seed_word_in.val().get_bits::<20>(0);
            }
            if self.seed_place_in.val() == bits::<5>(26) {
                self.columns_last.d.next = self.seed_word_in.val().get_bits::<16>(0);
            }
        }

        // Rest
        if !self.scan_in.val() {
            self.seeded.d.next = false;
            self.rows.d.next = false;
            self.b.d.next = false;
            self.batch.d.next = bits::<13>(0);
            self.bank.d.next = false;
            self.used.d.next = bits::<2>(0);
        }

        // Outputs
        self.start_out.next = self.start.val();
        self.b_out.next = self.b.q.val();
        self.pairs_out.next = !self.rows.q.val();
        self.index_out.next = self.index.index_out.val();
        self.first_b_out.next = self.first_b.q.val();
        self.second_b_out.next = self.second_b.q.val();
    }
}
