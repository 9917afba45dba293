//! The model engine: what the array computes by SIMD, when it does so by formula.
//!
//! The array has no data-dependent timing, so every cycle number follows from the cycles in which
//! steps are taken: a tile costs its 256 k / (P Q) steps and nothing else. The state of any PE in
//! any cycle is computed only when asked for ([`ArrayState`]).

mod state;
mod timeline;

use gemmine_hdl::Geometry;
use gemmine_hdl::core::{FOLD_LATENCY, RESULT_LATENCY};
use gemmine_pouw::kernel;

use crate::engine::{Counters, Engine, EngineError, Run, TileRun};
use crate::program::{Program, TileWork};
pub use state::ArrayState;
use timeline::Timeline;

/// The engine.
#[derive(Clone, Debug)]
pub struct Model {
    geometry: Geometry,
    counters: Counters,
}

impl Model {
    /// An idle array.
    pub fn new(geometry: Geometry) -> Self {
        Self { geometry, counters: Counters::default() }
    }

    /// When the outputs of a tile come, and its product.
    fn tile(&self, job: &TileWork, begin: u64, timeline: &Timeline, with_cycles: bool) -> TileRun {
        let geometry = self.geometry;
        let slots = geometry.slots() as u64;
        let mut run = TileRun::empty(with_cycles);
        let fold = if job.unsigned_a { kernel::fold_tile_u8 } else { kernel::fold_tile };
        *run.product = fold(&job.a, &job.b, job.chunk_steps, &mut run.fold_words);

        let fold_delay = FOLD_LATENCY + 2 * (geometry.rows() - 1) + geometry.columns() - 1;
        let chunk_end = |end: usize| timeline.cycle(begin + slots * end as u64 - 1);
        run.fold_cycles = (1..=job.chunks())
            .map(|chunk| chunk_end(chunk * job.chunk_steps) + fold_delay as u64)
            .collect();

        if let Some(cycles) = &mut run.result_cycles {
            for (row, cycles) in cycles.iter_mut().enumerate() {
                for (column, cycle) in cycles.iter_mut().enumerate() {
                    *cycle = self.result_cycle(job, begin, timeline, row, column);
                }
            }
        }
        run.results = 256;
        let last_result = self.result_cycle(job, begin, timeline, 15, 15);
        run.last_cycle = last_result.max(run.fold_cycles.last().copied().unwrap_or(0));
        run
    }

    /// The cycle in which the result of a row and a column of the tile is on the output.
    fn result_cycle(
        &self,
        job: &TileWork,
        begin: u64,
        timeline: &Timeline,
        row: usize,
        column: usize,
    ) -> u64 {
        let geometry = self.geometry;
        let across = 16 / geometry.columns();
        let slot = row / geometry.rows() * across + column / geometry.columns();
        let (first, end) = job.chunk_ranges().last().unwrap_or((0, 0));
        let steps = geometry.slots() * first + (slot + 1) * (end - first);
        let (i, j) = (row % geometry.rows(), column % geometry.columns());
        timeline.cycle(begin + steps as u64 - 1) + (RESULT_LATENCY + 2 * i + j) as u64
    }
}

impl Engine for Model {
    fn name(&self) -> &'static str {
        "model"
    }

    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn run(&mut self, program: &Program) -> Result<Run, EngineError> {
        program.check()?;
        let timeline = Timeline::new(program, self.geometry);
        let mut begin = 0;
        let mut tiles = Vec::with_capacity(program.tiles.len());
        for job in &program.tiles {
            tiles.push(self.tile(job, begin, &timeline, program.result_cycles));
            begin += timeline.steps_of(job);
        }
        let counted = timeline.counters(program);
        self.counters.cycles += counted.cycles;
        self.counters.mac_cycles += counted.mac_cycles;
        self.counters.full_mac_cycles += counted.full_mac_cycles;
        let mut run = Run { tiles, cycles: timeline.end() };
        if let Some(reset) = program.reset {
            run.cycles = reset.at + reset.cycles;
            self.cut(program, &timeline, &mut run, reset.at);
        }
        Ok(run)
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        Ok(self.counters)
    }
}

impl Model {
    /// Takes back what a reset in cycle `reset_at` kept from coming out.
    fn cut(&self, program: &Program, timeline: &Timeline, run: &mut Run, reset_at: u64) {
        let mut begin = 0;
        for (tile, job) in run.tiles.iter_mut().zip(&program.tiles) {
            let words = tile.fold_cycles.iter().filter(|&&cycle| cycle <= reset_at).count();
            tile.fold_words.truncate(words);
            tile.fold_cycles.truncate(words);
            tile.last_cycle = tile.fold_cycles.last().copied().unwrap_or(0);
            tile.results = 0;
            for row in 0..16 {
                for column in 0..16 {
                    let cycle = self.result_cycle(job, begin, timeline, row, column);
                    if cycle <= reset_at {
                        tile.results += 1;
                        tile.last_cycle = tile.last_cycle.max(cycle);
                        continue;
                    }
                    tile.product[row][column] = 0;
                    if let Some(cycles) = &mut tile.result_cycles {
                        cycles[row][column] = 0;
                    }
                }
            }
            begin += timeline.steps_of(job);
        }
        let seen = |tile: &TileRun| tile.results > 0 || !tile.fold_words.is_empty();
        run.tiles.truncate(run.tiles.iter().rposition(seen).map_or(0, |last| last + 1));
    }
}
