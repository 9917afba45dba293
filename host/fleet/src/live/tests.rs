//! The miner with threads: a simnet, devices that work, one that can't be opened at first, one that comes and goes.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::bail;
use gemmine_console::status::{DeviceState, Miner as _};
use gemmine_driver::Cpu;
use gemmine_jobs::share_log;
use gemmine_jobs::source::failover::FailoverOptions;
use gemmine_jobs::source::local::{self, LocalOptions};
use gemmine_pouw::target::U256;

use super::*;
use crate::miner::SourceEntry;
use crate::runner::{Runner, Task};
use crate::supervision::Rules;
use crate::testing::{STEPS, product};

const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

fn cpu() -> Result<Runner> {
    let device = Cpu::new(NonZeroUsize::new(1))?;
    Runner::new(Box::new(device), Task::Pearl { steps: STEPS, zero_signal: false })
}

fn device(name: &str, open: Arc<Open>, presence: Presence) -> DevicePlan {
    DevicePlan { name: name.into(), open, presence }
}

/// A simnet where one tile in 1024 is a share, with a new job every so often.
fn plan(folder: &std::path::Path, devices: Vec<DevicePlan>, interval: Option<Duration>) -> Plan {
    let rules = Rules { restart_min: Duration::from_millis(10), ..Rules::default() };
    let share_target = U256::MAX >> (10 + 19);
    Plan {
        options: Options {
            rules,
            failover: FailoverOptions::default(),
            sources: vec![SourceEntry { name: "simnet".into(), priority: 0 }],
            work: "a test's".into(),
            notice: None,
            seed: 1,
            version: "0".into(),
        },
        log: ShareLog::open(folder, share_log::Options::default()).unwrap(),
        product: Some(product((2, 2), false)),
        sources: vec![Box::new(move |id, events, began| {
            Ok(local::spawn(LocalOptions { id, share_target, interval }, events, began)?)
        })],
        devices,
        discover: None,
        wall: Box::new(|| 1_800_000_000),
    }
}

fn wait_for(live: &Live, what: &str, holds: impl Fn(&Status) -> bool) -> Arc<Status> {
    let begun = Instant::now();
    loop {
        let status = live.shared.status();
        if holds(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: {:?} {:?}", status.totals, status.log);
        thread::sleep(POLL);
    }
}

#[test]
fn jobs_change_and_every_share_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let devices = ["a", "b"].map(|name| device(name, Arc::new(cpu), Presence::Always)).into();
    let live = Live::start(plan(folder.path(), devices, Some(Duration::from_millis(300)))).unwrap();
    wait_for(&live, "shares and jobs", |status| {
        status.totals.shares.accepted >= 50
            && status.totals.jobs >= 5
            && status.totals.job_latency_s.is_some()
            && status.devices.iter().all(|device| device.shares > 0)
    });
    let status = live.stop();
    let shares = &status.totals.shares;
    assert_eq!((shares.rejected, shares.unanswered, shares.pending), (0, 0, 0), "{shares:?}");
    // A share whose job ended while it was under way is stale, and nothing else is.
    assert_eq!(shares.found, shares.accepted + shares.stale);
    assert_eq!(status.totals.hardware_errors, 0);
    let log = ShareLog::open(folder.path(), share_log::Options::default()).unwrap();
    assert_eq!((log.totals().shares().found, log.pending_count()), (shares.found, 0));
    let credited: f64 = log.totals().devices.values().map(|device| device.macs_credited).sum();
    assert!((credited / status.totals.macs_credited - 1.0).abs() < 1e-9);
}

#[test]
fn a_device_that_fails_to_open_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let tries = AtomicU32::new(0);
    let open = move || {
        if tries.fetch_add(1, Ordering::Relaxed) < 3 {
            bail!("open device a: nobody is at home");
        }
        cpu()
    };
    let devices = vec![device("a", Arc::new(open), Presence::Always)];
    let live = Live::start(plan(folder.path(), devices, None)).unwrap();
    let status = wait_for(&live, "work", |status| status.devices[0].hits > 0);
    assert_eq!(status.devices[0].starts, 4);
    let failures = status.log.iter().filter(|line| line.text.contains("nobody is at home")).count();
    assert_eq!(failures, 3);
    live.stop();
}

#[test]
fn a_device_whose_thread_panics_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let tries = AtomicU32::new(0);
    let open = move || {
        assert!(tries.fetch_add(1, Ordering::Relaxed) >= 2, "what is that");
        cpu()
    };
    let devices = vec![device("a", Arc::new(open), Presence::Always)];
    let live = Live::start(plan(folder.path(), devices, None)).unwrap();
    let status = wait_for(&live, "work", |status| status.devices[0].hits > 0);
    assert_eq!(status.devices[0].starts, 3);
    let told =
        |line: &&gemmine_console::status::LogLine| line.text == "its thread panicked: what is that";
    assert_eq!(status.log.iter().filter(told).count(), 2, "{:?}", status.log);
    live.stop();
}

#[test]
fn an_inbox_without_senders_is_not_looked_into_again() {
    let (sender, mut inbox) = unbounded();
    sender.send(1).unwrap();
    drop(sender);
    let next = inbox.recv();
    assert_eq!(taken(&mut inbox, next), Some(1));
    let next = inbox.recv();
    assert_eq!(taken(&mut inbox, next), None);
    // Else it would be ready at once, for ever.
    let waited = inbox.recv_timeout(POLL);
    assert_eq!(waited, Err(crossbeam_channel::RecvTimeoutError::Timeout));
}

#[test]
fn a_board_is_there_as_long_as_its_path_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let devices = vec![device("a", Arc::new(cpu), Presence::Path(path.clone()))];
    let live = Live::start(plan(&folder.path().join("log"), devices, None)).unwrap();
    let state = |status: &Status, state| status.devices[0].state == state;
    wait_for(&live, "absence", |status| state(status, DeviceState::Gone));
    std::fs::write(&path, "").unwrap();
    wait_for(&live, "presence", |status| state(status, DeviceState::Working));
    std::fs::remove_file(&path).unwrap();
    wait_for(&live, "absence again", |status| state(status, DeviceState::Gone));
    live.stop();
}

#[test]
fn devices_and_sources_are_switched_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let devices = vec![device("a", Arc::new(cpu), Presence::Always)];
    let live = Live::start(plan(folder.path(), devices, None)).unwrap();
    let handle = live.handle();
    let working = |status: &Status| status.devices[0].state == DeviceState::Working;
    wait_for(&live, "work", working);
    let error = handle.control(Control::DeviceOff { device: "b".into() }).unwrap_err();
    assert_eq!(error, "there is no device \"b\"; there are a");
    handle.control(Control::DeviceOff { device: "a".into() }).unwrap();
    wait_for(&live, "off", |status| status.devices[0].state == DeviceState::Off);
    handle.control(Control::DeviceOn { device: "a".into() }).unwrap();
    wait_for(&live, "on", working);
    handle.control(Control::SourceOff { source: "simnet".into() }).unwrap();
    wait_for(&live, "idle", |status| status.devices[0].state == DeviceState::Idle);
    handle.control(Control::SourceOn { source: "simnet".into() }).unwrap();
    wait_for(&live, "work again", working);
    handle.control(Control::Stop).unwrap();
    assert!(live.wait(PATIENCE));
    assert!(handle.control(Control::Stop).is_err());
}
