//! Jobs and products for tests, small enough that a tile takes microseconds.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use gemmine_driver::{Cpu, Device, Identity};
use gemmine_jobs::work::{Job, SourceId, Work};
use gemmine_pouw::config::Header76;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::target::{U256, target_from_nbits};

use crate::crew::Joined;
use crate::production::{Check, Claim, Product, Production};
use crate::runner::{Assignment, Done};

/// Steps of a tile: the fewest that are legal.
pub const STEPS: usize = 2048;
const RANK: u16 = 128;
const NBITS: u32 = 0x1e01_0000;

/// A product of so many panels; with a signal, values that are all over the range.
pub fn product((rows, columns): (usize, usize), zero_signal: bool) -> Arc<Product> {
    let fill = |rows: usize, salt: usize| {
        let value = |at: usize| {
            let column = at % STEPS;
            // The nonce's columns are B's zeros.
            let is_zero = zero_signal || column >= STEPS - 16;
            if is_zero { 0 } else { (((at * 31 + salt) % 129) as i32 - 64) as i8 }
        };
        Matrix::new(16 * rows, STEPS, (0..16 * rows * STEPS).map(value).collect()).unwrap()
    };
    let nonce_row = if zero_signal { 16 * (rows - 1) } else { 0 };
    Arc::new(Product {
        a: fill(rows, 5),
        bt: fill(columns, 11),
        nonce: (nonce_row, STEPS - 16..STEPS),
        rank: RANK,
        zero_signal,
        description: "a test's".into(),
    })
}

/// A job of Pearl with a number, where a tile in 2^`bits` is a share.
pub fn pearl_job(number: u32, bits: u32) -> Arc<Job> {
    let mut header = Vec::new();
    header.extend(0_u32.to_le_bytes());
    header.extend([number as u8; 64]);
    header.extend(number.to_le_bytes());
    header.extend(NBITS.to_le_bytes());
    Arc::new(Job {
        source: SourceId(0),
        name: format!("job {number}").into(),
        context: "".into(),
        height: None,
        work: Work::Pearl {
            header: Header76::from_slice(&header).unwrap(),
            // Scaled by 16 * 16 * 2048 = 2^19.
            share_target: U256::MAX >> (bits as usize + 19),
            network_target: target_from_nbits(NBITS),
        },
    })
}

/// A job of Amadeus.
pub fn amadeus_job(number: u8, bits: u32) -> Arc<Job> {
    let work = Work::Amadeus { seed: Box::new([number; 240]), bits };
    let name = format!("seed {number}").into();
    Arc::new(Job { source: SourceId(0), name, context: "".into(), height: None, work })
}

/// A job made ready.
pub fn production(epoch: u64, job: Arc<Job>, product: Option<&Arc<Product>>) -> Arc<Production> {
    Arc::new(Production::new(epoch, job, product, 1).unwrap())
}

/// What an honest device answers that makes so many tickets.
pub fn honest(assignment: &Assignment, most: u64) -> Done {
    let Assignment { id, production, pieces, ask } = assignment;
    let (mut claims, mut left, mut tickets) = (Vec::new(), Vec::new(), 0);
    let mut last = None;
    for piece in pieces {
        let made = (most - tickets).min(piece.tickets());
        for number in 0..made as u32 {
            let place = piece.place(number);
            let claim = Claim { pass: piece.pass, place, ticket: None, hit: true, cycle: 1 };
            let hit = matches!(production.check(&claim, ask).unwrap(), Check::Hit { .. });
            let claim = Claim { hit, ..claim };
            last = Some(claim);
            claims.extend(hit.then_some(claim));
        }
        tickets += made;
        left.extend(piece.behind(made as u32));
    }
    claims.extend(last.filter(|last| !last.hit));
    Done { id: *id, tickets, left, claims, counters: None, took: Duration::from_secs(1) }
}

/// A device's identity.
pub fn joined(name: &str) -> Joined {
    let identity = Cpu::new(NonZeroUsize::new(1)).unwrap().identity().clone();
    let identity = Identity { name: name.into(), ..identity };
    Joined { identity, ticket_cycles: None, scans: false }
}
