//! Job sources: where jobs come from and where shares go.
//!
//! Protocols are state machines without IO, clock or randomness: they take bytes and the time, and give bytes, events
//! and the time at which they want to be woken. Threads run them on sockets.
//!
//! | module | owns |
//! |---|---|
//! | [`connection`] | [`Source`](connection::Source): a source behind a connection that is made anew whenever it breaks |
//! | `gateway`, `pool` | the two dialects that it speaks |
//! | `framing`, `rpc` | lines of bounded length; what a line of JSON says |
//! | `pending` | shares that have no verdict yet |
//! | [`backoff`] | how long to wait before the next try |
//! | [`failover`] | which of several sources is worked for |
//! | [`endpoint`] | where a source is |
//! | [`sockets`], `tls` | the thread that runs a source on a socket |
//! | [`handle`], [`report`] | what the miner holds of a source, and what a source says of itself |

pub mod backoff;
pub mod connection;
mod dialect;
pub mod endpoint;
pub mod failover;
mod framing;
mod gateway;
pub mod handle;
mod pending;
mod pool;
pub mod report;
mod rpc;
pub mod sockets;
mod tls;
