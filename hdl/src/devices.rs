//! The list of the whole devices that are compiled into the program, by geometry. The crate `gemmine-devices` emits them.

use crate::geometry::{Geometry, GeometryError};

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
