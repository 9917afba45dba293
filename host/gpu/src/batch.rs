//! Tiles that go to the card together: the panels that they are of, and what becomes of the answers.

use std::collections::HashMap;
use std::sync::Arc;

use gemmine_driver::Grid;
use gemmine_pouw::panel::Panel;

use crate::memory::address;

/// Rows and columns of tiles that a workgroup makes of a grid: so its threads read few panels.
const BLOCK: usize = 4;

/// Jobs of one dispatch at most.
pub const JOBS: usize = 256;

/// What all tiles of a dispatch share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk.
    pub chunk_steps: usize,
    /// A's bytes are unsigned.
    pub unsigned_a: bool,
}

/// What a tile's ticket is made and judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Key of the ticket hash.
    pub ticket_key: [u8; 32],
    /// What a hit's ticket does not exceed.
    pub bound_le: [u8; 32],
}

/// Who wants the answers.
#[derive(Debug)]
pub enum Wanted {
    /// Descriptors, by their tags, and whether their products are wanted.
    Tiles(Vec<(u32, bool)>),
    /// A grid, by its tag.
    Grid(u64),
}

/// Panels of one side, each once.
#[derive(Debug, Default)]
struct Side {
    panels: Vec<Arc<Panel>>,
    by_address: HashMap<usize, u32>,
}

impl Side {
    fn index(&mut self, panel: &Arc<Panel>) -> u32 {
        // The last one is often the next as well.
        if let Some(last) = self.panels.last()
            && Arc::ptr_eq(last, panel)
        {
            return self.panels.len() as u32 - 1;
        }
        *self.by_address.entry(address(panel)).or_insert_with(|| {
            self.panels.push(Arc::clone(panel));
            self.panels.len() as u32 - 1
        })
    }
}

/// Tiles of one dispatch.
#[derive(Debug)]
pub struct Batch {
    /// What they share.
    pub work: Work,
    /// Who wants the answers.
    pub wanted: Wanted,
    sides: [Side; 2],
    jobs: Vec<Job>,
    /// Of each tile, its row panel, its column panel and its job.
    tiles: Vec<[u32; 3]>,
    want_tile: bool,
}

impl Batch {
    /// For descriptors.
    pub fn new(work: Work) -> Self {
        let sides = [Side::default(), Side::default()];
        Self {
            work,
            wanted: Wanted::Tiles(Vec::new()),
            sides,
            jobs: Vec::new(),
            tiles: Vec::new(),
            want_tile: false,
        }
    }

    /// All tiles of a grid, block by block.
    pub fn of_grid(grid: Grid) -> Self {
        let Grid { tag, a, b, steps, chunk_steps, ticket_key, bound_le } = grid;
        let (rows, columns) = (a.len(), b.len());
        let mut tiles = Vec::with_capacity(rows * columns);
        for row in (0..rows).step_by(BLOCK) {
            for column in (0..columns).step_by(BLOCK) {
                for i in row..rows.min(row + BLOCK) {
                    for j in column..columns.min(column + BLOCK) {
                        tiles.push([i as u32, j as u32, 0]);
                    }
                }
            }
        }
        let work = Work { steps, chunk_steps, unsigned_a: false };
        let jobs = vec![Job { ticket_key, bound_le }];
        let sides = [a.panels(), b].map(|panels| Side { panels, by_address: HashMap::new() });
        Self { work, wanted: Wanted::Grid(tag), sides, jobs, tiles, want_tile: false }
    }

    /// Adds a descriptor's tile.
    pub fn add(&mut self, tag: u32, [a, b]: [&Arc<Panel>; 2], job: Job, want_tile: bool) {
        let known = self.jobs.iter().rposition(|known| *known == job);
        let job = known.unwrap_or_else(|| {
            self.jobs.push(job);
            self.jobs.len() - 1
        });
        self.tiles.push([self.sides[0].index(a), self.sides[1].index(b), job as u32]);
        self.want_tile |= want_tile;
        if let Wanted::Tiles(tags) = &mut self.wanted {
            tags.push((tag, want_tile));
        }
    }

    /// Whether the products of some are wanted; then those of all come back.
    pub fn want_tile(&self) -> bool {
        self.want_tile
    }

    /// What tickets are made and judged by.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Panels of A (0) or B (1).
    pub fn panels(&self, side: usize) -> &[Arc<Panel>] {
        &self.sides[side].panels
    }

    /// Of each tile, its row panel, its column panel and its job.
    pub fn tiles(&self) -> &[[u32; 3]] {
        &self.tiles
    }

    /// Panels of the side that has more.
    pub fn most_panels(&self) -> usize {
        self.panels(0).len().max(self.panels(1).len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gemmine_driver::Rows;

    use super::*;

    fn panels(count: usize) -> Vec<Arc<Panel>> {
        (0..count).map(|_| Arc::new(Panel::zero(4))).collect()
    }

    #[test]
    fn every_tile_of_a_grid_is_there_once_and_a_workgroup_has_a_block() {
        for (rows, columns) in [(1, 1), (4, 8), (5, 7), (1, 9), (16, 3)] {
            let (steps, chunk_steps) = (4, 4);
            let (a, b) = (Rows::Panels(panels(rows)), panels(columns));
            let (ticket_key, bound_le) = ([0; 32], [0; 32]);
            let grid = Grid { tag: 9, a, b, steps, chunk_steps, ticket_key, bound_le };
            let batch = Batch::of_grid(grid);
            let seen: BTreeSet<[u32; 3]> = batch.tiles().iter().copied().collect();
            assert_eq!((batch.tiles().len(), seen.len()), (rows * columns, rows * columns));
            assert_eq!(seen.last(), Some(&[rows as u32 - 1, columns as u32 - 1, 0]));
            assert_eq!(batch.most_panels(), rows.max(columns));
        }
        let grid = Grid {
            tag: 1,
            a: Rows::Panels(panels(8)),
            b: panels(8),
            steps: 4,
            chunk_steps: 4,
            ticket_key: [0; 32],
            bound_le: [0; 32],
        };
        let batch = Batch::of_grid(grid);
        let block: BTreeSet<u32> = batch.tiles()[..16].iter().map(|tile| tile[1]).collect();
        assert_eq!(block.len(), 4);
    }

    #[test]
    fn panels_and_jobs_of_descriptors_are_there_once() {
        let work = Work { steps: 4, chunk_steps: 4, unsigned_a: false };
        let job = |byte| Job { ticket_key: [byte; 32], bound_le: [7; 32] };
        let (a, b) = (panels(2), panels(2));
        let mut batch = Batch::new(work);
        for (tag, [i, j, of]) in (0..).zip([[0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0]]) {
            assert!(!batch.want_tile() || tag > 2);
            batch.add(tag, [&a[i], &b[j]], job(of as u8), tag == 2);
        }
        assert_eq!(batch.tiles(), [[0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0]]);
        assert_eq!((batch.panels(0).len(), batch.panels(1).len()), (2, 2));
        assert_eq!(batch.jobs(), [job(0), job(1)]);
        let tags = [(0, false), (1, false), (2, true), (3, false)];
        assert!(matches!(&batch.wanted, Wanted::Tiles(wanted) if wanted[..] == tags));
    }
}
