//! Rules that look into the checkout: sources and images.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::rules::{Findings, pointer};
use crate::derive::same;
use crate::figure::{Figure, Source};
use crate::result::{Image, ResultFile};

/// Images that this program knows of.
const MANIFEST: &str = include_str!("../../../../bitstreams/MANIFEST.toml");
const MANIFEST_FILE: &str = "bitstreams/MANIFEST.toml";

/// Where the files are that sources name.
#[derive(Clone, Debug, Default)]
pub struct Checkout {
    root: Option<PathBuf>,
}

impl Checkout {
    /// The files under a folder.
    pub fn at(root: &Path) -> Self {
        Self { root: Some(root.to_owned()) }
    }

    /// No files: sources in files can't be followed, and the manifest is the one that is compiled in.
    pub fn none() -> Self {
        Self::default()
    }

    /// Its folder.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The bytes of a file, named from the root.
    ///
    /// # Errors
    /// If there is no checkout, the name leads out of it, or the file can't be read.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        let path = Path::new(file);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("{file:?} is no path below the checkout; name it from there"));
        }
        let Some(root) = &self.root else {
            return Err(format!("{file} can't be followed without a checkout; give --root DIR"));
        };
        std::fs::read(root.join(path)).map_err(|why| format!("read {file}: {why}"))
    }

    /// The text of a file, named from the root.
    ///
    /// # Errors
    /// As [`Self::read`], or if it is no UTF-8.
    pub fn read_text(&self, file: &str) -> Result<String, String> {
        String::from_utf8(self.read(file)?).map_err(|_| format!("{file} is no text"))
    }
}

/// The nearest folder from here upwards that has a manifest of images.
pub fn find_root(here: &Path) -> Option<PathBuf> {
    here.ancestors().find(|folder| folder.join(MANIFEST_FILE).is_file()).map(Path::to_owned)
}

pub(super) fn check(result: &ResultFile, checkout: &Checkout, findings: &mut Findings) {
    for (name, figure) in &result.figures {
        if let Err(text) = follow(figure, checkout) {
            findings.add("source", format!("{}/source", pointer(name)), text);
        }
    }
    if let Some(image) = &result.image
        && let Err((pointer, text)) = known(image, result, checkout)
    {
        findings.add("image", pointer, text);
    }
}

fn follow(figure: &Figure, checkout: &Checkout) -> Result<(), String> {
    match &figure.source {
        Source::Line { file, line, .. } => {
            let text = checkout.read_text(file)?;
            let index = (*line as usize).checked_sub(1);
            let found = index.and_then(|index| text.lines().nth(index));
            let found = found.ok_or_else(|| format!("{file} has no line {line}"))?;
            let numbers = numbers(found);
            let wanted = match figure.uncertainty {
                Some(range) => vec![range.low, range.high],
                None => vec![figure.value],
            };
            for wanted in wanted {
                if !numbers.iter().any(|number| same(*number, wanted)) {
                    return Err(format!(
                        "line {line} of {file} has no {wanted}; make this file again, or name the line"
                    ));
                }
            }
            Ok(())
        }
        Source::Pointer { file, pointer } => {
            let text = checkout.read_text(file)?;
            let value: Value =
                serde_json::from_str(&text).map_err(|error| format!("read {file}: {error}"))?;
            let found =
                value.pointer(pointer).ok_or_else(|| format!("{file} has nothing at {pointer}"))?;
            match found.as_f64() {
                Some(number) if same(number, figure.value) => Ok(()),
                _ => Err(format!(
                    "{file} has {found} at {pointer}, and the figure is {}; make this file again",
                    figure.value
                )),
            }
        }
        Source::Run { .. } | Source::Stated { .. } | Source::Ratio { .. } | Source::Sum { .. } => {
            Ok(())
        }
    }
}

/// The numbers in a line, such as 1, 2.5, 1e-3, 5_000 and 5,000.
pub(super) fn numbers(line: &str) -> Vec<f64> {
    let in_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ',' | '-' | '+');
    let words = line.split(|c: char| !in_number(c));
    words
        .flat_map(|word| {
            let word = word.trim_matches([',', '.', '-', '_']);
            let plain: String = word.chars().filter(|c| !matches!(c, '_' | ',')).collect();
            plain.parse().ok()
        })
        .collect()
}

/// What matters here of a manifest.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default, rename = "image")]
    images: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    sha256: String,
    build: String,
}

fn known(
    image: &Image,
    result: &ResultFile,
    checkout: &Checkout,
) -> Result<(), (&'static str, String)> {
    let text = match checkout.root() {
        Some(_) => checkout.read_text(MANIFEST_FILE).map_err(|text| ("/image", text))?,
        None => MANIFEST.to_owned(),
    };
    let manifest: Manifest = toml::from_str(&text)
        .map_err(|error| ("/image", format!("read {MANIFEST_FILE}: {error}")))?;
    let listed =
        manifest.images.iter().find(|listed| format!("bitstreams/{}", listed.file) == image.file);
    let listed = listed
        .ok_or_else(|| ("/image/file", format!("{MANIFEST_FILE} lists no image {}", image.file)))?;
    if listed.sha256 != image.sha256 {
        return Err((
            "/image/sha256",
            format!(
                "{MANIFEST_FILE} has {} for {}: the result is of another image",
                listed.sha256, image.file
            ),
        ));
    }
    if result.build.as_ref().is_some_and(|build| *build != listed.build) {
        return Err((
            "/build",
            format!("{MANIFEST_FILE} has BUILD {} for {}", listed.build, image.file),
        ));
    }
    if checkout.root().is_some() {
        let bytes = checkout.read(&image.file).map_err(|text| ("/image/file", text))?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found != image.sha256 {
            return Err((
                "/image/sha256",
                format!("{} has {found}: it is damaged, or another one", image.file),
            ));
        }
    }
    Ok(())
}
