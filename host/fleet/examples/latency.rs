//! Measures the host: how long it takes from a new job to the last device at work on it, and how much processor a
//! device costs, with devices that do nothing but wait.
//!
//! `cargo run --release -p gemmine-fleet --example latency -- [DEVICES]... ` prints a line for each number of devices
//! (1, 16 and 256 without any). A device is a thread with a scan of a second; it drops stale work as boards do, and its
//! last ticket is right, since the host computes that again.
#![expect(clippy::unwrap_used, reason = "a measurement that fails says where")]

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gemmine_driver::{
    Completion, Counters, Cpu, Descriptor, Device, DeviceError, DeviceKind, Identity, PearlScan,
    Scan, ScanEnd, Side, Work,
};
use gemmine_fleet::live::{DevicePlan, Live, Plan, Presence};
use gemmine_fleet::miner::{Options, SourceEntry};
use gemmine_fleet::production::Product;
use gemmine_fleet::runner::{Runner, Task};
use gemmine_fleet::supervision::Rules;
use gemmine_jobs::share_log::{self, ShareLog};
use gemmine_jobs::source::failover::FailoverOptions;
use gemmine_jobs::source::local::{self, LocalOptions};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::noise::{self, factor_rows, index_pairs, noise_row};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{ticket, tile};

const STEPS: usize = 2048;
const RANK: u16 = 128;
/// Tickets a second of a device: about those of an 8x8 board at 24 MHz.
const PER_SECOND: u32 = 2500;
/// Between two jobs.
const INTERVAL: Duration = Duration::from_millis(500);
/// Jobs that are measured.
const JOBS: usize = 200;

/// A board that only waits.
struct Waiter {
    identity: Identity,
    scans: Vec<(Scan, Instant)>,
}

impl Waiter {
    fn new(number: usize) -> Self {
        let cpu = Cpu::new(std::num::NonZeroUsize::new(1)).unwrap().identity().clone();
        let identity = Identity {
            name: format!("waiter {number}"),
            description: "waits".into(),
            kind: DeviceKind::External,
            noise: true,
            clock_hz: Some(24_000_000),
            ..cpu
        };
        Self { identity, scans: Vec::new() }
    }
}

/// The ticket of a scan's tile, by the golden function.
fn ticket_of(scan: &PearlScan, nth: u32) -> [u8; 32] {
    let side = |side, seed, panel: u32| -> Vec<Vec<i8>> {
        let pairs = index_pairs(side, seed, RANK, STEPS as u32);
        let rows: Vec<u32> = (0..16).map(|row| panel * 16 + row).collect();
        let factors = factor_rows(side, seed, RANK, &rows);
        factors.chunks(RANK.into()).map(|factor| noise_row(factor, &pairs)).collect()
    };
    let (row, column) = scan.place(nth);
    let (a, b) =
        (side(noise::Side::A, &scan.a_seed, row), side(noise::Side::B, &scan.b_seed, column));
    let [a, b] = [&a, &b].map(|lanes| lanes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    ticket(&scan.a_seed, &tile(&a, &b, RANK.into()).register)
}

impl Device for Waiter {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(&mut self, _: Side, _: usize, _: Arc<Panel>) -> Result<(), DeviceError> {
        Ok(())
    }

    fn push(&mut self, _: Descriptor) -> Result<(), DeviceError> {
        Err(DeviceError::QueueFull(0))
    }

    fn scan(&mut self, scan: Scan) -> Result<(), DeviceError> {
        let tiles = u32::try_from(scan.work.last() + 1).unwrap();
        let begin = self.scans.last().map_or_else(Instant::now, |(_, end)| *end);
        self.scans.push((scan, begin + Duration::from_secs(1) * tiles / PER_SECOND));
        Ok(())
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let waiting = DeviceError::Timeout { what: "a scan", waited_ms: timeout.as_millis() };
        let Some((scan, end)) = self.scans.first().copied() else { return Err(waiting) };
        let left = end.saturating_duration_since(Instant::now());
        thread::sleep(left.min(timeout));
        if left > timeout {
            return Err(waiting);
        }
        self.scans.remove(0);
        let Work::Pearl(work) = scan.work else { unreachable!() };
        let ticket = ticket_of(&work, work.tiles - 1);
        let hit = meets(&ticket, U256::from_little_endian(&work.bound_le));
        let end = ScanEnd { nonce: work.tiles - 1, hit_before: false };
        Ok(Completion { tag: scan.tag, cycle: 0, ticket, hit, tile: None, scan: Some(end) })
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.scans.clear();
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(Counters::default())
    }
}

fn main() {
    let given: Vec<usize> =
        std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    let numbers = if given.is_empty() { vec![1, 16, 256] } else { given };
    println!("devices     p50 ms     p99 ms     max ms   processor a device");
    numbers.into_iter().for_each(measure);
}

fn measure(devices: usize) {
    let folder =
        std::env::temp_dir().join(format!("gemmine-latency-{}-{devices}", std::process::id()));
    let live = Live::start(plan(devices, &folder)).unwrap();
    let handle = live.handle();
    let mut latencies = Vec::new();
    let (mut job, mut seen) = (0, 0);
    let (begun, before) = (Instant::now(), processor_s());
    while latencies.len() < JOBS {
        thread::sleep(Duration::from_millis(20));
        let status = handle.status();
        let totals = &status.totals;
        if totals.jobs != job {
            (job, seen) = (totals.jobs, seen.max(job));
        }
        if let Some(latency) = totals.job_latency_s
            && seen != job
        {
            seen = job;
            latencies.push(latency * 1e3);
        }
        assert!(begun.elapsed() < 10 * INTERVAL * JOBS as u32, "{} jobs", latencies.len());
    }
    let part = (processor_s() - before) / begun.elapsed().as_secs_f64() / devices as f64;
    latencies.sort_by(f64::total_cmp);
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part).round() as usize];
    println!(
        "{devices:7} {:10.2} {:10.2} {:10.2} {:13.3} %",
        at(0.5),
        at(0.99),
        at(1.0),
        100.0 * part
    );
    live.stop();
    let _ = std::fs::remove_dir_all(folder);
}

/// Seconds of processor that this process has had.
fn processor_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

fn plan(devices: usize, folder: &Path) -> Plan {
    let zeros = |rows: usize| Matrix::new(rows, STEPS, vec![0; rows * STEPS]).unwrap();
    let (m, n) = (1024, 4096);
    let product = Product {
        a: zeros(m),
        bt: zeros(n),
        nonce: (m - 16, STEPS - 16..STEPS),
        rank: RANK,
        zero_signal: true,
        description: "zeros".into(),
    };
    let device = |number| DevicePlan {
        name: format!("waiter {number}"),
        open: Arc::new(move || {
            Runner::new(
                Box::new(Waiter::new(number)),
                Task::Pearl { steps: STEPS, zero_signal: true },
            )
        }),
        presence: Presence::Always,
    };
    Plan {
        options: Options {
            rules: Rules::default(),
            failover: FailoverOptions::default(),
            sources: vec![SourceEntry { name: "local".into(), priority: 0 }],
            work: String::new(),
            notice: None,
            seed: 1,
            version: String::new(),
        },
        log: ShareLog::open(folder, share_log::Options::default()).unwrap(),
        product: Some(Arc::new(product)),
        sources: vec![Box::new(|id, events, began| {
            let options =
                LocalOptions { id, share_target: U256::one() << 200, interval: Some(INTERVAL) };
            Ok(local::spawn(options, events, began)?)
        })],
        devices: (0..devices).map(device).collect(),
        discover: None,
        wall: Box::new(|| 0),
    }
}
