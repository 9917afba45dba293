//! A device that takes grids of tiles, played by the processor's kernel.

use std::collections::VecDeque;

use gemmine_driver::{
    Completion, Counters, Descriptor, DeviceError, Grid, GridEnd, GridLimits, GridTile, Side,
};
use gemmine_pouw::kernel;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::*;

const LIMITS: GridLimits = GridLimits { tiles: 7, panels: 4, outstanding: 2 };

/// What it does wrong.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    /// Tells of a tile that is outside of its grid.
    Outside,
    /// Ends grids in another order.
    Order,
}

struct Gridded {
    inner: Cpu,
    ends: VecDeque<GridEnd>,
    fault: Fault,
    /// Ends that come a turn late.
    late: bool,
}

pub fn gridded(fault: Fault) -> Box<dyn Device> {
    let inner = Cpu::new(NonZeroUsize::new(1)).unwrap();
    Box::new(Gridded { inner, ends: VecDeque::new(), fault, late: false })
}

impl Device for Gridded {
    fn identity(&self) -> &Identity {
        self.inner.identity()
    }

    fn load_panel(&mut self, side: Side, at: usize, panel: Arc<Panel>) -> Result<(), DeviceError> {
        self.inner.load_panel(side, at, panel)
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        self.inner.push(descriptor)
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        self.inner.wait(timeout)
    }

    fn grids(&self, steps: usize) -> Option<GridLimits> {
        assert_eq!(steps, STEPS);
        Some(LIMITS)
    }

    fn push_grid(&mut self, grid: Grid) -> Result<(), DeviceError> {
        assert!(grid.tiles() <= LIMITS.tiles && self.ends.len() < LIMITS.outstanding);
        assert!(grid.a.len().max(grid.b.len()) <= LIMITS.panels);
        let bound = U256::from_little_endian(&grid.bound_le);
        let last = (grid.a.len() - 1, grid.b.len() - 1);
        let (mut words, mut tiles) = (Vec::new(), Vec::new());
        for (row, a) in grid.a.panels().iter().enumerate() {
            for (column, b) in grid.b.iter().enumerate() {
                kernel::fold_tile(a, b, grid.chunk_steps, &mut words);
                let ticket = ticket(&grid.ticket_key, &fold_register(&words));
                let hit = meets(&ticket, bound);
                if hit || (row, column) == last {
                    let row = if self.fault == Fault::Outside { row + 1000 } else { row };
                    tiles.push(GridTile { row, column, ticket, hit });
                }
            }
        }
        let end = GridEnd { tag: grid.tag, tiles };
        match self.fault {
            Fault::Order => self.ends.push_front(end),
            _ => self.ends.push_back(end),
        }
        Ok(())
    }

    fn wait_grid(&mut self, timeout: Duration) -> Result<GridEnd, DeviceError> {
        self.late = !self.late;
        let next = if self.late { None } else { self.ends.pop_front() };
        let (what, waited_ms) = ("the end of a grid", timeout.as_millis());
        next.ok_or(DeviceError::Timeout { what, waited_ms })
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.ends.clear();
        self.inner.reset()
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        self.inner.counters()
    }
}

#[test]
fn grids_of_tiles() {
    // Rows that are longer than a grid may be wide, and shorter ones.
    for (columns, seldom) in [(5, 0), (3, 40)] {
        let product = product((3, columns), false);
        let production = production(1, pearl_job(1, seldom), Some(&product));
        let ask = production.ask(2.0, 1.0);
        let runner = Runner::new(gridded(Fault::None), task(false)).unwrap();
        assert!(!runner.joined().scans);
        let hits = check(runner, &production, ask, &[1, 2, 4, 15, 16, 40, 100]);
        assert!(hits > 10, "{hits}");
    }
}

#[test]
fn assignments_are_answered_in_their_order_and_dropped_work_never() {
    let product = product((2, 4), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    // So rare that none comes.
    let ask = Ask::Pearl(U256::zero());
    let mut runner = Runner::new(gridded(Fault::None), task(false)).unwrap();
    let oldest = OldestWanted::default();
    let mut cursor = Cursor::new(production.whole(), 0);
    let mut start = |runner: &mut Runner, id| {
        let pieces = vec![cursor.take(8), cursor.take(3)];
        let production = Arc::clone(&production);
        runner.start(Assignment { id, production, pieces, ask }, &oldest).unwrap();
    };
    start(&mut runner, 1);
    start(&mut runner, 2);
    let done = run(&mut runner, 2);
    let told: Vec<(u64, u64, usize)> =
        done.iter().map(|done| (done.id, done.tickets, done.claims.len())).collect();
    // The last tile alone is told of.
    assert_eq!((told[0].0, told[1].0), (1, 2));
    assert!(told.iter().all(|(_, tickets, claims)| *tickets > 3 && *claims == 1), "{told:?}");
    start(&mut runner, 3);
    assert_eq!(runner.next(PATIENCE).unwrap(), None);
    oldest.store(2, Ordering::Relaxed);
    assert_eq!(runner.next(PATIENCE).unwrap(), None);
    assert!(runner.is_idle());
}

#[test]
fn a_device_that_tells_of_other_tiles_fails() {
    for (fault, part) in [(Fault::Outside, "is outside of"), (Fault::Order, "was due")] {
        let product = product((2, 4), false);
        let production = production(1, pearl_job(1, 40), Some(&product));
        let mut runner = Runner::new(gridded(fault), task(false)).unwrap();
        let pieces = vec![Cursor::new(production.whole(), 0).take(8)];
        let (production, ask) = (Arc::clone(&production), Ask::Pearl(U256::zero()));
        let assignment = Assignment { id: 1, production, pieces, ask };
        runner.start(assignment, &OldestWanted::default()).unwrap();
        let failed = (0..10).find_map(|_| runner.next(PATIENCE).err());
        let text = format!("{:#}", failed.unwrap());
        assert!(text.contains(part), "{text}");
    }
}
