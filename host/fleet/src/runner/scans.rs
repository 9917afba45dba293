//! Scans: the device grows the operands itself, and says where hits are.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use gemmine_driver::{AmadeusScan, Device, PearlScan, Scanned, Scanner, Work};
use gemmine_pouw::amadeus::K;

use super::{Assignment, Done, tiles_of};
use crate::piece::{Part, Piece};
use crate::production::{Ask, Claim, Kind};

pub struct ScanRunner {
    scanner: Scanner,
    /// Oldest first.
    waiting: VecDeque<(Assignment, Piece)>,
    /// Since when the oldest of them is in work.
    since: Instant,
}

impl ScanRunner {
    pub fn new(device: Box<dyn Device>) -> Self {
        Self { scanner: Scanner::new(device), waiting: VecDeque::new(), since: Instant::now() }
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn start(&mut self, assignment: Assignment) -> Result<()> {
        let [piece] = assignment.pieces[..] else {
            bail!("scan {} pieces at once", assignment.pieces.len());
        };
        ensure!(self.scanner.has_room(), "give a device a third scan");
        if self.waiting.is_empty() {
            self.since = Instant::now();
        }
        self.scanner.send(scan(&assignment, &piece)?).context("send a scan")?;
        self.waiting.push_back((assignment, piece));
        Ok(())
    }

    pub fn next(&mut self, patience: Duration) -> Result<Option<Done>> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let Some(scanned) = self.scanner.next(patience).context("scan")? else { return Ok(None) };
        let (assignment, piece) = self.waiting.pop_front().context("match a scan to its piece")?;
        let took = self.since.elapsed();
        self.since = Instant::now();
        let made = scanned.made();
        Ok(Some(Done {
            id: assignment.id,
            tickets: made.into(),
            left: piece.behind(made),
            claims: claims(&piece, &scanned),
            // What the scan found must not be lost with them; a device that fails says so again.
            counters: self.scanner.counters().ok(),
            took,
        }))
    }

    /// An answer that the device has ready, if it has one with a hit. Only where no more of its work is wanted.
    pub fn salvage(&mut self) -> Option<Done> {
        // One that can't be asked has nothing to say.
        while let Ok(Some(done)) = self.next(Duration::ZERO) {
            if done.claims.iter().any(|claim| claim.hit) {
                return Some(done);
            }
        }
        None
    }

    pub fn drop_all(&mut self) -> Result<()> {
        self.waiting.clear();
        Ok(self.scanner.drop_all()?)
    }
}

/// What a device is told of a piece.
fn scan(assignment: &Assignment, piece: &Piece) -> Result<Work> {
    match (&assignment.production.kind, piece.part, assignment.ask) {
        (Kind::Amadeus(amadeus), Part::Nonces { first, count }, Ask::Amadeus(bits)) => {
            let seed = amadeus.attempts(piece.pass).seed(first);
            Ok(AmadeusScan { seed, nonce: first, attempts: count, bits, steps: K }.into())
        }
        (Kind::Pearl(pearl), Part::Tiles(_), Ask::Pearl(bound)) => {
            let (tiles, seeds) = (tiles_of(piece)?, pearl.seeds(piece.pass)?);
            Ok(PearlScan {
                a_seed: seeds.a,
                b_seed: seeds.b,
                bound_le: bound.to_little_endian(),
                row_panel: tiles.row,
                column_panel: tiles.column,
                columns: tiles.columns,
                tiles: u32::try_from(tiles.tiles())?,
                steps: pearl.product().a.k(),
            }
            .into())
        }
        _ => bail!("scan a piece of another protocol"),
    }
}

/// What the device says of a scan's last ticket, and of the one before it where that is a hit.
fn claims(piece: &Piece, scanned: &Scanned) -> Vec<Claim> {
    let (completion, last) = (&scanned.completion, scanned.made() - 1);
    let claim = |number, ticket, hit| Claim {
        pass: piece.pass,
        place: piece.place(number),
        ticket,
        hit,
        cycle: completion.cycle,
    };
    // The driver has checked that there is one before it. Only the last one's ticket comes back.
    let before = scanned.end.hit_before.then(|| claim(last - 1, None, true));
    before.into_iter().chain([claim(last, Some(completion.ticket), completion.hit)]).collect()
}
