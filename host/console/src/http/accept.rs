//! Connections: how many at a time, and for how long each.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Room for a request's line and headers.
const LONGEST_HEAD: usize = 16 << 10;
/// How long headers may take.
const READING: Duration = Duration::from_secs(4);
/// How long a connection lives, and how long a reader of events may take none.
const CONNECTION: Duration = Duration::from_secs(10);
/// Connections at a time; others wait until one ends.
const CONNECTIONS: usize = 64;
/// How long to wait when the system can't accept.
const PAUSE: Duration = Duration::from_millis(50);

/// The address of this machine that a connection came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local(pub IpAddr);

/// How long a connection may live on.
#[derive(Clone, Debug)]
pub(super) struct Lease(Arc<Mutex<Instant>>);

impl Lease {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now() + CONNECTION)))
    }

    /// From now on another [`CONNECTION`].
    pub(super) fn renew(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + CONNECTION;
    }

    fn end(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For ever.
pub(super) async fn accept(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Nobody closes it.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = listener.accept().await;
        let local = accepted.and_then(|(stream, _)| Ok((stream.local_addr()?.ip(), stream)));
        match local {
            Ok((local, stream)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, Local(local.to_canonical()), router).await;
                    drop(place);
                });
            }
            // The peer was gone already, or the system is out of something that others will give back.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// One call.
async fn serve(stream: TcpStream, local: Local, router: Router) {
    let lease = Lease::new();
    let router = router.layer(Extension(local)).layer(Extension(lease.clone()));
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(READING)
            .max_buf_size(LONGEST_HEAD)
            .keep_alive(false)
            // A peer may say that it has nothing more to say, and still listen.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    loop {
        let end = lease.end();
        // A peer that breaks off has no one to tell it to.
        if timeout_at(end, connection.as_mut()).await.is_ok() || lease.end() <= end {
            return;
        }
    }
}
