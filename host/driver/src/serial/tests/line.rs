//! A line between the host and the double whose time only passes when somebody waits: tests are as
//! fast as their bytes, and the same every time.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::super::port::{Opener, Port};
use super::accelerator::Accelerator;
use super::board::{Board, byte_time};
use crate::link_error::LinkError;

/// Bytes that the port's own buffer holds.
const BUFFER: u64 = 4096;

/// Pseudo-random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What the line does to bytes.
pub struct Damage {
    random: Random,
    /// One byte in so many starts some damage; 0 for none.
    pub one_in: u64,
    /// Bytes that are still to be lost.
    losing: u64,
    /// How often something was damaged.
    pub count: u64,
}

impl Damage {
    fn on(&mut self, byte: u8) -> Vec<u8> {
        if self.losing > 0 {
            self.losing -= 1;
            return Vec::new();
        }
        if self.one_in == 0 || self.random.below(self.one_in) > 0 {
            return vec![byte];
        }
        self.count += 1;
        match self.random.below(6) {
            0 => vec![byte ^ 1 << self.random.below(8)],
            1 => Vec::new(),
            2 => vec![byte, byte],
            3 => {
                self.losing = self.random.below(60);
                Vec::new()
            }
            4 => (0..self.random.below(40)).map(|_| self.random.next() as u8).collect(),
            _ => vec![byte, 0],
        }
    }
}

/// Both ends and what is between them.
pub struct World {
    pub now: Duration,
    pub board: Board,
    pub latency: Duration,
    to_board: VecDeque<(Duration, u8, u32)>,
    to_host: VecDeque<(Duration, u8, u32)>,
    host_free: Duration,
    board_free: Duration,
    host_baud: u32,
    pub damage: [Damage; 2],
    /// The port breaks after so many bytes each way together.
    pub breaks_after: Option<u64>,
    /// The port is there.
    pub plugged: bool,
    /// A port that broke can be opened again after so long; `None`: never.
    pub back_after: Option<Duration>,
    broke_at: Duration,
    /// What the port can do.
    pub port_baud_max: u32,
    /// The board loses its power when the port breaks.
    pub loses_power: bool,
    pub bytes: u64,
    pub opened: u32,
    /// Bytes that the host sent, and the time in which the line carried them.
    pub sent: u64,
}

impl World {
    fn pass(&mut self) {
        loop {
            let arrived = self.to_board.front().is_some_and(|(at, ..)| *at <= self.now);
            if arrived && let Some((_, byte, baud)) = self.to_board.pop_front() {
                let out = self.board.take(byte, baud, self.now);
                self.reply(out);
            } else if self.board.due().is_some_and(|at| at <= self.now) {
                let out = self.board.pass(self.now);
                self.reply(out);
            } else {
                return;
            }
        }
    }

    fn reply(&mut self, bytes: Vec<u8>) {
        let each = byte_time(self.board.baud);
        let begin = self.board_free.max(self.now);
        for (n, byte) in (1..).zip(bytes) {
            self.board_free = begin + each * n;
            for byte in self.damage[1].on(byte) {
                let at = self.board_free + self.latency;
                self.to_host.push_back((at, byte, self.board.baud));
            }
        }
    }

    fn next_event(&self) -> Option<Duration> {
        let board = self.to_board.front().map(|(at, ..)| *at);
        let host = self.to_host.front().map(|(at, ..)| *at);
        [board, host, self.board.due()].into_iter().flatten().min()
    }

    fn room(&self) -> u64 {
        let ahead = self.host_free.saturating_sub(self.now);
        let waiting = ahead.as_secs_f64() / byte_time(self.host_baud).as_secs_f64();
        BUFFER.saturating_sub(waiting as u64)
    }

    /// Counts bytes to the moment at which the port breaks.
    fn carry(&mut self, bytes: usize) -> io::Result<()> {
        self.bytes += bytes as u64;
        if self.plugged && self.breaks_after.is_some_and(|most| self.bytes > most) {
            self.breaks_after = None;
            self.plugged = false;
            self.broke_at = self.now;
            if self.loses_power {
                self.board.power_cycle();
            }
        }
        self.check()
    }

    fn check(&self) -> io::Result<()> {
        if self.plugged {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::BrokenPipe, "unplugged"))
    }
}

/// The line, for the test and for the host.
#[derive(Clone)]
pub struct Line(Arc<Mutex<World>>, Instant);

impl Line {
    /// A line without damage to a board with `16 << word_bits` words a side.
    pub fn new(word_bits: usize) -> Self {
        let damage = |seed| Damage { random: Random(seed), one_in: 0, losing: 0, count: 0 };
        let world = World {
            now: Duration::ZERO,
            board: Board::new(Accelerator::new(word_bits)),
            latency: Duration::from_millis(2),
            to_board: VecDeque::new(),
            to_host: VecDeque::new(),
            host_free: Duration::ZERO,
            board_free: Duration::ZERO,
            host_baud: 115_200,
            damage: [damage(1), damage(2)],
            breaks_after: None,
            plugged: true,
            back_after: None,
            broke_at: Duration::ZERO,
            port_baud_max: 12_000_000,
            loses_power: false,
            bytes: 0,
            opened: 0,
            sent: 0,
        };
        Self(Arc::new(Mutex::new(world)), Instant::now())
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Damages one byte in so many, both ways.
    pub fn damage(&self, one_in: u64, seed: u64) {
        let mut world = self.world();
        for (n, damage) in (0..).zip(&mut world.damage) {
            damage.one_in = one_in;
            damage.random = Random(2 * seed + n);
        }
    }

    /// A port on it.
    pub fn port(&self, baud: u32) -> Box<dyn Port> {
        let mut world = self.world();
        world.host_baud = baud;
        world.opened += 1;
        drop(world);
        Box::new(self.clone())
    }
}

impl Port for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut world = self.world();
        world.check()?;
        world.pass();
        let mut read = 0;
        while read < buffer.len() && world.to_host.front().is_some_and(|(at, ..)| *at <= world.now)
        {
            let Some((_, byte, baud)) = world.to_host.pop_front() else { break };
            let same = baud.abs_diff(world.host_baud) <= baud / 30;
            buffer[read] = if same { byte } else { byte.wrapping_mul(37) | 1 };
            read += 1;
        }
        world.carry(read)?;
        Ok(read)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world();
        world.check()?;
        world.pass();
        let room = (world.room() as usize).min(bytes.len());
        let room = world
            .breaks_after
            .map_or(room, |most| room.min((most.saturating_sub(world.bytes) as usize).max(1)));
        let (baud, each) = (world.host_baud, byte_time(world.host_baud));
        let begin = world.host_free.max(world.now);
        world.carry(room)?;
        for (n, byte) in (1..).zip(&bytes[..room]) {
            world.host_free = begin + each * n;
            let at = world.host_free + world.latency;
            for byte in world.damage[0].on(*byte) {
                world.to_board.push_back((at, byte, baud));
            }
        }
        world.sent += room as u64;
        Ok(room)
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        let mut world = self.world();
        let until = world.now + timeout;
        loop {
            world.check()?;
            world.pass();
            let readable = world.to_host.front().is_some_and(|(at, ..)| *at <= world.now);
            if readable || to_write && world.room() > 0 || world.now >= until {
                return Ok(());
            }
            let room_at = to_write.then(|| {
                world.host_free.saturating_sub(byte_time(world.host_baud) * (BUFFER as u32 - 1))
            });
            let next = [world.next_event(), room_at].into_iter().flatten().min();
            let step = Duration::from_nanos(100);
            world.now = next.unwrap_or(until).max(world.now + step).min(until);
        }
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        let mut world = self.world();
        world.check()?;
        if baud > world.port_baud_max {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "too fast"));
        }
        world.host_baud = baud;
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        let mut world = self.world();
        world.check()?;
        world.pass();
        let now = world.now;
        world.to_host.retain(|(at, ..)| *at > now);
        Ok(())
    }

    fn now(&self) -> Instant {
        self.1 + self.world().now
    }
}

impl Opener for Line {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let mut world = self.world();
        let back = world.back_after.is_some_and(|after| world.now >= world.broke_at + after);
        if !world.plugged && !back {
            return Err(LinkError::Missing { path: "test".into() });
        }
        world.plugged = true;
        world.to_board.clear();
        world.to_host.clear();
        drop(world);
        Ok(self.port(baud))
    }

    fn pause(&mut self, duration: Duration) {
        let mut world = self.world();
        world.now += duration;
        world.pass();
    }

    fn now(&self) -> Instant {
        Port::now(self)
    }
}
