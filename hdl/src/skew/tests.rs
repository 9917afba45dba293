//! Every lane against its delay.

use expect_test::expect_file;

use super::*;
use crate::bits::signed_value;
use crate::testbench::{Clocked, Picture, Random, number, operand, space};

impl<const N: usize> Clocked for Skew<N> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

impl<const N: usize> Skew<N> {
    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, lanes: [i64; N]) {
        for (port, value) in self.lane_in.iter_mut().zip(lanes) {
            port.next = operand(value);
        }
        self.settle();
    }
}

/// Lane i is what went in i cycles ago.
fn check<const N: usize>() {
    let mut random = Random(N as u64);
    let inputs: Vec<[i64; N]> =
        (0..300).map(|_| std::array::from_fn(|_| random.operand())).collect();
    let mut skew = Skew::<N>::connected();
    for (cycle, &lanes) in inputs.iter().enumerate() {
        skew.drive(lanes);
        for (lane, port) in skew.lane_out.iter().enumerate() {
            let want = cycle.checked_sub(lane).map_or(0, |then| inputs[then][lane]);
            assert_eq!(signed_value(port.val()), want, "lane {lane} of {N} in cycle {cycle}");
        }
        skew.edge();
    }
}

#[test]
fn every_lane_has_its_delay() {
    check::<2>();
    check::<4>();
    check::<8>();
    check::<16>();
}

#[test]
fn picture() {
    let caption = "Four lanes, four steps: 10 11 12 13, then 20 21 22 23, and so on.";
    let mut picture = Picture::new(caption, 0);
    let mut skew = Skew::<4>::connected();
    for cycle in 0..8 {
        let step = 10 * (cycle + 1);
        let lanes = if cycle < 4 { [step, step + 1, step + 2, step + 3] } else { [0; 4] };
        skew.drive(lanes);
        let input = |lane: usize| number(skew.lane_in[lane].val());
        let output = |lane: usize| number(skew.lane_out[lane].val());
        picture.cycle([
            ("lane_in[0]", input(0)),
            ("lane_in[1]", input(1)),
            ("lane_in[2]", input(2)),
            ("lane_in[3]", input(3)),
            space(),
            ("lane_out[0]", output(0)),
            ("lane_out[1]", output(1)),
            ("lane_out[2]", output(2)),
            ("lane_out[3]", output(3)),
        ]);
        skew.edge();
    }
    expect_file!["../../timing/skew.txt"].assert_eq(&picture.draw());
}
