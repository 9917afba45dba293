//! Scans of Pearl: a source of noise grows both operands of tiles without a signal from their two seeds.
//!
//! Tiles are walked row by row over a rectangle: a row panel of A with each of so many column panels of B, then the
//! next row panel with the same ones.

use gemmine_hdl::balance::NoiseRow;
use gemmine_hdl::noise_hash::BATCH_CYCLES;
use gemmine_hdl::noise_source::CHUNK_STEPS;
use gemmine_hdl::sources::NOISE_STEP_BITS;

use crate::device::Identity;

/// Steps of a tile are multiples of this: the noise's rank.
pub const TILE_CHUNK: usize = CHUNK_STEPS;
/// Most steps of a tile, in every device that has a source of noise.
pub const TILE_STEPS_MAX: usize = 1 << NOISE_STEP_BITS;
/// Most tiles of a scan, as far as its seed counts.
pub const TILES_MAX: u32 = 1 << 16;
/// Most column panels of a row of tiles, likewise.
pub const TILE_COLUMNS_MAX: u32 = 1 << 16;
/// Panels of 16 rows or columns that a scan can number.
pub const PANELS_MAX: u32 = 1 << 20;

/// Cycles of the hashes of the first panel's rows, in front of a scan's first tile.
const ROW_HASH_CYCLES: usize = 16 * BATCH_CYCLES;
/// Cycles of a ticket's hash and of a scan's beginning and end, rounded up.
const TICKET_CYCLES: usize = 1024;

/// Tiles without a signal, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PearlScan {
    /// Key of A's noise and of the tickets.
    pub a_seed: [u8; 32],
    /// Key of B's noise.
    pub b_seed: [u8; 32],
    /// A ticket at or below this, read as a little-endian integer, is a hit. Already scaled by the tile's work.
    pub bound_le: [u8; 32],
    /// Row panel of the first tile: its first row, divided by 16.
    pub row_panel: u32,
    /// Column panel of every row's first tile.
    pub column_panel: u32,
    /// Column panels of a row, 1 to [`TILE_COLUMNS_MAX`].
    pub columns: u32,
    /// Most tiles, 1 to [`TILES_MAX`].
    pub tiles: u32,
    /// Steps of k of a tile, a multiple of [`TILE_CHUNK`] up to [`TILE_STEPS_MAX`] that a panel of the device holds.
    pub steps: usize,
}

impl PearlScan {
    /// Row and column panel of one of its tiles.
    pub fn place(&self, tile: u32) -> (u32, u32) {
        let columns = self.columns.max(1);
        (self.row_panel.saturating_add(tile / columns), self.column_panel + tile % columns)
    }

    /// The last row panel that it may come to.
    pub(crate) fn last_row_panel(&self) -> u64 {
        let rows_before = self.tiles.saturating_sub(1) / self.columns.max(1);
        u64::from(self.row_panel) + u64::from(rows_before)
    }

    /// The last column panel of its rows.
    pub(crate) fn last_column_panel(&self) -> u64 {
        u64::from(self.column_panel) + u64::from(self.columns).saturating_sub(1)
    }
}

impl Identity {
    /// About how many cycles a tile of so many steps takes in the middle of a row of a scan of Pearl. `None` of a
    /// device without a source of noise, or without an array.
    pub fn tile_cycles(&self, steps: usize) -> Option<u64> {
        let row = |tiles| self.row_cycles(steps, tiles);
        Some(row(2)? - row(1)?)
    }

    fn row_cycles(&self, k: usize, tiles: u32) -> Option<u64> {
        let geometry = self.geometry.filter(|_| self.noise)?;
        Some(NoiseRow { geometry, k, tiles: tiles as usize }.cycles().0)
    }
}

/// Cycles of a scan that finds nothing. In front of all come the index pairs.
pub(super) fn cycles(identity: &Identity, scan: &PearlScan) -> u64 {
    let row = |tiles| identity.row_cycles(scan.steps, tiles).unwrap_or_default();
    let columns = scan.columns.max(1);
    let rest = scan.tiles % columns;
    let rows =
        u64::from(scan.tiles / columns) * row(columns) + if rest > 0 { row(rest) } else { 0 };
    let pairs = scan.steps / 16 * BATCH_CYCLES;
    rows + (pairs + ROW_HASH_CYCLES + TICKET_CYCLES) as u64
}

#[cfg(test)]
mod tests {
    use gemmine_hdl::Geometry;

    use super::*;
    use crate::device::Device;
    use crate::simulated::{EngineKind, Simulated};

    fn scan(tiles: u32) -> PearlScan {
        PearlScan {
            a_seed: [1; 32],
            b_seed: [2; 32],
            bound_le: [0; 32],
            row_panel: 7,
            column_panel: 100,
            columns: 27,
            tiles,
            steps: TILE_STEPS_MAX,
        }
    }

    #[test]
    fn tiles_are_walked_row_by_row() {
        let scan = scan(55);
        let places = [0, 1, 26, 27, 53, 54].map(|tile| scan.place(tile));
        assert_eq!(places, [(7, 100), (7, 101), (7, 126), (8, 100), (8, 126), (9, 100)]);
        assert_eq!((scan.last_row_panel(), scan.last_column_panel()), (9, 126));
        assert_eq!(PearlScan { tiles: 54, ..scan }.last_row_panel(), 8);
        let far = PearlScan { row_panel: u32::MAX, columns: 1, tiles: 2, ..scan };
        assert_eq!(far.last_row_panel(), 1 << 32);
    }

    #[test]
    fn tiles_take_as_long_as_what_is_slowest() {
        let model = Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap();
        let identity = |noise, rows, columns| {
            let geometry = Some(Geometry::new(rows, columns));
            Identity { noise, geometry, ..model.identity().clone() }
        };
        let cycles = |rows, columns, steps| identity(true, rows, columns).tile_cycles(steps);
        assert_eq!(identity(false, 8, 8).tile_cycles(2048), None);
        assert_eq!(cycles(16, 16, 2048), Some(8192));
        assert_eq!(cycles(8, 8, 2048), Some(8192));
        assert_eq!(cycles(8, 4, 2048), Some(16_384));
        assert_eq!(cycles(4, 2, 2048), Some(65_536));
        assert_eq!(cycles(8, 8, 128), Some(4368));
        // One row, two, and a tile more, by the rates of the source of noise: 27 columns are 98 % of a row's cycles.
        let one = super::cycles(&identity(true, 8, 4), &scan(27));
        let two = super::cycles(&identity(true, 8, 4), &scan(54));
        assert_eq!(two - one, 27 * 16_384 + 8192 + 512 + 17);
        assert_eq!(super::cycles(&identity(true, 8, 4), &scan(55)) - two, 16_384 + 8192 + 512 + 17);
        let beginning = one - 27 * 16_384;
        assert!((48_040..60_000).contains(&beginning), "{beginning}");
    }
}
