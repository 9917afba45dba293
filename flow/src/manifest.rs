//! `bitstreams/MANIFEST.toml`: which images there are, what they were made of, and their checksums.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::build::Built;
use crate::error::FlowError;
use crate::report::Report;

/// The manifest that is compiled in.
const EMBEDDED: &str = include_str!("../../bitstreams/MANIFEST.toml");
/// Its name, for messages.
const NAME: &str = "bitstreams/MANIFEST.toml";
const HEAD: &str = "# Written by `gemmine build --install`; do not edit by hand.\n";

/// The manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The images, by board.
    #[serde(default, rename = "image")]
    pub images: Vec<Image>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The board's name.
    pub board: String,
    /// The file, from `bitstreams/` on.
    pub file: String,
    /// Its checksum.
    pub sha256: String,
    /// The FPGA.
    pub part: String,
    /// P x Q.
    pub geometry: String,
    /// What it mines.
    pub protocols: Vec<String>,
    /// Register BUILD of the device, 8 hex digits.
    pub build: String,
    /// The device's clock, in hertz.
    pub clock_hz: u64,
    /// What place and route vouches for, in MHz.
    pub fmax_mhz: f64,
    /// The command that made it.
    pub command: String,
    /// The commit it was made from.
    pub source_commit: String,
    /// Versions of the tools.
    pub tools: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest that is compiled in.
    ///
    /// # Errors
    /// If it is not of its form, which a test of this crate excludes.
    pub fn embedded() -> Result<Self, FlowError> {
        Self::parse(NAME, EMBEDDED)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// If it can't be read, or is not of its form.
    pub fn read(path: &Path) -> Result<Self, FlowError> {
        let text = fs::read_to_string(path).map_err(FlowError::file("read", path))?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Reads a manifest's text; messages call it `file`.
    ///
    /// # Errors
    /// If it is not of its form.
    pub fn parse(file: &str, text: &str) -> Result<Self, FlowError> {
        toml::from_str(text).map_err(|error| FlowError::Parse {
            file: file.to_owned(),
            why: error.to_string().trim_end().to_owned(),
        })
    }

    /// The image of a board.
    pub fn image(&self, board: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.board == board)
    }

    /// Whether some image has a device with this BUILD.
    pub fn knows(&self, build: u32) -> bool {
        let build = format!("{build:08x}");
        self.images.iter().any(|image| image.build == build)
    }

    /// The manifest as it is written.
    pub fn to_text(&self) -> String {
        // Of plain data: it can't fail.
        HEAD.to_owned() + &toml::to_string(self).unwrap_or_default()
    }
}

impl Image {
    /// What the manifest says of an image that is installed as `file`; none where there is no image.
    fn of(report: &Report, file: String) -> Option<Self> {
        Some(Self {
            board: report.board.clone(),
            file,
            sha256: report.bitstream_sha256.clone()?,
            part: report.part.clone(),
            geometry: report.geometry.clone(),
            protocols: report.protocols.clone(),
            build: report.build.clone(),
            clock_hz: report.clock_hz,
            fmax_mhz: report.fmax_mhz,
            command: report.command.clone(),
            source_commit: report.source_commit.clone(),
            tools: report.tools.clone(),
        })
    }

    /// The first value in which a report differs.
    ///
    /// # Errors
    /// Names it.
    pub fn agrees(&self, report: &Report) -> Result<(), String> {
        match Self::of(report, self.file.clone()) {
            Some(other) if other == *self => Ok(()),
            Some(other) => Err(format!("the report has\n{other:?}\nand the manifest\n{self:?}")),
            None => Err("the report is of no image".into()),
        }
    }
}

/// Copies an image and its report into `bitstreams/BOARD`, and writes both into the manifest.
///
/// # Errors
/// If a file can't be read or written.
pub fn install(bitstreams: &Path, built: &Built) -> Result<(), FlowError> {
    let path = bitstreams.join("MANIFEST.toml");
    let mut manifest = Manifest::read(&path)?;
    let name = built.report.image.clone().unwrap_or_default();
    let file = format!("{}/{name}", built.report.board);
    let Some(image) = Image::of(&built.report, file) else {
        let why = "it is of no image".into();
        return Err(FlowError::Output { file: built.report_file.clone(), why });
    };
    let folder = bitstreams.join(&image.board);
    fs::create_dir_all(&folder).map_err(FlowError::file("make folder", &folder))?;
    let target = bitstreams.join(&image.file);
    fs::copy(&built.image, &target).map_err(FlowError::file("write", &target))?;
    let report = folder.join("report.json");
    fs::copy(&built.report_file, &report).map_err(FlowError::file("write", &report))?;
    manifest.images.retain(|other| other.board != image.board);
    manifest.images.push(image);
    manifest.images.sort_by(|a, b| a.board.cmp(&b.board));
    // Beside it and renamed, so that there is always a whole one.
    let partial = bitstreams.join("MANIFEST.toml.partial");
    fs::write(&partial, manifest.to_text()).map_err(FlowError::file("write", &partial))?;
    fs::rename(&partial, &path).map_err(FlowError::file("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_manifest_is_of_its_form() {
        Manifest::embedded().unwrap();
    }

    #[test]
    fn a_manifest_survives_its_file() {
        let image = Image {
            board: "b".into(),
            file: "b/b.bin".into(),
            sha256: "00".into(),
            part: "p".into(),
            geometry: "4x4".into(),
            protocols: vec!["pearl-v3".into()],
            build: "00c0ffee".into(),
            clock_hz: 12_000_000,
            fmax_mhz: 13.25,
            command: "gemmine build --board b".into(),
            source_commit: "c".into(),
            tools: BTreeMap::from([("yosys".into(), "0.70".into())]),
        };
        let manifest = Manifest { images: vec![image] };
        assert_eq!(Manifest::parse("m", &manifest.to_text()).unwrap(), manifest);
        assert!(manifest.knows(0x00c0_ffee) && !manifest.knows(0));
        let error = Manifest::parse("m", "[[image]]\nboards = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("read m: ") && error.contains("boards"), "{error}");
    }
}
