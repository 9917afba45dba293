//! The client of a node's `/api/upow` calls: blocking, bounded in time and size, and slow enough.
//!
//! It speaks to the URL it is given and to nothing else: there is no default, redirects are not
//! followed, and proxies that the environment names are not used.

mod error;

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};
use ureq::http::{Response, Uri, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Timeout};

use crate::text::shown_bytes;

use super::pace::{Pace, WINDOW};
use super::verdict::{self, Verdict};

pub use error::{NodeError, WaitBy};

use error::{LISTENS, UP};

/// Calls a minute that a node answers an address.
pub const CALLS_PER_MINUTE: u32 = 100;
/// Longest wait that a node's Retry-After is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Longest headers of an answer.
const LONGEST_HEAD: usize = 16 << 10;
/// So much is read of an answer that is only shown.
const SHOWN: u64 = 640;

/// How to speak to a node.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// How long connecting may take, TLS included.
    pub connect: Duration,
    /// How long a whole call may take, connecting included.
    pub call: Duration,
    /// Calls a minute at most.
    pub calls_per_minute: u32,
    /// Certificates, as PEM, that https is trusted by instead of the public authorities'.
    pub tls_ca: Option<Vec<u8>>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(15),
            calls_per_minute: CALLS_PER_MINUTE,
            tls_ca: None,
        }
    }
}

/// A node, ours or another.
#[derive(Debug)]
pub struct Node {
    url: String,
    agent: Agent,
    connect: Duration,
    call: Duration,
    pace: Mutex<Pace>,
}

impl Node {
    /// A node by its URL, such as `http://127.0.0.1:8648`; the calls' paths are put behind it. Does not
    /// connect yet.
    ///
    /// # Errors
    /// [`NodeError::Url`] or [`NodeError::TlsCa`].
    pub fn new(url: &str, options: NodeOptions) -> Result<Self, NodeError> {
        let url = checked(url)?;
        let mut tls = TlsConfig::builder();
        if let Some(pem) = &options.tls_ca {
            tls = tls.root_certs(authorities(pem)?);
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(options.connect))
            .timeout_global(Some(options.call))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .max_response_header_size(LONGEST_HEAD)
            // A connection kept may be one that the node has closed, and calls are rare.
            .max_idle_connections(0)
            .user_agent(concat!("gemmine/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        let pace = Mutex::new(Pace::new(options.calls_per_minute));
        let NodeOptions { connect, call, .. } = options;
        Ok(Self { url, agent: config.new_agent(), connect, call, pace })
    }

    /// The URL, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A seed to work on.
    ///
    /// # Errors
    /// Anything but a seed's bytes, or no answer in time; [`NodeError::Wait`] without a call if it
    /// would be one too many.
    pub fn seed(&self) -> Result<[u8; SEED_BYTES], NodeError> {
        let url = format!("{}/api/upow/seed", self.url);
        let bytes = self.call(&url, SEED_BYTES as u64, || self.agent.get(&url).call())?;
        bytes.try_into().map_err(|bytes: Vec<u8>| {
            let seen = format!("{} bytes, expected a seed of {SEED_BYTES}", bytes.len());
            NodeError::Answer { url, seen }
        })
    }

    /// What the node says of a solution.
    ///
    /// # Errors
    /// As of [`seed`](Self::seed).
    pub fn validate(&self, solution: &[u8; SOLUTION_BYTES]) -> Result<Verdict, NodeError> {
        let url = format!("{}/api/upow/validate", self.url);
        let request = || {
            let request = self.agent.post(&url).content_type("application/octet-stream");
            request.send(&solution[..])
        };
        let text = self.call(&url, verdict::LONGEST, request)?;
        Verdict::from_json(&text).ok_or_else(|| {
            let seen = format!(
                "{:?}, expected JSON with two booleans, `valid` and `valid_math`",
                shown_bytes(&text)
            );
            NodeError::Answer { url, seen }
        })
    }

    /// How long to wait before the next call, so that it is made.
    pub fn wait(&self) -> Duration {
        self.with_pace(|pace| pace.wait(Instant::now()))
    }

    /// A call within the limit; the body of a good answer, of at most `longest` bytes.
    fn call(
        &self,
        url: &str,
        longest: u64,
        request: impl FnOnce() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Vec<u8>, NodeError> {
        let started = self.with_pace(|pace| pace.start(Instant::now()));
        started.map_err(|wait| NodeError::Wait {
            url: url.to_owned(),
            wait,
            by: WaitBy::Client,
        })?;
        let answer = match request() {
            Ok(response) => self.body(url, response, longest),
            Err(error) => Err(self.failure(url, error)),
        };
        self.with_pace(|pace| {
            let now = Instant::now();
            pace.end(now);
            if let Err(NodeError::Wait { wait, .. }) = &answer {
                pace.hold(now, *wait);
            }
        });
        answer
    }

    /// The body of an answer with status 200, and errors for all others.
    fn body(
        &self,
        url: &str,
        mut response: Response<Body>,
        longest: u64,
    ) -> Result<Vec<u8>, NodeError> {
        let status = response.status().as_u16();
        let text_of =
            |name| response.headers().get(name).map(|value| shown_bytes(value.as_bytes()));
        let location = text_of(header::LOCATION);
        let retry_after = text_of(header::RETRY_AFTER);
        let url = url.to_owned();
        match status {
            200 => {}
            300..400 => {
                let to = location.unwrap_or_else(|| "nowhere".into());
                return Err(NodeError::Redirect { url, to });
            }
            429 => {
                let asked = retry_after.and_then(|text| text.trim().parse().ok());
                // A node that names no time counts a minute from the first call on.
                let wait = asked.map_or(WINDOW, Duration::from_secs).min(LONGEST_WAIT);
                return Err(NodeError::Wait { url, wait, by: WaitBy::Node });
            }
            _ => {
                // The text helps people; that there is none is no second error.
                let mut text = Vec::new();
                let _ = response.body_mut().as_reader().take(SHOWN).read_to_end(&mut text);
                return Err(NodeError::Status { url, status, text: shown_bytes(&text) });
            }
        }
        let read = response.body_mut().with_config().limit(longest).read_to_vec();
        read.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                let seen = format!("more than {longest} bytes, the longest answer to this call");
                NodeError::Answer { url, seen }
            }
            error => self.failure(&url, error),
        })
    }

    /// Why there is no answer, with what to do about it.
    fn failure(&self, url: &str, error: ureq::Error) -> NodeError {
        let url = url.to_owned();
        let cause = match &error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                format!("no connection within {} s", self.connect.as_secs_f64())
            }
            ureq::Error::Timeout(_) => format!("no answer within {} s", self.call.as_secs_f64()),
            ureq::Error::Io(error) => error.to_string(),
            _ => error.to_string(),
        };
        let cause = shown_bytes(cause.as_bytes());
        let remedy = match &error {
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => return NodeError::Tls { url, cause },
            ureq::Error::Io(error) => match error.kind() {
                // What the TLS library makes of its errors.
                io::ErrorKind::InvalidData => return NodeError::Tls { url, cause },
                io::ErrorKind::ConnectionRefused => {
                    "check the port; `gemmine chain` starts a local node"
                }
                _ => UP,
            },
            ureq::Error::Timeout(_) => UP,
            ureq::Error::HostNotFound => "check the host's name",
            _ => LISTENS,
        };
        NodeError::Transport { url, cause, remedy }
    }

    fn with_pace<T>(&self, change: impl FnOnce(&mut Pace) -> T) -> T {
        change(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A URL that says where to connect, and nothing else that could surprise.
fn checked(text: &str) -> Result<String, NodeError> {
    let wrong = |why| NodeError::Url { url: shown_bytes(text.as_bytes()), why };
    let uri: Uri = text.parse().map_err(|_| wrong("it is no URL"))?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("it begins with neither http:// nor https://"));
    };
    if authority.as_str().contains('@') {
        // There may be a password in it, and errors end up in logs.
        let url = format!("...@{}", authority.host());
        return Err(NodeError::Url { url, why: "it has a user name in it; nodes ask for none" });
    }
    // `host:70000` and `host:` parse, and would go to port 80.
    let port = authority.as_str().strip_prefix(authority.host());
    if authority.host().is_empty() || (port != Some("") && authority.port_u16().is_none()) {
        return Err(wrong("host or port can not be"));
    }
    if text.contains(['?', '#']) {
        return Err(wrong("it has a query or fragment"));
    }
    if uri.path().contains("/api/upow") {
        return Err(wrong("it names a call; the calls are put behind it"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn authorities(pem: &[u8]) -> Result<RootCerts, NodeError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(NodeError::TlsCa(error.to_string())),
        }
    }
    if certificates.is_empty() {
        return Err(NodeError::TlsCa("there is no certificate in it".into()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
