//! From an endpoint to a connection, without blocking and in time.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError};
use mio::net::{TcpStream, UnixStream};
use mio::{Registry, Token};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::source::endpoint::Endpoint;
use crate::source::handle::Shared;
use crate::work::Moment;

use super::wire::{Stream, Wire};

type Found = io::Result<Vec<SocketAddr>>;

/// Makes one connection after the other to the same endpoint.
#[derive(Debug)]
pub(super) struct Dialer {
    endpoint: Endpoint,
    timeout: Duration,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    token: Token,
    shared: Arc<Shared>,
    /// A question for addresses that may still be under way, even if its answer is no longer waited for: the system
    /// gives no way to take it back, and one at a time is enough.
    question: Option<Receiver<Found>>,
    state: State,
    deadline: Moment,
}

#[derive(Debug)]
enum State {
    Idle,
    Resolving,
    Trying { stream: Stream, others: VecDeque<SocketAddr>, until: Moment },
    Greeting { wire: Wire },
}

impl Dialer {
    pub fn new(
        endpoint: Endpoint,
        timeout: Duration,
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
        token: Token,
        shared: Arc<Shared>,
    ) -> Self {
        let (question, state, deadline) = (None, State::Idle, Moment::ZERO);
        Self { endpoint, timeout, tls, token, shared, question, state, deadline }
    }

    /// Begins. Call [`advance`](Self::advance) then.
    pub fn start(&mut self, registry: &Registry, now: Moment) -> Result<(), String> {
        self.deadline = now.saturating_add(self.timeout);
        match &self.endpoint {
            Endpoint::Unix { path } => {
                let stream = UnixStream::connect(path).map(Stream::Unix);
                let stream = stream.map_err(|error| self.failure(&error))?;
                self.try_stream(stream, VecDeque::new(), self.deadline, registry)
            }
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port } => {
                if let Ok(address) = host.parse::<IpAddr>() {
                    let address = SocketAddr::new(address, *port);
                    return self.try_next(VecDeque::from([address]), registry, now);
                }
                if self.question.is_none() {
                    let question = self.ask(host.clone(), *port);
                    self.question = Some(question.map_err(|error| self.failure(&error))?);
                }
                self.state = State::Resolving;
                Ok(())
            }
        }
    }

    /// Gives up.
    pub fn stop(&mut self) {
        self.state = State::Idle;
    }

    /// When to call [`advance`](Self::advance), if nothing happens before.
    pub fn deadline(&self) -> Option<Moment> {
        match &self.state {
            State::Idle => None,
            State::Trying { until, .. } => Some(*until),
            State::Resolving | State::Greeting { .. } => Some(self.deadline),
        }
    }

    /// Goes on; gives a connection, or why there is none.
    pub fn advance(&mut self, registry: &Registry, now: Moment) -> Result<Option<Wire>, String> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => return Ok(None),
            State::Resolving => match self.answer() {
                Some(Ok(found)) => self.try_next(found.into(), registry, now)?,
                Some(Err(error)) => {
                    return Err(format!(
                        "connect to {}: {error}; check the host's name",
                        self.endpoint
                    ));
                }
                None => self.state = State::Resolving,
            },
            State::Trying { stream, others, until } => match stream.is_connected() {
                Ok(true) => {
                    let wire = Wire::new(stream, self.tls.clone());
                    let wire = wire.map_err(|error| self.failure(&error))?;
                    return self.greet(wire, now);
                }
                Ok(false) if now < until => self.state = State::Trying { stream, others, until },
                Ok(false) if others.is_empty() => return Err(self.too_late()),
                Err(error) if others.is_empty() => return Err(self.failure(&error)),
                Ok(false) | Err(_) => self.try_next(others, registry, now)?,
            },
            State::Greeting { wire } => return self.greet(wire, now),
        }
        match self.state {
            State::Resolving if self.deadline <= now => {
                self.stop();
                Err(self.too_late())
            }
            _ => Ok(None),
        }
    }

    fn greet(&mut self, mut wire: Wire, now: Moment) -> Result<Option<Wire>, String> {
        wire.greet().map_err(|error| self.failure(&error))?;
        if !wire.is_greeting() {
            return Ok(Some(wire));
        }
        if self.deadline <= now {
            return Err(self.too_late());
        }
        self.state = State::Greeting { wire };
        Ok(None)
    }

    /// Tries the next address that takes a try; each has its part of the time that is left.
    fn try_next(
        &mut self,
        mut addresses: VecDeque<SocketAddr>,
        registry: &Registry,
        now: Moment,
    ) -> Result<(), String> {
        let mut last = io::Error::other("the name has no address");
        while let Some(address) = addresses.pop_front() {
            let parts = u32::try_from(addresses.len()).unwrap_or(u32::MAX).saturating_add(1);
            let until = now.saturating_add(self.deadline.saturating_sub(now) / parts);
            match TcpStream::connect(address) {
                Ok(stream) => {
                    return self.try_stream(Stream::Tcp(stream), addresses, until, registry);
                }
                Err(error) => last = error,
            }
        }
        Err(self.failure(&last))
    }

    fn try_stream(
        &mut self,
        mut stream: Stream,
        others: VecDeque<SocketAddr>,
        until: Moment,
        registry: &Registry,
    ) -> Result<(), String> {
        stream.register(registry, self.token).map_err(|error| self.failure(&error))?;
        self.state = State::Trying { stream, others, until };
        Ok(())
    }

    /// Asks the system for addresses, in a thread since that can take its time.
    fn ask(&self, host: String, port: u16) -> io::Result<Receiver<Found>> {
        let (sender, question) = crossbeam_channel::bounded(1);
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("resolve".into()).spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            // Nobody may wait for it any more.
            let _ = sender.send(found);
            shared.wake();
        })?;
        Ok(question)
    }

    fn answer(&mut self) -> Option<Found> {
        let answer = self.question.as_ref()?.try_recv();
        match answer {
            Ok(found) => {
                self.question = None;
                Some(found)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.question = None;
                Some(Err(io::Error::other("no answer to the question for its addresses")))
            }
        }
    }

    fn too_late(&self) -> String {
        let seconds = self.timeout.as_secs_f64();
        format!("connect to {}: no connection within {seconds} s; check the host", self.endpoint)
    }

    fn failure(&self, error: &io::Error) -> String {
        let remedy = match error.kind() {
            // The message has its own.
            io::ErrorKind::InvalidData => "",
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                "; check that it runs and listens there"
            }
            io::ErrorKind::PermissionDenied => "; check who may use that socket",
            _ => "; check host, port and network",
        };
        format!("connect to {}: {error}{remedy}", self.endpoint)
    }
}
