//! The ticket against the rule in a few plain lines, and its comparison at and around the bound.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl<const L: usize> Clocked for Ticket<L> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

pub(crate) type Words = [u32; 8];

/// The rule: fold register and keyed hash.
pub(crate) fn rule(key: &Words, folds: &[u32]) -> Words {
    let mut register = [0u32; 16];
    for (c, fold) in folds.iter().enumerate() {
        register[c % 16] = register[c % 16].rotate_left(13) ^ fold;
    }
    let key: Vec<u8> = key.iter().flat_map(|word| word.to_le_bytes()).collect();
    let message: Vec<u8> = register.iter().flat_map(|word| word.to_le_bytes()).collect();
    let hash = ::blake3::keyed_hash(&key.try_into().unwrap(), &message);
    let words = hash.as_bytes().as_chunks::<4>().0;
    std::array::from_fn(|i| u32::from_le_bytes(words[i]))
}

fn set(ports: &mut [Signal<In, Bits<32>>; 8], words: &Words) {
    for (port, &word) in ports.iter_mut().zip(words) {
        port.next = unsigned_bits(word.into());
    }
}

/// One cycle with a fold word, or without.
fn cycle<const L: usize>(module: &mut Ticket<L>, fold: Option<(u32, bool)>) {
    module.fold_valid_in.next = fold.is_some();
    // Without a fold word the other inputs are anything.
    let (word, end) = fold.unwrap_or((0x5a5a_5a5a, true));
    module.fold_in.next = unsigned_bits(word.into());
    module.tile_end_in.next = end;
    module.settle();
    module.edge();
}

/// Sends a tile's fold words and waits for its ticket.
fn run<const L: usize>(module: &mut Ticket<L>, folds: &[u32]) -> (Words, bool) {
    for (n, &fold) in folds.iter().enumerate() {
        cycle(module, Some((fold, n + 1 == folds.len())));
        assert!(!module.valid_out.val());
        cycle(module, None);
    }
    // The last call was one cycle behind the last fold word.
    for behind in 2..400 {
        module.settle();
        if module.valid_out.val() {
            assert_eq!(behind, latency(L, folds.len()), "{} chunks", folds.len());
            let ticket = std::array::from_fn(|i| module.ticket_out[i].val().to_u32());
            return (ticket, module.hit_out.val());
        }
        assert!(module.busy_out.val());
        cycle(module, None);
    }
    panic!("no ticket");
}

fn neighbours(ticket: &Words) -> Vec<(Words, bool)> {
    let mut bounds = vec![(*ticket, true), ([u32::MAX; 8], true), ([0; 8], false)];
    for i in 0..8 {
        let mut more = *ticket;
        more[i] = more[i].wrapping_add(1);
        bounds.push((more, more[i] > ticket[i]));
        let mut less = *ticket;
        less[i] = less[i].wrapping_sub(1);
        bounds.push((less, less[i] > ticket[i]));
        // Word i decides, whatever the lower ones say.
        let mut mixed = more;
        mixed[..i].fill(0);
        bounds.push((mixed, more[i] > ticket[i]));
        let mut mixed = less;
        mixed[..i].fill(u32::MAX);
        bounds.push((mixed, less[i] > ticket[i]));
    }
    bounds
}

fn check<const L: usize>() {
    let mut module = Ticket::<L>::connected();
    let mut random = Random(L as u64);
    for chunks in [16, 1, 17, 31, 32, 48] {
        let folds: Vec<u32> = (0..chunks).map(|_| random.next() as u32).collect();
        let key: Words = std::array::from_fn(|_| random.next() as u32);
        set(&mut module.key_in, &key);
        let want = rule(&key, &folds);
        let bounds = neighbours(&want);
        let some = if chunks == 17 { bounds.len() } else { 3 };
        for (bound, hit) in &bounds[..some] {
            set(&mut module.bound_in, bound);
            assert_eq!(run(&mut module, &folds), (want, *hit), "bound {bound:x?}");
        }
    }
}

#[test]
fn tickets_and_hits_with_one_lane() {
    check::<1>();
}

#[test]
fn tickets_and_hits_with_four_lanes() {
    check::<4>();
}

#[test]
fn tickets_and_hits_with_eight_lanes() {
    check::<8>();
}

fn check_resets<const L: usize>() {
    let mut module = Ticket::<L>::connected();
    set(&mut module.bound_in, &[u32::MAX; 8]);
    let folds: Vec<u32> = (1..=18).collect();
    let want = rule(&[0; 8], &folds);
    for reset_at in 0..18 + latency(L, 18) {
        for n in 0..=reset_at {
            module.reset_in.next = n == reset_at;
            cycle(&mut module, folds.get(n).map(|&fold| (fold, n == 17)));
        }
        module.reset_in.next = false;
        module.fold_valid_in.next = false;
        module.settle();
        assert!(!module.busy_out.val() && !module.valid_out.val(), "reset in cycle {reset_at}");
        assert_eq!(run(&mut module, &folds), (want, true), "reset in cycle {reset_at}");
    }
}

#[test]
fn a_reset_in_every_cycle_leaves_nothing_behind() {
    check_resets::<4>();
}

#[test]
fn a_reset_in_every_cycle_leaves_nothing_behind_with_eight_lanes() {
    check_resets::<8>();
}
