//! What was made before a device closes or fails is told: hits are money.

use gemmine_driver::{Completion, Counters, Descriptor, DeviceError, Side};
use gemmine_pouw::panel::Panel;

use super::grids::{Fault, gridded};
use super::*;

/// What happens to a device in the middle of its work.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It is to close.
    Closes,
    /// It answers no more.
    Fails,
}

/// The processor, until it has made so many tiles.
struct Ending {
    inner: Cpu,
    left: usize,
    end: End,
    oldest: OldestWanted,
}

impl Device for Ending {
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
        if let (0, End::Fails) = (self.left, self.end) {
            return Err(DeviceError::Stopped("its fan has".into()));
        }
        let made = self.inner.wait(timeout)?;
        self.left = self.left.saturating_sub(1);
        if let (0, End::Closes) = (self.left, self.end) {
            self.oldest.store(u64::MAX, Ordering::Relaxed);
        }
        Ok(made)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.inner.reset()
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        self.inner.counters()
    }
}

/// Every hit among so many tickets of an assignment is told, and the rest is left.
fn check_salvaged(assignment: &Assignment, told: &[Done], made: usize) {
    let Assignment { id, production, pieces, ask } = assignment;
    let places = pieces.iter().flat_map(|piece| {
        (0..piece.tickets() as u32).map(|number| (piece.pass, piece.place(number)))
    });
    let is_hit = |(pass, place): &(u64, Place)| {
        let claim = Claim { pass: *pass, place: *place, ticket: None, hit: true, cycle: 0 };
        matches!(production.check(&claim, ask).unwrap(), Check::Hit { .. })
    };
    let hits: Vec<_> = places.clone().take(made).filter(is_hit).collect();
    if hits.is_empty() {
        return assert!(told.is_empty(), "{told:?}");
    }
    let [done] = told else { panic!("{} answers after {made} tiles", told.len()) };
    assert_eq!((done.id, done.tickets), (*id, made as u64));
    let claimed = done.claims.iter().filter(|claim| claim.hit);
    assert_eq!(claimed.map(|claim| (claim.pass, claim.place)).collect::<Vec<_>>(), hits);
    let left = done.left.iter().flat_map(|piece| {
        (0..piece.tickets() as u32).map(|number| (piece.pass, piece.place(number)))
    });
    assert!(left.eq(places.skip(made)), "{:?} after {made} tiles", done.left);
}

#[test]
fn tiles_that_were_made_before_the_end_are_told() {
    let product = product((2, 5), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let ask = production.ask(4.0, 1.0);
    let mut told = 0;
    for (end, made) in
        [End::Closes, End::Fails].into_iter().flat_map(|e| (1..10).map(move |m| (e, m)))
    {
        let oldest = OldestWanted::default();
        let inner = Cpu::new(NonZeroUsize::new(1)).unwrap();
        let device = Ending { inner, left: made, end, oldest: Arc::clone(&oldest) };
        let mut runner = Runner::new(Box::new(device), task(false)).unwrap();
        // A piece that is not a rectangle's beginning, and one of another pass.
        let pieces = [
            Piece { pass: 3, part: Part::Tiles(rectangle(0, 1, 2, 3)) },
            Piece { pass: 4, part: Part::Tiles(rectangle(1, 0, 1, 4)) },
        ];
        let production = Arc::clone(&production);
        let assignment = Assignment { id: 7, production, pieces: pieces.into(), ask };
        runner.start(assignment.clone(), &oldest).unwrap();
        let mut answers = Vec::new();
        let failed = loop {
            match runner.next(PATIENCE) {
                Ok(Some(done)) => answers.push(done),
                Ok(None) if oldest.load(Ordering::Relaxed) == u64::MAX => break false,
                Ok(None) if runner.is_idle() => break false,
                Ok(None) => {}
                Err(_) => break true,
            }
        };
        // A batch may have been done before, and told with its hits.
        if answers.is_empty() {
            assert_eq!(failed, matches!(end, End::Fails));
            let salvaged = runner.salvage(failed);
            told += salvaged.len();
            check_salvaged(&assignment, &salvaged, made);
            assert!(runner.salvage(failed).is_empty());
        }
    }
    assert!(told >= 8, "{told}");
}

fn rectangle(row: u32, column: u32, rows: u32, columns: u32) -> gemmine_driver::Rectangle {
    gemmine_driver::Rectangle { row, column, rows, columns }
}

#[test]
fn a_grid_with_a_hit_is_told_while_others_are_out() {
    let product = product((2, 8), false);
    let production = production(1, pearl_job(1, 40), Some(&product));
    let ask = production.ask(1.0, 1.0);
    let oldest = OldestWanted::default();
    let mut runner = Runner::new(gridded(Fault::None), task(false)).unwrap();
    let pieces = vec![Cursor::new(production.whole(), 2).take(16)];
    let assignment = Assignment { id: 3, production: Arc::clone(&production), pieces, ask };
    runner.start(assignment.clone(), &oldest).unwrap();
    // Two grids of four tiles are out; the first one is taken in the second turn.
    for _ in 0..2 {
        assert_eq!(runner.next(PATIENCE).unwrap(), None);
    }
    oldest.store(u64::MAX, Ordering::Relaxed);
    assert_eq!(runner.next(PATIENCE).unwrap(), None);
    check_salvaged(&assignment, &runner.salvage(false), 4);
    runner.drop_all().unwrap();
    assert!(runner.is_idle());
}

#[test]
fn a_scan_that_ended_is_asked_for_once_more() {
    let product = product((4, 20), true);
    let production = production(1, pearl_job(1, 40), Some(&product));
    // Every tile is a hit.
    let ask = Ask::Pearl(gemmine_pouw::target::U256::MAX);
    let mut runner = Runner::new(board(true), task(true)).unwrap();
    let pieces = vec![Cursor::new(production.whole(), 0).take(9)];
    let assignment = Assignment { id: 5, production, pieces, ask };
    runner.start(assignment, &OldestWanted::default()).unwrap();
    // Long enough for the board, whose time passes while its line is waited at.
    let mut told = Vec::new();
    for _ in 0..TURNS {
        told = runner.salvage(false);
        if !told.is_empty() {
            break;
        }
    }
    // A tile that is under way is made, too.
    assert_eq!((told.len(), told[0].id), (1, 5));
    assert!((1..9).contains(&told[0].tickets), "{told:?}");
    assert!(told[0].claims[0].hit);
}
