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
//! | `pending`, `recent` | shares that have no verdict yet; names of those that had one |
//! | [`amadeus`] | a node of Amadeus, behind HTTP |
//! | [`local`] | a simnet of Pearl in this process |
//! | [`backoff`] | how long to wait before the next try |
//! | [`failover`] | which of several sources is worked for |
//! | [`endpoint`] | where a source is |
//! | [`sockets`], `tls` | the thread that runs a source on a socket |
//! | [`handle`], [`report`] | what the miner holds of a source, and what a source says of itself |

pub mod amadeus;
pub mod backoff;
pub mod connection;
mod dialect;
pub mod endpoint;
pub mod failover;
mod framing;
mod gateway;
pub mod handle;
pub mod local;
mod pending;
mod pool;
mod recent;
pub mod report;
mod rpc;
pub mod sockets;
#[cfg(test)]
mod testing;
mod tls;
