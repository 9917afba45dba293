//! Flashing: the image that belongs to a board, and the programmer's command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::board::Board;
use crate::build::sha256;
use crate::error::FlowError;
use crate::manifest::Manifest;

/// Where an image goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Memory that keeps it.
    Flash,
    /// The FPGA itself, until power goes.
    Sram,
}

/// A programmer's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flashing {
    /// The program.
    pub programmer: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Which versions do it, what else does, and what hands have to do.
    pub note: String,
}

impl Flashing {
    /// What puts an image onto a board.
    ///
    /// # Errors
    /// If the board has no such way.
    pub fn of(board: &Board, image: &Path, target: Target) -> Result<Self, FlowError> {
        let flash = &board.definition.flash;
        let arguments = match target {
            Target::Flash => Some(&flash.write),
            Target::Sram => flash.load.as_ref(),
        };
        let arguments = arguments.ok_or_else(|| FlowError::Flash {
            board: board.name.clone(),
            why: format!(
                "{} does not load this board's FPGA directly; leave --sram out to write its flash",
                flash.programmer
            ),
        })?;
        // A name that begins with a dash would be taken for an option.
        let image = if image.is_absolute() { image.to_owned() } else { Path::new(".").join(image) };
        let image = image.display().to_string();
        Ok(Self {
            programmer: flash.programmer.clone(),
            arguments: arguments.iter().map(|a| a.replace("{image}", &image)).collect(),
            note: flash.note.clone(),
        })
    }

    /// The command.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.programmer);
        command.args(&self.arguments);
        command
    }

    /// The command line as a shell takes it.
    pub fn shown(&self) -> String {
        let quoted = |word: &String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', "'\\''"))
            }
        };
        let words = std::iter::once(&self.programmer).chain(&self.arguments);
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// The image of a board: `given`, or the one in `bitstreams`, if it is what the manifest says it is.
///
/// # Errors
/// If there is none, or it is another one; the latter is allowed of a given image where `unknown` says so.
pub fn image(
    board: &Board,
    given: Option<&Path>,
    bitstreams: Option<&Path>,
    manifest: &Manifest,
    unknown: bool,
) -> Result<PathBuf, FlowError> {
    let listed = manifest.image(&board.name);
    let no_image = |why: String| FlowError::NoImage { board: board.name.clone(), why };
    let path = match (given, listed, bitstreams) {
        (Some(path), ..) => path.to_owned(),
        (None, Some(image), Some(bitstreams)) => bitstreams.join(&image.file),
        (None, Some(image), None) => {
            return Err(no_image(format!(
                "bitstreams/{} is not in a folder from here up; run this in a checkout, or name it with \
                 --image",
                image.file
            )));
        }
        (None, None, _) => {
            return Err(no_image(format!(
                "bitstreams/MANIFEST.toml lists none; build one with `gemmine build --board {}` and name it \
                 with --image",
                board.name
            )));
        }
    };
    let bytes = fs::read(&path).map_err(FlowError::file("read", &path))?;
    let found = sha256(&bytes);
    let wanted = listed.map(|image| image.sha256.as_str());
    if wanted == Some(found.as_str()) || (unknown && given.is_some()) {
        return Ok(path);
    }
    Err(FlowError::WrongImage {
        image: path,
        board: board.name.clone(),
        found,
        wanted: wanted.unwrap_or("not there, since it lists no image for it").to_owned(),
    })
}

#[cfg(test)]
mod tests;
