//! The command that serves a chain of one's own.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::Args;
use gemmine_jobs::amadeus::chain::{BITS, SEGMENT_SECONDS};
use gemmine_jobs::amadeus::node::CALLS_PER_MINUTE;

const CHAIN_EXAMPLES: &str = "\
Examples:
  gemmine chain                                  on http://127.0.0.1:8648, 8 bits
  gemmine chain --listen 127.0.0.1:0             on a port that is free
  gemmine chain --bits 16 --segment-seconds 30   harder, and seeds are stale soon
  curl -o seed.bin http://127.0.0.1:8648/api/upow/seed
  curl --data-binary @sol.bin http://127.0.0.1:8648/api/upow/validate

The first line of standard output is the chain's URL. It answers what an Amadeus test node answers
under /api/upow: `seed` gives the 240 bytes; `validate` takes the 1264 bytes, by POST or as base58
behind the path, and says whether they are `valid`, and whether at least the product is right
(`valid_math`). Both only answer: nothing is stored or paid. A solution that is sent again is valid
again, as on a node, where only the transaction that submits it would be refused. With --bits 0
every right product is valid. Ctrl-C ends it with exit code 0; a new start is a new chain.";

/// Options of `chain`.
#[derive(Clone, Debug, Args)]
#[command(after_help = CHAIN_EXAMPLES)]
pub struct ChainArgs {
    /// Where to listen: an IP address and a port; port 0 takes one that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8648", value_parser = address)]
    pub listen: SocketAddr,

    /// Leading zero bits that a solution's hash must have; a real network has 20 and more
    #[arg(long, value_name = "N", default_value_t = BITS, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub bits: u32,

    /// Length of a segment: when it ends, its seeds are stale
    #[arg(long, value_name = "S", default_value_t = SEGMENT_SECONDS, value_parser = clap::value_parser!(u32).range(1..))]
    pub segment_seconds: u32,

    /// Calls a minute that an address may make, as of a real node; more get status 429
    #[arg(long, value_name = "N", default_value_t = CALLS_PER_MINUTE, value_parser = clap::value_parser!(u32).range(1..))]
    pub calls_per_minute: u32,
}

fn address(text: &str) -> Result<SocketAddr> {
    text.parse().context("give an IP address and a port, such as 127.0.0.1:8648 or [::1]:8648")
}
