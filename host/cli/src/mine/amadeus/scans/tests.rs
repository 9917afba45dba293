//! Scans by a device that computes them itself, and that does wrong where it is told to.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use gemmine_driver::{
    Completion, Counters, Descriptor, DeviceError, EngineKind, Identity, LinkError, Scan, ScanEnd,
    Side, Simulated, Work as Asked,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::amadeus::{SEED_BYTES, Solution};
use gemmine_pouw::panel::Panel;

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
/// Bits of a solution: one attempt in four.
const BITS: u32 = 2;
/// Attempts of the first scans.
const FIRST: u32 = 4;

/// What the device did, and what it should do wrong.
#[derive(Debug, Default)]
struct Told {
    scans: Vec<AmadeusScan>,
    attempts: u64,
    resets: u32,
    /// No scan ends.
    hangs: bool,
    /// This many answers from now on have another hash.
    wrong_hashes: u32,
    /// It is lost at so many of the next questions.
    losses: u32,
}

struct Double {
    identity: Identity,
    queue: VecDeque<Scan>,
    told: Arc<Mutex<Told>>,
}

fn identity() -> Identity {
    let model = Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap();
    let identity = Identity { engines: 2, ..model.identity().clone() };
    // The first scan is an eighth of a second long.
    let second = identity.attempt_cycles(K).unwrap() * u64::from(FIRST) * 8;
    Identity { clock_hz: Some(second), ..identity }
}

fn ended(tag: u32, scan: &AmadeusScan) -> Completion {
    let attempts = Attempts::new(&scan.seed);
    let mut hit_before = false;
    for nonce in scan.nonce..=scan.last() as u32 {
        let solution = attempts.attempt(nonce);
        let hit = solution.bits() >= scan.bits;
        if hit_before || u64::from(nonce) == scan.last() {
            return Completion {
                tag,
                cycle: 0,
                ticket: solution.hash,
                hit,
                tile: None,
                scan: Some(ScanEnd { nonce, hit_before }),
            };
        }
        hit_before = hit;
    }
    unreachable!("a scan has an attempt at least")
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
        let Asked::Amadeus(asked) = scan.work else { unreachable!("{scan:?}") };
        self.told.lock().unwrap().scans.push(asked);
        self.queue.push_back(scan);
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
        let scan = self.queue.pop_front().unwrap();
        let Asked::Amadeus(asked) = scan.work else { unreachable!("{scan:?}") };
        let mut completion = ended(scan.tag, &asked);
        told.attempts += u64::from(completion.scan.unwrap().nonce - asked.nonce) + 1;
        if told.wrong_hashes > 0 {
            told.wrong_hashes -= 1;
            completion.ticket[31] ^= 1;
        }
        Ok(completion)
    }
    fn reset(&mut self) -> Result<(), DeviceError> {
        self.queue.clear();
        self.told.lock().unwrap().resets += 1;
        Ok(())
    }
    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(Counters { tiles: self.told.lock().unwrap().attempts, ..Counters::default() })
    }
}

/// A run without its loop.
struct Run {
    told: Arc<Mutex<Told>>,
    shared: Arc<Shared>,
    found: Receiver<Result<Found>>,
    thread: Option<JoinHandle<()>>,
}

impl Run {
    fn start(told: Told) -> Self {
        let told = Arc::new(Mutex::new(told));
        let shared = Arc::new(Shared::new(Work::new(&[7; SEED_BYTES])));
        let (sender, found) = bounded(64);
        let (identity, queue) = (identity(), VecDeque::new());
        let device = Double { identity, queue, told: Arc::clone(&told) };
        let thread = start(Box::new(device), BITS, &shared, &sender).unwrap();
        Self { told, shared, found, thread: Some(thread) }
    }

    fn next(&self) -> Found {
        self.found.recv_timeout(PATIENCE).unwrap().unwrap()
    }

    fn solution(&self) -> Solution {
        match self.next() {
            Found::Solution(solution) => *solution,
            wrong => panic!("{wrong:?}"),
        }
    }

    /// Ends the thread; what is still in the channel is lost.
    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_is_found_is_what_the_golden_function_finds() {
    let mut run = Run::start(Told::default());
    let found: Vec<Solution> = (0..10).map(|_| run.solution()).collect();
    run.stop();
    let told = run.told.lock().unwrap();
    // Nonces without a gap between scans, the first few for a device that may be slower than its clock says.
    let mut next = 0;
    for scan in &told.scans {
        assert_eq!((scan.nonce, scan.bits, scan.steps), (next, BITS, K));
        next += scan.attempts;
    }
    assert_eq!(told.scans[0].attempts, FIRST);
    assert_eq!(run.shared.attempts.load(Ordering::Relaxed), told.attempts);
    assert_eq!(run.shared.counters()[1].tiles, told.attempts);
    let mut golden = Vec::new();
    for scan in &told.scans {
        let attempts = Attempts::new(&scan.seed);
        let end = ended(0, scan).scan.unwrap().nonce;
        let last = [end.wrapping_sub(1), end].into_iter().filter(|nonce| *nonce >= scan.nonce);
        golden.extend(last.map(|nonce| attempts.attempt(nonce)).filter(|s| s.bits() >= BITS));
    }
    assert_eq!(found, golden[..found.len()]);
    // The thread left nothing at work.
    assert!(told.resets <= 1);
}

#[test]
fn a_new_segment_drops_what_is_outstanding_at_once() {
    let mut run = Run::start(Told { hangs: true, ..Told::default() });
    let begun = Instant::now();
    while run.told.lock().unwrap().scans.len() < 2 {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(POLL);
    }
    // The same segment with other nonces above is no reason.
    run.shared.set_work(run.shared.work().following());
    thread::sleep(5 * POLL);
    assert_eq!(run.told.lock().unwrap().resets, 0);
    run.shared.set_work(Work::new(&[9; SEED_BYTES]));
    while run.told.lock().unwrap().scans.len() < 4 {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(POLL);
    }
    run.told.lock().unwrap().hangs = false;
    assert_eq!(run.solution().bytes[..100], [9; 100]);
    assert_eq!(run.told.lock().unwrap().resets, 1);
    run.stop();
    let told = run.told.lock().unwrap();
    assert_eq!(told.scans[2].nonce, 0);
    // What was dropped does not count.
    assert_eq!(run.shared.attempts.load(Ordering::Relaxed), told.attempts);
}

#[test]
fn a_lost_device_gets_its_scans_again() {
    let mut run = Run::start(Told { losses: 3, ..Told::default() });
    run.solution();
    // The solution is that of the first scan that came back: the ones behind it need not be sent yet.
    let begun = Instant::now();
    while run.told.lock().unwrap().scans.len() < 9 {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(POLL);
    }
    run.stop();
    let told = run.told.lock().unwrap();
    assert!(told.resets >= 3);
    for again in [2, 4, 6] {
        assert_eq!(told.scans[again..again + 2], told.scans[..2]);
    }
    assert_ne!(told.scans[8], told.scans[0]);
    drop(told);
    let dead = Run::start(Told { losses: 1000, ..Told::default() });
    let error = dead.found.recv_timeout(PATIENCE).unwrap().unwrap_err();
    assert!(
        format!("{error:#}").starts_with("scan on device model: lost device double"),
        "{error:#}"
    );
}

#[test]
fn a_wrong_hash_is_said_and_the_run_goes_on() {
    let run = Run::start(Told { wrong_hashes: 2, ..Told::default() });
    let (mut wrong, mut solutions) = (0, 0);
    while solutions < 8 {
        match run.next() {
            Found::Wrong { nonce, said } => {
                assert_eq!((nonce.len(), said.len()), (24, 64));
                wrong += 1;
            }
            // What the host computes is a solution all the same.
            Found::Solution(solution) => {
                assert!(solution.bits() >= BITS);
                solutions += 1;
            }
        }
    }
    assert_eq!(wrong, 2);
}

#[test]
fn a_hit_that_is_none_and_one_that_is_kept_back_are_wrong() {
    let attempts = Attempts::new(&[7; SEED_BYTES]);
    let is_hit = |nonce: &u32| attempts.attempt(*nonce).bits() >= BITS;
    let hit = (1..).find(|nonce| is_hit(nonce) && !is_hit(&(nonce - 1))).unwrap();
    let scanned = |nonce, hit, hit_before| {
        let scan =
            AmadeusScan { seed: attempts.seed(0), nonce: 0, attempts: 100, bits: BITS, steps: K };
        let end = ScanEnd { nonce, hit_before };
        let ticket = attempts.attempt(nonce).hash;
        let completion = Completion { tag: 0, cycle: 0, ticket, hit, tile: None, scan: Some(end) };
        Scanned { work: scan.into(), end, completion }
    };
    let judged = |scanned| {
        let found = judge(&attempts, &scanned, BITS);
        let said: Vec<String> = found
            .iter()
            .map(|found| match found {
                Found::Wrong { nonce, said } => format!("{said} {}", &nonce[..2]),
                Found::Solution(solution) => format!("nonce {:02x}", solution.bytes[NONCE_AT]),
            })
            .collect();
        said.join(", ")
    };
    let (at, before) = (format!("{hit:02x}"), format!("{:02x}", hit - 1));
    assert_eq!(judged(scanned(hit, true, false)), format!("nonce {at}"));
    assert_eq!(judged(scanned(hit, false, false)), format!("no hit {at}, nonce {at}"));
    assert_eq!(judged(scanned(hit, true, true)), format!("a hit {before}, nonce {at}"));
    assert_eq!(judged(scanned(hit - 1, false, false)), "");
    assert_eq!(judged(scanned(hit - 1, true, false)), format!("a hit {before}"));
}
