//! The processor's kernel alone: how fast it multiplies where nothing else is to be done.
//!
//! A processor counts no cycles. What keeps it from more is told by this instead: the part of its time that the same
//! grids of tiles take without noise, commitments, ticket hashes and the host's share of the work.

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use gemmine_fleet::production::Kind;
use gemmine_pouw::kernel;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::panel::{LANES, Panel};

use crate::workload::Workload;

/// Panels a side of a grid at most: as many as the miner gives a thread at once.
const PANELS: usize = 64;

/// Multiplies a Pearl workload's own operands on so many threads for so long, and that some times; MAC/s of each time, and
/// nothing for work that is not Pearl's.
///
/// # Errors
/// If a thread can't be started, or `stop` says so.
pub fn alone(
    workload: &Workload,
    threads: NonZeroUsize,
    length: Duration,
    repeats: u32,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<f64>>> {
    let Kind::Pearl(pearl) = &workload.production().kind else { return Ok(None) };
    let product = pearl.product();
    let chunk = usize::from(product.rank);
    let macs = workload.production().macs_per_ticket();
    let mut rates = Vec::new();
    for _ in 0..repeats {
        ensure!(!stop(), "measure: interrupted");
        let start = Barrier::new(threads.get());
        let one = || {
            // Of its own, as a thread that mines has its rows.
            let (a, b) = (panels(&product.a), panels(&product.bt));
            let (a, b): (Vec<&Panel>, Vec<&Panel>) = (a.iter().collect(), b.iter().collect());
            start.wait();
            let begin = Instant::now();
            let mut tiles = 0_u64;
            while begin.elapsed() < length {
                kernel::fold_grid(&a, &b, chunk, &mut |_| tiles += 1);
            }
            tiles as f64 * macs / begin.elapsed().as_secs_f64()
        };
        let rate: f64 = thread::scope(|scope| {
            let all: Vec<_> = (0..threads.get()).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(thread::ScopedJoinHandle::join).sum::<thread::Result<f64>>()
        })
        .map_err(|_| anyhow!("measure the kernel alone: one of its threads has ended"))?;
        rates.push(rate);
    }
    Ok(Some(rates))
}

fn panels(matrix: &Matrix) -> Vec<Panel> {
    let count = (matrix.rows() / LANES).min(PANELS);
    let rows = |panel: usize| -> [u32; LANES] {
        std::array::from_fn(|lane| (panel * LANES + lane) as u32)
    };
    (0..count).map(|panel| Panel::from_matrix(matrix, &rows(panel))).collect()
}
