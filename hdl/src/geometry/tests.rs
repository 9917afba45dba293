//! All legal geometries, and what is refused.

use std::collections::BTreeSet;

use super::*;

const SIDES: [usize; 4] = [2, 4, 8, 16];

/// All legal geometries.
fn all() -> impl Iterator<Item = Geometry> {
    SIDES.into_iter().flat_map(|p| SIDES.into_iter().map(move |q| Geometry::new(p, q)))
}

#[test]
fn slots_and_address_bits_follow_the_sides() {
    for geometry in all() {
        let (p, q) = (geometry.rows(), geometry.columns());
        assert_eq!(geometry.pes(), p * q);
        assert_eq!(geometry.slots() * p * q, 256, "{geometry}");
        assert_eq!(geometry.column_results(), geometry.slots() * p, "{geometry}");
        assert_eq!(1 << geometry.address_bits(), geometry.column_results(), "{geometry}");
    }
    let bits = |p, q| Geometry::new(p, q).address_bits();
    assert_eq!([bits(16, 16), bits(8, 8), bits(8, 4), bits(16, 2), bits(2, 2)], [4, 5, 6, 7, 7]);
}

#[test]
fn places_cover_the_tile_once() {
    for geometry in all() {
        let columns = 0..geometry.columns();
        let addresses = || 0..geometry.column_results();
        let places = columns.flat_map(|j| addresses().map(move |n| geometry.place(j, n)));
        let places: BTreeSet<(usize, usize)> = places.collect();
        let tile = (0..TILE).flat_map(|row| (0..TILE).map(move |column| (row, column)));
        assert_eq!(places, tile.collect(), "{geometry}");
    }
}

#[test]
fn a_slot_is_a_block_of_the_tile() {
    for geometry in all() {
        let (p, q) = (geometry.rows(), geometry.columns());
        for slot in 0..geometry.slots() {
            let (row, column) = geometry.slot_origin(slot);
            assert_eq!((row % p, column % q), (0, 0), "{geometry} slot {slot}");
            for (i, j) in (0..p).flat_map(|i| (0..q).map(move |j| (i, j))) {
                assert_eq!(geometry.place(j, slot * p + i), (row + i, column + j), "{geometry}");
            }
        }
    }
    assert_eq!(Geometry::new(8, 4).slot_origin(0), (0, 0));
    assert_eq!(Geometry::new(8, 4).slot_origin(3), (0, 12));
    assert_eq!(Geometry::new(8, 4).slot_origin(4), (8, 0));
}

#[test]
fn text_goes_there_and_back() {
    for geometry in all() {
        assert_eq!(geometry.to_string().parse(), Ok(geometry));
    }
    assert_eq!(Geometry::new(8, 4).to_string(), "8x4");
}

#[test]
fn other_forms_are_refused() {
    let huge = "99999999999999999999999999x16";
    for text in
        ["", "16", "x", "x16", "16x", "16x16x16", "16X16", "8 x 4", "-2x2", "axb", "1.6x16", huge]
    {
        let error = text.parse::<Geometry>().expect_err(text);
        assert_eq!(error, GeometryError::Form(text.to_owned()));
    }
    let error = GeometryError::Form("16".to_owned());
    assert_eq!(error.to_string(), "geometry \"16\" is not of the form PxQ, such as 16x16 or 8x4");
}

#[test]
fn other_sides_are_refused() {
    let max = usize::MAX;
    for (rows, columns) in
        [(3, 4), (4, 3), (0, 16), (16, 0), (1, 2), (32, 16), (2, max), (max, max)]
    {
        let want = Err(GeometryError::Divide { rows, columns });
        assert_eq!(Geometry::try_new(rows, columns), want);
        assert_eq!(format!("{rows}x{columns}").parse::<Geometry>(), want);
    }
    let error = GeometryError::Divide { rows: 3, columns: 4 };
    assert_eq!(
        error.to_string(),
        "geometry 3x4 does not divide a 16x16 tile; P and Q are 2, 4, 8 or 16"
    );
}

#[test]
fn arrays_that_are_not_built_name_those_that_are() {
    const BUILT: &[Geometry] = &[Geometry::new(2, 2), Geometry::new(8, 4)];
    let error = GeometryError::NotBuilt { wanted: Geometry::new(16, 2), built: BUILT };
    assert_eq!(error.to_string(), "no 16x2 array is built into this program; it has 2x2, 8x4");
}

#[test]
#[should_panic(expected = "P and Q are 2, 4, 8 or 16")]
fn illegal_sides_panic() {
    let _ = Geometry::new(3, 4);
}
