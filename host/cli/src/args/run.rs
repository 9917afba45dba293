//! `run`: the miner that goes on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gemmine_config::Layer;

use super::seconds;

const RUN_EXAMPLES: &str = "\
Examples:
  gemmine run                                   a local simnet, on this computer's processor
  gemmine run --config /etc/gemmine.toml        everything from a file; `gemmine config example` prints one
  gemmine run --gateway tcp://127.0.0.1:8337 --device serial:auto
                                                a Pearl node's work, on every board that is plugged in
  gemmine run --pool tls://pool.example.net:3333 --wallet prl1... --worker rig1 --device serial:/dev/ttyUSB1
  gemmine run --protocol amadeus --node https://node.example.net --bits 20 --device serial:auto
  gemmine run --device model --device cpu --http 127.0.0.1:8647
                                                two devices, and a page at http://127.0.0.1:8647

Flags count before the environment (GEMMINE_HTTP_LISTEN and so on), that before the file, that before
defaults. Sources or devices by flags replace all of the file. Shares go to the folder --out: every one is in its log
before it is submitted, and one that has no answer when the miner ends is submitted by the next run.

Exit codes: 0 it was ended, by Ctrl-C, --seconds or --shares; 1 a device gave wrong answers; 2 it could
not run.";

/// Options of `run`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Configuration, TOML
    #[arg(long, value_name = "FILE", env = "GEMMINE_CONFIG")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub work: WorkArgs,

    #[command(flatten)]
    pub sources: SourceArgs,

    /// A device: model, verilator, rtl, cpu, gpu, gpu:N, gpu:NAME, serial:PATH, pcie:ADDRESS, vfio-user:SOCKET, or serial:auto for every board
    /// that is plugged in; can be
    /// given several times [default: cpu]
    #[arg(long, value_name = "NAME")]
    pub device: Vec<String>,

    /// Serve status, metrics and a page there, such as 127.0.0.1:8647
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<String>,

    /// With --http: file with the token that changes need
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<String>,

    /// Lines instead of a dashboard, on a terminal too
    #[arg(long)]
    pub no_dashboard: bool,

    /// What lines look like: text or json
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// End after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<Duration>,

    /// End after this many shares that their source took
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shares: Option<u64>,

    /// Print the last status as one JSON object, the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// What is worked on.
#[derive(Clone, Debug, Default, Args)]
pub struct WorkArgs {
    /// The network's rule: pearl or amadeus [default: pearl]
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,

    /// Left operand: .npy, int8, values in [-64, 64]
    #[arg(long, value_name = "A.npy", requires = "b")]
    pub a: Option<String>,

    /// Right operand
    #[arg(long, value_name = "B.npy", requires = "a")]
    pub b: Option<String>,

    /// Instead of operands: zeros, so that noise alone is mined, which is NOT USEFUL WORK
    #[arg(long, value_name = "MxN", conflicts_with = "a")]
    pub zero_signal: Option<String>,

    /// Folder for the log of shares and their proofs [default: gemmine-out]
    #[arg(long, value_name = "DIR")]
    pub out: Option<String>,

    /// Seed of the nonces [default: random]
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
}

/// Where jobs come from.
#[derive(Clone, Debug, Default, Args)]
pub struct SourceArgs {
    /// A Pearl node's gateway: tcp://HOST:PORT or unix:///PATH; can be given several times, the first is asked first,
    /// and gateways before pools
    #[arg(long, value_name = "URL")]
    pub gateway: Vec<String>,

    /// A Pearl pool: tcp://HOST:PORT or tls://HOST:PORT; can be given several times
    #[arg(long, value_name = "URL", requires = "wallet")]
    pub pool: Vec<String>,

    /// With --pool: whom it pays
    #[arg(long, value_name = "ADDRESS", requires = "pool")]
    pub wallet: Option<String>,

    /// With --pool: what it calls this miner
    #[arg(long, value_name = "NAME", requires = "pool")]
    pub worker: Option<String>,

    /// An Amadeus node: http:// or https://; can be given several times
    #[arg(long, value_name = "URL", requires = "bits")]
    pub node: Vec<String>,

    /// With --node: leading zero bits that a share needs; a node does not tell
    #[arg(long, value_name = "N", requires = "node")]
    pub bits: Option<String>,

    /// A simnet in this process, where shares are worth nothing
    #[arg(long)]
    pub local: bool,

    /// With --local: what a share's ticket must meet, 64 hex digits, big endian, before scaling
    #[arg(long, value_name = "HEX", requires = "local")]
    pub share_target: Option<String>,

    /// With --local: seconds from one job to the next
    #[arg(long, value_name = "S", requires = "local")]
    pub interval: Option<String>,
}

impl RunArgs {
    /// What flags say, for [`gemmine_config::Config`].
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        let WorkArgs { protocol, a, b, zero_signal, out, seed } = &self.work;
        let given = [
            ("work", "protocol", protocol, "--protocol"),
            ("work", "a", a, "--a"),
            ("work", "b", b, "--b"),
            ("work", "zero_signal", zero_signal, "--zero-signal"),
            ("work", "out", out, "--out"),
            ("work", "seed", seed, "--seed"),
            ("http", "listen", &self.http, "--http"),
            ("http", "token_file", &self.token_file, "--token-file"),
            ("log", "format", &self.log_format, "--log-format"),
        ];
        for (table, key, value, flag) in given {
            if let Some(value) = value {
                layer.set(table, key, value, flag);
            }
        }
        self.sources.add_to(&mut layer);
        for device in &self.device {
            layer.add_device(&[("device", device)], "--device");
        }
        layer
    }
}

impl SourceArgs {
    fn add_to(&self, layer: &mut Layer) {
        let named = |kind: &str, number: usize| format!("{kind}{}", number + 1);
        for (number, url) in self.gateway.iter().enumerate() {
            let name = named("gateway", number);
            layer.add_source(
                &[("name", &name), ("kind", "gateway"), ("endpoint", url)],
                "--gateway",
            );
        }
        for (number, url) in self.pool.iter().enumerate() {
            let name = named("pool", number);
            let mut keys = vec![("name", name.as_str()), ("kind", "pool"), ("endpoint", url)];
            keys.extend(self.wallet.iter().map(|wallet| ("wallet", wallet.as_str())));
            keys.extend(self.worker.iter().map(|worker| ("worker", worker.as_str())));
            layer.add_source(&keys, "--pool");
        }
        for (number, url) in self.node.iter().enumerate() {
            let name = named("node", number);
            let mut keys = vec![("name", name.as_str()), ("kind", "amadeus"), ("endpoint", url)];
            keys.extend(self.bits.iter().map(|bits| ("bits", bits.as_str())));
            layer.add_source(&keys, "--node");
        }
        if self.local {
            let mut keys = vec![("name", "local"), ("kind", "local")];
            keys.extend(self.share_target.iter().map(|target| ("share_target", target.as_str())));
            keys.extend(self.interval.iter().map(|interval| ("interval_s", interval.as_str())));
            layer.add_source(&keys, "--local");
        }
    }
}
