//! Blocks of random elements, one behind the other.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl<const N: usize> Clocked for Transposer<N> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

fn check<const N: usize>() {
    let mut random = Random(61);
    let mut transposer = Transposer::<N>::connected();
    // By cycle.
    let mut rows: Vec<[u64; 4]> = Vec::new();
    for cycle in 0..400 {
        let row = std::array::from_fn(|_| random.next() & (u64::MAX >> (64 - N)));
        rows.push(row);
        transposer.phase_in.next = unsigned_bits(cycle % 4);
        for (port, element) in transposer.row_in.iter_mut().zip(row) {
            port.next = unsigned_bits(element);
        }
        transposer.settle();
        if let Some(then) = (cycle as usize).checked_sub(LATENCY) {
            let (block, column) = (then / 4 * 4, then % 4);
            let want: [u64; 4] = std::array::from_fn(|i| rows[block + i][column]);
            let got = std::array::from_fn(|i| transposer.column_out[i].val().to_u64());
            assert_eq!(got, want, "column {column} of the block at {block}");
        }
        transposer.edge();
    }
}

#[test]
fn columns_come_behind_rows() {
    check::<1>();
    check::<6>();
    check::<7>();
}
