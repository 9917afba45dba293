//! What a miner might show.

use crate::status::{
    DeviceState, DeviceStatus, JobStatus, Level, LogLine, Rates, Shares, SourceState, SourceStatus,
    Status, Totals,
};

/// A miner with two sources and four devices, one of which is quarantined.
pub fn rig() -> Status {
    Status {
        version: "0.1.0".into(),
        uptime_s: 93_784.0,
        unix_time_s: 1_800_000_000,
        work: "pearl, 4096x8192".into(),
        notice: None,
        totals: Totals {
            reported: Rates { minute: 1.234e12, quarter: 1.2e12, day: 987e9 },
            macs_credited: 1.03e17,
            shares: Shares {
                found: 120,
                accepted: 115,
                rejected: 1,
                stale: 2,
                pending: 2,
                unanswered: 0,
            },
            hardware_errors: 7,
            jobs: 1000,
            job_latency_s: Some(0.0123),
            log_writable: true,
        },
        sources: vec![
            SourceStatus {
                name: "pool1".into(),
                kind: "pool".into(),
                endpoint: "tls://pool.example.net:3333".into(),
                state: SourceState::Up,
                active: true,
                job: Some(JobStatus {
                    name: "6a1f".into(),
                    height: Some(123_456),
                    age_s: 75.0,
                    macs_per_share: 1e12,
                }),
                shares: Shares { found: 120, accepted: 115, rejected: 1, ..Shares::default() },
                connections: 2,
                latency_s: Some(0.043),
                ..SourceStatus::default()
            },
            SourceStatus {
                name: "node".into(),
                kind: "gateway".into(),
                endpoint: "tcp://127.0.0.1:8337".into(),
                priority: 1,
                state: SourceState::BackOff,
                error: Some("connection refused; start the gateway".into()),
                ..SourceStatus::default()
            },
        ],
        devices: vec![
            device("serial:/dev/ttyUSB0", DeviceState::Working, 5.4e9),
            device("serial:/dev/ttyUSB1", DeviceState::Quarantined, 0.0),
            device("cpu", DeviceState::Working, 60e9),
            device("serial:/dev/ttyUSB2", DeviceState::Gone, 0.0),
        ],
        log: (1..=30).map(|number| line(number, Level::Info, "a new job is at work")).collect(),
    }
}

/// A device in a state.
pub fn device(name: &str, state: DeviceState, rate: f64) -> DeviceStatus {
    let mut device = DeviceStatus {
        name: name.into(),
        description: "16x16 array at 24 MHz".into(),
        kind: "board".into(),
        geometry: "16x16".into(),
        build: Some("0badcafe".into()),
        state,
        reported: Rates { minute: rate, quarter: rate, day: rate },
        hits: 1000,
        shares: 30,
        starts: 1,
        state_s: 3600.0,
        utilisation: Some(0.984),
        ..DeviceStatus::default()
    };
    match state {
        DeviceState::Quarantined => {
            device.reason = Some("7 of 100 answers were wrong".into());
            device.hardware_errors = 7;
            device.hardware_error_rate = 0.07;
            device.temperature_c = Some(81.4);
            device.power_w = Some(3.25);
        }
        DeviceState::Gone => {
            device.reason = Some("unplugged".into());
            device.starts = 3;
        }
        _ => {}
    }
    device
}

/// As many devices as a miner can have.
pub fn crowd() -> Status {
    let states = [
        DeviceState::Working,
        DeviceState::Working,
        DeviceState::Idle,
        DeviceState::BackOff,
        DeviceState::Starting,
        DeviceState::Off,
        DeviceState::Quarantined,
    ];
    let devices = (0..256).map(|index| {
        device(&format!("serial:/dev/ttyUSB{index}"), states[index % 7], 1e9 + index as f64 * 1e7)
    });
    Status { devices: devices.collect(), ..rig() }
}

/// A line of the log.
pub fn line(number: u64, level: Level, text: &str) -> LogLine {
    LogLine {
        number,
        unix_time_s: 1_800_000_000 + number,
        level,
        about: "source pool1".into(),
        text: text.into(),
    }
}
