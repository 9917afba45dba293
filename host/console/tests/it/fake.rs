//! A miner that mines nothing: four devices of every sort, two sources, and names as bad as names get.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gemmine_console::status::{
    Control, DeviceState, DeviceStatus, JobStatus, Level, LogLine, Miner, Rates, Shares,
    SourceState, SourceStatus, Status, Totals,
};

/// A name that would run a script if it were taken for HTML.
pub const HOSTILE: &str = "<img src=x onerror=\"window.broken=1\">";

/// A miner whose status whoever holds it changes.
#[derive(Debug)]
pub struct Fake {
    status: Mutex<Arc<Status>>,
    asked: Mutex<Vec<Control>>,
}

impl Fake {
    /// With so many devices, four at least.
    pub fn new(devices: usize) -> Arc<Self> {
        let status = Mutex::new(Arc::new(status(devices)));
        Arc::new(Self { status, asked: Mutex::default() })
    }

    /// Changes what it shows.
    pub fn change(&self, change: impl FnOnce(&mut Status)) {
        change(Arc::make_mut(&mut lock(&self.status)));
    }

    /// A second of work.
    pub fn advance(&self) {
        self.change(|status| {
            status.uptime_s += 1.0;
            status.unix_time_s += 1;
            let phase = status.uptime_s / 9.0;
            for (place, device) in status.devices.iter_mut().enumerate() {
                device.state_s += 1.0;
                if device.state == DeviceState::Working {
                    let wave = 1.0 + 0.12 * (phase + place as f64).sin();
                    device.reported.minute = device.reported.day * wave;
                    device.macs_credited += device.reported.minute;
                }
            }
            add_up(status);
            if status.unix_time_s.is_multiple_of(3) {
                status.totals.shares.found += 1;
                status.totals.shares.accepted += 1;
                status.sources[0].shares = status.totals.shares;
                log(status, Level::Info, "source pool1", "share accepted in 31 ms");
            }
        });
    }

    /// What it was asked for.
    pub fn asked(&self) -> Vec<Control> {
        lock(&self.asked).clone()
    }
}

impl Miner for Fake {
    fn status(&self) -> Arc<Status> {
        Arc::clone(&lock(&self.status))
    }

    fn control(&self, control: Control) -> Result<(), String> {
        lock(&self.asked).push(control.clone());
        let mut known = true;
        self.change(|status| match &control {
            Control::DeviceOff { device } => known = set_device(status, device, DeviceState::Off),
            Control::DeviceOn { device } => {
                known = set_device(status, device, DeviceState::Working)
            }
            Control::SourceOff { source } => known = set_source(status, source, SourceState::Off),
            Control::SourceOn { source } => known = set_source(status, source, SourceState::Up),
            Control::Stop => {}
        });
        if known { Ok(()) } else { Err("no device or source has this name".into()) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_device(status: &mut Status, name: &str, state: DeviceState) -> bool {
    let found = status.devices.iter_mut().find(|device| device.name == name);
    found.map(|device| (device.state, device.state_s, device.reason) = (state, 0.0, None)).is_some()
}

fn set_source(status: &mut Status, name: &str, state: SourceState) -> bool {
    let found = status.sources.iter_mut().find(|source| source.name == name);
    found.map(|source| source.state = state).is_some()
}

fn log(status: &mut Status, level: Level, about: &str, text: &str) {
    let number = status.log.last().map_or(1, |line| line.number + 1);
    let (about, text) = (about.into(), text.into());
    status.log.push(LogLine { number, unix_time_s: status.unix_time_s, level, about, text });
}

fn add_up(status: &mut Status) {
    let sum = |rate: fn(&DeviceStatus) -> f64| status.devices.iter().map(rate).sum();
    status.totals.reported = Rates {
        minute: sum(|device| device.reported.minute),
        quarter: sum(|device| device.reported.quarter),
        day: sum(|device| device.reported.day),
    };
    status.totals.macs_credited = sum(|device| device.macs_credited);
}

/// Every field has a value, and no two fields the same where that could hide a mistake.
fn status(devices: usize) -> Status {
    let mut status = Status {
        version: "0.1.0".into(),
        uptime_s: 4321.5,
        unix_time_s: 1_760_000_000,
        work: "pearl: the products of 4096 x 4096 matrices made from the job".into(),
        notice: Some("These products are of no use to anybody: only their shares are.".into()),
        totals: Totals {
            shares: Shares {
                found: 1290,
                accepted: 1234,
                rejected: 12,
                stale: 34,
                pending: 3,
                unanswered: 7,
            },
            hardware_errors: 18,
            jobs: 56,
            job_latency_s: Some(0.042),
            log_writable: true,
            ..Default::default()
        },
        sources: sources(),
        ..Default::default()
    };
    status.devices = [board(), hostile(), wrong(), gone()].into();
    status.devices.extend((4..devices).map(another));
    add_up(&mut status);
    log(&mut status, Level::Info, "miner", "began");
    log(&mut status, Level::Warning, "source pool2", "no answer within 10 s; next try in 8 s");
    log(&mut status, Level::Error, "device serial:/dev/ttyUSB2", "quarantined: 17 wrong answers");
    status
}

fn sources() -> Vec<SourceStatus> {
    let job = JobStatus {
        name: "6f00d1".into(),
        height: Some(812_345),
        age_s: 14.2,
        macs_per_share: 4.4e12,
    };
    let pool = SourceStatus {
        name: "pool1".into(),
        kind: "pool".into(),
        endpoint: "stratum+tls://pool.example.org:3333".into(),
        priority: 10,
        state: SourceState::Up,
        active: true,
        job: Some(job),
        shares: Shares {
            found: 1290,
            accepted: 1234,
            rejected: 12,
            stale: 34,
            pending: 3,
            unanswered: 7,
        },
        connections: 2,
        latency_s: Some(0.031),
        error: Some("the connection was reset".into()),
    };
    let second = SourceStatus {
        name: "pool2".into(),
        endpoint: "stratum+tls://a-second-pool-with-a-rather-long-name.example.org:3333".into(),
        priority: 20,
        state: SourceState::BackOff,
        active: false,
        job: None,
        shares: Shares::default(),
        latency_s: None,
        error: Some("no answer within 10 s".into()),
        ..pool.clone()
    };
    vec![pool, second]
}

fn board() -> DeviceStatus {
    DeviceStatus {
        name: "serial:/dev/ttyUSB0".into(),
        description: "ULX3S 85F".into(),
        kind: "board".into(),
        geometry: "16x16".into(),
        build: Some("8d1f02aa".into()),
        clock_hz: Some(100_000_000),
        state: DeviceState::Working,
        reason: Some("as it should be".into()),
        reported: Rates { minute: 23.1e9, quarter: 22.9e9, day: 22.5e9 },
        macs_credited: 96.3e12,
        tickets: 400_123,
        hits: 640,
        shares: 620,
        hardware_errors: 1,
        hardware_error_rate: 0.001_56,
        starts: 2,
        state_s: 3600.0,
        utilisation: Some(0.93),
        temperature_c: Some(48.5),
        power_w: Some(2.4),
    }
}

fn hostile() -> DeviceStatus {
    DeviceStatus {
        name: HOSTILE.into(),
        description: "</script><script>window.broken=1</script>".into(),
        kind: "simulation".into(),
        reported: Rates { minute: 8.2e9, quarter: 8.1e9, day: 8.0e9 },
        hardware_errors: 0,
        hardware_error_rate: 0.0,
        temperature_c: None,
        power_w: None,
        ..board()
    }
}

fn wrong() -> DeviceStatus {
    DeviceStatus {
        name: "serial:/dev/ttyUSB2".into(),
        state: DeviceState::Quarantined,
        reason: Some("17 of its last 20 answers were wrong".into()),
        reported: Rates::default(),
        hardware_errors: 17,
        hardware_error_rate: 0.85,
        utilisation: None,
        ..board()
    }
}

fn gone() -> DeviceStatus {
    DeviceStatus {
        name: "processor".into(),
        description: "8 threads, AVX-512".into(),
        kind: "processor".into(),
        geometry: "none".into(),
        state: DeviceState::BackOff,
        reason: Some("the device did not answer within 2 s; next try in 16 s".into()),
        reported: Rates::default(),
        build: None,
        clock_hz: None,
        ..unmeasured()
    }
}

fn unmeasured() -> DeviceStatus {
    DeviceStatus { temperature_c: None, power_w: None, utilisation: None, ..board() }
}

fn another(place: usize) -> DeviceStatus {
    let rate = 20.0e9 + place as f64 * 1.0e7;
    DeviceStatus {
        name: format!("serial:/dev/ttyUSB{place}"),
        reported: Rates { minute: rate, quarter: rate, day: rate },
        ..board()
    }
}
