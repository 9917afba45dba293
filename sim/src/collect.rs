//! Turns the outputs that an RTL engine observes, cycle by cycle, into a [`Run`].

use gemmine_hdl::Geometry;

use crate::EngineError;
use crate::engine::{Run, TileRun};
use crate::program::Program;

/// Sorts fold words and results to the tiles that they belong to.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    engine: &'static str,
    geometry: Geometry,
    program: &'a Program,
    tiles: Vec<TileRun>,
    folds: usize,
    results: Vec<usize>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(engine: &'static str, geometry: Geometry, program: &'a Program) -> Self {
        Self {
            engine,
            geometry,
            program,
            tiles: Vec::new(),
            folds: 0,
            results: vec![0; geometry.columns()],
        }
    }

    /// A fold word was on the output.
    pub(crate) fn fold(&mut self, cycle: u64, word: u32) -> Result<(), EngineError> {
        let mut before = 0;
        let tile = self.program.tiles.iter().position(|tile| {
            before += tile.chunks();
            self.folds < before
        });
        let tile = tile.ok_or_else(|| self.surplus("fold word", cycle))?;
        self.folds += 1;
        let tile = self.tile(tile);
        tile.fold_words.push(word);
        tile.fold_cycles.push(cycle);
        tile.last_cycle = cycle;
        Ok(())
    }

    /// A result of a column was on the output.
    pub(crate) fn result(
        &mut self,
        cycle: u64,
        column: usize,
        word: u32,
    ) -> Result<(), EngineError> {
        let per_tile = self.geometry.column_results();
        let nth = self.results[column];
        self.results[column] += 1;
        if nth / per_tile >= self.program.tiles.len() {
            return Err(self.surplus("result", cycle));
        }
        let (row, column) = self.geometry.place(column, nth % per_tile);
        let tile = self.tile(nth / per_tile);
        tile.product[row][column] = word as i32;
        tile.results += 1;
        tile.last_cycle = cycle;
        if let Some(cycles) = &mut tile.result_cycles {
            cycles[row][column] = cycle;
        }
        Ok(())
    }

    /// Everything that was observed; `cycles` is where the program ended.
    pub(crate) fn finish(self, cycles: u64) -> Result<Run, EngineError> {
        let complete = |(tile, job): (&TileRun, &crate::TileWork)| {
            tile.results == 256 && tile.fold_words.len() == job.chunks()
        };
        let all = self.tiles.len() == self.program.tiles.len();
        if self.program.reset.is_none()
            && !(all && self.tiles.iter().zip(&self.program.tiles).all(complete))
        {
            let why = format!(
                "{} fold words and {:?} results a column came of {} tiles",
                self.folds,
                self.results,
                self.program.tiles.len()
            );
            return Err(EngineError::Protocol { engine: self.engine, why });
        }
        Ok(Run { tiles: self.tiles, cycles })
    }

    fn tile(&mut self, index: usize) -> &mut TileRun {
        while self.tiles.len() <= index {
            self.tiles.push(TileRun::empty(self.program.result_cycles));
        }
        &mut self.tiles[index]
    }

    fn surplus(&self, what: &str, cycle: u64) -> EngineError {
        let why = format!("a {what} that belongs to no tile came in cycle {cycle}");
        EngineError::Protocol { engine: self.engine, why }
    }
}
