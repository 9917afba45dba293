//! Energy as the processor counts it (RAPL), from Linux' powercap folder.
//!
//! A package's count is of the whole processor, whoever works on it; neither supply, fans nor (mostly) memory is in
//! it. Since 2020 the files are readable by root alone.

use std::path::{Path, PathBuf};

/// Where Linux has it.
pub const FOLDER: &str = "/sys/class/powercap";

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
pub enum RaplError {
    /// No package counts energy.
    #[error(
        "no processor counts its energy in {folder} (virtual machines do not, and some processors); give a meter's \
         file (--meter) or an estimate (--watts)"
    )]
    None {
        /// Where they were looked for.
        folder: PathBuf,
    },
    /// A count can't be read.
    #[error("failed to read {path}: {why}; run as root, or give your user the right to read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A package's count.
#[derive(Clone, Debug)]
struct Package {
    file: PathBuf,
    /// The count's largest value, in microjoules.
    range: u64,
    /// What it was when it was read last.
    last: u64,
}

/// All packages of this computer.
#[derive(Clone, Debug)]
pub struct Rapl {
    packages: Vec<Package>,
    /// What all of them came to since they were found.
    microjoules: u64,
}

impl Rapl {
    /// Finds the packages in a folder, which is [`FOLDER`] but in tests.
    ///
    /// # Errors
    /// If there is none, or one can't be read.
    pub fn find(folder: &Path) -> Result<Self, RaplError> {
        let none = || RaplError::None { folder: folder.to_owned() };
        let mut packages = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|_| none())?.flatten() {
            // A package is named intel-rapl:0 (also AMD's); its parts, intel-rapl:0:1, are in its count.
            let name = entry.file_name();
            let Some(number) = name.to_str().and_then(|name| name.strip_prefix("intel-rapl:"))
            else {
                continue;
            };
            let zone = read(&entry.path().join("name"), |text| Some(text.to_owned()))?;
            if number.contains(':') || !zone.starts_with("package") {
                continue;
            }
            let range = read(&entry.path().join("max_energy_range_uj"), |text| text.parse().ok())?;
            let file = entry.path().join("energy_uj");
            let last = count(&file)?;
            packages.push(Package { file, range, last });
        }
        if packages.is_empty() {
            return Err(none());
        }
        Ok(Self { packages, microjoules: 0 })
    }

    /// How many packages.
    pub fn packages(&self) -> usize {
        self.packages.len()
    }

    /// Joules since they were found. To be called more often than a count goes round, which takes minutes at full
    /// power.
    ///
    /// # Errors
    /// If a count can't be read.
    pub fn joules(&mut self) -> Result<f64, RaplError> {
        for package in &mut self.packages {
            let now = count(&package.file)?;
            let round = || package.range.saturating_sub(package.last).saturating_add(now);
            self.microjoules += now.checked_sub(package.last).unwrap_or_else(round);
            package.last = now;
        }
        Ok(self.microjoules as f64 * 1e-6)
    }
}

fn count(file: &Path) -> Result<u64, RaplError> {
    read(file, |text| text.parse().ok())
}

fn read<T>(path: &Path, parse: impl Fn(&str) -> Option<T>) -> Result<T, RaplError> {
    let fail = |why: String| RaplError::Read { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    parse(text.trim()).ok_or_else(|| fail(format!("{:?} is no count", text.trim())))
}

#[cfg(test)]
mod tests;
