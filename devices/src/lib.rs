//! Whole devices as Verilog, and what is written about them: the [`mod@datasheet`], and the guide to PCIe.
//!
//! A crate of its own, since each device is a type of its own with all of its modules: compiled as those are that are
//! simulated, they would take as long as everything else together. Writing Verilog needs no speed.

pub mod datasheet;
pub mod memory;
mod text;

use std::thread;

use gemmine_hdl::emit::{self, EmissionError};
use gemmine_hdl::geometry::Geometry;
use gemmine_hdl::identity::Build;
use gemmine_hdl::{with_core, with_device, with_memory_device};
use rust_hdl_core::prelude::*;

/// A device as Verilog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The Verilog.
    pub verilog: String,
    /// Name of the top module.
    pub top: String,
    /// What its register BUILD reads as.
    pub build: u32,
}

/// The Verilog of the device of a geometry. Its BUILD is the first word of the BLAKE3 hash of its own
/// text with a BUILD of 0, whatever `build` says.
///
/// # Errors
/// If the geometry, with the panel memory that `build` asks for, is not among
/// [`DEVICES`](gemmine_hdl::devices::DEVICES), a name is a keyword of Verilog, or there is no memory for a stack.
pub fn verilog(geometry: Geometry, build: Build) -> Result<Emitted, EmissionError> {
    emitted(top(geometry), build, |build| device_text(geometry, build))
}

/// The Verilog that `text` writes for a build, whose BUILD is the hash of the text with a BUILD of 0.
pub(crate) fn emitted(
    top: String,
    build: Build,
    text: impl Fn(Build) -> Result<String, EmissionError>,
) -> Result<Emitted, EmissionError> {
    let hash = blake3::hash(text(Build { hash: 0, ..build })?.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    let hash = u32::from_le_bytes([a, b, c, d]);
    Ok(Emitted { verilog: text(Build { hash, ..build })?, top, build: hash })
}

/// The Verilog of the device of a geometry, with the BUILD that `build` says.
fn device_text(geometry: Geometry, build: Build) -> Result<String, EmissionError> {
    with_room(|| {
        with_device!(geometry, build.panel_word_bits, D => {
            let mut device = Box::new(D::new(build));
            device.connect_all();
            emit::verilog(device.as_ref(), &top(geometry))
        })?
    })
}

/// The Verilog of the memory device of a geometry, with the BUILD that `build` says and a top of this name.
pub(crate) fn memory_text(
    geometry: Geometry,
    build: Build,
    top: &str,
) -> Result<String, EmissionError> {
    with_room(|| {
        with_memory_device!(geometry, build.panel_word_bits, D => {
            let mut device = Box::new(D::new(build));
            device.connect_all();
            emit::verilog(device.as_ref(), top)
        })?
    })
}

/// Name of the top module of the device of a geometry.
pub(crate) fn top(geometry: Geometry) -> String {
    format!("gemmine_device_{geometry}")
}

/// The Verilog of the core of a geometry, and the name of its top module.
///
/// # Errors
/// If the geometry is not among [`BUILT`](gemmine_hdl::arrays::BUILT), or a name is a keyword of Verilog.
pub fn core(geometry: Geometry) -> Result<(String, String), EmissionError> {
    with_room(|| {
        with_core!(geometry, C => {
            let mut core = Box::new(C::default());
            core.connect_all();
            let top = format!("gemmine_core_{geometry}");
            emit::verilog(core.as_ref(), &top).map(|text| (text, top))
        })?
    })
}

/// What the largest device takes on the stack while it is made, many times over: without optimisation every move of it is
/// one more copy.
const STACK: usize = 64 << 20;

/// Writes in a thread with a stack for it, whatever the caller's.
fn with_room<T: Send>(
    write: impl FnOnce() -> Result<T, EmissionError> + Send,
) -> Result<T, EmissionError> {
    thread::scope(|scope| {
        let writer = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, write);
        let writer =
            writer.map_err(|why| EmissionError::Stack { stack: STACK, why: why.to_string() })?;
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
