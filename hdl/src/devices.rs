//! The whole devices that are compiled into the program, by geometry.

use rust_hdl_core::prelude::*;

use crate::emit::{self, EmissionError};
use crate::geometry::{Geometry, GeometryError};
use crate::identity::Build;

pub use crate::identity::PANEL_WORD_BITS;

/// Declares [`DEVICES`], [`with_device!`] and [`with_memory_device!`] from one list: rows, columns, bits of a word's address
/// in a lane of panel memory; bits of a result's address in its column, one more, and bits of a word's
/// address in the lane memories of A and B.
macro_rules! devices {
    ($dollar:tt $(($rows:literal, $columns:literal, $words:literal: $a:literal, $b:literal, $r:literal, $s:literal)),*) => {
        /// The devices that there are: geometries, and bits of a word's address in a lane of panel memory.
        pub const DEVICES: &[(Geometry, usize)] = &[$((Geometry::new($rows, $columns), $words)),*];

        const GEOMETRIES: &[Geometry] = &[$(Geometry::new($rows, $columns)),*];

        /// `with_device!(geometry, word_bits, D => expression)` evaluates the expression with `D` standing
        /// for the type of the serial device of that geometry and panel memory; one that is not built is a
        /// [`GeometryError::NotBuilt`].
        #[macro_export]
        macro_rules! with_device {
            ($dollar geometry:expr, $dollar words:expr, $dollar device:ident => $dollar body:expr) => {{
                let geometry: $crate::Geometry = $dollar geometry;
                match (geometry.rows(), geometry.columns(), $dollar words) {
                    $(($rows, $columns, $words) => {
                        type $dollar device = $crate::serial_device::SerialDevice<
                            $rows, $columns, $a, $b, $words, $r, $s,
                        >;
                        Ok($dollar body)
                    })*
                    _ => Err($crate::devices::not_built(geometry, $dollar words)),
                }
            }};
        }

        /// The same for the type of the [memory device](crate::memory_device).
        #[macro_export]
        macro_rules! with_memory_device {
            ($dollar geometry:expr, $dollar words:expr, $dollar device:ident => $dollar body:expr) => {{
                let geometry: $crate::Geometry = $dollar geometry;
                match (geometry.rows(), geometry.columns(), $dollar words) {
                    $(($rows, $columns, $words) => {
                        type $dollar device = $crate::memory_device::MemoryDevice<
                            $rows, $columns, $a, $b, $words, $r, $s,
                        >;
                        Ok($dollar body)
                    })*
                    _ => Err($crate::devices::not_built(geometry, $dollar words)),
                }
            }};
        }
    };
}

devices!($
    (2, 2, 11: 7, 8, 14, 14),
    (4, 4, 11: 6, 7, 13, 13),
    (8, 4, 11: 6, 7, 12, 13),
    (4, 8, 11: 5, 6, 13, 12),
    (8, 8, 11: 5, 6, 12, 12),
    (8, 16, 11: 4, 5, 12, 11),
    (16, 16, 11: 4, 5, 11, 11),
    // Those of boards with less block RAM.
    (4, 2, 5: 7, 8, 7, 8),
    (4, 2, 7: 7, 8, 9, 10),
    (4, 4, 5: 6, 7, 7, 7),
    (4, 4, 9: 6, 7, 11, 11),
    (8, 4, 7: 6, 7, 8, 9),
    (8, 8, 9: 5, 6, 10, 10));

/// The error of a geometry without a device, or with no such panel memory.
pub const fn not_built(wanted: Geometry, word_bits: usize) -> GeometryError {
    let mut n = 0;
    while n < GEOMETRIES.len() {
        let built = GEOMETRIES[n];
        if built.rows() == wanted.rows() && built.columns() == wanted.columns() {
            return GeometryError::PanelsNotBuilt { wanted, word_bits, built: DEVICES };
        }
        n += 1;
    }
    GeometryError::NotBuilt { wanted, built: GEOMETRIES }
}

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
/// If the geometry, with the panel memory that `build` asks for, is not among [`DEVICES`], or a name is a keyword
/// of Verilog.
pub fn verilog(geometry: Geometry, build: Build) -> Result<Emitted, EmissionError> {
    emitted(top(geometry), build, |build| text(geometry, build))
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
pub(crate) fn text(geometry: Geometry, build: Build) -> Result<String, EmissionError> {
    with_device!(geometry, build.panel_word_bits, D => {
        let mut device = Box::new(D::new(build));
        device.connect_all();
        emit::verilog(device.as_ref(), &top(geometry))
    })?
}

/// The Verilog of the memory device of a geometry, with the BUILD that `build` says and a top of this name.
pub(crate) fn memory_text(
    geometry: Geometry,
    build: Build,
    top: &str,
) -> Result<String, EmissionError> {
    with_memory_device!(geometry, build.panel_word_bits, D => {
        let mut device = Box::new(D::new(build));
        device.connect_all();
        emit::verilog(device.as_ref(), top)
    })?
}

/// Name of the top module of the device of a geometry.
pub(crate) fn top(geometry: Geometry) -> String {
    format!("gemmine_device_{geometry}")
}
