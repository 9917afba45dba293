//! Temperatures and watts of this computer's own devices, where something measures them: the processor's sensor and
//! count (hwmon and RAPL, Linux alone), and NVIDIA's cards (NVML).
//!
//! A thread of its own reads them once a second: a driver that hangs keeps neither the miner nor who looks at it
//! waiting. A processor's watts are those of all its packages, whoever works on them; its temperature is the first one's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use gemmine_bench::energy::rapl::FOLDER;
use gemmine_bench::energy::{Nvml, Rapl};
use gemmine_console::status::{Control, Miner, Status};
use gemmine_gpu::Choice;

/// Where Linux has its sensors.
const HWMON: &str = "/sys/class/hwmon";
/// Drivers of processors' sensors.
const PROCESSORS: [&str; 4] = ["coretemp", "k10temp", "zenpower", "cpu_thermal"];
/// What the sensor of the whole processor is called; the first one is taken where none is.
const WHOLE: [&str; 3] = ["Package id 0", "Tctl", "Tdie"];
/// How often they are read.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Degrees Celsius and watts.
type Reading = (Option<f64>, Option<f64>);

/// By the names of devices.
type Readings = BTreeMap<String, Reading>;

/// A miner whose status has what is measured.
pub struct Sensing(Arc<Inner>);

struct Inner {
    miner: Arc<dyn Miner>,
    readings: Mutex<Readings>,
}

impl Sensing {
    /// Of a miner on this computer.
    pub fn of(miner: Arc<dyn Miner>) -> Self {
        let inner = Arc::new(Inner { miner, readings: Mutex::default() });
        let weak = Arc::downgrade(&inner);
        // Without the thread nothing is measured, and nobody has to know why.
        let _ = thread::Builder::new().name("sensors".into()).spawn(move || watch(&weak));
        Self(inner)
    }
}

/// Until nobody looks at the miner any more.
fn watch(inner: &Weak<Inner>) {
    let mut sensors = Sensors::new(Path::new(HWMON), Path::new(FOLDER));
    while let Some(inner) = inner.upgrade() {
        let readings = sensors.read(&inner.miner.status(), Instant::now());
        *inner.readings.lock().unwrap_or_else(PoisonError::into_inner) = readings;
        drop(inner);
        thread::sleep(READ_EVERY);
    }
}

impl Miner for Sensing {
    fn status(&self) -> Arc<Status> {
        let readings = self.0.readings.lock().unwrap_or_else(PoisonError::into_inner);
        filled(self.0.miner.status(), &readings)
    }

    fn control(&self, control: Control) -> Result<(), String> {
        self.0.miner.control(control)
    }
}

/// A status with what was measured; itself if that is nothing.
fn filled(status: Arc<Status>, readings: &Readings) -> Arc<Status> {
    if readings.values().all(|reading| *reading == Reading::default()) {
        return status;
    }
    let mut status = Status::clone(&status);
    for device in &mut status.devices {
        if let Some(reading) = readings.get(&device.name) {
            (device.temperature_c, device.power_w) = *reading;
        }
    }
    Arc::new(status)
}

struct Sensors {
    processor: Processor,
    /// By the names of devices; none where there is no such card, or no driver.
    cards: BTreeMap<String, Option<Nvml>>,
}

impl Sensors {
    fn new(hwmon: &Path, powercap: &Path) -> Self {
        let processor = Processor {
            thermometer: thermometer(hwmon),
            // Virtual machines have none, and other users than root may not read it.
            count: Rapl::find(powercap).ok().map(|rapl| (rapl, None)),
        };
        Self { processor, cards: BTreeMap::new() }
    }

    fn read(&mut self, status: &Status, now: Instant) -> Readings {
        let mut readings = Readings::new();
        for device in &status.devices {
            let reading = match &*device.kind {
                "processor" => self.processor.read(now),
                "gpu" => {
                    let card = self.cards.entry(device.name.clone());
                    let card = card.or_insert_with(|| card_of(&device.name));
                    card.as_ref().map(Nvml::now).unwrap_or_default()
                }
                _ => continue,
            };
            readings.insert(device.name.clone(), reading);
        }
        readings
    }
}

/// NVIDIA's card behind a device of Vulkan.
fn card_of(name: &str) -> Option<Nvml> {
    let address = gemmine_gpu::adapter(&choice_of(name)?).ok()?.pci_address;
    Nvml::sensors_at(&address).ok()
}

/// Which graphics processor a device of that name is.
fn choice_of(name: &str) -> Option<Choice> {
    let behind = name.strip_prefix("gpu")?;
    behind.strip_prefix(':').unwrap_or(behind).parse().ok()
}

struct Processor {
    thermometer: Option<PathBuf>,
    /// With when and what was counted last.
    count: Option<(Rapl, Option<(Instant, f64)>)>,
}

impl Processor {
    fn read(&mut self, now: Instant) -> Reading {
        let text = self.thermometer.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let millidegrees = text.and_then(|text| text.trim().parse::<f64>().ok());
        (millidegrees.map(|value| value * 1e-3), self.watts(now))
    }

    /// Since it was read last.
    fn watts(&mut self, now: Instant) -> Option<f64> {
        let (rapl, last) = self.count.as_mut()?;
        let now = (now, rapl.joules().ok()?);
        let (at, joules) = last.replace(now)?;
        let seconds = now.0.duration_since(at).as_secs_f64();
        (seconds > 0.0).then(|| (now.1 - joules) / seconds)
    }
}

/// The file of the processor's temperature below a folder of sensors.
fn thermometer(hwmon: &Path) -> Option<PathBuf> {
    let read = |path: PathBuf| {
        std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let entries = std::fs::read_dir(hwmon).ok()?.flatten();
    let mut chips: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    chips.sort();
    let chip = chips.into_iter().find(|chip| PROCESSORS.contains(&&*read(chip.join("name"))))?;
    let label = |number: u32| read(chip.join(format!("temp{number}_label")));
    let whole = (1..=16).find(|number| WHOLE.contains(&&*label(*number)));
    let file = chip.join(format!("temp{}_input", whole.unwrap_or(1)));
    file.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use gemmine_console::status::DeviceStatus;

    use super::*;

    fn status() -> Arc<Status> {
        let device = |name: &str, kind: &str| DeviceStatus {
            name: name.into(),
            kind: kind.into(),
            ..DeviceStatus::default()
        };
        let devices = vec![device("cpu", "processor"), device("serial:/dev/ttyUSB0", "board")];
        Arc::new(Status { devices, ..Status::default() })
    }

    fn write(folder: &Path, files: &[(&str, &str)]) {
        std::fs::create_dir_all(folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), format!("{text}\n")).unwrap();
        }
    }

    #[test]
    fn a_processor_has_its_own_sensor_and_count() {
        let folder = tempfile::tempdir().unwrap();
        let (hwmon, powercap) = (folder.path().join("hwmon"), folder.path().join("powercap"));
        write(&hwmon.join("hwmon0"), &[("name", "nvme"), ("temp1_input", "30000")]);
        write(
            &hwmon.join("hwmon1"),
            &[
                ("name", "coretemp"),
                ("temp1_label", "Core 0"),
                ("temp1_input", "51000"),
                ("temp2_label", "Package id 0"),
                ("temp2_input", "62500"),
            ],
        );
        let package = powercap.join("intel-rapl:0");
        write(
            &package,
            &[("name", "package-0"), ("max_energy_range_uj", "1000000000"), ("energy_uj", "5")],
        );
        let mut sensors = Sensors::new(&hwmon, &powercap);
        let begin = Instant::now();
        let first = filled(status(), &sensors.read(&status(), begin));
        assert_eq!((first.devices[0].temperature_c, first.devices[0].power_w), (Some(62.5), None));
        assert_eq!((first.devices[1].temperature_c, first.devices[1].power_w), (None, None));
        write(&package, &[("energy_uj", "40000005")]);
        let second = filled(status(), &sensors.read(&status(), begin + Duration::from_secs(2)));
        assert_eq!(second.devices[0].power_w, Some(20.0));
    }

    #[test]
    fn without_sensors_the_status_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let mut sensors = Sensors::new(&folder.path().join("none"), folder.path());
        let before = status();
        let readings = sensors.read(&before, Instant::now());
        assert_eq!(readings["cpu"], (None, None));
        assert!(Arc::ptr_eq(&filled(Arc::clone(&before), &readings), &before));
    }

    #[test]
    fn a_card_is_known_by_its_devices_name() {
        for choice in [Choice::Best, Choice::Number(3), Choice::Name("rtx 4090".into())] {
            assert_eq!(choice_of(&choice.to_string()), Some(choice));
        }
        assert_eq!(choice_of("cpu"), None);
    }
}
