//! Where in its tile the array is: [`gemmine_hdl::sequencer`] by counts instead of registers.

use gemmine_hdl::Geometry;
use gemmine_hdl::accelerator::OPERAND_LATENCY;
use gemmine_hdl::sequencer::settle_cycles;

use super::counter::Counter;
use super::queue::Descriptor;

/// What the array's cycles were used for.
#[derive(Clone, Debug, Default)]
pub struct ArrayCycles {
    /// A tile was in work or its results on the way.
    pub busy: Counter,
    /// A step.
    pub mac: Counter,
    /// All PEs at work.
    pub full_mac: Counter,
}

/// Steps of a tile, over all slots, up to its landmarks.
#[derive(Clone, Copy, Debug)]
pub struct Landmarks {
    /// The last whole chunk begins.
    pub last_chunk: u64,
    /// The last whole chunk is over.
    pub folded: u64,
    /// The tile is over.
    pub end: u64,
}

/// When the steps of a tile were taken.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    rows: &'a [(u64, u64)],
}

impl Steps<'_> {
    /// The cycle of a step, by its number over all slots.
    pub fn cycle(&self, step: u64) -> u64 {
        let row = self.rows.iter().rev().find(|(first, _)| *first <= step);
        row.map_or(step, |(first, cycle)| cycle + step - first)
    }
}

/// The state.
#[derive(Clone, Debug)]
pub struct Sequencer {
    geometry: Geometry,
    /// Counts up while the array empties itself; `None` when it runs.
    flush: Option<u64>,
    /// Steps taken of the running tile.
    position: u64,
    /// Where its steps in a row begin: the first one's number and cycle.
    rows: Vec<(u64, u64)>,
    chunk_is_last: bool,
    /// A tile's last step was taken a cycle ago, and two cycles ago.
    ended_tile: [bool; 2],
    in_tile: bool,
    /// First cycle in which no result is on its way any more, once no tile is in work.
    settled_from: u64,
    /// First cycle of the steps in a row that end before `stepped`.
    row_from: u64,
    stepped: u64,
    /// Counters.
    pub cycles: ArrayCycles,
}

impl Sequencer {
    /// As after power-up.
    pub fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            flush: Some(0),
            position: 0,
            rows: Vec::new(),
            chunk_is_last: false,
            ended_tile: [false; 2],
            in_tile: false,
            settled_from: 0,
            row_from: 0,
            stepped: 0,
            cycles: ArrayCycles::default(),
        }
    }

    /// Steps can be taken.
    pub fn running(&self) -> bool {
        self.flush.is_none()
    }

    /// Work is in the array.
    pub fn busy(&self, now: u64) -> bool {
        self.in_tile || now < self.settled_from
    }

    /// Cycles from a step to the last output that it can have.
    pub fn settle(&self) -> u64 {
        settle_cycles(self.geometry.rows(), self.geometry.columns(), OPERAND_LATENCY) as u64
    }

    /// The landmarks of a tile.
    pub fn landmarks(&self, tile: &Descriptor) -> Landmarks {
        let slots = self.geometry.slots() as u64;
        let chunk = slots * tile.chunk_steps as u64;
        let folded = chunk * tile.chunks as u64;
        let end = folded + slots * tile.tail_steps as u64;
        Landmarks { last_chunk: folded - chunk, folded, end }
    }

    /// Steps of the last whole chunk or tail are due, as the finisher sees it.
    pub fn final_out(&self, tile: &Descriptor) -> bool {
        (self.chunk_is_last || self.in_tail(tile)) && self.ended_tile == [false; 2]
    }

    /// The last cycle's step was a tile's last.
    pub fn tile_ended(&self) -> bool {
        self.ended_tile[0]
    }

    /// The cycles of the steps of the running tile that have been taken.
    pub fn steps(&self) -> Steps<'_> {
        Steps { rows: &self.rows }
    }

    /// The step of this cycle, if it is taken, is a tile's last.
    pub fn at_tile_end(&self, tile: &Descriptor) -> bool {
        self.position + 1 == self.landmarks(tile).end
    }

    /// Steps of a tile up to the end of the chunk that is due.
    fn pass_end(&self, tile: &Descriptor) -> u64 {
        let chunk = self.geometry.slots() as u64 * tile.chunk_steps as u64;
        (self.position / chunk + 1) * chunk
    }

    /// The step of this cycle, if it is taken, is the last that reads a whole chunk.
    pub fn at_pass_end(&self, tile: &Descriptor) -> bool {
        self.position + 1 == self.pass_end(tile)
    }

    /// The step of this cycle, if it is taken, is the last that a fold word needs.
    pub fn at_last_fold(&self, tile: &Descriptor) -> bool {
        self.position + 1 == self.landmarks(tile).folded
    }

    /// How many cycles change nothing but counts, all of them with a step or none.
    pub fn quiet_cycles(&self, now: u64, tile: &Descriptor, stepping: bool) -> u64 {
        if self.ended_tile != [false; 2] || self.chunk_is_last != self.in_last_chunk(tile) {
            return 0;
        }
        if let Some(flush) = self.flush {
            if self.in_tile || self.position > 0 || now < self.settled_from {
                return 0;
            }
            return (self.geometry.flush_cycles() as u64 - 1).saturating_sub(flush);
        }
        if !stepping {
            return u64::MAX;
        }
        let Landmarks { last_chunk, folded, end } = self.landmarks(tile);
        // What an attempt has read makes room for more.
        let pass = if tile.scan { self.pass_end(tile) } else { end };
        let ahead =
            [last_chunk, folded, end, pass].into_iter().filter(|&mark| mark > self.position);
        ahead.min().map_or(0, |mark| mark - 1 - self.position)
    }

    /// Passes cycles from `now` on: one, or so many as are quiet.
    pub fn pass(&mut self, now: u64, cycles: u64, tile: &Descriptor, stepping: bool, reset: bool) {
        let until = now + cycles;
        let tile_end = stepping && self.at_tile_end(tile);
        let chunk_is_last = self.in_last_chunk(tile);
        let busy_until = if self.in_tile { until } else { self.settled_from.min(until) };
        if stepping {
            if self.position == 0 {
                self.rows.clear();
            }
            if self.stepped != now {
                self.row_from = now;
            }
            if self.stepped != now || self.position == 0 {
                self.rows.push((self.position, now));
            }
            self.stepped = until;
            self.cycles.busy.add(now, until);
            self.cycles.mac.add(now, until);
            let ramp = (self.geometry.rows() + self.geometry.columns() - 2) as u64;
            self.cycles.full_mac.add(now.max(self.row_from + ramp), until);
            self.settled_from = until + self.settle();
            self.position = if tile_end { 0 } else { self.position + cycles };
            self.in_tile = !tile_end;
        } else {
            self.cycles.busy.add(now, busy_until);
        }
        self.ended_tile = [tile_end, self.ended_tile[0]];
        self.chunk_is_last = chunk_is_last;
        if let Some(flush) = self.flush {
            self.position = 0;
            self.in_tile = false;
            self.settled_from = self.settled_from.min(until);
            let passed = flush + cycles;
            let full = self.geometry.flush_cycles() as u64;
            self.flush = (passed < full).then_some(passed);
        }
        if reset {
            self.flush = Some(0);
        }
    }

    fn in_last_chunk(&self, tile: &Descriptor) -> bool {
        self.position >= self.landmarks(tile).last_chunk
    }

    fn in_tail(&self, tile: &Descriptor) -> bool {
        tile.tail_steps > 0 && self.position >= self.landmarks(tile).folded
    }
}
