//! A measurement: warm-up, a ranging run, test runs.
//!
//! ```text
//!   rest     warm-up     ranging run    test run 1    test run 2   ..
//!   idle W   rate        tickets/run    tickets, seconds, joules of each
//! ```
//!
//! As in MLPerf Power, a ranging run as long as a test run comes first and counts for nothing: it tells how many
//! tickets a test run has, and brings device and meter to where they will be. A test run is a fixed number of tickets,
//! from the first assignment to the last answer, so that what the host and the link do is in it. Every hit and the
//! last ticket of every assignment are computed again by the host behind the run; one wrong answer and there is no
//! result.

mod mining;
mod multiplying;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use gemmine_driver::{Counters, Device, HostLinkCounters, LinkCounters};
use gemmine_fleet::runner::Runner;

use crate::energy::{Energy, EnergyError, MeterError, Moment, Source};
use crate::kernel::Alone;
use crate::tiles::Tiles;
use crate::workload::Workload;
use mining::Mining;
use multiplying::Multiplying;

/// A device that is silent for so long has failed: an assignment is about a second of its work, but for the first.
const SILENCE: Duration = Duration::from_secs(300);
/// Answers in a row without a ticket after which a device has failed.
const IDLE_MAX: u32 = 100;
/// How long a device is waited for at once.
const POLL: Duration = Duration::from_millis(20);
/// About how much work an assignment is.
const ASSIGNMENT_S: f64 = 0.5;
/// Tickets of the first assignment, before its speed is known.
const FIRST: u32 = 16;
/// Tickets of an assignment at most.
const TICKETS_MAX: f64 = 1e6;
/// So many hits a second, so that there is something to check.
const HIT_SECONDS: f64 = 1.0;
/// How long a meter's table is waited for, behind the last run.
const METER_PATIENCE: Duration = Duration::from_secs(15);

/// How long and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Work before anything counts, at least.
    pub warm_up: Duration,
    /// Length of a run, about.
    pub run: Duration,
    /// Test runs.
    pub repeats: u32,
    /// Rest before the warm-up, in which the energy of a device at rest is taken; none without energy.
    pub rest: Duration,
}

/// What somebody who watches is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rest.
    Rest,
    /// Warm-up.
    WarmUp,
    /// The ranging run.
    Ranging,
    /// A test run, from 1.
    Test(u32),
    /// A processor's kernel alone.
    Kernel,
    /// The meter's table does not reach to the end yet.
    Meter,
}

/// A stretch of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Tickets, attempts or tiles made.
    pub tickets: u64,
    /// From the first assignment to the last answer.
    pub seconds: f64,
    /// What it took.
    pub energy: Option<Energy>,
    /// What the device counted meanwhile, of one that counts.
    pub counters: Option<Counters>,
}

/// All of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// At rest: seconds and energy.
    pub rest: Option<(f64, Energy)>,
    /// The ranging run.
    pub ranging: Stretch,
    /// The test runs.
    pub tests: Vec<Stretch>,
    /// Answers that the host computed again, all of them right.
    pub checked: u64,
    /// Seconds since 1970 at the begin.
    pub started: f64,
    /// And at the end.
    pub ended: f64,
    /// What a processor's kernel multiplies a second with nothing else to do ([`crate::kernel`]), behind the test runs.
    pub kernel: Option<Alone>,
}

/// What is measured.
trait Subject {
    /// Makes so many tickets, attempts or tiles, and says how many it made. `rate` is how many a second are expected,
    /// `ends` what the device counted at the first answer and at the last.
    ///
    /// # Errors
    /// If the device fails or is silent, or somebody wants to stop.
    fn work(
        &mut self,
        units: u64,
        rate: Option<f64>,
        ends: &mut Option<Ends>,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64>;

    /// Computes again what the device said since it was asked last; how many answers that were.
    ///
    /// # Errors
    /// If one of them is wrong.
    fn check(&mut self) -> Result<u64>;
}

/// Counters at the first answer and at the last.
type Ends = (Counters, Counters);

fn note(ends: &mut Option<Ends>, now: Counters) {
    let (first, _) = ends.unwrap_or((now, now));
    *ends = Some((first, now));
}

/// A measurement on its way.
struct Bench<'a> {
    subject: &'a mut dyn Subject,
    /// Tickets a second, once known.
    rate: Option<f64>,
    checked: u64,
    stop: &'a dyn Fn() -> bool,
}

/// A stretch whose energy is not computed yet.
struct Raw {
    tickets: u64,
    seconds: f64,
    moments: Option<(Moment, Moment)>,
    counters: Option<Counters>,
}

/// Measures a device.
///
/// # Errors
/// If the device fails or lies, its energy can't be read, or `stop` says so.
pub fn measure(
    runner: Runner,
    workload: &mut Workload,
    energy: Option<&mut Source>,
    options: Options,
    watch: &mut dyn FnMut(Phase),
    stop: &dyn Fn() -> bool,
) -> Result<Measured> {
    of(&mut Mining::new(runner, workload), energy, options, watch, stop)
}

/// Measures a device at products alone: every tile that comes back is held against the host's.
///
/// # Errors
/// As [`measure`].
pub fn measure_tiles(
    device: Box<dyn Device>,
    tiles: &mut Tiles,
    energy: Option<&mut Source>,
    options: Options,
    watch: &mut dyn FnMut(Phase),
    stop: &dyn Fn() -> bool,
) -> Result<Measured> {
    of(&mut Multiplying::new(device, tiles)?, energy, options, watch, stop)
}

fn of(
    subject: &mut dyn Subject,
    mut energy: Option<&mut Source>,
    options: Options,
    watch: &mut dyn FnMut(Phase),
    stop: &dyn Fn() -> bool,
) -> Result<Measured> {
    ensure!(options.repeats > 0, "measure without a test run: repeat it once at least");
    ensure!(
        options.run >= Duration::from_millis(100),
        "measure runs of {:?}: they must be 0.1 s long at least",
        options.run
    );
    let started = unix_seconds();
    let mut rest = None;
    if let Some(energy) = energy.as_deref_mut()
        && !options.rest.is_zero()
    {
        watch(Phase::Rest);
        let begin = energy.now()?;
        let until = Instant::now() + options.rest;
        while Instant::now() < until {
            ensure!(!stop(), "measure: interrupted");
            std::thread::sleep(POLL.min(until.saturating_duration_since(Instant::now())));
        }
        rest = Some((begin, energy.now()?));
    }
    let mut bench = Bench { subject, rate: None, checked: 0, stop };
    watch(Phase::WarmUp);
    bench.warm_up(options.warm_up)?;
    watch(Phase::Ranging);
    let ranging = bench.stretch(options.run, None)?;
    // The ranging run is the best guess of what a run of this length holds.
    let per_second = ranging.tickets as f64 / ranging.seconds;
    let tickets = (per_second * options.run.as_secs_f64()).ceil().max(1.0) as u64;
    let mut tests = Vec::new();
    for number in 1..=options.repeats {
        watch(Phase::Test(number));
        tests.push(bench.run(tickets, energy.as_deref_mut())?);
    }
    let ended = unix_seconds();
    let checked = bench.checked;
    if energy.as_deref().is_some_and(|energy| matches!(energy, Source::Meter { .. })) {
        watch(Phase::Meter);
    }
    let energy = energy.as_deref();
    let with_energy = |raw: Raw| -> Result<Stretch> {
        let energy = match (energy, raw.moments) {
            (Some(energy), Some((begin, end))) => Some(patiently(energy, begin, end, stop)?),
            _ => None,
        };
        let Raw { tickets, seconds, counters, .. } = raw;
        Ok(Stretch { tickets, seconds, energy, counters })
    };
    // Last first: a meter's table that reaches over the last run reaches over all.
    let mut tests: Vec<Stretch> =
        tests.into_iter().rev().map(with_energy).collect::<Result<_>>()?;
    tests.reverse();
    let rest = match (energy, rest) {
        (Some(energy), Some((begin, end))) => {
            Some((end.seconds - begin.seconds, patiently(energy, begin, end, stop)?))
        }
        _ => None,
    };
    let ranging = with_energy(ranging)?;
    Ok(Measured { rest, ranging, tests, checked, started, ended, kernel: None })
}

impl Bench<'_> {
    /// Works until the speed is known, and so long at least.
    fn warm_up(&mut self, length: Duration) -> Result<()> {
        let begin = Instant::now();
        let mut count = FIRST;
        loop {
            let turn = Instant::now();
            let tickets = self.work(u64::from(count), &mut None)?;
            let seconds = turn.elapsed().as_secs_f64().max(1e-6);
            self.rate = Some(tickets as f64 / seconds);
            self.check()?;
            let known = seconds >= ASSIGNMENT_S / 2.0;
            if known && begin.elapsed() >= length {
                return Ok(());
            }
            if !known {
                count = count.saturating_mul(2).min(TICKETS_MAX as u32);
            }
        }
    }

    fn work(&mut self, units: u64, ends: &mut Option<Ends>) -> Result<u64> {
        self.subject.work(units, self.rate, ends, self.stop)
    }

    /// Computes again what the device said.
    fn check(&mut self) -> Result<()> {
        self.checked += self.subject.check()?;
        Ok(())
    }

    /// A stretch of about a length.
    fn stretch(&mut self, length: Duration, energy: Option<&mut Source>) -> Result<Raw> {
        let tickets = self.rate.unwrap_or(1.0) * length.as_secs_f64();
        self.run(tickets.ceil().max(1.0) as u64, energy)
    }

    /// A stretch of so many tickets.
    fn run(&mut self, tickets: u64, mut energy: Option<&mut Source>) -> Result<Raw> {
        let mut ends = None;
        let begin_energy = energy.as_deref_mut().map(Source::now).transpose()?;
        let begin = Instant::now();
        let made = self.work(tickets, &mut ends)?;
        let seconds = begin.elapsed().as_secs_f64();
        let end_energy = energy.map(Source::now).transpose()?;
        self.check()?;
        self.rate = Some(made as f64 / seconds);
        let counters = ends.map(|(first, last)| difference(&first, &last));
        Ok(Raw { tickets: made, seconds, moments: begin_energy.zip(end_energy), counters })
    }
}

/// Energy, once a meter's table reaches so far.
fn patiently(
    energy: &Source,
    begin: Moment,
    end: Moment,
    stop: &dyn Fn() -> bool,
) -> Result<Energy> {
    let until = Instant::now() + METER_PATIENCE;
    loop {
        match energy.between(begin, end) {
            Err(EnergyError::Meter(MeterError::Window { .. }))
                if Instant::now() < until && !stop() =>
            {
                std::thread::sleep(Duration::from_millis(200));
            }
            other => return other.context("measure energy"),
        }
    }
}

fn difference(first: &Counters, last: &Counters) -> Counters {
    Counters {
        time: first.time.zip(last.time).map(|(first, last)| last.saturating_sub(first)),
        cycles: last.cycles.saturating_sub(first.cycles),
        mac_cycles: last.mac_cycles.saturating_sub(first.mac_cycles),
        full_mac_cycles: last.full_mac_cycles.saturating_sub(first.full_mac_cycles),
        tiles: last.tiles.saturating_sub(first.tiles),
        hits: last.hits.saturating_sub(first.hits),
        stalls: first.stalls.zip(last.stalls).map(|(first, last)| gemmine_driver::Stalls {
            link: last.link.saturating_sub(first.link),
            panel: last.panel.saturating_sub(first.panel),
            drain: last.drain.saturating_sub(first.drain),
            hash: last.hash.saturating_sub(first.hash),
        }),
        link: first.link.zip(last.link).map(|(first, last)| LinkCounters {
            host: HostLinkCounters {
                bytes_in: last.host.bytes_in.saturating_sub(first.host.bytes_in),
                bytes_out: last.host.bytes_out.saturating_sub(first.host.bytes_out),
                ..last.host
            },
            ..last
        }),
        dma: first.dma.zip(last.dma).map(|(first, last)| last.since(first)),
    }
}

fn unix_seconds() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests;
