//! Pieces of a job: which tickets a device is to make, and what has not been given to any.
//!
//! A job has no end: behind one *pass* (a product's tiles under one nonce, or the nonces of one upper half) comes the
//! next. So a piece is a few numbers, and whoever works on it makes what it needs of them.

use std::collections::VecDeque;

use gemmine_driver::Rectangle;

/// Some of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which pass, from 0 on.
    pub pass: u64,
    /// What of it.
    pub part: Part,
}

/// Some of a pass's tickets. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Tiles of a product.
    Tiles(Rectangle),
    /// Attempts: lowest words of nonces.
    Nonces {
        /// The first.
        first: u32,
        /// How many, so that none is above 2^32 - 1.
        count: u32,
    },
}

/// One ticket of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A tile, by panels of 16 rows and columns.
    Tile {
        /// Row panel.
        row: u32,
        /// Column panel.
        column: u32,
    },
    /// An attempt, by its nonce's lowest word.
    Nonce(u32),
}

impl Piece {
    /// How many tickets it has.
    pub fn tickets(&self) -> u64 {
        match self.part {
            Part::Tiles(tiles) => tiles.tiles(),
            Part::Nonces { count, .. } => count.into(),
        }
    }

    /// Its ticket with such a number, in the order in which they are made.
    pub fn place(&self, number: u32) -> Place {
        match self.part {
            Part::Tiles(tiles) => Place::Tile {
                row: tiles.row + number / tiles.columns,
                column: tiles.column + number % tiles.columns,
            },
            Part::Nonces { first, .. } => Place::Nonce(first + number),
        }
    }

    /// Whether a ticket is one of its own.
    pub fn has(&self, place: Place) -> bool {
        match (self.part, place) {
            (Part::Tiles(tiles), Place::Tile { row, column }) => {
                (tiles.row..tiles.row + tiles.rows).contains(&row)
                    && (tiles.column..tiles.column + tiles.columns).contains(&column)
            }
            (Part::Nonces { first, count }, Place::Nonce(nonce)) => {
                nonce >= first && nonce - first < count
            }
            _ => false,
        }
    }

    /// Its first tickets, at most so many, and the rest.
    pub fn cut(self, most: u32) -> (Self, Vec<Self>) {
        let with = |part| Self { part, ..self };
        match self.part {
            Part::Tiles(tiles) => {
                let (first, left) = tiles.cut(most);
                (with(Part::Tiles(first)), left.map(|left| with(Part::Tiles(left))).collect())
            }
            Part::Nonces { count, .. } => {
                let made = count.min(most.max(1));
                (self.first(made), self.behind(made))
            }
        }
    }

    /// What is behind its first tickets.
    pub fn behind(self, made: u32) -> Vec<Self> {
        let with = |part| Self { part, ..self };
        match self.part {
            Part::Tiles(tiles) => tiles.behind(made).map(|left| with(Part::Tiles(left))).collect(),
            Part::Nonces { count, .. } if made >= count => Vec::new(),
            Part::Nonces { first, count } => {
                vec![with(Part::Nonces { first: first + made, count: count - made })]
            }
        }
    }

    /// Only of nonces.
    fn first(self, made: u32) -> Self {
        match self.part {
            Part::Nonces { first, .. } => {
                Self { part: Part::Nonces { first, count: made }, ..self }
            }
            Part::Tiles(_) => self,
        }
    }
}

/// What of a job has not been given away.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// A whole pass.
    whole: Part,
    next_pass: u64,
    /// Next ones first.
    todo: VecDeque<Piece>,
}

impl Cursor {
    /// Begins with a pass; `whole` is all of one.
    pub fn new(whole: Part, pass: u64) -> Self {
        Self { whole, next_pass: pass, todo: VecDeque::new() }
    }

    /// The first pass of which nothing has been taken.
    pub fn next_pass(&self) -> u64 {
        self.next_pass
    }

    /// The next so many tickets, or a few less where what is left of a row or a pass is shorter.
    pub fn take(&mut self, most: u32) -> Piece {
        let next = self.todo.pop_front().unwrap_or_else(|| {
            let pass = self.next_pass;
            self.next_pass += 1;
            Piece { pass, part: self.whole }
        });
        let (piece, left) = next.cut(most);
        left.into_iter().rev().for_each(|left| self.todo.push_front(left));
        piece
    }

    /// Gives back what nobody has made: it is the next to be taken.
    pub fn give_back(&mut self, pieces: Vec<Piece>) {
        pieces.into_iter().rev().for_each(|piece| self.todo.push_front(piece));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Takes pieces of many sizes, gives parts of some back, and wants every ticket of the first passes once.
    fn check(whole: Part, per_pass: u64) {
        let mut cursor = Cursor::new(whole, 5);
        let mut made = HashSet::new();
        for turn in 0_u32..400 {
            let piece = cursor.take(1 + turn * 7 % 23);
            assert!(piece.tickets() >= 1 && piece.tickets() <= u64::from(1 + turn * 7 % 23));
            // Some devices make a part, some nothing.
            let done =
                if turn % 3 == 0 { piece.tickets() as u32 / 2 } else { piece.tickets() as u32 };
            for number in 0..done {
                let place = piece.place(number);
                assert!(piece.has(place));
                assert!(made.insert((piece.pass, place)), "{piece:?} {place:?} twice");
            }
            cursor.give_back(piece.behind(done));
        }
        let last = made.iter().map(|(pass, _)| *pass).max().unwrap();
        assert!(last > 6);
        let of = |pass| made.iter().filter(|(of, _)| *of == pass).count() as u64;
        assert!((5..last).all(|pass| of(pass) == per_pass));
    }

    #[test]
    fn every_ticket_is_given_away_once() {
        let tiles = Rectangle { row: 0, column: 0, rows: 7, columns: 9 };
        check(Part::Tiles(tiles), 63);
        check(Part::Nonces { first: u32::MAX - 99, count: 100 }, 100);
    }

    #[test]
    fn a_place_outside_is_not_its_own() {
        let part = Part::Tiles(Rectangle { row: 2, column: 3, rows: 1, columns: 2 });
        let piece = Piece { pass: 0, part };
        let tile = |row, column| piece.has(Place::Tile { row, column });
        assert!(tile(2, 3) && tile(2, 4));
        assert!(!tile(2, 5) && !tile(1, 3) && !tile(3, 3) && !piece.has(Place::Nonce(2)));
        let piece = Piece { pass: 0, part: Part::Nonces { first: u32::MAX, count: 1 } };
        assert!(piece.has(Place::Nonce(u32::MAX)) && !piece.has(Place::Nonce(0)));
    }
}
