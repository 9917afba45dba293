//! Everything at once, in its own time: events in a heap, the real miner and sources, simulated pools, virtual boards.
//!
//! Nothing here reads a clock, but for what the summary says at the end.

mod boards;
mod faults;
mod network;
mod process;
mod upkeep;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Error;
use gemmine_fleet::crew;
use gemmine_fleet::production::{Product, Production};
use gemmine_fleet::runner::{Assignment, Done};
use gemmine_jobs::share_log::faults::Disk;
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{Moment, SourceEvent};

use crate::board::VirtualBoard;
use crate::oracle::Oracle;
use crate::pool::Pool;
use crate::product::product;
use crate::random::Random;
use crate::scenario::{Fault, Scenario};
use crate::summary::Tally;

use network::Connection;
use process::Process;

/// What a board's thread tells the miner.
pub enum Told {
    Event(crew::Event),
    Done(Box<(Assignment, Done, bool)>),
}

/// What happens.
enum Event {
    /// For the process with this number, as are the next five.
    Source(u64, usize, SourceEvent),
    Device(u64, usize, Told),
    Prepared(u64, u64),
    Command(u64, usize, Command),
    OpenBoard(u64, usize, u64),
    BoardTurn(usize, u64),
    PlugIn(usize),
    Dialled(u64),
    ToPool(u64, Vec<u8>, bool),
    ToSource(u64, Vec<u8>),
    /// The other side of a connection has closed it, as the pool and as the source see it.
    LeftPool(u64),
    LeftSource(u64),
    PoolSays(u64, Vec<u8>),
    PoolJob(usize),
    PoolStorm(usize, u64),
    PoolRepeats(usize, u64),
    PoolRecovers(usize, u64),
    DiskRecovers(u64),
    Fault(Fault),
    Boot,
    Look,
}

/// A simulated day.
pub struct World {
    scenario: Scenario,
    now: Moment,
    events: BTreeMap<(Moment, u64), Event>,
    next_event: u64,
    /// Faults happen.
    faulty: bool,
    random: Random,
    pools: Vec<Pool>,
    boards: Vec<VirtualBoard>,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    disk: Disk,
    /// Counts troubles of the disk, so that only the newest one's end is one.
    disk_trouble: u64,
    /// Seconds since 1970, as the host says.
    wall: Arc<AtomicU64>,
    /// By how much that is off.
    wall_jump: i64,
    product: Arc<Product>,
    process: Option<Process>,
    processes: u64,
    /// The last process' seed of nonces.
    seed: u64,
    /// A verdict that a process was being told when it was killed in a write.
    last_verdict: Option<(gemmine_jobs::work::ShareId, gemmine_jobs::work::Verdict)>,
    oracle: Oracle,
    tally: Tally,
    /// The newest lines for people.
    lines: VecDeque<String>,
    /// The log's newest file, as it was at times.
    files: VecDeque<(Moment, u64)>,
}

/// A job that was made ready, or not.
type Made = Result<Arc<Production>, Error>;

impl World {
    /// Three sources: a gateway that is asked last, and two pools.
    pub fn new(scenario: Scenario) -> Self {
        let mut random = Random::new(scenario.seed);
        let pools = (0..3).map(|id| Pool::new(id, id == 1, Random::new(random.next()))).collect();
        let boards = boards::make(&scenario, &mut random);
        let mut world = Self {
            now: Moment::from_secs(1),
            events: BTreeMap::new(),
            next_event: 0,
            faulty: true,
            pools,
            boards,
            connections: BTreeMap::new(),
            next_connection: 0,
            disk: Disk::default(),
            disk_trouble: 0,
            wall: Arc::default(),
            wall_jump: 1_790_000_000,
            product: product(),
            process: None,
            processes: 0,
            seed: random.next(),
            last_verdict: None,
            oracle: Oracle::new(),
            tally: Tally::default(),
            lines: VecDeque::new(),
            files: VecDeque::new(),
            random,
            scenario,
        };
        for pool in 0..world.pools.len() {
            world.after(Duration::from_millis(1), Event::PoolJob(pool));
        }
        for fault in Fault::ALL {
            world.next_fault(fault);
        }
        world.after(Duration::from_millis(2), Event::Boot);
        world.after(Duration::from_secs(1), Event::Look);
        world
    }

    /// Lives through all of it, and a while without faults, in which everything comes to an end.
    pub fn run(mut self) -> Tally {
        let end = self.scenario.length;
        self.run_until(end);
        self.recover();
        self.run_until(end + Duration::from_secs(900));
        self.finish()
    }

    fn run_until(&mut self, end: Moment) {
        while let Some(at) = self.next_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let wall = (self.now.as_secs() as i64 + self.wall_jump).max(0);
            self.wall.store(wall as u64, Ordering::Relaxed);
            match self.events.first_key_value() {
                Some(((first, _), _)) if *first <= at => {
                    if let Some((_, event)) = self.events.pop_first() {
                        self.happen(event);
                    }
                }
                _ => self.wake(),
            }
        }
        self.now = self.now.max(end);
    }

    fn next_at(&self) -> Option<Moment> {
        let first = self.events.first_key_value().map(|((at, _), _)| *at);
        let process = self.process.as_ref().map(Process::next_wake);
        first.into_iter().chain(process).min()
    }

    /// Something happens so much later.
    fn after(&mut self, wait: Duration, event: Event) {
        self.at(self.now + wait, event);
    }

    fn at(&mut self, at: Moment, event: Event) {
        self.events.insert((at, self.next_event), event);
        self.next_event += 1;
    }

    /// The number of the process that is alive.
    fn alive(&self, number: u64) -> bool {
        self.process.as_ref().is_some_and(|process| process.number == number)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Source(process, source, event) if self.alive(process) => {
                self.source_event(source, event);
            }
            Event::Device(process, board, told) if self.alive(process) => {
                self.device_event(board, told);
            }
            Event::Prepared(process, epoch) if self.alive(process) => self.prepared(epoch),
            Event::Command(process, source, command) if self.alive(process) => {
                self.command(source, command);
            }
            Event::OpenBoard(process, board, generation) if self.alive(process) => {
                self.open_board(board, generation);
            }
            Event::Source(..)
            | Event::Device(..)
            | Event::Prepared(..)
            | Event::Command(..)
            | Event::OpenBoard(..) => {}
            Event::BoardTurn(board, turn) => self.board_turn(board, turn),
            Event::PlugIn(board) => self.plug_in(board),
            Event::Dialled(connection) => self.dialled(connection),
            Event::ToPool(connection, bytes, sure) => self.reaches_pool(connection, &bytes, sure),
            Event::ToSource(connection, bytes) => self.reaches_source(connection, &bytes),
            Event::LeftPool(connection) => self.left_pool(connection),
            Event::LeftSource(connection) => self.left_source(connection),
            Event::PoolSays(connection, line) => self.pool_says(connection, line),
            Event::PoolJob(pool) => self.pool_job(pool),
            Event::PoolStorm(pool, left) => self.pool_storm(pool, left),
            Event::PoolRepeats(pool, left) => self.pool_repeats(pool, left),
            Event::PoolRecovers(pool, trouble) => self.pool_recovers(pool, trouble),
            Event::DiskRecovers(trouble) => self.disk_recovers(trouble),
            Event::Fault(fault) => {
                self.next_fault(fault);
                if self.faulty {
                    self.fault(fault);
                }
            }
            Event::Boot => self.boot(),
            Event::Look => self.look(),
        }
    }

    /// Nothing else may go on after something that must not be.
    fn ensure<T>(&self, checked: Result<T, String>) -> T {
        checked.unwrap_or_else(|what| {
            for line in &self.lines {
                println!("{line}");
            }
            let seed = self.scenario.seed;
            panic!(
                "seed {seed}, {:.3} s: {what}; GEMMINE_SEED={seed} does it again",
                self.now.as_secs_f64()
            )
        })
    }
}
