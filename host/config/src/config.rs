//! What there is to tell a miner, as types. Every value knows where it comes from.

mod names;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub(crate) use names::Choice;

use crate::endpoint::Endpoint;
use crate::layer::Layer;
use crate::origin::{Problem, Setting};
use crate::secret::Secret;
use crate::{files, resolve};

/// All of it, valid in itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What is worked on.
    pub work: Work,
    /// Where jobs come from, in order of the file; without any there is one that is local.
    pub sources: Vec<Source>,
    /// What computes; without any it is the processor.
    pub devices: Vec<Device>,
    /// When another source is asked.
    pub failover: Failover,
    /// What becomes of devices that fail.
    pub supervision: Supervision,
    /// The server, where one is wanted.
    pub http: Option<Http>,
    /// What is logged.
    pub log: Log,
    /// Every value as text, in order, for people and programs.
    pub entries: Vec<Entry>,
}

impl Config {
    /// A file's text alone, with no look at the files that it names. Paths stay as they are.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        Self::from_layers(&[Layer::file("", None, text)])
    }

    /// Layers in one; the first that says something counts.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn from_layers(layers: &[Layer]) -> Result<Self, Vec<Problem>> {
        resolve::resolve(layers)
    }

    /// Flags over the environment over a file, with a look at the files that it names. Paths in the file begin in its
    /// folder, others in the working directory.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: Layer,
    ) -> Result<Self, Vec<Problem>> {
        let mut layers = vec![flags, Layer::environment(environment)];
        layers.extend(file.map(files::read_layer));
        let config = Self::from_layers(&layers)?;
        let problems = config.check_files();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// What is wrong with the files that it names: operands, certificates and secrets that can't be read, an output
    /// folder that is a file.
    pub fn check_files(&self) -> Vec<Problem> {
        files::check(self)
    }
}

/// What is worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// The network's rule.
    pub protocol: Setting<Protocol>,
    /// What is multiplied, for Pearl.
    pub operands: Setting<Operands>,
    /// Folder for the log of shares and for proofs.
    pub out: Setting<PathBuf>,
    /// Seed of the nonces.
    pub seed: Option<Setting<u64>>,
}

/// A network's proof of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Pearl, certificate V3.
    Pearl,
    /// Amadeus, uPoW2.
    Amadeus,
}

/// What is multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operands {
    /// The data set that is in the program.
    BuiltIn,
    /// Matrices of one's own.
    Files {
        /// Left, .npy, int8.
        a: PathBuf,
        /// Right, .npy, int8.
        b: PathBuf,
    },
    /// Zeros: tickets of noise alone, of no use to anybody.
    ZeroSignal {
        /// Rows of the product.
        rows: usize,
        /// Columns of the product.
        columns: usize,
    },
}

/// Where jobs come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// No two have the same.
    pub name: Setting<String>,
    /// What it is.
    pub kind: Setting<SourceKind>,
    /// Where it is; none for a local one.
    pub endpoint: Option<Setting<Endpoint>>,
    /// Lower is asked first.
    pub priority: Setting<u32>,
    /// Whom a pool pays; there for pools.
    pub wallet: Option<Setting<String>>,
    /// What a pool calls this miner.
    pub worker: Setting<String>,
    /// A pool's password.
    pub password: Option<Setting<Secret>>,
    /// Certificates (PEM) to trust instead of the public authorities'.
    pub tls_ca: Option<Setting<PathBuf>>,
    /// Silence after which it counts as lost.
    pub job_timeout: Setting<Duration>,
    /// Time without a job announced after which a pool counts as lost, whatever else it says.
    pub notify_timeout: Setting<Duration>,
    /// Time between two questions for a job, where one must ask.
    pub poll: Setting<Duration>,
    /// Leading zero bits that an Amadeus share needs; there for Amadeus.
    pub bits: Option<Setting<u32>>,
    /// Of a local source: what a share's ticket must meet, before scaling, big endian.
    pub share_target: Option<Setting<[u8; 32]>>,
    /// Of a local source: time between two jobs.
    pub interval: Option<Setting<Duration>>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A Pearl node's gateway.
    Gateway,
    /// A Pearl pool.
    Pool,
    /// An Amadeus node.
    Amadeus,
    /// In this process: a network of one's own, for trying.
    Local,
}

/// What computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Which.
    pub device: Setting<DeviceName>,
    /// Array of a simulated one.
    pub geometry: Option<Setting<Geometry>>,
    /// Threads of the processor.
    pub threads: Option<Setting<u32>>,
    /// So many of them, where simulated.
    pub count: Setting<u32>,
    /// A board's first rate in bits a second.
    pub baud: Option<Setting<u32>>,
    /// The highest rate to go to.
    pub max_baud: Option<Setting<u32>>,
}

/// Which device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// The cycle-accurate model.
    Model,
    /// The emitted Verilog, compiled.
    Verilator,
    /// rust-hdl's own simulator.
    Rtl,
    /// The processor.
    Cpu,
    /// A graphics processor: its number or a part of its name; the best there is if that is empty.
    Gpu(String),
    /// The board behind this port.
    Serial(String),
    /// Every board that is plugged in and not named elsewhere.
    SerialAuto,
    /// The device of this machine at this PCI address.
    Pcie(String),
    /// The device that a server plays behind this socket.
    VfioUser(String),
}

/// Rows and columns of PEs, each 2, 4, 8 or 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// P.
    pub rows: usize,
    /// Q.
    pub columns: usize,
}

/// When another source is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Failover {
    /// Time without a job before the next source is asked.
    pub patience: Setting<Duration>,
    /// Time that a better source must be there before it is gone back to.
    pub stable: Setting<Duration>,
}

/// What becomes of devices that fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervision {
    /// Wait before a device that failed is opened again, at first.
    pub restart_min: Setting<Duration>,
    /// The same at most.
    pub restart_max: Setting<Duration>,
    /// A device is quarantined if so many of its newest 200 answers are wrong, ...
    pub quarantine_errors: Setting<u32>,
    /// ... and they are at least this part of them.
    pub quarantine_rate: Setting<f64>,
}

/// The server of status, metrics and page.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where it listens.
    pub listen: Setting<SocketAddr>,
    /// What changes need; without it there are none.
    pub token: Option<Setting<Secret>>,
    /// More names by which it may be called.
    pub allowed_hosts: Setting<Vec<String>>,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// This and worse.
    pub level: Setting<LogLevel>,
    /// For people or for programs.
    pub format: Setting<LogFormat>,
}

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// As it should be.
    Info,
    /// It goes on, and somebody should know.
    Warning,
    /// Something does not go on.
    Error,
}

/// For whom lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value for people and programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Such as `work.protocol` or `source[1].kind`; sources and devices count from 1.
    pub key: String,
    /// What it is; secrets are not shown.
    pub value: Shown,
    /// Where it comes from.
    pub origin: String,
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// Nothing was said, and there is no default.
    Nothing,
    /// A text.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// Another number.
    Number(f64),
    /// Several texts.
    List(Vec<String>),
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("-"),
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Whole(number) => write!(formatter, "{number}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::List(texts) => write!(formatter, "{texts:?}"),
        }
    }
}
