//! Sources, and the network between them and pools.

use std::time::Duration;

use gemmine_jobs::source::connection::{Dialect, Output, PoolLogin, Source, SourceOptions, Timing};
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{Moment, SourceId};

use super::{Event, World};
use crate::pool::Reply;

/// What the thread of a source has.
pub struct Link {
    source: Source,
    /// The connection that there is, or that is being made.
    connection: Option<u64>,
    pub wake: Moment,
    /// When the newest command arrives.
    pub commands: Moment,
}

/// A connection: bytes that were sent arrive in their order.
pub struct Connection {
    pool: usize,
    process: u64,
    made: bool,
    /// When the newest bytes arrive, at the pool and at the source.
    latest: [Moment; 2],
    /// Closed, by the pool and by the source.
    closed: [bool; 2],
}

impl World {
    /// A source of a new process.
    pub(super) fn link(&mut self, id: usize) -> Link {
        let pool = &self.pools[id];
        let login =
            PoolLogin { wallet: "wallet".into(), worker: "worker".into(), pass: "x".into() };
        let options = SourceOptions {
            id: SourceId(id),
            endpoint: pool.name(),
            dialect: if pool.is_gateway { Dialect::Gateway } else { Dialect::Pool(login) },
            timing: Timing::default(),
        };
        let source = Source::new(options, self.random.next());
        Link { source, connection: None, wake: Moment::MAX, commands: Moment::ZERO }
    }

    /// Does something with a source, and then what it wants.
    fn with_source(&mut self, id: usize, act: impl FnOnce(&mut Source, Moment)) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        let born = process.born;
        act(&mut process.links[id].source, now - born);
        loop {
            let Some(process) = &mut self.process else { return };
            let link = &mut process.links[id];
            let Some(output) = link.source.poll() else {
                let wake = link.source.next_wake().unwrap_or(Moment::MAX);
                link.wake = born.saturating_add(wake);
                return;
            };
            self.obey(id, output);
        }
    }

    fn obey(&mut self, id: usize, output: Output) {
        let number = self.processes;
        match output {
            Output::Connect => {
                let connection = self.next_connection;
                self.next_connection += 1;
                let made = Connection {
                    pool: id,
                    process: number,
                    made: false,
                    latest: [Moment::ZERO; 2],
                    closed: [false; 2],
                };
                self.connections.insert(connection, made);
                self.set_connection(id, Some(connection));
                let wait = self.random.between(0.005, 0.3);
                self.after(wait, Event::Dialled(connection));
            }
            Output::Send(bytes) => self.send(id, bytes),
            Output::Close => {
                if let Some(connection) = self.set_connection(id, None) {
                    self.close_source_side(connection);
                }
            }
            Output::Event(event) => {
                let at = self.now + self.random.between(0.0, 0.003);
                let at = self.in_order(id, at);
                self.at(at, Event::Source(number, id, event));
            }
        }
    }

    fn set_connection(&mut self, id: usize, connection: Option<u64>) -> Option<u64> {
        let process = self.process.as_mut()?;
        std::mem::replace(&mut process.links[id].connection, connection)
    }

    /// No message of a thread overtakes another of the same.
    pub(super) fn in_order(&mut self, thread: usize, at: Moment) -> Moment {
        let Some(process) = &mut self.process else { return at };
        process.latest[thread] = process.latest[thread].max(at);
        process.latest[thread]
    }

    fn send(&mut self, id: usize, bytes: Vec<u8>) {
        let Some(number) = self.process.as_ref().and_then(|process| process.links[id].connection)
        else {
            return;
        };
        let Some(connection) = self.connections.get(&number) else { return };
        if connection.closed[0] && self.random.one_in(2) {
            // The system knows already, and says so.
            self.set_connection(id, None);
            self.close_source_side(number);
            return self
                .with_source(id, |source, now| source.closed("write to it: broken pipe", now));
        }
        // A long line leaves in two pieces; the second one only if the process lives so long.
        let cut = self.random.below(bytes.len() as u64 + 1) as usize;
        let (first, second) = bytes.split_at(cut);
        let wait = self.random.between(0.005, 0.04);
        let at = self.arrives(number, 0, wait);
        self.at(at, Event::ToPool(number, first.to_vec(), true));
        let wait = self.random.between(0.005, 0.08);
        let at = self.arrives(number, 0, wait);
        self.at(at, Event::ToPool(number, second.to_vec(), false));
    }

    fn arrives(&mut self, connection: u64, way: usize, wait: Duration) -> Moment {
        let at = self.now + wait;
        let Some(connection) = self.connections.get_mut(&connection) else { return at };
        connection.latest[way] = connection.latest[way].max(at);
        connection.latest[way]
    }

    fn close_source_side(&mut self, number: u64) {
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.closed[1] = true;
        }
        let at = self.arrives(number, 0, Duration::from_millis(10));
        self.at(at, Event::LeftPool(number));
    }

    /// The process is gone, and with it its side of all connections.
    pub(super) fn cut_connections(&mut self) {
        let open = self.connections.iter().filter(|(_, connection)| !connection.closed[1]);
        let open: Vec<u64> = open.map(|(number, _)| *number).collect();
        open.into_iter().for_each(|number| self.close_source_side(number));
    }

    pub(super) fn dialled(&mut self, number: u64) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let pool = connection.pool;
        if connection.closed[1] || !self.alive_for(number) {
            self.connections.remove(&number);
            return;
        }
        if !self.pools[pool].accepts() {
            self.connections.remove(&number);
            self.set_connection(pool, None);
            return self.with_source(pool, |source, now| {
                source.connect_failed("connect: connection refused", now);
            });
        }
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.made = true;
        }
        self.pools[pool].open(number, self.now);
        self.with_source(pool, |source, now| source.connected(now));
    }

    /// The source of the living process has this connection.
    fn alive_for(&self, number: u64) -> bool {
        let Some(connection) = self.connections.get(&number) else { return false };
        self.process.as_ref().is_some_and(|process| {
            process.number == connection.process
                && process.links[connection.pool].connection == Some(number)
        })
    }

    pub(super) fn reaches_pool(&mut self, number: u64, bytes: &[u8], sure: bool) {
        let Some(connection) = self.connections.get(&number) else { return };
        let killed = !self.alive(connection.process);
        if connection.closed[0] || !sure && killed {
            return;
        }
        let pool = connection.pool;
        let replies = self.pools[pool].bytes(number, bytes, self.now, &mut self.oracle);
        let replies = self.ensure(replies);
        self.reply(replies);
    }

    pub(super) fn reply(&mut self, replies: Vec<Reply>) {
        for reply in replies {
            match reply {
                Reply::Send(number, line, Duration::ZERO) => self.pool_says(number, line),
                Reply::Send(number, line, wait) => {
                    self.after(wait, Event::PoolSays(number, line));
                }
                Reply::HangUp(number) => self.hang_up(number),
            }
        }
    }

    /// A pool sends a line.
    pub(super) fn pool_says(&mut self, number: u64, mut line: Vec<u8>) {
        line.push(b'\n');
        self.pool_sends(number, line);
    }

    /// A pool sends bytes.
    pub(super) fn pool_sends(&mut self, number: u64, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get(&number) else { return };
        if connection.closed[0] {
            return;
        }
        let cut = self.random.below(bytes.len() as u64 + 1) as usize;
        for part in [&bytes[..cut], &bytes[cut..]] {
            let wait = self.random.between(0.005, 0.05);
            let at = self.arrives(number, 1, wait);
            self.at(at, Event::ToSource(number, part.to_vec()));
        }
    }

    /// A pool closes a connection.
    pub(super) fn hang_up(&mut self, number: u64) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if !std::mem::replace(&mut connection.closed[0], true) {
            let pool = connection.pool;
            self.pools[pool].closed(number);
            let at = self.arrives(number, 1, Duration::from_millis(10));
            self.at(at, Event::LeftSource(number));
        }
    }

    pub(super) fn reaches_source(&mut self, number: u64, bytes: &[u8]) {
        if self.alive_for(number) {
            let pool = self.connections[&number].pool;
            self.with_source(pool, |source, now| source.received(bytes, now));
        }
    }

    pub(super) fn left_source(&mut self, number: u64) {
        if self.alive_for(number) {
            let pool = self.connections[&number].pool;
            self.set_connection(pool, None);
            self.connections.remove(&number);
            self.with_source(pool, |source, now| {
                source.closed("it has closed the connection", now)
            });
        } else {
            self.connections.remove(&number);
        }
    }

    pub(super) fn left_pool(&mut self, number: u64) {
        if let Some(connection) = self.connections.get(&number) {
            self.pools[connection.pool].closed(number);
            if !connection.closed[0] {
                self.connections.remove(&number);
            }
        }
    }

    pub(super) fn command(&mut self, id: usize, command: Command) {
        self.with_source(id, |source, now| match command {
            Command::Submit(submission) => {
                // As the real thread does: one that is not taken was taken before.
                let _ = source.submit(submission, now);
            }
            Command::Activate => source.activate(now),
            Command::Standby => source.standby(now),
            Command::Off => source.off(now),
            Command::On => source.on(now),
        });
    }

    pub(super) fn wake_source(&mut self, id: usize) {
        self.with_source(id, |source, now| source.wake(now));
    }
}
