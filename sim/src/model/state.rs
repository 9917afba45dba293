//! The registers of any PE in any cycle, by formula.

use gemmine_hdl::Geometry;
use gemmine_hdl::core::OPERAND_LATENCY;
use gemmine_hdl::pe::{self, PeState};
use gemmine_hdl::sequencer::start_latency;

use super::timeline::Timeline;
use crate::program::Program;

/// Cycles from the one in which a step is taken to the operand registers of PE (0, 0): the gate's
/// register and the PE's own.
const TO_OPERAND: u64 = 2;
/// The same to the product.
const TO_PRODUCT: u64 = TO_OPERAND - 1 + pe::PRODUCT_OFFSET as u64;
/// The same to the partial sum.
const TO_SUM: u64 = 1 + pe::PAIR_LATENCY as u64;
/// From the first cycle behind a chunk to the start register of PE (0, 0).
const TO_START: u64 = start_latency(OPERAND_LATENCY) as u64 + 1;
/// The same to the chain register.
const TO_CHAIN: u64 = (start_latency(OPERAND_LATENCY) + pe::SUM_LATENCY) as u64;

/// The state of an idle array that runs a program without a reset, on demand.
#[derive(Debug)]
pub struct ArrayState<'a> {
    program: &'a Program,
    geometry: Geometry,
    timeline: Timeline,
}

/// One chunk of one slot: a run of steps that share a partial sum.
struct Span {
    tile: usize,
    slot: usize,
    /// First step of the chunk in k.
    first: usize,
    /// Number of the first step over all tiles.
    begin: u64,
    /// One past the number of the last.
    end: u64,
}

impl<'a> ArrayState<'a> {
    /// The states of this program on this array.
    pub fn new(program: &'a Program, geometry: Geometry) -> Self {
        Self { program, geometry, timeline: Timeline::new(program, geometry) }
    }

    /// The registers of PE (`row`, `column`) in a cycle of the program.
    pub fn pe(&self, cycle: u64, row: usize, column: usize) -> PeState {
        let hops = (row + column) as u64;
        let ago = |delay: u64| cycle.checked_sub(delay + hops);
        let (a, b) = self.pair(ago(TO_OPERAND), row, column);
        let (x, y) = self.pair(ago(TO_PRODUCT), row, column);
        PeState {
            a,
            b,
            start: ago(TO_START).is_some_and(|behind| self.ended_before(behind).is_some()),
            product: i32::from(x) * i32::from(y),
            sum: ago(TO_SUM).map_or(0, |last| self.sum_until(last, row, column)),
            chain: self.chain(cycle, row, column),
        }
    }

    /// The operands of a PE's row and column that were taken in a cycle.
    fn pair(&self, taken: Option<u64>, row: usize, column: usize) -> (i16, i16) {
        let Some(cycle) = taken else { return (0, 0) };
        let steps = self.timeline.taken_by(cycle);
        if steps == 0 || self.timeline.cycle(steps - 1) != cycle {
            return (0, 0);
        }
        self.span(steps - 1).map_or((0, 0), |span| self.operands(&span, steps - 1, row, column))
    }

    fn operands(&self, span: &Span, step: u64, row: usize, column: usize) -> (i16, i16) {
        let job = &self.program.tiles[span.tile];
        let (first_row, first_column) = self.geometry.slot_origin(span.slot);
        let k = span.first + (step - span.begin) as usize;
        let a = job.a.get(first_row + row, k);
        let a = if job.unsigned_a { (a as u8).into() } else { a.into() };
        (a, job.b.get(first_column + column, k).into())
    }

    /// Partial sum of the pairs that were taken up to a cycle, since their chunk began.
    fn sum_until(&self, cycle: u64, row: usize, column: usize) -> i32 {
        let taken = self.timeline.taken_by(cycle);
        let Some(span) = taken.checked_sub(1).and_then(|last| self.span(last)) else { return 0 };
        if span.end == taken && self.timeline.cycle(taken - 1) < cycle {
            return 0;
        }
        self.sum_of(&span, taken, row, column)
    }

    fn sum_of(&self, span: &Span, end: u64, row: usize, column: usize) -> i32 {
        let products = (span.begin..end).map(|step| {
            let (a, b) = self.operands(span, step, row, column);
            i32::from(a) * i32::from(b)
        });
        products.sum()
    }

    /// The sum of a PE further down, if one is passing by.
    fn chain(&self, cycle: u64, row: usize, column: usize) -> i32 {
        (row..self.geometry.rows())
            .find_map(|from| {
                let way = TO_CHAIN + (column + 2 * from - row) as u64;
                let span = self.ended_before(cycle.checked_sub(way)?)?;
                Some(self.sum_of(&span, span.end, from, column))
            })
            .unwrap_or(0)
    }

    /// The chunk whose last step was taken in the cycle before this one.
    fn ended_before(&self, cycle: u64) -> Option<Span> {
        let last_cycle = cycle.checked_sub(1)?;
        let last = self.timeline.taken_by(last_cycle).checked_sub(1)?;
        let span = self.span(last)?;
        (span.end == last + 1 && self.timeline.cycle(last) == last_cycle).then_some(span)
    }

    /// The chunk that a step belongs to.
    fn span(&self, step: u64) -> Option<Span> {
        let mut begin = 0;
        for (tile, job) in self.program.tiles.iter().enumerate() {
            if step >= begin + self.timeline.steps_of(job) {
                begin += self.timeline.steps_of(job);
                continue;
            }
            for (first, end) in job.chunk_ranges() {
                for slot in 0..self.geometry.slots() {
                    let next = begin + (end - first) as u64;
                    if step < next {
                        return Some(Span { tile, slot, first, begin, end: next });
                    }
                    begin = next;
                }
            }
        }
        None
    }
}
