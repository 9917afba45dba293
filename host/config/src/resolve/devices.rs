//! The tables `[[device]]`.

use crate::config::{Device, DeviceName, Geometry};
use crate::layer::Keys;
use crate::origin::{Origin, Setting};

use super::section::{Section, parsed, whole32};
use super::{Resolver, duplicates, many};

/// Most devices that a miner has.
const MOST: u32 = 256;

/// Reads them; without any it is the processor.
pub(super) fn devices(resolver: &mut Resolver<'_>) -> Vec<Device> {
    let given = many(resolver.layers, |layer| &layer.devices);
    let processor = [Keys { origin: Origin::Default, given: Default::default() }];
    let tables = if given.is_empty() { &processor } else { given };
    let mut devices = Vec::new();
    for (index, keys) in tables.iter().enumerate() {
        let name = format!("device[{}]", index + 1);
        let mut section = Section { name, layers: vec![keys], report: resolver.report };
        devices.push(device(&mut section, given.is_empty()));
    }
    // What could not be read is no other device.
    let known = devices.iter().filter(|device: &&Device| device.device.is_given());
    let named = known.map(|device| {
        // Simulated devices differ by their arrays.
        let array = device.geometry.as_deref().map(Geometry::to_string).unwrap_or_default();
        let text = format!("device \"{}\"", *device.device);
        ((device.device.to_string(), array), device.device.origin.clone(), text)
    });
    duplicates(
        resolver.report,
        named,
        "leave one out; `count` makes more of a simulated device, `threads` use more of a processor",
    );
    too_many(resolver, &devices);
    devices
}

fn too_many(resolver: &mut Resolver<'_>, devices: &[Device]) {
    let mut sum = 0;
    for device in devices {
        let before = sum;
        sum += *device.count;
        if before <= MOST && sum > MOST {
            let text = format!("these are {sum} devices and more: 256 is the most");
            let origin = &device.device.origin;
            resolver.report.problems.push(crate::Problem::new(origin, text));
        }
    }
}

fn device(section: &mut Section<'_>, default: bool) -> Device {
    if section.given("device").is_none() && !default {
        let kinds = "model, verilator, rtl, cpu, gpu, gpu:N, serial:auto, serial:PATH, pcie:ADDRESS or vfio-user:SOCKET";
        section.wrong("device", format!("is missing: give {kinds}"));
    }
    let name = section.or("device", DeviceName::Cpu, parsed(DeviceName::parse));
    if default || name.is_given() {
        refuse_others(section, &name);
    }
    let rate = || whole32(300..=50_000_000);
    let (simulated, serial) = (name.is_simulated(), name.is_serial());
    let mut device = Device {
        geometry: None,
        threads: None,
        count: Setting::default_of(1),
        baud: None,
        max_baud: None,
        device: name,
    };
    if simulated {
        device.geometry = section.optional("geometry", parsed(Geometry::parse));
        device.count = section.or("count", 1, whole32(1..=MOST));
    } else if serial {
        device.baud = section.optional("baud", rate());
        device.max_baud = section.optional("max_baud", rate());
    } else if device.device.value == DeviceName::Cpu {
        device.threads = section.optional("threads", whole32(1..=1024));
    }
    if let (Some(first), Some(most)) = (&device.baud, &device.max_baud)
        && **most < **first
    {
        section.wrong("max_baud", format!("is {}, less than baud, {}", **most, **first));
    }
    device
}

/// Refuses keys that mean nothing for a device.
fn refuse_others(section: &mut Section<'_>, name: &DeviceName) {
    if !name.is_simulated() {
        let why = "is for simulated devices";
        section.refuse(&["geometry", "count"], why);
    }
    if *name != DeviceName::Cpu {
        section.refuse(&["threads"], "is for the processor");
    }
    if !name.is_serial() {
        section.refuse(&["baud", "max_baud"], "is for devices behind a port");
    }
}
