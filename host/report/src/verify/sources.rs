//! Rules that look into the checkout: sources and images.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::rules::{Findings, pointer};
use super::table::{Entry, another_unit, entries, is_in};
use crate::derive::same;
use crate::figure::{Figure, Source};
use crate::result::{Class, Image, ResultFile, names};

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
    if let Err((pointer, text)) = image(result, checkout) {
        findings.add("image", pointer, text);
    }
}

/// Holds the meter's table against its checksum, if it is beside the file.
pub(super) fn meter(result: &ResultFile, file: &Path, findings: &mut Findings) {
    let Some(table) = &result.meter else { return };
    let name = Path::new(&table.file);
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        let text = format!("{:?} is no path below the result's folder; keep it there", table.file);
        findings.add("meter", "/meter/file", text);
        return;
    }
    if !result.figures.contains_key(names::POWER) {
        let text = "there is a meter's table and no power; leave it out, or measure again";
        findings.add("meter", "/meter", text);
    }
    let path = file.parent().unwrap_or(Path::new("")).join(name);
    let found = match std::fs::File::open(&path) {
        // It may be kept elsewhere: its name says nothing then, and its checksum all.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        opened => opened.and_then(|mut file| {
            let mut hasher = blake3::Hasher::new();
            std::io::copy(&mut file, &mut hasher)?;
            Ok(hasher.finalize().to_hex().to_string())
        }),
    };
    match found {
        Ok(found) if found == table.blake3 => {}
        Ok(found) => findings.add(
            "meter",
            "/meter/blake3",
            format!("{} has {found}: it was changed, or is of another run", path.display()),
        ),
        Err(why) => {
            findings.add("meter", "/meter/file", format!("read {}: {why}", path.display()));
        }
    }
}

fn follow(figure: &Figure, checkout: &Checkout) -> Result<(), String> {
    match &figure.source {
        Source::Line { file, line, .. } => {
            let text = checkout.read_text(file)?;
            let index = (*line as usize).checked_sub(1);
            let found = index.and_then(|index| text.lines().nth(index));
            let found = found.ok_or_else(|| format!("{file} has no line {line}"))?;
            let wanted = match figure.uncertainty {
                Some(range) => vec![range.low, range.high],
                None => vec![figure.value],
            };
            let shown: Vec<String> = wanted.iter().map(f64::to_string).collect();
            let shown = shown.join(" to ");
            if file.ends_with(".toml") {
                let entries = entries(&text).map_err(|error| format!("read {file}: {error}"))?;
                let here = || entries.iter().filter(|entry| entry.line == *line);
                // A single figure may be one end of a range, such as the watts at rest.
                let alike = |entry: &&Entry| match wanted[..] {
                    [wanted] => entry.numbers.iter().any(|number| same(*number, wanted)),
                    _ => {
                        entry.numbers.len() == wanted.len()
                            && entry.numbers.iter().zip(&wanted).all(|(a, b)| same(*a, *b))
                    }
                };
                if !here().filter(alike).any(|entry| is_in(&entry.keys, figure.unit)) {
                    let keys: Vec<&str> = here().map(|entry| &*entry.keys).collect();
                    return Err(format!(
                        "line {line} of {file} has no {shown} in {} (its keys: {}); make this file again, or name the line",
                        figure.unit,
                        keys.join(", ")
                    ));
                }
            } else {
                let numbers = numbers(found);
                if !wanted.iter().all(|wanted| numbers.iter().any(|one| same(*one, *wanted))) {
                    return Err(format!(
                        "line {line} of {file} has no {shown}; make this file again, or name the line"
                    ));
                }
            }
            if let Some(range) = figure.uncertainty {
                let middle = f64::midpoint(range.low, range.high);
                if !same(middle, figure.value) {
                    return Err(format!(
                        "line {line} of {file} has both ends of a range and no value; it is the middle, {middle}, and not {}",
                        figure.value
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
            let key = pointer.rsplit('/').next().unwrap_or_default();
            if let Some(unit) = another_unit(key, figure.unit) {
                return Err(format!(
                    "{pointer} of {file} is in {unit}, and the figure in {}; name the right place",
                    figure.unit
                ));
            }
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

/// Holds a board's BUILD and image against the manifest.
fn image(result: &ResultFile, checkout: &Checkout) -> Result<(), (&'static str, String)> {
    let is_board = result.device.class == Class::Fpga;
    if result.image.is_none() && !is_board {
        return Ok(());
    }
    let text = match checkout.root() {
        Some(_) => checkout.read_text(MANIFEST_FILE).map_err(|text| ("/image", text))?,
        None => MANIFEST.to_owned(),
    };
    let manifest: Manifest = toml::from_str(&text)
        .map_err(|error| ("/image", format!("read {MANIFEST_FILE}: {error}")))?;
    if is_board && result.build.is_none() {
        let text = "a board has a BUILD; write what register BUILD says";
        return Err(("/build", text.into()));
    }
    match (&result.image, &result.build) {
        (Some(image), _) => listed(image, result, &manifest, checkout),
        (None, None) => Ok(()),
        (None, Some(build)) => match manifest.images.iter().find(|listed| listed.build == *build) {
            Some(listed) => {
                Err(("/image", format!("BUILD {build} is of bitstreams/{}; name it", listed.file)))
            }
            None => Err((
                "/build",
                format!(
                    "no image of {MANIFEST_FILE} has BUILD {build}, so nobody can make this device again; give \
                         --root DIR, a checkout that lists its image"
                ),
            )),
        },
    }
}

fn listed(
    image: &Image,
    result: &ResultFile,
    manifest: &Manifest,
    checkout: &Checkout,
) -> Result<(), (&'static str, String)> {
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
