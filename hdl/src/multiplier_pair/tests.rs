//! All operand pairs of every kind, the latency, and what is emitted.

use super::*;
use crate::emit;
use crate::testbench::{Clocked, operand};

impl Clocked for MultiplierPair {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

fn pair(kinds: [Kind; 2]) -> MultiplierPair {
    let mut pair = MultiplierPair::new(kinds[0], kinds[1]);
    pair.connect_all();
    pair
}

/// Sets the operands of a cycle and lets them settle.
fn drive(pair: &mut MultiplierPair, [left, right]: &[(i64, i64); 2]) {
    pair.left_a_in.next = operand(left.0);
    pair.left_b_in.next = operand(left.1);
    pair.right_a_in.next = operand(right.0);
    pair.right_b_in.next = operand(right.1);
    pair.settle();
}

fn outputs(pair: &MultiplierPair) -> [i64; 2] {
    [&pair.left_product_out, &pair.right_product_out].map(|product| signed_value(product.val()))
}

/// Products of operands, two by two a cycle, through the module.
fn products(kinds: [Kind; 2], operands: &[[(i64, i64); 2]]) -> Vec<[i64; 2]> {
    let mut pair = pair(kinds);
    let mut products = Vec::new();
    for operands in operands.iter().chain([&[(0, 0); 2]; LATENCY]) {
        drive(&mut pair, operands);
        products.push(outputs(&pair));
        pair.edge();
    }
    products.split_off(LATENCY)
}

fn check(kinds: [Kind; 2]) {
    let last = (1 << 18) - 1;
    let at = |n: i64| ((n >> 9) - 256, (n & 511) - 256);
    // An odd factor shuffles 2^18 pairs.
    let operands: Vec<[(i64, i64); 2]> =
        (0..=last).map(|n| [at(n), at((n * 77_773 + 12_345) & last)]).collect();
    let got = products(kinds, &operands);
    assert_eq!(got.len(), operands.len());
    for (operands, got) in operands.iter().zip(got) {
        let want = [0, 1].map(|n| {
            let (a, b) = operands[n];
            kinds[n].sees_a(a) * kinds[n].sees_b(b)
        });
        assert_eq!(got, want, "{operands:?} in {kinds:?}");
    }
}

#[test]
fn all_pairs_give_their_products() {
    check([Kind::Inferred, Kind::Rows]);
    check([Kind::SbMac16, Kind::SbMac16]);
}

#[test]
fn a_product_takes_its_latency() {
    for kind in Kind::ALL {
        let mut pair = pair([kind; 2]);
        for cycle in 0..2 * LATENCY + 2 {
            let value = if cycle == 1 { -128 } else { 0 };
            drive(&mut pair, &[(value, value); 2]);
            let want = if cycle == 1 + LATENCY { 128 * 128 } else { 0 };
            assert_eq!(outputs(&pair), [want; 2], "cycle {cycle} of {kind:?}");
            pair.edge();
        }
    }
}

#[test]
#[should_panic(expected = "an SB_MAC16 makes both products")]
fn half_a_block_is_refused() {
    MultiplierPair::new(Kind::Rows, Kind::SbMac16);
}

#[test]
fn every_kind_has_what_it_is_named_for() {
    let text = |kinds| emit::verilog(&pair(kinds), "gemmine_pair").unwrap();
    let count = |kind, what: &str| text([kind; 2]).matches(what).count();
    assert_eq!(count(Kind::Inferred, " * "), 2);
    assert_eq!(count(Kind::SbMac16, "SB_MAC16 #("), 1);
    assert_eq!(count(Kind::Mult18x18d, "MULT18X18D #("), 2);
    assert_eq!(count(Kind::Mult9x9, "MULT9X9 #("), 2);
    assert_eq!(count(Kind::PairSums, "CCU2C #("), 2 * 4 * 6);
    for kind in Kind::ALL.into_iter().filter(|&kind| kind != Kind::Inferred) {
        assert_eq!(count(kind, " * "), 0, "{kind:?}");
    }
    let mixed = text([Kind::Mult9x9, Kind::Rows]);
    assert_eq!(mixed.matches("MULT9X9 #(").count(), 1);
    assert_eq!(mixed.matches("reg [9:0] row_3_right;").count(), 1);
}
