//! Energy as an NVIDIA card counts it (NVML). The driver's library is loaded at run time: without it, and without
//! such a card, there is an error and nothing else.

use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError as Inner;

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
pub enum NvmlError {
    /// No library, or no driver.
    #[error(
        "failed to ask NVIDIA's driver for its cards: {0}; is the driver installed and loaded?"
    )]
    Driver(Inner),
    /// No such card.
    #[error("no NVIDIA card {index}: {error}; `nvidia-smi -L` lists them")]
    Card {
        /// Its number.
        index: u32,
        /// Why.
        error: Inner,
    },
    /// No card at a place of the bus.
    #[error(
        "no NVIDIA card at {address:?}: {error}; is the card NVIDIA's, and `nvidia-smi -L` able to list it?"
    )]
    Address {
        /// The place.
        address: String,
        /// Why.
        error: Inner,
    },
    /// The card is another one than the device that is measured.
    #[error(
        "NVIDIA card {index} is at {found}, and the device that is measured is at {wanted}: its count is another \
         card's; give --nvml without a number"
    )]
    Other {
        /// The card's number.
        index: u32,
        /// Where it is.
        found: String,
        /// Where the device is.
        wanted: String,
    },
    /// The card does not count.
    #[error("NVIDIA card {index} does not count its energy ({error}); cards since Volta do")]
    Count {
        /// Its number.
        index: u32,
        /// Why.
        error: Inner,
    },
}

/// A card's count.
#[derive(Debug)]
pub struct Nvml {
    library: nvml_wrapper::Nvml,
    index: u32,
    name: String,
}

impl Nvml {
    /// The card of a number, from 0.
    ///
    /// # Errors
    /// Without a driver, or such a card, or a count of energy.
    pub fn open(index: u32) -> Result<Self, NvmlError> {
        let library = nvml_wrapper::Nvml::init().map_err(NvmlError::Driver)?;
        let nvml = Self::card(library, index)?;
        nvml.joules()?;
        Ok(nvml)
    }

    fn card(library: nvml_wrapper::Nvml, index: u32) -> Result<Self, NvmlError> {
        let name = library
            .device_by_index(index)
            .and_then(|card| card.name())
            .map_err(|error| NvmlError::Card { index, error })?;
        Ok(Self { library, index, name })
    }

    /// The card at a place of the bus, such as `0000:01:00.0`.
    ///
    /// # Errors
    /// Without a driver, or such a card, or a count of energy.
    pub fn at(address: &str) -> Result<Self, NvmlError> {
        let nvml = Self::sensors_at(address)?;
        nvml.joules()?;
        Ok(nvml)
    }

    /// The same for [`Self::now`] alone: also a card that counts no energy.
    ///
    /// # Errors
    /// Without a driver, or such a card.
    pub fn sensors_at(address: &str) -> Result<Self, NvmlError> {
        let library = nvml_wrapper::Nvml::init().map_err(NvmlError::Driver)?;
        let index = library
            .device_by_pci_bus_id(address)
            .and_then(|card| card.index())
            .map_err(|error| NvmlError::Address { address: address.to_owned(), error })?;
        Self::card(library, index)
    }

    /// Refuses to count for a device at another place of the bus.
    ///
    /// # Errors
    /// If the card is at another place.
    pub fn ensure_at(&self, wanted: &str) -> Result<(), NvmlError> {
        let index = self.index;
        let card = self.library.device_by_index(index).and_then(|card| card.pci_info());
        let found = card.map_err(|error| NvmlError::Card { index, error })?.bus_id;
        if place(&found).is_some() && place(&found) == place(wanted) {
            return Ok(());
        }
        Err(NvmlError::Other { index, found, wanted: wanted.to_owned() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Joules since the driver was loaded.
    ///
    /// # Errors
    /// If the card is gone, or does not count.
    pub fn joules(&self) -> Result<f64, NvmlError> {
        let index = self.index;
        let card = self
            .library
            .device_by_index(index)
            .map_err(|error| NvmlError::Card { index, error })?;
        let millijoules =
            card.total_energy_consumption().map_err(|error| NvmlError::Count { index, error })?;
        Ok(millijoules as f64 * 1e-3)
    }

    /// Degrees Celsius and watts at the moment, as far as the card tells.
    pub fn now(&self) -> (Option<f64>, Option<f64>) {
        let Ok(card) = self.library.device_by_index(self.index) else { return (None, None) };
        let degrees = card.temperature(TemperatureSensor::Gpu).ok().map(f64::from);
        (degrees, card.power_usage().ok().map(|milliwatts| f64::from(milliwatts) * 1e-3))
    }
}

/// Domain, bus, device and function of an address, however many digits each has.
fn place(address: &str) -> Option<[u32; 4]> {
    let (rest, function) = address.trim().rsplit_once('.')?;
    let (rest, device) = rest.rsplit_once(':')?;
    let (domain, bus) = rest.rsplit_once(':').unwrap_or(("0", rest));
    let number = |digits| u32::from_str_radix(digits, 16).ok();
    Some([number(domain)?, number(bus)?, number(device)?, number(function)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_however_it_is_written() {
        for same in ["0000:c1:00.0", "00000000:C1:00.0", "c1:00.0", " 0:c1:0.0\n"] {
            assert_eq!(place(same), Some([0, 0xc1, 0, 0]), "{same}");
        }
        assert_ne!(place("0000:c1:00.0"), place("0001:c1:00.0"));
        for wrong in ["", "c1:00", "gpu", "0000:xx:00.0", "."] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
