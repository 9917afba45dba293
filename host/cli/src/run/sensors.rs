//! Temperatures and watts of this computer's own devices, where something measures them: the processor's sensor and
//! count (hwmon and RAPL, Linux alone), and NVIDIA's cards (NVML).
//!
//! They are read by whoever looks at the miner, and never more than once a second; the miner waits for none of them.
//! A processor's watts are those of its whole package, whoever works on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
/// How often they are read at most.
const READ_EVERY: Duration = Duration::from_secs(1);

/// A miner whose status has what is measured.
pub struct Sensing {
    miner: Arc<dyn Miner>,
    sensors: Mutex<Sensors>,
}

impl Sensing {
    /// Of a miner on this computer.
    pub fn of(miner: Arc<dyn Miner>) -> Self {
        Self::with(miner, Path::new(HWMON), Path::new(FOLDER))
    }

    fn with(miner: Arc<dyn Miner>, hwmon: &Path, powercap: &Path) -> Self {
        let processor = Processor {
            thermometer: thermometer(hwmon),
            // Virtual machines have none, and other users than root may not read it.
            count: Rapl::find(powercap).ok().map(|rapl| (rapl, None)),
        };
        let sensors =
            Sensors { processor, cards: BTreeMap::new(), readings: BTreeMap::new(), at: None };
        Self { miner, sensors: Mutex::new(sensors) }
    }
}

impl Miner for Sensing {
    fn status(&self) -> Arc<Status> {
        let status = self.miner.status();
        let mut sensors = self.sensors.lock().unwrap_or_else(PoisonError::into_inner);
        sensors.read(&status);
        if sensors.readings.values().all(|reading| *reading == Reading::default()) {
            return status;
        }
        let mut status = Status::clone(&status);
        for device in &mut status.devices {
            if let Some(reading) = sensors.readings.get(&device.name) {
                (device.temperature_c, device.power_w) = *reading;
            }
        }
        Arc::new(status)
    }

    fn control(&self, control: Control) -> Result<(), String> {
        self.miner.control(control)
    }
}

/// Degrees Celsius and watts.
type Reading = (Option<f64>, Option<f64>);

struct Sensors {
    processor: Processor,
    /// By the names of devices; none where there is no such card, or no driver.
    cards: BTreeMap<String, Option<Nvml>>,
    readings: BTreeMap<String, Reading>,
    at: Option<Instant>,
}

impl Sensors {
    fn read(&mut self, status: &Status) {
        if self.at.is_some_and(|at| at.elapsed() < READ_EVERY) {
            return;
        }
        self.at = Some(Instant::now());
        self.readings.clear();
        for device in &status.devices {
            let reading = match &*device.kind {
                "processor" => self.processor.read(),
                "gpu" => {
                    let card = self.cards.entry(device.name.clone());
                    let card = card.or_insert_with(|| card_of(&device.name));
                    card.as_ref().map(Nvml::now).unwrap_or_default()
                }
                _ => continue,
            };
            self.readings.insert(device.name.clone(), reading);
        }
    }
}

/// NVIDIA's card behind a device of Vulkan.
fn card_of(name: &str) -> Option<Nvml> {
    let choice: Choice = name.parse().ok()?;
    let address = gemmine_gpu::adapter(&choice).ok()?.pci_address;
    Nvml::at(&address).ok()
}

struct Processor {
    thermometer: Option<PathBuf>,
    /// With when and what was counted last.
    count: Option<(Rapl, Option<(Instant, f64)>)>,
}

impl Processor {
    fn read(&mut self) -> Reading {
        let text = self.thermometer.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let millidegrees = text.and_then(|text| text.trim().parse::<f64>().ok());
        (millidegrees.map(|value| value * 1e-3), self.watts())
    }

    /// Since it was read last.
    fn watts(&mut self) -> Option<f64> {
        let (rapl, last) = self.count.as_mut()?;
        let now = (Instant::now(), rapl.joules().ok()?);
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

    struct Still(Arc<Status>);

    impl Miner for Still {
        fn status(&self) -> Arc<Status> {
            Arc::clone(&self.0)
        }

        fn control(&self, _: Control) -> Result<(), String> {
            Err("it does nothing".into())
        }
    }

    fn still() -> Arc<Still> {
        let device = |name: &str, kind: &str| DeviceStatus {
            name: name.into(),
            kind: kind.into(),
            ..DeviceStatus::default()
        };
        let devices = vec![device("cpu", "processor"), device("serial:/dev/ttyUSB0", "board")];
        Arc::new(Still(Arc::new(Status { devices, ..Status::default() })))
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
        let sensing = Sensing::with(still(), &hwmon, &powercap);
        let first = sensing.status();
        assert_eq!((first.devices[0].temperature_c, first.devices[0].power_w), (Some(62.5), None));
        assert_eq!((first.devices[1].temperature_c, first.devices[1].power_w), (None, None));
        // Nothing is read again within a second; behind that there are watts.
        write(&package, &[("energy_uj", "40000005")]);
        assert_eq!(sensing.status().devices[0].power_w, None);
        sensing.sensors.lock().unwrap().at = None;
        let watts = sensing.status().devices[0].power_w.unwrap();
        assert!(watts > 0.0 && watts.is_finite(), "{watts}");
        let off = Control::DeviceOff { device: "cpu".into() };
        assert_eq!(sensing.control(off).unwrap_err(), "it does nothing");
    }

    #[test]
    fn without_sensors_the_status_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let miner = still();
        let sensing = Sensing::with(miner.clone(), &folder.path().join("none"), folder.path());
        assert!(Arc::ptr_eq(&sensing.status(), &miner.0));
    }
}
