//! All operand pairs, and the latency.

use super::*;
use crate::testbench::{Clocked, operand};

impl Clocked for Multiplier {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Products of the pairs, one a cycle, through the module.
fn products(pairs: impl Iterator<Item = (i64, i64)>) -> Vec<i64> {
    let mut multiplier = Multiplier::connected();
    let mut products = Vec::new();
    for (a, b) in pairs.chain([(0, 0); LATENCY]) {
        multiplier.a_in.next = operand(a);
        multiplier.b_in.next = operand(b);
        multiplier.settle();
        products.push(signed_value(multiplier.product_out.val()));
        multiplier.edge();
    }
    products.split_off(LATENCY)
}

#[test]
fn all_pairs_give_their_products() {
    let pairs = || (-256..256).flat_map(|a| (-256..256).map(move |b| (a, b)));
    let want: Vec<i64> = pairs().map(|(a, b)| a * b).collect();
    assert!(products(pairs()) == want, "some product is wrong");
}

#[test]
fn a_product_takes_its_latency() {
    let mut multiplier = Multiplier::connected();
    for cycle in 0..2 * LATENCY + 2 {
        let value = if cycle == 1 { -128 } else { 0 };
        multiplier.a_in.next = operand(value);
        multiplier.b_in.next = operand(value);
        multiplier.settle();
        let want = if cycle == 1 + LATENCY { 128 * 128 } else { 0 };
        assert_eq!(signed_value(multiplier.product_out.val()), want, "cycle {cycle}");
        multiplier.edge();
    }
}
