//! Serial ports that may have a board behind them.

use std::path::Path;

use serialport::{SerialPortType, available_ports};

/// A port of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// Its path.
    pub path: String,
    /// What the system says about it, for people.
    pub description: String,
    /// It was plugged in, so a board may be behind it; a port on the mainboard answers to nobody.
    pub pluggable: bool,
}

/// All ports that the system lists, in the order of their paths.
///
/// # Errors
/// If the system does not tell.
pub fn ports() -> std::io::Result<Vec<PortInfo>> {
    // Without this folder (in some containers) the crate panics.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Ok(Vec::new());
    }
    let mut ports: Vec<PortInfo> = available_ports()?
        .into_iter()
        .map(|port| {
            let (description, pluggable) = match port.port_type {
                SerialPortType::UsbPort(usb) => {
                    let names = [usb.manufacturer, usb.product, usb.serial_number];
                    let names: Vec<String> = names.into_iter().flatten().collect();
                    (format!("USB {:04x}:{:04x} {}", usb.vid, usb.pid, names.join(" ")), true)
                }
                SerialPortType::PciPort => ("on the PCI bus".to_owned(), false),
                SerialPortType::BluetoothPort => ("Bluetooth".to_owned(), false),
                SerialPortType::Unknown => ("on the mainboard".to_owned(), false),
            };
            let description = description.trim_end().to_owned();
            PortInfo { path: port.port_name, description, pluggable }
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ports)
}
