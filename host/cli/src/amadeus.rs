//! Where Amadeus jobs come from: a chain of one's own, or a node that somebody names.
//!
//! | module | owns |
//! |---|---|
//! | [`serve`], [`callers`] | a [local chain](gemmine_jobs::amadeus::chain) behind HTTP, as a node has it; who has called how often |
//! | [`source`] | such a chain or a node, as a miner sees it |

mod callers;
mod serve;
pub mod source;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gemmine_jobs::amadeus::chain::{Chain, ChainOptions};
use gemmine_pouw::digest::Digest;

use self::serve::Server;
use crate::args::ChainArgs;
use crate::display::{counted, grouped};
use crate::outcome::Outcome;
use crate::{interrupt, note, print_line};

/// Runs `gemmine chain`: serves a chain until Ctrl-C.
pub fn run(args: &ChainArgs) -> Result<Outcome> {
    let segment = Duration::from_secs(args.segment_seconds.into());
    let options = ChainOptions { bits: args.bits, segment };
    let chain = Chain::new(options, secret_from_os()?, Instant::now());
    let description = chain.describe();
    let server = Server::bind(args.listen, chain, args.calls_per_minute)?;
    let address = server.address();
    interrupt::catch()?;
    print_line(&format!("http://{address}"))?;
    note(&format!(
        "{description}, {} a minute from an address; Ctrl-C ends it",
        counted(args.calls_per_minute.into(), "call")
    ));
    warn_of_strangers(address);
    let served = server.run(&mut interrupt::requested);
    note(&format!(
        "{}, {} of {} accepted, {} refused",
        counted(served.seeds, "seed"),
        grouped(served.accepted),
        counted(served.solutions, "solution"),
        counted(served.refused, "call")
    ));
    Ok(Outcome::Yes)
}

/// Says so where other machines can reach the chain: it has no TLS and asks nobody for a name.
fn warn_of_strangers(address: SocketAddr) {
    if !address.ip().is_loopback() {
        note(&format!("warning: whoever can reach {address} can use this chain"));
    }
}

/// 32 bytes that nobody else knows.
fn secret_from_os() -> Result<Digest> {
    let mut secret = Digest::default();
    getrandom::fill(&mut secret).context("get randomness from the operating system")?;
    Ok(secret)
}
