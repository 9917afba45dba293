//! The processor, and devices that lie or stop.

use std::sync::Arc;

use gemmine_driver::{Completion, Cpu, Descriptor, Device, DeviceError, Identity, Side};
use gemmine_pouw::panel::Panel;

use super::*;
use crate::energy::Stated;
use crate::workload::{Operands, Shape};

const SHAPE: Shape = Shape { m: 64, n: 64, k: 2048, rank: 128 };
const SHORT: Options = Options {
    warm_up: Duration::from_millis(50),
    run: Duration::from_millis(200),
    repeats: 3,
    rest: Duration::from_millis(100),
};

/// A processor that does something else now and then.
struct Faulty {
    inner: Cpu,
    /// Completions until it happens.
    good: u32,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    WrongTicket,
    Dies,
}

impl Device for Faulty {
    fn identity(&self) -> &Identity {
        self.inner.identity()
    }

    fn load_panel(
        &mut self,
        side: Side,
        slot: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        self.inner.load_panel(side, slot, panel)
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        self.inner.push(descriptor)
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let mut completion = self.inner.wait(timeout)?;
        self.good = self.good.saturating_sub(1);
        match self.fault {
            Fault::WrongTicket if self.good == 0 => completion.ticket[31] ^= 1,
            Fault::Dies if self.good == 0 => return Err(DeviceError::Stopped("smoke".into())),
            _ => {}
        }
        Ok(completion)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.inner.reset()
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        self.inner.counters()
    }
}

fn bench(
    fault: Fault,
    energy: Option<&mut Source>,
    options: Options,
) -> (Result<Measured>, Vec<Phase>) {
    let mut workload = Workload::pearl(SHAPE, Operands::Uniform).unwrap();
    let device = Faulty { inner: Cpu::new(None).unwrap(), good: 2000, fault };
    let runner = Runner::new(Box::new(device), workload.task()).unwrap();
    let mut phases = Vec::new();
    let measured =
        measure(runner, &mut workload, energy, options, &mut |phase| phases.push(phase), &|| false);
    (measured, phases)
}

#[test]
fn runs_are_of_one_length_and_their_energy_is_theirs() {
    let stated = Stated { watts: 10.0, low: 8.0, high: 15.0, reason: "a guess".into() };
    let (measured, phases) = bench(Fault::None, Some(&mut Source::Stated(stated)), SHORT);
    let measured = measured.unwrap();
    use Phase::{Ranging, Rest, Test, WarmUp};
    assert_eq!(phases, [Rest, WarmUp, Ranging, Test(1), Test(2), Test(3)]);
    assert_eq!(measured.tests.len(), 3);
    let tickets = measured.tests[0].tickets;
    assert!(tickets > 0 && measured.tests.iter().all(|test| test.tickets == tickets));
    for test in &measured.tests {
        let energy = test.energy.unwrap();
        // The marks stand around the run.
        assert!(energy.joules >= 10.0 * test.seconds * 0.999, "{test:?}");
        let (low, high) = energy.range.unwrap();
        assert!(low < energy.joules && energy.joules < high);
    }
    let (seconds, energy) = measured.rest.unwrap();
    assert!(seconds >= 0.1 && (energy.joules / seconds - 10.0).abs() < 1e-3);
    assert!(measured.checked >= 5 && measured.ended > measured.started);
}

#[test]
fn a_device_that_lies_or_stops_has_no_result() {
    let (measured, _) = bench(Fault::WrongTicket, None, SHORT);
    let error = format!("{:#}", measured.unwrap_err());
    assert!(
        error.contains("the device is wrong") && error.contains("the host computes"),
        "{error}"
    );
    let (measured, _) = bench(Fault::Dies, None, SHORT);
    assert!(format!("{:#}", measured.unwrap_err()).contains("smoke"));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let error = |options| format!("{:#}", bench(Fault::None, None, options).0.unwrap_err());
    assert!(error(Options { repeats: 0, ..SHORT }).contains("repeat it once"));
    assert!(error(Options { run: Duration::ZERO, ..SHORT }).contains("0.1 s"));
    // A meter whose table ends before the run does.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meter.csv");
    std::fs::write(&path, "time,power\n0,1\n1,1\n").unwrap();
    let mut meter = Source::Meter { path, offset: 0.0 };
    let options = Options { repeats: 1, ..SHORT };
    let mut workload = Workload::pearl(SHAPE, Operands::Uniform).unwrap();
    let runner = Runner::new(Box::new(Cpu::new(None).unwrap()), workload.task()).unwrap();
    let waits = std::cell::Cell::new(false);
    let measured = measure(
        runner,
        &mut workload,
        Some(&mut meter),
        options,
        &mut |phase| waits.set(phase == Phase::Meter),
        // Nobody has the patience to wait for the table.
        &|| waits.get(),
    );
    assert!(format!("{:#}", measured.unwrap_err()).contains("--meter-offset"));
}

#[test]
fn amadeus_is_measured_as_well() {
    let mut workload = Workload::amadeus().unwrap();
    let identity = Cpu::new(None).unwrap().identity().clone();
    let runner = Runner::processor(identity, None).unwrap();
    let options = Options { repeats: 1, ..SHORT };
    let measured = measure(runner, &mut workload, None, options, &mut |_| {}, &|| false).unwrap();
    assert!(measured.tests[0].tickets > 0 && measured.checked > 0);
    assert_eq!((measured.rest, measured.tests[0].energy), (None, None));
}
