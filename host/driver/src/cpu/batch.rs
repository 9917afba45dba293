//! What a thread takes: a grid, or a batch of single tiles, of which those that are every product of some panels of A and
//! some of B are multiplied as grids, too.

use std::ops::Range;
use std::sync::Arc;

use gemmine_pouw::digest::{Digest, Keyed};
use gemmine_pouw::kernel::{self, Folded, NoisedRows, Tile};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::fold_register;

use crate::device::{Completion, Descriptor};
use crate::grid::{Grid, GridEnd, GridTile, Rows};

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

/// Some tiles of a batch that make a grid: `rows` times as many of one panel of A each, with the same panels of B.
struct Block {
    tiles: Range<usize>,
    rows: usize,
}

impl Block {
    fn columns(&self) -> usize {
        self.tiles.len() / self.rows
    }
}

/// All tiles of a batch, in order.
pub fn complete(batch: &[Work]) -> Vec<Completion> {
    let mut made: Vec<(Option<Box<Tile>>, [u8; 64])> = vec![(None, [0; 64]); batch.len()];
    for block in blocks(batch) {
        let (columns, all) = (block.columns(), &batch[block.tiles.clone()]);
        let mut keep = |at: usize, tile: &Tile, words: &[u32]| {
            let tile = batch[at].descriptor.want_tile.then(|| Box::new(*tile));
            made[at] = (tile, message(words));
        };
        let Descriptor { unsigned_a, chunk_steps, .. } = all[0].descriptor;
        if unsigned_a {
            let mut words = Vec::new();
            let tile = kernel::fold_tile_u8(&all[0].a, &all[0].b, chunk_steps, &mut words);
            keep(block.tiles.start, &tile, &words);
        } else {
            let a: Vec<&Panel> = all.iter().step_by(columns).map(|work| &*work.a).collect();
            let b: Vec<&Panel> = all[..columns].iter().map(|work| &*work.b).collect();
            kernel::fold_grid(&a, &b, chunk_steps, &mut |found| {
                keep(block.tiles.start + found.a * columns + found.b, found.tile, found.words);
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

/// A grid's hits, and its last tile.
pub fn end(grid: &Grid) -> GridEnd {
    fn side(panels: &[Arc<Panel>]) -> Vec<&Panel> {
        panels.iter().map(|panel| &**panel).collect()
    }
    let columns = grid.b.len();
    let mut messages = vec![[0; 64]; grid.tiles()];
    let mut each = |found: Folded<'_>| {
        messages[found.a * columns + found.b] = message(found.words);
    };
    let (b, chunk) = (side(&grid.b), grid.chunk_steps);
    match &grid.a {
        Rows::Panels(panels) => kernel::fold_grid(&side(panels), &b, chunk, &mut each),
        Rows::Job { job, panels } => {
            let (matrix, noise, first) = (job.a(), job.noise_a(), panels.start);
            let rows = NoisedRows { matrix, noise, first, count: panels.len() };
            kernel::fold_noised_grid(rows, &b, chunk, &mut each);
        }
    }
    let mut tickets = vec![[0; 32]; grid.tiles()];
    Keyed::new(&grid.ticket_key).one_block(&messages, &mut tickets);
    let bound = U256::from_little_endian(&grid.bound_le);
    let last = tickets.len().saturating_sub(1);
    let tile = |(at, ticket): (usize, Digest)| {
        let hit = meets(&ticket, bound);
        let tile = GridTile { row: at / columns, column: at % columns, ticket, hit };
        (hit || at == last).then_some(tile)
    };
    GridEnd { tag: grid.tag, tiles: tickets.into_iter().enumerate().filter_map(tile).collect() }
}

/// What a tile's ticket is the hash of.
fn message(words: &[u32]) -> [u8; 64] {
    let register = fold_register(words).map(u32::to_le_bytes);
    std::array::from_fn(|byte| register[byte / 4][byte % 4])
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
fn blocks(batch: &[Work]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut start = 0;
    for row in batch.chunk_by(|one, next| Arc::ptr_eq(&one.a, &next.a) && one.is_like(next)) {
        let tiles = start..start + row.len();
        start = tiles.end;
        if let Some(above) = blocks.last_mut() {
            let first = &batch[above.tiles.start..][..above.columns()];
            let is_same =
                |(one, other): (&Work, &Work)| Arc::ptr_eq(&one.b, &other.b) && one.is_like(other);
            if first.len() == row.len() && first.iter().zip(row).all(is_same) {
                above.tiles.end = tiles.end;
                above.rows += 1;
                continue;
            }
        }
        blocks.push(Block { tiles, rows: 1 });
    }
    blocks
}
