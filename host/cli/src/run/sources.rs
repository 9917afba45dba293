//! Sources of a configuration: how each is started.

use std::fs;

use anyhow::{Context, Result};
use gemmine_config::Config;
use gemmine_config::config::{Protocol, Source as Wanted, SourceKind};
use gemmine_fleet::live::StartSource;
use gemmine_fleet::miner::SourceEntry;
use gemmine_jobs::amadeus::node::{Node, NodeOptions};
use gemmine_jobs::source::amadeus::{self, AmadeusOptions};
use gemmine_jobs::source::connection::{Dialect, PoolLogin, SourceOptions, Timing};
use gemmine_jobs::source::endpoint::{Endpoint, GATEWAY_PORT};
use gemmine_jobs::source::local::{self, LocalOptions};
use gemmine_jobs::source::sockets::{self, SocketOptions};
use gemmine_jobs::work::SourceId;
use gemmine_pouw::U256;

use super::no_source;
use crate::device::DeviceName;

/// Leading zero bits of an Amadeus share where nobody says: those of a local chain.
const BITS: u32 = 8;

/// All sources, and how to start each.
pub fn of(config: &Config, seed: u64) -> Result<Vec<(SourceEntry, StartSource)>> {
    if config.sources.is_empty() {
        no_source(config.work.protocol.value)?;
        let entry = SourceEntry { name: "local".into(), priority: 0 };
        return Ok(vec![(entry, start_local(default_target(), None))]);
    }
    let sources = config.sources.iter().enumerate();
    sources
        .map(|(number, wanted)| one(wanted, config.work.protocol.value, seed ^ number as u64))
        .collect()
}

/// What a simnet's shares must meet where nobody says: one every few seconds on a processor.
fn default_target() -> U256 {
    DeviceName::Cpu.share_target()
}

fn one(wanted: &Wanted, protocol: Protocol, jitter: u64) -> Result<(SourceEntry, StartSource)> {
    let name = wanted.name.value.clone();
    let entry = SourceEntry { name: name.clone(), priority: wanted.priority.value };
    let tls_ca = match &wanted.tls_ca {
        Some(path) => {
            Some(fs::read(&path.value).with_context(|| format!("read {}", path.value.display()))?)
        }
        None => None,
    };
    let timing = Timing {
        poll_interval: wanted.poll.value,
        job_timeout: wanted.job_timeout.value,
        notify_timeout: wanted.notify_timeout.value,
        ..Timing::default()
    };
    let endpoint =
        wanted.endpoint.as_ref().map(|endpoint| endpoint.value.to_string()).unwrap_or_default();
    let start = match wanted.kind.value {
        SourceKind::Gateway => {
            start_socket(name, endpoint, Dialect::Gateway, timing, tls_ca, jitter)
        }
        SourceKind::Pool => {
            let pass = wanted.password.as_ref().map(|secret| secret.value.read()).transpose();
            let login = PoolLogin {
                wallet: wanted
                    .wallet
                    .as_ref()
                    .map(|wallet| wallet.value.clone())
                    .unwrap_or_default(),
                worker: wanted.worker.value.clone(),
                pass: pass.context("read a pool's password")?.unwrap_or_else(|| "x".into()),
            };
            start_socket(name, endpoint, Dialect::Pool(login), timing, tls_ca, jitter)
        }
        SourceKind::Amadeus => {
            let bits = wanted.bits.as_ref().map_or(BITS, |bits| bits.value);
            let poll = wanted.poll.value;
            let node = Node::new(&endpoint, NodeOptions { tls_ca, ..NodeOptions::default() })?;
            Box::new(move |id, events, began| {
                let options =
                    AmadeusOptions { poll_interval: poll, ..AmadeusOptions::new(id, bits) };
                amadeus::spawn(options, node, jitter, events, began).context("start a source")
            })
        }
        SourceKind::Local => {
            if protocol == Protocol::Amadeus {
                no_source(protocol)?;
            }
            let target =
                wanted.share_target.as_ref().map(|target| U256::from_big_endian(&target.value));
            let interval = wanted.interval.as_ref().map(|interval| interval.value);
            start_local(target.unwrap_or_else(default_target), interval)
        }
    };
    Ok((entry, start))
}

fn start_local(share_target: U256, interval: Option<std::time::Duration>) -> StartSource {
    Box::new(move |id, events, began| {
        local::spawn(LocalOptions { id, share_target, interval }, events, began)
            .context("start a source")
    })
}

fn start_socket(
    name: String,
    endpoint: String,
    dialect: Dialect,
    timing: Timing,
    tls_ca: Option<Vec<u8>>,
    jitter: u64,
) -> StartSource {
    Box::new(move |id: SourceId, events, began| {
        let place = Endpoint::parse(&endpoint, Some(GATEWAY_PORT))
            .with_context(|| format!("reach source {name}"))?;
        let socket = SocketOptions { tls_ca, ..SocketOptions::new(place) };
        let options = SourceOptions { id, endpoint, dialect, timing };
        sockets::spawn(options, socket, jitter, events, began)
            .with_context(|| format!("start source {name}"))
    })
}
