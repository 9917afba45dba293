//! A local chain behind HTTP, with the three calls of a node's `/api/upow`.
//!
//! A connection carries one call and has ten seconds for it, whatever its other end does: peers that
//! say nothing, half of something or too much cost a place among the connections for that long, and
//! nothing else. Bodies and headers are bounded before they are read.
//!
//! A node answers 200 whatever it gets. Here a solution that cannot be one (wrong length, no base58)
//! gets a 4xx that says why, since whoever tries a miner out on a chain of their own wants to know.
//! Errors are JSON, `error` for programs (`rate_limited` and `not_found` are a node's own words) and
//! `message` for people. Bytes that are no HTTP get the HTTP library's bare 400.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use gemmine_jobs::amadeus::chain::{Chain, NoSolution, from_body, from_path};
use gemmine_pouw::amadeus::{SOLUTION_BYTES, leading_zero_bits};
use gemmine_pouw::digest;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::callers::Callers;
use crate::note;

/// Where solutions in the path begin.
const VALIDATE: &str = "/api/upow/validate/";
/// Longest body that is read; a solution has 1264 bytes.
const LONGEST_BODY: usize = 4096;
/// Room for a request's line and headers.
const LONGEST_HEAD: usize = 16 << 10;
/// How long headers, and then a body, may take.
const READING: Duration = Duration::from_secs(4);
/// How long a connection lives at most.
const CONNECTION: Duration = Duration::from_secs(10);
/// Connections at a time; others wait until one ends.
const CONNECTIONS: usize = 64;
/// How often to look whether to end.
const TICK: Duration = Duration::from_millis(50);

/// What was served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    /// Seeds handed out.
    pub seeds: u64,
    /// Solutions judged.
    pub solutions: u64,
    /// Those that were valid.
    pub accepted: u64,
    /// Calls answered with an error.
    pub refused: u64,
}

/// A chain that listens.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    chain: Chain,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    callers: Callers,
    served: Served,
}

impl Server {
    /// Listens; port 0 takes one that is free.
    pub fn bind(listen: SocketAddr, chain: Chain, calls_per_minute: u32) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .context("start the chain's server")?;
        let listener = runtime.block_on(TcpListener::bind(listen)).with_context(|| {
            format!("listen on {listen}; end what listens there, or choose another --listen")
        })?;
        let address = listener.local_addr().with_context(|| format!("listen on {listen}"))?;
        let books = Books { callers: Callers::new(calls_per_minute), served: Served::default() };
        let shared = Arc::new(Shared { chain, books: Mutex::new(books) });
        Ok(Self { runtime, listener, address, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` says so.
    pub fn run(self, stop: &mut dyn FnMut() -> bool) -> Served {
        self.runtime.block_on(accept(&self.listener, &self.shared, stop));
        // Calls that are under way have been answered or never will be.
        self.runtime.shutdown_timeout(TICK);
        self.shared.with_books(|books| books.served)
    }
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: &mut dyn FnMut() -> bool) {
    let router = router(shared);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while !stop() {
        let Ok(Ok(place)) = timeout(TICK, Arc::clone(&places).acquire_owned()).await else {
            continue;
        };
        match timeout(TICK, listener.accept()).await {
            Ok(Ok((stream, peer))) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, router.layer(Extension(peer.ip()))).await;
                    drop(place);
                });
            }
            // Nobody came.
            Err(_) => {}
            // The peer was gone already, or the system is out of something that others will give back.
            Ok(Err(_)) => tokio::time::sleep(TICK).await,
        }
    }
}

/// One call.
async fn serve(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READING)
        .max_buf_size(LONGEST_HEAD)
        .keep_alive(false)
        // A peer may say that it has nothing more to say, and still listen.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A peer that breaks off has no one to tell it to.
    let _ = timeout(CONNECTION, connection).await;
}

fn router(shared: &Arc<Shared>) -> Router {
    let missing = || async {
        let message = "there is GET /api/upow/seed, POST /api/upow/validate and \
                       GET /api/upow/validate/<base58>";
        Refused::new(StatusCode::NOT_FOUND, "not_found", message.into())
    };
    Router::new()
        .route("/api/upow/seed", get(seed))
        .route("/api/upow/validate", post(validate_body))
        .route("/api/upow/validate/{solution}", get(validate_text))
        .fallback(missing)
        .method_not_allowed_fallback(missing)
        .with_state(Arc::clone(shared))
}

async fn seed(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<IpAddr>,
) -> Result<Response, Refused> {
    shared.count(peer)?;
    shared.with_books(|books| books.served.seeds += 1);
    Ok(shared.chain.seed(Instant::now()).to_vec().into_response())
}

async fn validate_body(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<IpAddr>,
    request: Request,
) -> Result<Response, Refused> {
    shared.count(peer)?;
    let body = read(request.into_body()).await;
    shared.validate(from_body(&shared.counting(body)?), peer)
}

async fn validate_text(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<IpAddr>,
    uri: Uri,
) -> Result<Response, Refused> {
    shared.count(peer)?;
    let text = uri.path().strip_prefix(VALIDATE).unwrap_or_default();
    shared.validate(from_path(text), peer)
}

/// A body that is not too long and does not take too long.
async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    let too_large = || {
        let message =
            format!("the body is broken off or longer than {LONGEST_BODY} bytes; {WANTED}");
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    };
    // What says that it is too long need not be read.
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(too_large());
    }
    match timeout(READING, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => {
            let message = format!("the body did not come within {} s; {WANTED}", READING.as_secs());
            Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message))
        }
    }
}

/// The remedy for everything that is no solution.
const WANTED: &str = "a solution is the 240-byte seed and the 16 x 16 product, int32 little endian";

impl Shared {
    fn with_books<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        change(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a call before anything else is done for it, as a node does.
    fn count(&self, peer: IpAddr) -> Result<(), Refused> {
        let called = self.with_books(|books| books.callers.call(peer, Instant::now()));
        self.counting(called.map_err(Refused::rate_limited))
    }

    /// Counts what is refused.
    fn counting<T>(&self, answer: Result<T, Refused>) -> Result<T, Refused> {
        answer.inspect_err(|_| self.with_books(|books| books.served.refused += 1))
    }

    fn validate(
        &self,
        solution: Result<[u8; SOLUTION_BYTES], NoSolution>,
        peer: IpAddr,
    ) -> Result<Response, Refused> {
        let solution = self.counting(solution.map_err(Refused::no_solution))?;
        let verdict = self.chain.validate(&solution, Instant::now());
        self.with_books(|books| {
            books.served.solutions += 1;
            books.served.accepted += u64::from(verdict.valid);
        });
        if verdict.valid {
            let hash = digest::hash(&solution);
            let bits = leading_zero_bits(&hash);
            note(&format!("accepted: {bits} bits, hash {}, from {peer}", hex::encode(hash)));
        }
        Ok(json_response(StatusCode::OK, &verdict.to_json()))
    }
}

/// Why a call gets no answer, and what it gets instead.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    error: &'static str,
    message: String,
    retry: Option<Duration>,
}

impl Refused {
    fn new(status: StatusCode, error: &'static str, message: String) -> Self {
        Self { status, error, message, retry: None }
    }

    fn no_solution(why: NoSolution) -> Self {
        let (status, error) = match why {
            NoSolution::Long(_) => (StatusCode::URI_TOO_LONG, "too_large"),
            NoSolution::Text(_) => (StatusCode::BAD_REQUEST, "invalid_base58"),
            NoSolution::Length(_) => (StatusCode::BAD_REQUEST, "invalid_length"),
        };
        Self::new(status, error, format!("{why}; {WANTED}"))
    }

    fn rate_limited(wait: Duration) -> Self {
        // A client that waits a whole number of seconds must not come too early.
        let wait = Duration::from_secs(wait.as_secs() + 1);
        let message = format!("too many calls within a minute; wait {} s", wait.as_secs());
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        Self { retry: Some(wait), ..refused }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "message": self.message });
        let mut response = json_response(self.status, &body);
        if let Some(wait) = self.retry {
            response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        response
    }
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body.to_string()).into_response()
}
