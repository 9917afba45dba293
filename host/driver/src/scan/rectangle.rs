//! Which tiles a scan walks: a rectangle of the product's tiles, and what is left of one.

/// Tiles next to each other, by panels of 16 rows and columns. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// First row panel.
    pub row: u32,
    /// First column panel.
    pub column: u32,
    /// Row panels.
    pub rows: u32,
    /// Column panels.
    pub columns: u32,
}

impl Rectangle {
    /// How many tiles it has.
    pub fn tiles(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }

    /// Cuts off what a scan of at most so many tiles walks first: whole rows, or a part of one that is longer.
    /// What is left of it comes behind.
    pub fn cut(self, most: u32) -> (Self, impl DoubleEndedIterator<Item = Self>) {
        let most = most.max(1);
        let first = if self.columns > most {
            Self { rows: 1, columns: most, ..self }
        } else {
            Self { rows: self.rows.min(most / self.columns), ..self }
        };
        // At most so many.
        (first, self.behind(first.tiles() as u32))
    }

    /// What is behind its first tiles, walked row by row: the rest of a row, and the rows below.
    pub fn behind(self, done: u32) -> impl DoubleEndedIterator<Item = Self> {
        let (rows, part) = (done / self.columns, done % self.columns);
        let rest = (part > 0).then(|| Self {
            row: self.row + rows,
            column: self.column + part,
            rows: 1,
            columns: self.columns - part,
        });
        let walked = rows + u32::from(part > 0);
        let below = Self { row: self.row + walked, rows: self.rows.saturating_sub(walked), ..self };
        rest.into_iter().chain((below.rows > 0).then_some(below))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use super::*;

    #[test]
    fn every_tile_is_walked_once_whatever_the_cuts_and_ends() {
        let whole = Rectangle { row: 3, column: 5, rows: 7, columns: 9 };
        for most in [1, 2, 4, 9, 10, 27, 62, 63, 64, 65_536] {
            for early in 1..=7 {
                let mut todo = VecDeque::from([whole]);
                let mut walked = BTreeSet::new();
                while let Some(next) = todo.pop_front() {
                    let (scan, left) = next.cut(most);
                    assert!(scan.tiles() <= u64::from(most), "{scan:?} of {most}");
                    assert!(scan.rows == 1 || scan.columns == next.columns);
                    left.rev().for_each(|left| todo.push_front(left));
                    // A hit ends some scans early.
                    let made = scan.tiles().min(early) as u32;
                    for tile in 0..made {
                        let place =
                            (scan.row + tile / scan.columns, scan.column + tile % scan.columns);
                        assert!(walked.insert(place), "{place:?} twice");
                    }
                    scan.behind(made).rev().for_each(|left| todo.push_front(left));
                }
                assert_eq!(walked.len() as u64, whole.tiles());
                let corners = (walked.first().copied(), walked.last().copied());
                assert_eq!(corners, (Some((3, 5)), Some((9, 13))));
            }
        }
    }

    #[test]
    fn whole_rows_are_cut_where_they_fit() {
        let whole = Rectangle { row: 0, column: 0, rows: 63, columns: 512 };
        let (scan, left) = whole.cut(2900);
        assert_eq!(scan, Rectangle { rows: 5, ..whole });
        assert!(left.eq([Rectangle { row: 5, rows: 58, ..whole }]));
        let (scan, left) = whole.cut(100);
        assert_eq!(scan, Rectangle { rows: 1, columns: 100, ..whole });
        let rest = Rectangle { column: 100, rows: 1, columns: 412, ..whole };
        assert!(left.eq([rest, Rectangle { row: 1, rows: 62, ..whole }]));
        let (scan, mut left) = whole.cut(65_536);
        assert_eq!((scan, left.next()), (whole, None));
    }
}
