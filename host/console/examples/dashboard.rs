//! A dashboard of a miner that is none, to look at and for tests of the terminal.
//!
//! `cargo run -p gemmine-console --example dashboard [DEVICES] [FAILURE]`, where FAILURE is `panic-here` (in the thread
//! that draws) or `panic-there` (in another); it comes at a Control.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Instant, SystemTime};

use gemmine_console::status::{
    Control, DeviceState, DeviceStatus, LogLine, Miner, Rates, SourceState, SourceStatus, Status,
    Totals,
};
use gemmine_console::terminal::{self, Display, Options};

struct Fake {
    started: Instant,
    devices: usize,
    failure: Option<String>,
    stopping: AtomicBool,
    stop: Sender<()>,
}

impl Miner for Fake {
    fn status(&self) -> Arc<Status> {
        let uptime_s = self.started.elapsed().as_secs_f64();
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let rate = 1e9 * (2.0 + (uptime_s / 10.0).sin());
        let devices = (0..self.devices).map(|index| DeviceStatus {
            name: format!("serial:/dev/ttyUSB{index}"),
            state: if index % 5 == 3 { DeviceState::BackOff } else { DeviceState::Working },
            reported: Rates { minute: rate, quarter: rate, day: rate },
            ..DeviceStatus::default()
        });
        let source = SourceStatus {
            name: "example".into(),
            kind: "local".into(),
            state: SourceState::Up,
            active: true,
            ..SourceStatus::default()
        };
        let line = |number, text: &str| LogLine {
            number,
            unix_time_s: unix.as_secs(),
            about: "example".into(),
            text: text.into(),
            ..LogLine::default()
        };
        let mut log = vec![line(1, "nothing here is real")];
        if self.stopping.load(Ordering::SeqCst) {
            log.push(line(2, "asked to end"));
        }
        let rate = rate * self.devices as f64;
        Arc::new(Status {
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_s,
            unix_time_s: unix.as_secs(),
            work: "nothing".into(),
            notice: Some("an example: nothing is mined".into()),
            totals: Totals {
                reported: Rates { minute: rate, quarter: rate, day: rate },
                log_writable: true,
                ..Totals::default()
            },
            sources: vec![source],
            devices: devices.collect(),
            log,
        })
    }

    fn control(&self, control: Control) -> Result<(), String> {
        match self.failure.as_deref() {
            Some("panic-here") => panic!("as asked, at {control:?}"),
            Some("panic-there") => {
                let thread = thread::spawn(move || panic!("as asked, at {control:?}"));
                return thread.join().map_err(|_| "it panicked".into());
            }
            // It takes no notice: somebody must leave the dashboard.
            Some("deaf") => return Ok(()),
            _ => {}
        }
        match control {
            Control::Stop => {
                self.stopping.store(true, Ordering::SeqCst);
                self.stop.send(()).map_err(|error| error.to_string())
            }
            control => Err(format!("this is an example, it can't do {control:?}")),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let devices = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let (stop, stopped) = mpsc::channel();
    let signalled = stop.clone();
    ctrlc::set_handler(move || {
        let _ = signalled.send(());
    })?;
    let miner = Fake {
        started: Instant::now(),
        devices,
        failure: arguments.next(),
        stopping: AtomicBool::new(false),
        stop,
    };
    let display = Display::start(Arc::new(miner), Options::here())?;
    stopped.recv()?;
    drop(display);
    terminal::restore();
    println!("ended");
    Ok(())
}
