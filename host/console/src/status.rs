//! What a miner shows of itself: one [`Status`], made a few times a second, and read by everything that shows.
//!
//! Rates are MACs a second, whatever the protocol. *Reported* is what devices say; *credited* is what shares and
//! hits that the host computed again prove, and the only thing that counts as work done.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// Seconds since the miner began.
    pub uptime_s: f64,
    /// Host clock when this was made, seconds since 1970.
    pub unix_time_s: u64,
    /// `pearl` or `amadeus`, and what is multiplied, for people.
    pub work: String,
    /// Something that every reader must know, such as that this work is of no use.
    pub notice: Option<String>,
    /// All devices together.
    pub totals: Totals,
    /// In the order of the configuration.
    pub sources: Vec<SourceStatus>,
    /// In the order in which they were found.
    pub devices: Vec<DeviceStatus>,
    /// The newest lines, oldest first; a few hundred at most.
    pub log: Vec<LogLine>,
}

/// Sums over devices and sources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Rates, as devices report.
    pub reported: Rates,
    /// MACs that verified hits prove, since the start.
    pub macs_credited: f64,
    /// What became of shares.
    pub shares: Shares,
    /// Hits that the host computed otherwise.
    pub hardware_errors: u64,
    /// Jobs worked on.
    pub jobs: u64,
    /// From a new job to the last device at work on it, the newest one, in seconds.
    pub job_latency_s: Option<f64>,
    /// Whether the log of shares can be written.
    pub log_writable: bool,
}

/// MACs a second over three windows; what is not a whole window yet is over the time that there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// The last minute.
    pub minute: f64,
    /// The last quarter of an hour.
    pub quarter: f64,
    /// The last day.
    pub day: f64,
}

/// What became of shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shares {
    /// Found, and in the log.
    pub found: u64,
    /// The source counts them (or says that it has them, where it says no more).
    pub accepted: u64,
    /// The source does not count them.
    pub rejected: u64,
    /// Their job was over.
    pub stale: u64,
    /// No answer yet.
    pub pending: u64,
    /// There will be none.
    pub unanswered: u64,
}

/// A job source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceStatus {
    /// From the configuration.
    pub name: String,
    /// `gateway`, `pool`, `amadeus` or `local`.
    pub kind: String,
    /// Where it is; no password in it.
    pub endpoint: String,
    /// Lower is asked first.
    pub priority: u32,
    /// What it is doing.
    pub state: SourceState,
    /// Devices work for this one.
    pub active: bool,
    /// Its current job.
    pub job: Option<JobStatus>,
    /// What became of shares sent to it.
    pub shares: Shares,
    /// Times that it was connected to.
    pub connections: u64,
    /// How long its last answer to a share took, in seconds.
    pub latency_s: Option<f64>,
    /// The last thing that went wrong.
    pub error: Option<String>,
}

/// What a source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Not needed: one that is asked first is there.
    #[default]
    Standby,
    /// On its way.
    Connecting,
    /// There.
    Up,
    /// Waits before the next try.
    BackOff,
    /// Wants no work for now, or sends work that gemmine can't do.
    Paused,
    /// Switched off by hand.
    Off,
}

/// A job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobStatus {
    /// What its source calls it.
    pub name: String,
    /// Height of its block, where the source says.
    pub height: Option<u64>,
    /// Seconds since it came.
    pub age_s: f64,
    /// MACs that a share takes on average.
    pub macs_per_share: f64,
}

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceStatus {
    /// What the configuration or the port calls it, such as `serial:/dev/ttyUSB1`.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// `simulation`, `processor` or `board`.
    pub kind: String,
    /// The physical array, `PxQ`, or `none`.
    pub geometry: String,
    /// First word of the hash of its Verilog, eight hex digits, where there is one.
    pub build: Option<String>,
    /// Clock in hertz, where there is one.
    pub clock_hz: Option<u64>,
    /// What it is doing.
    pub state: DeviceState,
    /// Why, where that is not plain.
    pub reason: Option<String>,
    /// As it reports.
    pub reported: Rates,
    /// MACs that its verified hits prove, since the start.
    pub macs_credited: f64,
    /// Tickets or attempts that it reports.
    pub tickets: u64,
    /// Hits that the host computed again and agrees with.
    pub hits: u64,
    /// Hits that are shares.
    pub shares: u64,
    /// Answers that the host computed otherwise.
    pub hardware_errors: u64,
    /// Those over all answers that the host computed again.
    pub hardware_error_rate: f64,
    /// Times that it was opened.
    pub starts: u64,
    /// Seconds in this state.
    pub state_s: f64,
    /// Part of its cycles with a step, of one that counts them.
    pub utilisation: Option<f64>,
    /// Where something measures it.
    pub temperature_c: Option<f64>,
    /// Where something measures it.
    pub power_w: Option<f64>,
}

/// What a device is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Being opened.
    #[default]
    Starting,
    /// At work.
    Working,
    /// Open, and there is no work for it.
    Idle,
    /// Failed, and waits before the next try.
    BackOff,
    /// Gave wrong answers, and gets no work until somebody says so.
    Quarantined,
    /// Unplugged; it is opened when it is back.
    Gone,
    /// Switched off by hand.
    Off,
}

/// A line of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Counts from 1.
    pub number: u64,
    /// Host clock, seconds since 1970.
    pub unix_time_s: u64,
    /// How bad.
    pub level: Level,
    /// What it is about: `device serial:/dev/ttyUSB1`, `source pool1`, `miner`.
    pub about: String,
    /// What happened.
    pub text: String,
}

/// How bad a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    #[default]
    Info,
    /// It goes on, and somebody should know.
    Warning,
    /// Something does not go on.
    Error,
}

/// What somebody wants changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "action", deny_unknown_fields)]
pub enum Control {
    /// Give a device no more work and close it.
    DeviceOff {
        /// [`DeviceStatus::name`].
        device: String,
    },
    /// Open it again, also one that is quarantined or waits.
    DeviceOn {
        /// [`DeviceStatus::name`].
        device: String,
    },
    /// Use a source no more.
    SourceOff {
        /// [`SourceStatus::name`].
        source: String,
    },
    /// Use it again, at once.
    SourceOn {
        /// [`SourceStatus::name`].
        source: String,
    },
    /// End the miner as Ctrl-C does.
    Stop,
}

impl Control {
    /// Reads a control, and nothing beside it.
    ///
    /// # Errors
    /// If it is no control, or says more than one does.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_slice(text)?;
        let control = Self::deserialize(&value)?;
        // Serde lets other fields pass beside one that has none; `stop` with a device's name stops no miner.
        if serde_json::to_value(&control)? != value {
            return Err(serde_json::Error::custom("unknown field"));
        }
        Ok(control)
    }
}

/// The miner, as what shows it sees it.
pub trait Miner: Send + Sync {
    /// The newest status; costs next to nothing.
    fn status(&self) -> Arc<Status>;

    /// Asks for a change. It is made soon, and [`Self::status`] shows it then.
    ///
    /// # Errors
    /// What is wrong, with the names that there are, if the device or source is unknown.
    fn control(&self, control: Control) -> Result<(), String>;
}
