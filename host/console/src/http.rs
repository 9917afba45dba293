//! A miner over HTTP: its status, its events, its metrics, a web page, and what somebody wants changed.
//!
//! | module | owns |
//! |---|---|
//! | `accept` | connections: how many, for how long |
//! | `guard` | who may call: host names, the token, headers of every answer |
//! | `routes` | every path, what answers there, and what the document says of it |
//! | `control` | the one call that changes something |
//! | `events` | one status a second, as server-sent events |
//! | `health` | whether the miner lives and works, for supervisors |
//! | `history` | rates and shares of the last hour, for charts |
//! | `metrics` | OpenMetrics text |
//! | `openapi` | the document that describes all this |
//! | `page` | the web page's files |
//! | `refused` | answers that say no |
//! | `states` | names of states |
//!
//! A connection carries one call and has ten seconds for it, whatever its other end does. Peers that say nothing,
//! half of something or too much cost a place among the connections for that long, and nothing else. Only a stream
//! of events lives longer, as long as its reader takes them.

mod accept;
mod control;
mod events;
mod guard;
mod health;
mod history;
mod metrics;
mod openapi;
mod page;
mod refused;
mod routes;
mod states;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::{Semaphore, oneshot};

use guard::Hosts;
pub use guard::Token;
use history::History;

use crate::status::Miner;

/// Readers of events at a time; so some connections are always left for other calls.
const READERS: usize = 24;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refuses a thread or what a server waits with.
    #[error("start the HTTP server: {0}")]
    Start(#[source] std::io::Error),
    /// The address is taken, or isn't this machine's.
    #[error("listen on {address}: {source}; end what listens there, or choose another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A token that can be guessed or can't be sent.
    #[error(
        "take a token of {length} characters: it needs {least} to {most} visible ASCII ones, such as \
         `openssl rand -hex 16` prints"
    )]
    Token {
        /// How long it was.
        length: usize,
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// A name under which no browser would call.
    #[error(
        "take {name:?} as a host name: name it without scheme, port and path, such as miner.lan"
    )]
    Name {
        /// As it was given.
        name: String,
    },
}

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a call that changes something must show. Without one nothing can be changed over HTTP.
    pub token: Option<Token>,
    /// Names under which the server is called, besides loopback's and the address that a connection came to.
    pub names: Vec<String>,
}

/// A miner that can be called. Dropping it ends it, with every connection.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    warning: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all connections share.
struct Shared {
    miner: Arc<dyn Miner>,
    token: Option<Token>,
    hosts: Hosts,
    readers: Arc<Semaphore>,
    history: Mutex<History>,
    document: String,
}

impl Server {
    /// Listens, and serves from a thread of its own; port 0 takes one that is free.
    ///
    /// # Errors
    /// [`Error`], with what to do about it.
    pub fn bind(
        address: SocketAddr,
        options: Options,
        miner: Arc<dyn Miner>,
    ) -> Result<Self, Error> {
        let warning = warning(address, options.token.is_some());
        let shared = Arc::new(Shared {
            miner,
            token: options.token,
            hosts: Hosts::new(&options.names)?,
            readers: Arc::new(Semaphore::new(READERS)),
            history: Mutex::new(History::default()),
            document: openapi::document(&routes::routes()).to_string(),
        });
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(Error::Start)?;
        let listen = |source| Error::Listen { address, source };
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("gemmine-http".into())
            .spawn(move || serve(&runtime, listener, &shared, stopped))
            .map_err(Error::Start)?;
        Ok(Self { address, warning, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What whoever started it should know, if anything.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say here.
            let _ = thread.join();
        }
    }
}

/// Until `stopped` resolves. What is under way then ends with the runtime.
fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    shared: &Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        tokio::spawn(accept::accept(listener, routes::router(shared)));
        tokio::spawn(history::keep(Arc::clone(shared)));
        // The sender says nothing: it is dropped.
        let _ = stopped.await;
    });
}

fn warning(address: SocketAddr, token: bool) -> Option<String> {
    if address.ip().to_canonical().is_loopback() {
        return None;
    }
    let rest = if token {
        "what changes the miner needs the token, which this plain HTTP does not hide on its way; \
         put a proxy with TLS before it where the network isn't yours"
    } else {
        "nothing can be changed over it, as there is no token"
    };
    Some(format!("the status on {address} can be read by everyone who reaches it; {rest}"))
}
