//! Tiles of a batch: those that are every product of some panels of A and some of B are multiplied as one grid.

use std::ops::Range;
use std::sync::Arc;

use gemmine_pouw::digest::{Digest, Keyed};
use gemmine_pouw::kernel::{self, Tile};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::fold_register;

use crate::device::{Completion, Descriptor};

/// A descriptor with its panels.
#[derive(Debug)]
pub struct Work {
    pub descriptor: Descriptor,
    pub a: Arc<Panel>,
    pub b: Arc<Panel>,
}

impl Work {
    /// Whether both can be tiles of a grid.
    fn is_like(&self, other: &Self) -> bool {
        let [one, two] = [&self.descriptor, &other.descriptor];
        !one.unsigned_a && !two.unsigned_a && one.chunk_steps == two.chunk_steps
    }
}

/// Some tiles of a batch: `rows` times as many of one panel of A each, with the same panels of B.
struct Grid {
    tiles: Range<usize>,
    rows: usize,
}

impl Grid {
    fn columns(&self) -> usize {
        self.tiles.len() / self.rows
    }
}

/// All tiles of a batch, in order.
pub fn complete(batch: &[Work]) -> Vec<Completion> {
    let mut made: Vec<(Option<Box<Tile>>, [u8; 64])> = vec![(None, [0; 64]); batch.len()];
    for grid in grids(batch) {
        let (columns, all) = (grid.columns(), &batch[grid.tiles.clone()]);
        let mut keep = |at: usize, tile: &Tile, words: &[u32]| {
            let message = fold_register(words).map(u32::to_le_bytes);
            let tile = batch[at].descriptor.want_tile.then(|| Box::new(*tile));
            made[at] = (tile, std::array::from_fn(|byte| message[byte / 4][byte % 4]));
        };
        let Descriptor { unsigned_a, chunk_steps, .. } = all[0].descriptor;
        if unsigned_a {
            let mut words = Vec::new();
            let tile = kernel::fold_tile_u8(&all[0].a, &all[0].b, chunk_steps, &mut words);
            keep(grid.tiles.start, &tile, &words);
        } else {
            let a: Vec<&Panel> = all.iter().step_by(columns).map(|work| &*work.a).collect();
            let b: Vec<&Panel> = all[..columns].iter().map(|work| &*work.b).collect();
            kernel::fold_grid(&a, &b, chunk_steps, &mut |found| {
                keep(grid.tiles.start + found.a * columns + found.b, found.tile, found.words);
            });
        }
    }
    let (tiles, messages): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let completion = |((work, tile), ticket): ((&Work, Option<Box<Tile>>), Digest)| Completion {
        tag: work.descriptor.tag,
        cycle: 0,
        ticket,
        hit: meets(&ticket, U256::from_little_endian(&work.descriptor.bound_le)),
        tile,
        scan: None,
    };
    batch.iter().zip(tiles).zip(tickets(batch, &messages)).map(completion).collect()
}

/// Tickets of the fold registers, many at a time where they have the same key.
fn tickets(batch: &[Work], messages: &[[u8; 64]]) -> Vec<Digest> {
    let mut tickets = vec![[0; 32]; batch.len()];
    let mut at = 0;
    for works in batch.chunk_by(|one, next| one.descriptor.ticket_key == next.descriptor.ticket_key)
    {
        let range = at..at + works.len();
        at = range.end;
        let key = Keyed::new(&works[0].descriptor.ticket_key);
        key.one_block(&messages[range.clone()], &mut tickets[range]);
    }
    tickets
}

/// Cuts a batch into grids: tiles in a row that share a panel of A, and such rows one after another with the same panels
/// of B.
fn grids(batch: &[Work]) -> Vec<Grid> {
    let mut grids: Vec<Grid> = Vec::new();
    let mut start = 0;
    for row in batch.chunk_by(|one, next| Arc::ptr_eq(&one.a, &next.a) && one.is_like(next)) {
        let tiles = start..start + row.len();
        start = tiles.end;
        if let Some(above) = grids.last_mut() {
            let first = &batch[above.tiles.start..][..above.columns()];
            let is_same =
                |(one, other): (&Work, &Work)| Arc::ptr_eq(&one.b, &other.b) && one.is_like(other);
            if first.len() == row.len() && first.iter().zip(row).all(is_same) {
                above.tiles.end = tiles.end;
                above.rows += 1;
                continue;
            }
        }
        grids.push(Grid { tiles, rows: 1 });
    }
    grids
}
