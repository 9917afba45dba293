//! Runs on a device that computes scans itself, and that does wrong where it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use gemmine_driver::{
    Completion, Descriptor, DeviceError, EngineKind, Identity, LinkError, Scan, ScanEnd, Side,
    Simulated, Work,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::kernel::fold_tile;
use gemmine_pouw::noise::{self, factor_rows, index_pairs};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile;

use super::*;
use crate::job::GatewayJob;
use crate::mine::operands::RANK;
use crate::mine::product::ProductFile;
use crate::mine::store::Store;

/// Tiles of the first scans.
const FIRST: u32 = 5;
/// Share target that one tile in two meets, and one that none meets.
const EASY: usize = 236;
const HARDEST: usize = 0;

/// What the device did, and what it should do wrong.
#[derive(Debug, Default)]
struct Told {
    scans: Vec<PearlScan>,
    /// How often each tile was made, by A's seed and place.
    tiles: BTreeMap<([u8; 32], (u32, u32)), u32>,
    resets: u32,
    /// No scan ends.
    hangs: bool,
    /// This many answers from now on have another ticket.
    wrong_tickets: u32,
    /// It is lost at so many of the next questions.
    losses: u32,
}

struct Double {
    identity: Identity,
    queue: VecDeque<(u32, PearlScan)>,
    told: Arc<Mutex<Told>>,
}

fn ticket(scan: &PearlScan, nth: u32) -> [u8; 32] {
    let panel = |side, seed, panel: u32| {
        let rows: Vec<u32> = (16 * panel..16 * panel + 16).collect();
        let factors = factor_rows(side, seed, RANK, &rows);
        let factors: Vec<&[i8]> = factors.chunks(RANK.into()).collect();
        let zeros = vec![0; scan.steps];
        let pairs = index_pairs(side, seed, RANK, scan.steps as u32);
        Panel::noised(&[zeros.as_slice(); LANES], &factors, &pairs)
    };
    let (row, column) = scan.place(nth);
    let (a, b) =
        (panel(noise::Side::A, &scan.a_seed, row), panel(noise::Side::B, &scan.b_seed, column));
    let mut words = Vec::new();
    fold_tile(&a, &b, RANK.into(), &mut words);
    tile::ticket(&scan.a_seed, &tile::fold_register(&words))
}

/// Number of the last tile, its ticket and whether it is a hit, and whether the one before is.
fn ended(scan: &PearlScan) -> (u32, [u8; 32], bool, bool) {
    let bound = U256::from_little_endian(&scan.bound_le);
    let mut hit_before = false;
    for nth in 0..scan.tiles {
        let ticket = ticket(scan, nth);
        let hit = meets(&ticket, bound);
        if hit_before || nth + 1 == scan.tiles {
            return (nth, ticket, hit, hit_before);
        }
        hit_before = hit;
    }
    unreachable!("a scan has a tile at least")
}

impl Device for Double {
    fn identity(&self) -> &Identity {
        &self.identity
    }
    fn load_panel(&mut self, _: Side, _: usize, _: Arc<Panel>) -> Result<(), DeviceError> {
        unreachable!("scans need no panels")
    }
    fn push(&mut self, _: Descriptor) -> Result<(), DeviceError> {
        unreachable!("scans are no tiles")
    }
    fn scan(&mut self, scan: Scan) -> Result<(), DeviceError> {
        assert!(self.queue.len() < 2);
        let Work::Pearl(work) = scan.work else { unreachable!("{scan:?}") };
        self.told.lock().unwrap().scans.push(work);
        self.queue.push_back((scan.tag, work));
        Ok(())
    }
    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let mut told = self.told.lock().unwrap();
        if told.losses > 0 {
            told.losses -= 1;
            return Err(DeviceError::Lost { device: "double".into(), source: LinkError::Closed });
        }
        if told.hangs || self.queue.is_empty() {
            drop(told);
            thread::sleep(timeout);
            return Err(DeviceError::Timeout { what: "a completion", waited_ms: 0 });
        }
        let (tag, scan) = self.queue.pop_front().unwrap();
        let (nonce, mut ticket, hit, hit_before) = ended(&scan);
        for nth in 0..=nonce {
            *told.tiles.entry((scan.a_seed, scan.place(nth))).or_default() += 1;
        }
        if told.wrong_tickets > 0 {
            told.wrong_tickets -= 1;
            ticket[31] ^= 1;
        }
        let end = Some(ScanEnd { nonce, hit_before });
        Ok(Completion { tag, cycle: 0, ticket, hit, tile: None, scan: end })
    }
    fn reset(&mut self) -> Result<(), DeviceError> {
        self.queue.clear();
        self.told.lock().unwrap().resets += 1;
        Ok(())
    }
    fn counters(&mut self) -> Result<Counters, DeviceError> {
        let tiles = self.told.lock().unwrap().tiles.values().map(|&times| u64::from(times)).sum();
        Ok(Counters { tiles, ..Counters::default() })
    }
}

fn until(shares: Option<u64>, seconds: f64) -> Until {
    Until { shares, elapsed: Some(Duration::from_secs_f64(seconds)), product: false }
}

/// A run over m x n zeros; what it came to but for the sink, and what the device was told.
fn run(
    shape: (usize, usize),
    target: usize,
    until: Until,
    told: Told,
) -> Result<(End, Option<String>, Tally, Counters, Told)> {
    let folder = tempfile::tempdir()?;
    let operands = Operands::zero_signal(shape)?;
    let mut job = GatewayJob::simnet()?;
    let share_target = U256::one() << target;
    job.set_share_target(share_target)?;
    let model = Simulated::new(EngineKind::Model, Geometry::new(8, 8))?;
    let identity = Identity { noise: true, ..model.identity().clone() };
    let hertz = identity.tile_cycles(2048).unwrap() * u64::from(FIRST) * 8;
    let identity = Identity { clock_hz: Some(hertz), ..identity };
    let store = Store::open(folder.path(), &job)?;
    let (row, column, values) = operands.nonce(9, 0);
    let mut a = operands.a_padded.clone();
    a.write(row, column, &values)?;
    let config = MiningConfig::native(2048, RANK);
    let prepared = PreparedJob::new(job.header, config, a, operands.bt_padded.clone())?;
    let keeper = Keeper::new(job, share_target, 9, &identity, store);
    let sink = Sink::new(&operands, ProductFile::None, folder.path())?;
    let told = Arc::new(Mutex::new(told));
    let device = Double { identity, queue: VecDeque::new(), told: Arc::clone(&told) };
    let progress = Progress::new(true, 2048, until.shares);
    let started = Instant::now();
    let kept = (keeper, sink);
    let scans = Scans::new(&operands, prepared, Box::new(device), kept, progress, until, started)?;
    let Ended { end, trouble, tally, counters, elapsed, .. } = scans.run();
    assert!(elapsed <= started.elapsed());
    let told = Arc::try_unwrap(told).unwrap().into_inner().unwrap();
    // A proof a share, each of them verified when it was made.
    let proofs = std::fs::read_dir(folder.path())?.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("share-")
    });
    assert_eq!(proofs.count() as u64, tally.shares);
    Ok((end, trouble.map(|error| format!("{error:#}")), tally, counters, told))
}

#[test]
fn every_tile_but_the_nonces_is_scanned_once_and_every_hit_is_kept() {
    let (end, trouble, tally, counters, told) =
        run((48, 64), EASY, until(Some(20), 1e6), Told::default()).unwrap();
    assert_eq!((end, trouble), (End::Shares, None));
    assert_eq!((tally.hits_refused, tally.shares_known), (0, 0));
    assert!(tally.shares >= 20);
    // Some of the last grid and what is outstanding is not made; all before it is, once each.
    assert!(told.tiles.values().all(|&times| times == 1));
    assert_eq!(counters.tiles, tally.tiles());
    assert_eq!(told.tiles.len() as u64, tally.tiles());
    let mut grids: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    for (seed, (row, column)) in told.tiles.keys() {
        assert!(*row < 2 && *column < 4, "the last row panel has the nonce for a signal");
        *grids.entry(*seed).or_default() += 1;
    }
    assert!(grids.len() > 3 && tally.reseeds as usize + 1 >= grids.len());
    assert_eq!(grids.values().filter(|&&tiles| tiles == 8).count() as u64, tally.passes);
    assert!(tally.passes + 3 >= grids.len() as u64);
    // Every hit that came up to the last share is one.
    let first = told.scans[0];
    assert_eq!((first.tiles, first.columns, first.steps), (4, 4, 2048));
    assert!(told.scans.iter().all(|scan| scan.b_seed == first.b_seed));
    let bound = U256::from_little_endian(&first.bound_le);
    let scan_of = |a_seed: &[u8; 32], (row_panel, column_panel): (u32, u32)| PearlScan {
        a_seed: *a_seed,
        row_panel,
        column_panel,
        columns: 1,
        tiles: 1,
        ..first
    };
    let hits =
        told.tiles.keys().filter(|(seed, place)| meets(&ticket(&scan_of(seed, *place), 0), bound));
    assert_eq!(hits.count() as u64, tally.shares + tally.hits_surplus);
    // The device was not left at work.
    assert_eq!(told.resets, 1);
}

#[test]
fn rows_longer_than_a_scan_are_cut() {
    let (.., tally, _, told) = run((33, 128), HARDEST, until(None, 1.0), Told::default()).unwrap();
    // 8 columns, 5 tiles a scan at first.
    let first = told.scans[0];
    assert_eq!((first.tiles, first.columns, first.column_panel), (FIRST, FIRST, 0));
    assert!(told.scans[1].row_panel == 0 && told.scans[1].column_panel == FIRST);
    assert!(told.tiles.values().all(|&times| times == 1));
    assert!(tally.scans.unwrap() > 3 && tally.shares == 0 && tally.passes > 0);
}

#[test]
fn a_wrong_ticket_is_said_and_the_run_goes_on() {
    let told = Told { wrong_tickets: 2, ..Told::default() };
    let (end, trouble, tally, ..) = run((48, 32), EASY, until(Some(6), 1e6), told).unwrap();
    assert_eq!((end, trouble, tally.hits_refused), (End::Shares, None, 2));
}

#[test]
fn a_lost_device_gets_its_scans_again() {
    let told = Told { losses: 3, ..Told::default() };
    let (end, _, tally, _, told) = run((48, 32), EASY, until(Some(3), 1e6), told).unwrap();
    assert_eq!((end, tally.hits_refused), (End::Shares, 0));
    assert_eq!(told.scans[..2], told.scans[6..8]);
    let told = Told { losses: 1000, ..Told::default() };
    let (end, trouble, ..) = run((48, 32), EASY, until(Some(3), 1e6), told).unwrap();
    assert_eq!(end, End::Trouble);
    let trouble = trouble.unwrap();
    assert!(trouble.starts_with("scan on the device: lost device double"), "{trouble}");
}

#[test]
fn a_run_ends_by_its_time_though_no_scan_does() {
    let told = Told { hangs: true, ..Told::default() };
    let (end, trouble, tally, _, told) = run((48, 32), EASY, until(None, 0.2), told).unwrap();
    assert_eq!((end, trouble, tally.tiles()), (End::Seconds, None, 0));
    assert_eq!((told.scans.len(), told.resets), (2, 1));
}

#[test]
fn a_nonce_alone_leaves_nothing_to_scan() {
    let error = run((16, 64), EASY, until(None, 0.2), Told::default()).unwrap_err().to_string();
    assert!(error.ends_with("give --zero-signal more than 16 rows"), "{error}");
}
