//! The list of the arrays that are compiled into the program, by geometry. The crate `gemmine-devices` emits their cores.

use crate::geometry::Geometry;

/// Declares [`BUILT`] and [`with_core!`] from one list of rows, columns and address bits.
macro_rules! arrays {
    ($dollar:tt $(($rows:literal, $columns:literal, $address_bits:literal)),*) => {
        /// The geometries that there are cores of.
        pub const BUILT: &[Geometry] = &[$(Geometry::new($rows, $columns)),*];

        /// `with_core!(geometry, C => expression)` evaluates the expression with `C` standing for the
        /// core's type of that geometry; a geometry that is not built is a
        /// [`GeometryError::NotBuilt`](crate::GeometryError::NotBuilt).
        #[macro_export]
        macro_rules! with_core {
            ($dollar geometry:expr, $dollar core:ident => $dollar body:expr) => {{
                let geometry: $crate::Geometry = $dollar geometry;
                match (geometry.rows(), geometry.columns()) {
                    $(($rows, $columns) => {
                        type $dollar core = $crate::core::Core<$rows, $columns, $address_bits>;
                        Ok($dollar body)
                    })*
                    _ => Err($crate::GeometryError::NotBuilt {
                        wanted: geometry,
                        built: $crate::arrays::BUILT,
                    }),
                }
            }};
        }
    };
}

arrays!($ (2, 2, 7), (4, 4, 6), (8, 4, 6), (4, 8, 5), (8, 8, 5), (16, 16, 4));
