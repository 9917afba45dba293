//! Energy as an NVIDIA card counts it (NVML). The driver's library is loaded at run time: without it, and without
//! such a card, there is an error and nothing else.

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
        let name = library
            .device_by_index(index)
            .and_then(|card| card.name())
            .map_err(|error| NvmlError::Card { index, error })?;
        let nvml = Self { library, index, name };
        nvml.joules()?;
        Ok(nvml)
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
}
