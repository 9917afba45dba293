//! A simulated pool or gateway: verifies every proof as a real one does, and counts each share once.

mod wire;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_jobs::work::{Moment, ShareId};
use gemmine_pouw::U256;
use gemmine_pouw::config::Header76;
use gemmine_pouw::target::{target_from_nbits, to_hex};

use crate::oracle::Oracle;
use crate::product::SHARE_BITS;
use crate::random::Random;

/// One tile in 32 meets the network's own target.
const NBITS: u32 = 0x1e01_0000;
/// So long after a job was told, no share of one that it ended may arrive any more.
pub const TOLD: Duration = Duration::from_secs(1);
/// Jobs that a pool remembers.
const JOBS_MAX: usize = 4096;

/// What a pool does instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Well,
    Refuses,
    Silent,
    Unauthorised,
    LosesAnswers,
    Late,
    Rejects,
}

/// What goes back, in this order, so much later.
#[derive(Debug)]
pub enum Reply {
    Send(u64, Vec<u8>, Duration),
    HangUp(u64),
}

/// Whether a share's context is of a job with this header. Names of a gateway's jobs are hashes of their contexts.
fn has_header(header: &Header76, context: &str) -> bool {
    context.starts_with('{') || context.starts_with(&hex::encode(header.as_bytes()))
}

/// A job as its pool has it.
#[derive(Debug)]
pub struct PoolJob {
    pub name: Arc<str>,
    pub header: Header76,
    pub share_target: U256,
    /// When shares of it stopped counting.
    pub ended: Option<Moment>,
    height: u64,
    clean: bool,
    /// The gateway's object.
    text: String,
}

/// The pool's side of a connection.
#[derive(Debug)]
struct Session {
    opened: Moment,
    half: Vec<u8>,
    entered: bool,
    /// When the first job was told.
    told: Option<Moment>,
    /// Shares that came over it.
    seen: HashSet<ShareId>,
}

/// A simulated pool.
pub struct Pool {
    pub id: usize,
    pub is_gateway: bool,
    pub mode: Mode,
    /// Since when nothing is wrong with it.
    pub well_since: Option<Moment>,
    /// Counts troubles, so that only the newest one's end is one.
    pub trouble: u64,
    /// The next share gets no answer, but the end of its connection.
    pub drops_next: bool,
    pub random: Random,
    /// Shares that it counts.
    pub credited: u64,
    number: u64,
    /// Counts its starts: each has other jobs of the same names.
    start: u64,
    jobs: HashMap<Arc<str>, PoolJob>,
    order: VecDeque<Arc<str>>,
    sessions: BTreeMap<u64, Session>,
    /// When a connection was made, and the first job that was told over it, with its header.
    firsts: VecDeque<(Moment, Arc<str>, Header76)>,
}

impl Pool {
    pub fn new(id: usize, is_gateway: bool, random: Random) -> Self {
        Self {
            id,
            is_gateway,
            mode: Mode::Well,
            well_since: Some(Moment::ZERO),
            trouble: 0,
            drops_next: false,
            random,
            credited: 0,
            number: 0,
            start: 0,
            jobs: HashMap::new(),
            order: VecDeque::new(),
            sessions: BTreeMap::new(),
            firsts: VecDeque::new(),
        }
    }

    pub fn name(&self) -> String {
        format!("{}{}", if self.is_gateway { "gateway" } else { "pool" }, self.id)
    }

    pub fn accepts(&self) -> bool {
        self.mode != Mode::Refuses
    }

    pub fn open(&mut self, connection: u64, now: Moment) {
        let (half, seen) = Default::default();
        let session = Session { opened: now, half, entered: false, told: None, seen };
        self.sessions.insert(connection, session);
    }

    pub fn closed(&mut self, connection: u64) {
        self.sessions.remove(&connection);
    }

    /// All connections, oldest first.
    pub fn connections(&self) -> Vec<u64> {
        self.sessions.keys().copied().collect()
    }

    /// A job by its name and its context.
    pub fn job(&self, name: &str, context: &str) -> Option<&PoolJob> {
        self.jobs.get(name).filter(|job| has_header(&job.header, context))
    }

    /// Whether a connection was made since whose first job was another one.
    pub fn told_another(&self, since: Moment, name: &str, context: &str) -> bool {
        self.firsts
            .iter()
            .rev()
            .take_while(|(at, ..)| *at >= since)
            .any(|(_, first, header)| **first != *name || !has_header(header, context))
    }

    /// It is started again, and knows nothing of what was before.
    pub fn restart(&mut self, now: Moment) {
        self.start += 1;
        self.number = 0;
        self.jobs.clear();
        self.order.clear();
        self.next_job(now, true);
    }

    /// Since when the process that is alive has a connection over which a job was told, and it has been well.
    pub fn connected_since(&self, alive: Moment) -> Option<Moment> {
        let since = self.well_since?.max(alive);
        let told = self.sessions.values().filter_map(|session| session.told);
        told.filter(|told| *told >= since).min()
    }

    /// It was not well just now.
    pub fn stumbles(&mut self, now: Moment) {
        if let Some(since) = &mut self.well_since {
            *since = (*since).max(now);
        }
    }

    /// Begins with the next job; where it is clean, all before are over.
    pub fn next_job(&mut self, now: Moment, clean: bool) -> Vec<Reply> {
        let clean = clean || self.is_gateway;
        if clean {
            self.jobs.values_mut().for_each(|job| job.ended = job.ended.or(Some(now)));
        }
        self.number += 1;
        let job = self.make_job(clean);
        self.order.push_back(Arc::clone(&job.name));
        self.jobs.insert(Arc::clone(&job.name), job);
        if self.order.len() > JOBS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.jobs.remove(&oldest);
        }
        self.announce(now)
    }

    /// Tells all connections of the newest job, whether or not they know it.
    pub fn announce(&mut self, now: Moment) -> Vec<Reply> {
        if self.is_gateway || matches!(self.mode, Mode::Silent) {
            return Vec::new();
        }
        let entered = self.sessions.iter().filter(|(_, session)| session.entered);
        let connections: Vec<u64> = entered.map(|(connection, _)| *connection).collect();
        connections.into_iter().filter_map(|connection| self.notify(connection, now)).collect()
    }

    fn make_job(&self, clean: bool) -> PoolJob {
        let hash = |what: &str| {
            let text = format!("{what} {} {} {}", self.id, self.start, self.number);
            blake3::hash(text.as_bytes())
        };
        let mut header = Vec::new();
        header.extend(0_u32.to_le_bytes());
        header.extend(hash("previous").as_bytes());
        header.extend(hash("merkle").as_bytes());
        header.extend((self.number as u32).to_le_bytes());
        header.extend(NBITS.to_le_bytes());
        // Scaled by 16 * 16 * 2048 = 2^19.
        let share_target = U256::MAX >> (SHARE_BITS + 19);
        let text = format!(
            r#"{{"incomplete_header_bytes": "{}", "target":{}, "cert_version": 3,"ancestor_headers":[ ],"share_target":"{}"}}"#,
            STANDARD.encode(&header),
            target_from_nbits(NBITS),
            to_hex(share_target)
        );
        let name = match self.is_gateway {
            true => hex::encode(&blake3::hash(text.as_bytes()).as_bytes()[..8]),
            false => format!("p{}-{:x}", self.id, self.number),
        };
        let header = Header76::from_slice(&header).unwrap();
        let (name, height) = (name.into(), self.number);
        PoolJob { name, header, share_target, ended: None, height, clean, text }
    }

    fn newest(&self) -> Option<&PoolJob> {
        self.jobs.get(self.order.back()?)
    }

    /// The newest job for a connection.
    fn notify(&mut self, connection: u64, now: Moment) -> Option<Reply> {
        let job = self.newest()?;
        let (name, header, line) = (Arc::clone(&job.name), job.header, wire::notify(job));
        self.told(connection, name, header, now);
        Some(Reply::Send(connection, line, Duration::ZERO))
    }

    fn told(&mut self, connection: u64, name: Arc<str>, header: Header76, now: Moment) {
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        if session.told.is_none() {
            session.told = Some(now);
            self.firsts.push_back((session.opened, name, header));
            if self.firsts.len() > JOBS_MAX {
                self.firsts.pop_front();
            }
        }
    }

    /// Bytes have come.
    pub fn bytes(
        &mut self,
        connection: u64,
        bytes: &[u8],
        now: Moment,
        oracle: &mut Oracle,
    ) -> Result<Vec<Reply>, String> {
        let mut replies = Vec::new();
        let Some(session) = self.sessions.get_mut(&connection) else { return Ok(replies) };
        session.half.extend_from_slice(bytes);
        let mut rest = std::mem::take(&mut session.half);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let behind = rest.split_off(end + 1);
            let line = std::mem::replace(&mut rest, behind);
            self.line(connection, &line[..end], now, oracle, &mut replies)?;
        }
        if let Some(session) = self.sessions.get_mut(&connection) {
            session.half = rest;
        }
        Ok(replies)
    }
}
