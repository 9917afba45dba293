//! The thread that runs a gateway or a pool on a socket: TCP, TLS or Unix.
//!
//! It waits for the socket, for commands and for the time at once, and blocks on nothing else but the channel of events,
//! if that is bounded and full. While a peer does not take what is written, nothing is read from it either, so neither
//! side's flood takes memory here.

mod dial;
mod wire;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Poll, Token, Waker};
use rustls::pki_types::ServerName;

use crate::work::{Moment, SourceEvent, SourceId};

use super::connection::{Output, Source, SourceOptions};
use super::endpoint::Endpoint;
use super::handle::{Command, Events, Host, SourceHandle};
use super::tls;

use self::dial::Dialer;
use self::wire::Wire;

pub use super::tls::TlsError;

const WAKE: Token = Token(0);
const SOCKET: Token = Token(1);
/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// Reads in a row before commands have their turn.
const READS: usize = 16;

/// Where a source is, and how long its network may take.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Certificates, as PEM, that `tls://` is trusted by instead of the public authorities'.
    pub tls_ca: Option<Vec<u8>>,
    /// How long a connection may take: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// How long a peer may take nothing of what is written.
    pub write_timeout: Duration,
}

impl SocketOptions {
    /// With the usual time limits and the public authorities.
    pub fn new(endpoint: Endpoint) -> Self {
        let limit = Duration::from_secs(5);
        Self { endpoint, tls_ca: None, connect_timeout: limit, write_timeout: limit }
    }
}

/// Why a source does not run.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The certificates to trust can't be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A host that no certificate can be for.
    #[error("use {0:?} as a host behind TLS: no certificate can be for it; give its name")]
    Host(String),
    /// The operating system has no thread or no queue of events left.
    #[error("start the thread of source {}: {error}; end other programs", .id.0)]
    System {
        /// Whose.
        id: SourceId,
        /// What it says.
        error: io::Error,
    },
}

/// Runs a source in a thread, on standby until it is activated. `jitter_seed` keeps the waits of many miners apart;
/// `began` is what moments count from.
///
/// # Errors
/// [`SpawnError`].
pub fn spawn(
    options: SourceOptions,
    socket: SocketOptions,
    jitter_seed: u64,
    events: Events,
    began: Instant,
) -> Result<SourceHandle, SpawnError> {
    let id = options.id;
    let system = |error| SpawnError::System { id, error };
    let tls = match &socket.endpoint {
        Endpoint::Tls { host, .. } => {
            let name = ServerName::try_from(host.clone());
            let name = name.map_err(|_| SpawnError::Host(host.clone()))?;
            Some((tls::config(socket.tls_ca.as_deref())?, name))
        }
        Endpoint::Tcp { .. } | Endpoint::Unix { .. } => None,
    };
    let poll = Poll::new().map_err(system)?;
    let waker = Waker::new(poll.registry(), WAKE).map_err(system)?;
    let source = Source::new(options, jitter_seed);
    let (handle, host) = SourceHandle::new(id, source.status(), Some(waker), events, began);
    let SocketOptions { endpoint, connect_timeout, write_timeout, .. } = socket;
    let shared = std::sync::Arc::clone(&host.shared);
    let dialer = Dialer::new(endpoint, connect_timeout, tls, SOCKET, shared);
    let runner = Runner {
        host,
        source,
        poll,
        dialer,
        write_timeout,
        wire: None,
        readable: false,
        out: None,
    };
    let thread = thread::Builder::new().name(format!("source {}", id.0));
    thread.spawn(move || runner.run()).map_err(system)?;
    Ok(handle)
}

/// The thread.
struct Runner {
    host: Host,
    source: Source,
    poll: Poll,
    dialer: Dialer,
    write_timeout: Duration,
    wire: Option<Wire>,
    /// There may be something to read.
    readable: bool,
    out: Option<Outgoing>,
}

/// Bytes on their way out, which everything after them waits for.
struct Outgoing {
    bytes: Vec<u8>,
    at: usize,
    deadline: Moment,
}

/// The miner wants nothing more.
struct Ended;

impl Runner {
    fn run(mut self) {
        let mut events = mio::Events::with_capacity(8);
        let mut piece = vec![0; PIECE];
        while self.turn(&mut piece).is_ok() {
            let wait = self.wait();
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    let reason = format!("wait for the network: {error}; start the miner again");
                    let retry_in = Duration::ZERO;
                    let _ = self.host.tell(SourceEvent::Down { reason, retry_in });
                    return;
                }
                _ => self.readable |= events.iter().any(|event| event.token() == SOCKET),
            }
        }
    }

    /// How long nothing is to be done, as far as we know.
    fn wait(&self) -> Option<Duration> {
        if self.readable && self.wire.is_some() && self.out.is_none() {
            return Some(Duration::ZERO);
        }
        let writing = self.out.as_ref().map(|out| out.deadline);
        let next = [self.source.next_wake(), self.dialer.deadline(), writing];
        let next = next.into_iter().flatten().min()?;
        Some(next.saturating_sub(self.host.now()))
    }

    /// Does all that can be done without waiting.
    fn turn(&mut self, piece: &mut [u8]) -> Result<(), Ended> {
        if self.host.stopped() {
            return Err(Ended);
        }
        while let Ok(command) = self.host.commands.try_recv() {
            self.command(command);
        }
        self.source.wake(self.host.now());
        self.connect();
        self.send();
        self.obey()?;
        self.receive(piece)?;
        self.host.show(self.source.status());
        Ok(())
    }

    fn command(&mut self, command: Command) {
        let now = self.host.now();
        match command {
            Command::Submit(submission) => {
                // One that is not taken was taken before, and has its own answer.
                let _ = self.source.submit(submission, now);
            }
            Command::Activate => self.source.activate(now),
            Command::Standby => self.source.standby(now),
            Command::Off => self.source.off(now),
            Command::On => self.source.on(now),
        }
    }

    /// Goes on with a connection that is being made.
    fn connect(&mut self) {
        match self.dialer.advance(self.poll.registry(), self.host.now()) {
            Ok(None) => {}
            Ok(Some(wire)) => {
                (self.wire, self.readable) = (Some(wire), true);
                self.source.connected(self.host.now());
            }
            Err(reason) => self.source.connect_failed(&reason, self.host.now()),
        }
    }

    /// Carries out what the source wants, until something has to be waited for.
    fn obey(&mut self) -> Result<(), Ended> {
        while self.out.is_none()
            && let Some(output) = self.source.poll()
        {
            match output {
                Output::Connect => {
                    let now = self.host.now();
                    match self.dialer.start(self.poll.registry(), now) {
                        Ok(()) => self.connect(),
                        Err(reason) => self.source.connect_failed(&reason, now),
                    }
                }
                Output::Send(bytes) => {
                    let deadline = self.host.now().saturating_add(self.write_timeout);
                    self.out = Some(Outgoing { bytes, at: 0, deadline });
                    self.send();
                }
                Output::Close => {
                    self.dialer.stop();
                    if let Some(wire) = self.wire.take() {
                        wire.close();
                    }
                }
                Output::Event(event) => {
                    if !self.host.tell(event) {
                        return Err(Ended);
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes as much as the peer takes.
    fn send(&mut self) {
        let (Some(wire), Some(out)) = (&mut self.wire, &mut self.out) else {
            self.out = None;
            return;
        };
        loop {
            let written = match out.bytes.get(out.at..) {
                None | Some([]) => match wire.flush() {
                    Ok(true) => {
                        self.out = None;
                        return;
                    }
                    Ok(false) => Ok(None),
                    Err(error) => Err(error),
                },
                Some(rest) => wire.write(rest),
            };
            let now = self.host.now();
            match written {
                Ok(Some(length)) => {
                    out.at += length;
                    out.deadline = now.saturating_add(self.write_timeout);
                }
                Ok(None) if now < out.deadline => return,
                Ok(None) => {
                    let seconds = self.write_timeout.as_secs_f64();
                    return self.lose(&format!("it takes nothing for {seconds} s"));
                }
                Err(error) => return self.lose(&format!("write to it: {error}")),
            }
        }
    }

    /// Reads what has come, and lets the source answer it.
    fn receive(&mut self, piece: &mut [u8]) -> Result<(), Ended> {
        for _ in 0..READS {
            let Some(wire) = &mut self.wire else { return Ok(()) };
            if !self.readable || self.out.is_some() {
                return Ok(());
            }
            match wire.read(piece) {
                Ok(None) => self.readable = false,
                Ok(Some(0)) => self.lose("it has closed the connection"),
                Ok(Some(length)) => self.source.received(&piece[..length], self.host.now()),
                Err(error) => self.lose(&format!("read from it: {error}")),
            }
            self.obey()?;
        }
        Ok(())
    }

    /// There is no connection any more.
    fn lose(&mut self, reason: &str) {
        (self.wire, self.out) = (None, None);
        self.source.closed(reason, self.host.now());
    }
}
