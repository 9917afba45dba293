//! Rates and shares of the last hour, so that a page that is opened has something to draw at once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::Shared;
use super::refused::json;
use crate::status::Status;

/// Seconds between points.
const EVERY_S: u64 = 10;
/// Points kept: an hour.
const POINTS: usize = 360;
/// Devices handed out, the quickest ones: more lines can't be told apart in a chart.
const DEVICES: usize = 8;

/// What a chart draws.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Series {
    /// Seconds between points.
    every_s: u64,
    /// All devices together, oldest first.
    points: Vec<Point>,
    /// The quickest devices; their points are the newest of `points`.
    devices: Vec<DeviceSeries>,
}

/// One moment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Point {
    /// Host clock, seconds since 1970.
    unix_time_s: u64,
    /// MACs a second over the minute before, as devices report.
    reported: f64,
    /// MACs that verified hits prove, since the start.
    macs_credited: f64,
    /// Shares accepted since the start.
    accepted: u64,
    /// Shares rejected since the start.
    rejected: u64,
    /// Shares stale since the start.
    stale: u64,
}

/// One device.
#[derive(Debug, Serialize, JsonSchema)]
struct DeviceSeries {
    /// Its name.
    name: String,
    /// MACs a second over the minute before, as it reports.
    reported: Vec<f32>,
}

/// The last hour.
#[derive(Debug, Default)]
pub(super) struct History {
    points: VecDeque<Point>,
    devices: HashMap<String, VecDeque<f32>>,
}

impl History {
    /// Adds a point, and forgets one that is older than an hour and devices that are no more.
    fn add(&mut self, status: &Status) {
        push(
            &mut self.points,
            Point {
                unix_time_s: status.unix_time_s,
                reported: status.totals.reported.minute,
                macs_credited: status.totals.macs_credited,
                accepted: status.totals.shares.accepted,
                rejected: status.totals.shares.rejected,
                stale: status.totals.shares.stale,
            },
        );
        let mut before = std::mem::take(&mut self.devices);
        for device in &status.devices {
            let (name, mut rates) = before
                .remove_entry(&device.name)
                .unwrap_or_else(|| (device.name.clone(), [].into()));
            // A chart needs no more digits than a single-precision number has.
            push(&mut rates, device.reported.minute as f32);
            self.devices.insert(name, rates);
        }
    }

    fn series(&self) -> Series {
        let newest = |rates: &VecDeque<f32>| rates.back().copied().unwrap_or_default();
        let mut devices: Vec<_> = self.devices.iter().collect();
        devices.sort_by(|(a, a_rates), (b, b_rates)| {
            newest(b_rates).total_cmp(&newest(a_rates)).then_with(|| a.cmp(b))
        });
        devices.truncate(DEVICES);
        let series = |(name, rates): (&String, &VecDeque<f32>)| DeviceSeries {
            name: name.clone(),
            reported: rates.iter().copied().collect(),
        };
        Series {
            every_s: EVERY_S,
            points: self.points.iter().cloned().collect(),
            devices: devices.into_iter().map(series).collect(),
        }
    }
}

fn push<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == POINTS {
        kept.pop_front();
    }
    kept.push_back(new);
}

/// Adds points, for ever.
pub(super) async fn keep(shared: Arc<Shared>) {
    let mut clock = interval(Duration::from_secs(EVERY_S));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let status = shared.miner.status();
        shared.history.lock().unwrap_or_else(PoisonError::into_inner).add(&status);
    }
}

pub(super) async fn history(State(shared): State<Arc<Shared>>) -> Response {
    let series = shared.history.lock().unwrap_or_else(PoisonError::into_inner).series();
    json(StatusCode::OK, &series)
}

#[cfg(test)]
mod tests {
    use super::{DEVICES, History, POINTS};
    use crate::status::{DeviceStatus, Status};

    /// So many devices, the last one the quickest.
    fn status(unix_time_s: u64, devices: usize) -> Status {
        let device = |number: usize| {
            let mut device = DeviceStatus { name: format!("device{number}"), ..Default::default() };
            device.reported.minute = number as f64;
            device
        };
        Status { unix_time_s, devices: (0..devices).map(device).collect(), ..Default::default() }
    }

    #[test]
    fn an_hour_is_kept() {
        let mut history = History::default();
        (0..1000).for_each(|time| history.add(&status(time, 1)));
        let series = history.series();
        assert_eq!(series.points.len(), POINTS);
        assert_eq!(series.points[0].unix_time_s, 1000 - POINTS as u64);
        assert_eq!(series.devices[0].reported.len(), POINTS);
    }

    #[test]
    fn the_quickest_devices_are_shown() {
        let mut history = History::default();
        history.add(&status(0, 256));
        let names: Vec<_> = history.series().devices.into_iter().map(|one| one.name).collect();
        assert_eq!(names.len(), DEVICES);
        assert_eq!((&*names[0], &*names[7]), ("device255", "device248"));
    }

    #[test]
    fn devices_that_are_no_more_are_forgotten() {
        let mut history = History::default();
        history.add(&status(0, 3));
        history.add(&status(1, 1));
        assert_eq!(history.devices.len(), 1);
        assert_eq!(history.series().devices[0].reported, [0.0, 0.0]);
    }
}
