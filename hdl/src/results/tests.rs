//! Tiles are kept where the register table says, or not at all.

use super::*;
use crate::bits::unsigned_bits;
use crate::geometry::Geometry;
use crate::registers::result_address;
use crate::testbench::{Clocked, Random};

impl<const Q: usize, const A: usize, const B: usize> Clocked for Results<Q, A, B> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

impl<const Q: usize, const A: usize, const B: usize> Results<Q, A, B> {
    /// One cycle with address and result for each column that has one. True if it says that the tile is
    /// done.
    fn cycle(&mut self, results: &[Option<(usize, u32)>; Q]) -> bool {
        for (j, result) in results.iter().enumerate() {
            self.result_valid_in[j].next = result.is_some();
        }
        for (m, pair) in results.as_chunks::<2>().0.iter().enumerate() {
            let result = pair[0].or(pair[1]);
            let (address, word) = result.unwrap_or(((1 << A) - 1, 0xdead_beef));
            self.result_address_in[m].next = unsigned_bits(address as u64);
            self.result_in[m].next = unsigned_bits(word.into());
        }
        self.settle();
        let done = self.done_out.val();
        self.edge();
        done
    }

    fn read(&mut self, address: u32) -> u32 {
        self.address_in.next = unsigned_bits(address.into());
        for _ in 0..READ_LATENCY {
            self.cycle(&[None; Q]);
            // Only the address of the first cycle counts.
            self.address_in.next = unsigned_bits(u64::from(!address) & 0x1ff);
        }
        self.settle();
        self.data_out.val().to_u32()
    }

    /// A tile's results, column j behind column j - 1, up to a number of cycles. True if it is done.
    fn tile(&mut self, geometry: Geometry, tile: &[u32], cycles: usize) -> bool {
        let mut done = false;
        // `keep_in` and `bank_in` stand from the cycle before on.
        self.cycle(&[None; Q]);
        for cycle in 0..cycles {
            assert!(!done, "a tile is done before its last result");
            let results = std::array::from_fn(|column| {
                // Two cycles a result, as the array's columns have them.
                let behind = cycle.checked_sub(column).filter(|behind| behind % 2 == 0)?;
                let address = behind / 2;
                let (row, column) = geometry.place(column, address % geometry.column_results());
                (address < geometry.column_results()).then_some((address, tile[16 * row + column]))
            });
            done = self.cycle(&results);
        }
        done
    }
}

fn tile_cycles(geometry: Geometry) -> usize {
    2 * (geometry.column_results() - 1) + geometry.columns()
}

fn check<const P: usize, const Q: usize, const A: usize, const B: usize>() {
    let geometry = Geometry::new(P, Q);
    let mut random = Random((P * Q) as u64);
    let mut results = Results::<Q, A, B>::connected();
    let mut kept = [[0; 256]; 2];
    for round in 0..12 {
        let tile: [u32; 256] = std::array::from_fn(|_| random.next() as u32);
        let (bank, keep) = (random.below(2) as usize, !random.one_in(3));
        results.bank_in.next = bank == 1;
        results.keep_in.next = keep;
        if round % 4 == 2 {
            // A tile that ends in the middle, as after a reset.
            results.keep_in.next = false;
            let cycles = random.below(tile_cycles(geometry) as u64 - 1) as usize;
            assert!(!results.tile(geometry, &tile, cycles));
            results.keep_in.next = keep;
        }
        assert!(results.tile(geometry, &tile, tile_cycles(geometry)), "{geometry} is never done");
        if keep {
            kept[bank] = tile;
        }
        for n in (0..512).filter(|n| n % 7 == round % 7 || round == 11) {
            let address = result_address(geometry, n / 256, n / 16 % 16, n % 16);
            assert_eq!(results.read(address), kept[n / 256][n % 256], "{geometry} result {n}");
        }
    }
}

#[test]
fn tiles_stand_where_the_register_table_says() {
    check::<2, 2, 7, 8>();
    check::<8, 4, 6, 7>();
    check::<4, 8, 5, 6>();
    check::<16, 16, 4, 5>();
}
