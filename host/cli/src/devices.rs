//! `gemmine devices`: which devices there are, what they are, and why a port has none.

use anyhow::{Context, Result};
#[cfg(target_os = "linux")]
use gemmine_driver::PcieFunction;
use gemmine_driver::{Device, Identity, PortInfo, SerialDevice, ports};
use gemmine_gpu::{Adapter, GpuError};
use gemmine_hdl::identity::{SCANS_AMADEUS, SCANS_PEARL, protocol_names};
use gemmine_sim::verilator::Tools;
use serde_json::{Value, json};

use crate::args::DevicesArgs;
use crate::device::link_error;
use crate::display::{grouped, spinner};
use crate::outcome::Outcome;
use crate::{images, note, print_line};

/// What became of a port.
struct Found {
    /// What `--device` takes.
    name: String,
    /// What the system says about the port.
    port: String,
    /// What answered, or why nothing did.
    answer: Result<Answer, String>,
}

struct Answer {
    description: String,
    /// That it was made of no known image.
    warning: Option<String>,
    details: Value,
}

/// Runs the command.
pub fn run(args: &DevicesArgs) -> Result<Outcome> {
    let listed = ports().context("list the serial ports")?;
    let (asked, ignored): (Vec<PortInfo>, Vec<PortInfo>) = if args.port.is_empty() {
        listed.into_iter().partition(|port| port.pluggable)
    } else {
        let (named, ignored): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|port| args.port.contains(&port.path));
        let info = |path: &String| {
            let known = named.iter().find(|port| port.path == *path).cloned();
            known.unwrap_or_else(|| PortInfo {
                path: path.clone(),
                description: "named by --port".to_owned(),
                pluggable: true,
            })
        };
        (args.port.iter().map(info).collect(), ignored)
    };
    let mut found = Vec::new();
    let spinner = spinner(args.json);
    for port in asked {
        spinner.set_message(format!("asking {}", port.path));
        found.push(ask(&port, args));
    }
    spinner.finish_and_clear();
    for warning in found.iter().filter_map(|found| found.answer.as_ref().ok()?.warning.as_ref()) {
        note(warning);
    }
    // A port that somebody named should have a device; others may be anything.
    let failed = !args.port.is_empty() && found.iter().any(|found| found.answer.is_err());
    let outcome = if failed { Outcome::No } else { Outcome::Yes };
    let slots = if args.port.is_empty() { slots()? } else { Vec::new() };
    let found: Vec<Found> =
        simulated().into_iter().chain(graphics()).chain(slots).chain(found).collect();
    if args.json {
        print_line(&to_json(&found, &ignored, outcome).to_string())?;
    } else {
        print_line(&to_text(&found, &ignored))?;
    }
    Ok(outcome)
}

/// The devices in this process.
fn simulated() -> Vec<Found> {
    let found = |name: &str, answer: Result<&str, String>| Found {
        name: name.to_owned(),
        port: "in this process".to_owned(),
        answer: answer.map(|description| Answer {
            description: description.to_owned(),
            warning: None,
            details: json!({}),
        }),
    };
    let verilator = Tools::find().map(|_| "the emitted Verilog, compiled");
    vec![
        found("model", Ok("cycle-accurate model of any array")),
        found("rtl", Ok("rust-hdl's own simulator, slow")),
        found("verilator", verilator.map_err(|error| error.to_string())),
        found("cpu", Ok("this computer's processor, for comparison")),
    ]
}

/// What may be a device in a slot of this machine. None is asked, for that would take it from whoever uses it.
#[cfg(target_os = "linux")]
fn slots() -> Result<Vec<Found>> {
    let listed = PcieFunction::list().context("list the PCI devices")?;
    Ok(listed.into_iter().map(slot).collect())
}

#[cfg(not(target_os = "linux"))]
fn slots() -> Result<Vec<Found>> {
    Ok(Vec::new())
}

#[cfg(target_os = "linux")]
fn slot(function: PcieFunction) -> Found {
    let PcieFunction { address, id, window_bytes, ready } = function;
    let answer = ready.map(|()| Answer {
        description: format!(
            "bound to vfio-pci, {} MiB behind BAR 0; `gemmine selftest --device pcie:{address}` asks what it is",
            window_bytes >> 20
        ),
        warning: None,
        details: json!({ "id": id, "window_bytes": window_bytes }),
    });
    Found {
        name: format!("pcie:{address}"),
        port: format!("PCI device {id}"),
        answer: answer.map_err(|error| error.to_string()),
    }
}

/// Graphics processors that a Vulkan driver tells of.
fn graphics() -> Vec<Found> {
    let failed =
        |why: String| Found { name: "gpu".to_owned(), port: "Vulkan".to_owned(), answer: Err(why) };
    let adapters = match gemmine_gpu::adapters() {
        Ok(adapters) if adapters.is_empty() => return vec![failed(GpuError::None.to_string())],
        Ok(adapters) => adapters,
        Err(error) => return vec![failed(error.to_string())],
    };
    let found = |adapter: Adapter| Found {
        name: format!("gpu:{}", adapter.number),
        port: "Vulkan".to_owned(),
        answer: Ok(Answer {
            description: format!("{}, {}, {}", adapter.name, adapter.kind, adapter.driver),
            warning: None,
            details: json!({
                "name": adapter.name,
                "software": adapter.is_software(),
                "driver": adapter.driver,
                "pci_address": adapter.pci_address,
            }),
        }),
    };
    adapters.into_iter().map(found).collect()
}

fn ask(port: &PortInfo, args: &DevicesArgs) -> Found {
    let opened = SerialDevice::open(&port.path, args.rates.options());
    let answer = opened.map(|device| {
        let identity = device.identity();
        let certificates: Vec<String> =
            identity.cert_versions.iter().map(|version| format!("V{version}")).collect();
        Answer {
            description: format!(
                "{}, Pearl certificates {}, {} baud",
                identity.description,
                certificates.join(" "),
                grouped(device.baud().into())
            ),
            warning: images::warning(identity, &port.path),
            details: json!({
                "known_image": images::known(identity, &port.path),
                "geometry": identity.array(),
                "clock_hz": identity.clock_hz,
                "cert_versions": identity.cert_versions,
                "engines": identity.engines,
                "noise": identity.noise,
                "protocols": protocols(identity),
                "register_map_version": identity.version,
                "build": format!("{:08x}", identity.build),
                "panel_steps": identity.limits.panel_steps,
                "queue": identity.limits.queue,
                "baud": device.baud(),
            }),
        }
    });
    let answer = answer.map_err(|error| link_error(error).to_string());
    Found { name: format!("serial:{}", port.path), port: port.description.clone(), answer }
}

/// What a board can mine, by name.
fn protocols(identity: &Identity) -> Vec<String> {
    let pearl = identity.cert_versions.iter().fold(0, |bits, version| bits | 1 << version);
    let amadeus = if identity.engines > 0 { SCANS_AMADEUS } else { 0 };
    let noise = if identity.noise { SCANS_PEARL } else { 0 };
    protocol_names(pearl | amadeus | noise)
}

fn to_text(found: &[Found], ignored: &[PortInfo]) -> String {
    let width = found.iter().map(|found| found.name.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{:width$}  what", "--device")];
    for Found { name, port, answer } in found {
        let answer = match answer {
            Ok(answer) => answer.description.clone(),
            Err(why) => format!("NOT USABLE: {why}"),
        };
        lines.push(format!("{name:width$}  {answer} ({port})"));
    }
    if found.iter().all(|found| !found.name.starts_with("serial:")) {
        lines.push(
            "no board on a USB serial port; plug one in, or name its port with --port".into(),
        );
    }
    if !ignored.is_empty() {
        let paths: Vec<&str> = ignored.iter().map(|port| port.path.as_str()).collect();
        lines.push(format!("not asked: {}; --port PATH asks one", paths.join(" ")));
    }
    lines.join("\n")
}

fn to_json(found: &[Found], ignored: &[PortInfo], outcome: Outcome) -> Value {
    let devices = found.iter().map(|Found { name, port, answer }| {
        let mut object = json!({ "device": name, "port": port, "usable": answer.is_ok() });
        match answer {
            Ok(Answer { description, details, .. }) => {
                object["description"] = description.as_str().into();
                object["details"] = details.clone();
            }
            Err(why) => object["error"] = why.as_str().into(),
        }
        object
    });
    let devices: Vec<Value> = devices.collect();
    let ignored: Vec<&str> = ignored.iter().map(|port| port.path.as_str()).collect();
    let mut object = json!({ "devices": devices, "not_asked": ignored, "exit": outcome.code() });
    if outcome != Outcome::Yes {
        object["error"] = "a port that was named has no device".into();
    }
    object
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_slot_is_named_as_device_takes_it() {
        let function = |ready| PcieFunction {
            address: "0000:01:00.0".to_owned(),
            id: "10ee:7021".to_owned(),
            window_bytes: 4 << 20,
            ready,
        };
        let missing =
            gemmine_driver::PcieError::Setup("device 0000:01:00.0 has no driver".to_owned());
        let found = [slot(function(Ok(()))), slot(function(Err(missing)))];
        let text = to_text(&found, &[]);
        assert_eq!(
            text.lines().nth(1).unwrap(),
            "pcie:0000:01:00.0  bound to vfio-pci, 4 MiB behind BAR 0; `gemmine selftest --device pcie:0000:01:00.0` asks \
             what it is (PCI device 10ee:7021)"
        );
        let line = "NOT USABLE: device 0000:01:00.0 has no driver (PCI device 10ee:7021)";
        assert!(text.lines().nth(2).unwrap().ends_with(line), "{text}");
        let json = to_json(&found, &[], Outcome::Yes);
        let usable: Vec<&Value> =
            json["devices"].as_array().unwrap().iter().map(|found| &found["usable"]).collect();
        assert_eq!(usable, [true, false]);
        assert_eq!(json["devices"][0]["details"]["window_bytes"], 4 << 20);
    }
}
