//! The processor's kernel alone: how fast it multiplies where nothing else is to be done.
//!
//! A processor counts no cycles. What keeps it from more is told by this instead: the part of its time that the same
//! grids of tiles take without noise, commitments, ticket hashes and the host's share of the work.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use gemmine_driver::{Cpu, Device as _};
use gemmine_fleet::production::Kind;
use gemmine_pouw::kernel;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::panel::{LANES, Panel};

use crate::workload::Workload;

/// What the kernel did alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// MAC/s of each time, of all threads together.
    pub rates: Vec<f64>,
    /// Threads that multiplied.
    pub threads: NonZeroUsize,
    /// How long each time was.
    pub length: Duration,
}

/// Multiplies a Pearl workload's own operands on so many threads for so long, and that some times, by grids such as the
/// miner gives a thread; none of work that is not Pearl's. Rows are each thread's own, columns are shared.
///
/// # Errors
/// If a thread can't be started, or `stop` says so.
pub fn alone(
    workload: &Workload,
    threads: NonZeroUsize,
    length: Duration,
    repeats: u32,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Alone>> {
    let Kind::Pearl(pearl) = &workload.production().kind else { return Ok(None) };
    let product = pearl.product();
    let grids = Cpu::new(Some(threads))?.grids(product.a.k()).context("ask for its grids")?;
    let columns = panels(&product.bt, grids.panels);
    let rows = (grids.tiles / columns.len().max(1)).clamp(1, grids.panels);
    let own: Vec<Vec<Panel>> = (0..threads.get()).map(|_| panels(&product.a, rows)).collect();
    let columns: Vec<&Panel> = columns.iter().collect();
    let chunk = usize::from(product.rank);
    let macs = workload.production().macs_per_ticket();
    let one = |rows: &[Panel]| {
        let rows: Vec<&Panel> = rows.iter().collect();
        let begin = Instant::now();
        let mut tiles = 0_u64;
        while begin.elapsed() < length {
            kernel::fold_grid(&rows, &columns, chunk, &mut |_| tiles += 1);
        }
        tiles as f64 * macs / begin.elapsed().as_secs_f64()
    };
    let mut rates = Vec::new();
    for _ in 0..repeats {
        ensure!(!stop(), "measure the kernel alone: interrupted");
        let rate = thread::scope(|scope| -> Result<f64> {
            let one = &one;
            let start = |rows| thread::Builder::new().spawn_scoped(scope, move || one(rows));
            let all: Vec<_> = own.iter().map(|rows| start(rows)).collect::<std::io::Result<_>>()?;
            let rates = all.into_iter().map(thread::ScopedJoinHandle::join);
            let rate: thread::Result<f64> = rates.sum();
            rate.map_err(|_| anyhow!("one of its threads has ended"))
        });
        rates.push(rate.context("measure the kernel alone")?);
    }
    Ok(Some(Alone { rates, threads, length }))
}

/// So many at most.
fn panels(matrix: &Matrix, most: usize) -> Vec<Panel> {
    let count = (matrix.rows() / LANES).min(most);
    let rows = |panel: usize| -> [u32; LANES] {
        std::array::from_fn(|lane| (panel * LANES + lane) as u32)
    };
    (0..count).map(|panel| Panel::from_matrix(matrix, &rows(panel))).collect()
}
