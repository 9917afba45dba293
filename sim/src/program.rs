//! What an engine is asked to run: tiles back to back, with gaps or a reset where a test wants them.

use std::sync::Arc;

use gemmine_hdl::Geometry;
use gemmine_hdl::pe::CHUNK_STEPS_MAX;
use gemmine_hdl::sequencer::CHUNK_STEPS_MIN;
use gemmine_pouw::panel::Panel;

use crate::EngineError;

/// Most whole chunks that the sequencer counts in a tile.
pub const CHUNKS_MAX: usize = 2048;

/// One tile: 16 rows of A' times 16 columns of B'.
#[derive(Clone, Debug)]
pub struct TileWork {
    /// Rows of A', one a lane.
    pub a: Arc<Panel>,
    /// The bytes of `a` are unsigned, as Amadeus has them.
    pub unsigned_a: bool,
    /// Columns of B', one a lane.
    pub b: Arc<Panel>,
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk. What k leaves over is a tail without a fold word.
    pub chunk_steps: usize,
}

impl TileWork {
    /// Whole chunks.
    pub fn chunks(&self) -> usize {
        self.steps / self.chunk_steps
    }

    /// Steps behind the last whole chunk.
    pub fn tail_steps(&self) -> usize {
        self.steps % self.chunk_steps
    }

    /// First and one-past-last step of every chunk, the tail included.
    pub fn chunk_ranges(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (steps, chunk) = (self.steps, self.chunk_steps);
        (0..steps.div_ceil(chunk)).map(move |c| (c * chunk, steps.min((c + 1) * chunk)))
    }

    /// Checks what the array can do.
    ///
    /// # Errors
    /// Names the quantity, its value and the legal range.
    pub fn check(&self) -> Result<(), EngineError> {
        let fits = |what, value: usize, min: usize, max: usize| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(EngineError::Unsupported { what, value, min, max })
            }
        };
        for (side, panel) in [("A", &self.a), ("B", &self.b)] {
            if panel.k() != self.steps {
                return Err(EngineError::PanelLength { side, found: panel.k(), steps: self.steps });
            }
        }
        fits("chunk length", self.chunk_steps, CHUNK_STEPS_MIN, CHUNK_STEPS_MAX)?;
        fits("whole chunks of a tile", self.chunks(), 1, CHUNKS_MAX)?;
        if self.tail_steps() > 0 {
            fits("tail length", self.tail_steps(), CHUNK_STEPS_MIN, CHUNK_STEPS_MAX)?;
        }
        Ok(())
    }
}

/// Cycles in which the operand source has nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Gaps {
    /// The source always has a step.
    #[default]
    None,
    /// Nothing for some cycles.
    Once {
        /// The first cycle without a step.
        from: u64,
        /// How many.
        cycles: u64,
    },
    /// Pseudo-random, the same for every engine: a cycle is a gap with chance `of_256`/256.
    Random {
        /// Picks the pattern.
        seed: u64,
        /// Chance of a gap, in 256ths, below 256.
        of_256: u8,
    },
}

impl Gaps {
    /// Whether the source has a step in this cycle of the run.
    pub fn has_step(self, cycle: u64) -> bool {
        match self {
            Self::None => true,
            Self::Once { from, cycles } => !(from..from + cycles).contains(&cycle),
            Self::Random { seed, of_256 } => {
                // SplitMix64: any cycle's value without its predecessors.
                let mut x = seed ^ cycle.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (x >> 56) as u8 >= of_256
            }
        }
    }
}

/// A reset in the middle of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The cycle of the run in which it is pulled first.
    pub at: u64,
    /// For how many cycles; at least one.
    pub cycles: u64,
}

/// Tiles to run one after the other on an idle array.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// In order.
    pub tiles: Vec<TileWork>,
    /// When the source has nothing.
    pub gaps: Gaps,
    /// Pull the reset; everything unfinished is dropped.
    pub reset: Option<Reset>,
    /// Record the cycle of every result.
    pub result_cycles: bool,
}

/// One cycle's worth of stimulus, the same for every engine.
#[derive(Debug, PartialEq, Eq)]
pub enum Stimulus<'a> {
    /// The shape of the tile whose steps follow.
    Shape(&'a Shape),
    /// A step: operands of the slot's rows, operands of the slot's columns.
    Step(&'a [i16], &'a [i16]),
    /// The source has nothing.
    Gap,
    /// The reset is pulled, while the source offers a step; nothing but more of these follows.
    Reset,
}

/// The sequencer's view of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Steps of a chunk, less one.
    pub chunk_last: u16,
    /// Whole chunks, less one.
    pub chunks_last: u16,
    /// Steps of the tail, less one, if there is one.
    pub tail_last: Option<u16>,
}

impl Shape {
    /// A legal shape to hold while there is no tile: the sequencer looks at it from the reset on.
    pub const IDLE: Self =
        Self { chunk_last: CHUNK_STEPS_MIN as u16 - 1, chunks_last: 0, tail_last: None };
}

impl From<&TileWork> for Shape {
    fn from(tile: &TileWork) -> Self {
        Self {
            chunk_last: (tile.chunk_steps - 1) as u16,
            chunks_last: (tile.chunks() - 1) as u16,
            tail_last: tile.tail_steps().checked_sub(1).map(|t| t as u16),
        }
    }
}

impl Program {
    /// A program of these tiles without gaps.
    pub fn of(tiles: Vec<TileWork>) -> Self {
        Self { tiles, ..Self::default() }
    }

    /// Checks every tile.
    ///
    /// # Errors
    /// As [`TileWork::check`].
    pub fn check(&self) -> Result<(), EngineError> {
        self.tiles.iter().try_for_each(TileWork::check)?;
        match self.reset {
            Some(Reset { at, cycles }) if cycles == 0 || at.checked_add(cycles + 2).is_none() => {
                Err(EngineError::Reset { at, cycles })
            }
            _ => Ok(()),
        }
    }

    /// Feeds the program cycle by cycle to `sink`, in the order in which the sequencer wants steps:
    /// chunk by chunk, in each of them slot by slot. Shapes cost no cycle.
    ///
    /// # Errors
    /// The first one of `sink`.
    pub fn feed<E>(
        &self,
        geometry: Geometry,
        mut sink: impl FnMut(Stimulus) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut a = vec![0i16; geometry.rows()];
        let mut b = vec![0i16; geometry.columns()];
        let mut cycle = 0;
        let reset_at = self.reset.map_or(u64::MAX, |reset| reset.at);
        for tile in &self.tiles {
            sink(Stimulus::Shape(&Shape::from(tile)))?;
            for (first, end) in tile.chunk_ranges() {
                for slot in 0..geometry.slots() {
                    let (row, column) = geometry.slot_origin(slot);
                    for step in first..end {
                        while cycle < reset_at && !self.gaps.has_step(cycle) {
                            sink(Stimulus::Gap)?;
                            cycle += 1;
                        }
                        if cycle == reset_at {
                            return self.feed_reset(sink);
                        }
                        for (i, a) in a.iter_mut().enumerate() {
                            let value = tile.a.get(row + i, step);
                            *a = if tile.unsigned_a { (value as u8).into() } else { value.into() };
                        }
                        for (j, b) in b.iter_mut().enumerate() {
                            *b = tile.b.get(column + j, step).into();
                        }
                        sink(Stimulus::Step(&a, &b))?;
                        cycle += 1;
                    }
                }
            }
        }
        if self.reset.is_some() {
            for _ in cycle..reset_at {
                sink(Stimulus::Gap)?;
            }
        }
        self.feed_reset(sink)
    }

    fn feed_reset<E>(&self, mut sink: impl FnMut(Stimulus) -> Result<(), E>) -> Result<(), E> {
        let cycles = self.reset.map_or(0, |reset| reset.cycles);
        (0..cycles).try_for_each(|_| sink(Stimulus::Reset))
    }
}
