//! The ticket against the rule in a few plain lines, and its comparison at and around the bound.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for Ticket {
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

/// One cycle with a fold word, or without.
fn cycle(module: &mut Ticket, fold: Option<(u32, bool)>) {
    module.fold_valid_in.next = fold.is_some();
    // Without a fold word the other inputs are anything.
    let (word, end) = fold.unwrap_or((0x5a5a_5a5a, true));
    module.fold_in.next = unsigned_bits(word.into());
    module.tile_end_in.next = end;
    module.settle();
    module.edge();
}

/// Loads a job, a word a cycle.
fn load(module: &mut Ticket, key: &Words, bound: &Words) {
    let words: Vec<u32> = key.iter().chain(bound).copied().collect();
    for now in 0..words.len() + LOAD_OFFSET + 4 {
        module.load_in.next = now < words.len();
        module.load_place_in.next = unsigned_bits(now as u64 & 15);
        let word = now.checked_sub(LOAD_OFFSET).and_then(|n| words.get(n));
        module.load_word_in.next = unsigned_bits(word.copied().unwrap_or(0xdead_beef).into());
        cycle(module, None);
    }
}

/// The words of the ticket.
fn read(module: &mut Ticket) -> Words {
    let mut words = [0; 8];
    for now in 0..words.len() + READ_LATENCY {
        module.read_in.next = now < words.len();
        module.word_in.next = unsigned_bits(now as u64 & 7);
        module.settle();
        if let Some(n) = now.checked_sub(READ_LATENCY) {
            words[n] = module.ticket_out.val().to_u32();
        }
        cycle(module, None);
    }
    words
}

/// Sends a tile's fold words and waits for its ticket.
fn run(module: &mut Ticket, folds: &[u32]) -> (Words, bool) {
    for (n, &fold) in folds.iter().enumerate() {
        for _ in 0..FOLD_CYCLES {
            cycle(module, None);
            assert!(!module.valid_out.val());
        }
        cycle(module, Some((fold, n + 1 == folds.len())));
    }
    for behind in 1..LATENCY + 2 {
        module.settle();
        if module.valid_out.val() {
            assert_eq!(behind, LATENCY, "{} chunks", folds.len());
            let hit = module.hit_out.val();
            cycle(module, None);
            module.settle();
            assert!(!module.busy_out.val() && !module.valid_out.val());
            return (read(module), hit);
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

#[test]
fn tickets_and_hits() {
    let mut module = Ticket::connected();
    let random = &mut Random(1);
    for chunks in [16, 1, 17, 15, 31, 32, 48] {
        let folds: Vec<u32> = (0..chunks).map(|_| random.next() as u32).collect();
        let key: Words = std::array::from_fn(|_| random.next() as u32);
        let want = rule(&key, &folds);
        let bounds = neighbours(&want);
        let some = if chunks == 1 { bounds.len() } else { 3 };
        for (bound, hit) in &bounds[..some] {
            load(&mut module, &key, bound);
            assert_eq!(run(&mut module, &folds), (want, *hit), "bound {bound:x?}");
        }
    }
}

/// The next tile's fold words come while the ticket is on its way.
#[test]
fn the_next_tile_may_fold_at_once() {
    let mut module = Ticket::connected();
    let random = &mut Random(2);
    let key: Words = std::array::from_fn(|_| random.next() as u32);
    // At every distance to the cycles that the program leaves to the fold register.
    for late in 0..program::FOLD_PERIOD + 2 {
        load(&mut module, &key, &[0; 8]);
        let folds: [u32; 20] = std::array::from_fn(|_| random.next() as u32);
        let next: [u32; 18] = std::array::from_fn(|_| random.next() as u32);
        for (n, &fold) in folds.iter().enumerate() {
            cycle(&mut module, Some((fold, n == 19)));
            (1..FOLD_CYCLES).for_each(|_| cycle(&mut module, None));
        }
        (0..late).for_each(|_| cycle(&mut module, None));
        for &fold in &next[..8] {
            cycle(&mut module, Some((fold, false)));
            (1..FOLD_CYCLES).for_each(|_| cycle(&mut module, None));
        }
        (0..LATENCY - 9 * FOLD_CYCLES).for_each(|_| cycle(&mut module, None));
        // One more, just before the ticket is read.
        cycle(&mut module, Some((next[8], false)));
        assert_eq!(read(&mut module), rule(&key, &folds));
        load(&mut module, &key, &[0; 8]);
        (0..FOLD_CYCLES).for_each(|_| cycle(&mut module, None));
        assert_eq!(run(&mut module, &next[9..]), (rule(&key, &next), false));
    }
}

/// Loads words and compresses; then copies what came of it to the bound's places, and reads it there.
fn compress(module: &mut Ticket, words: &[(u64, u32)], parameters: [u32; 4]) -> Words {
    let run = words.len() - 2;
    for now in 0..run + RUN_LATENCY {
        module.load_in.next = now < words.len();
        let place = words.get(now).map_or(15, |(place, _)| *place);
        module.load_place_in.next = unsigned_bits(place);
        module.run_in.next = now == run;
        let loaded = now.checked_sub(LOAD_OFFSET).and_then(|n| words.get(n)).map(|word| word.1);
        let taken = now.checked_sub(run + RUN_OFFSET).and_then(|n| parameters.get(n));
        let word = loaded.or(taken.copied()).unwrap_or(0xdead_beef);
        module.load_word_in.next = unsigned_bits(word.into());
        module.settle();
        assert!(!module.valid_out.val());
        cycle(module, None);
    }
    module.settle();
    assert!(module.valid_out.val());
    for now in 0..8 {
        (module.load_in.next, module.copy_in.next) = (true, true);
        module.load_place_in.next = unsigned_bits(now + 8);
        module.word_in.next = unsigned_bits(now);
        cycle(module, None);
    }
    (module.load_in.next, module.copy_in.next) = (false, false);
    module.bound_in.next = true;
    let copied = read(module);
    module.bound_in.next = false;
    assert_eq!(copied, read(module));
    copied
}

/// A keyed hash's stream, anywhere: it has any chaining value, counter and length.
#[test]
fn compressions() {
    let mut module = Ticket::connected();
    let random = &mut Random(3);
    for bytes in [64, 48, 0, 1, 64] {
        let mut message = [0; 64];
        message[..bytes].fill_with(|| random.next() as u8);
        let key: [u8; 32] = std::array::from_fn(|_| random.next() as u8);
        let counter = random.below(1 << 58);
        let mut hash = [0; 32];
        let mut stream = ::blake3::Hasher::new_keyed(&key).update(&message[..bytes]).finalize_xof();
        stream.set_position(64 * counter);
        stream.fill(&mut hash);
        let words = |bytes: &[u8]| -> Vec<u32> {
            bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
        };
        // The chaining value is loaded last, up to the cycle behind that of `run_in`.
        let message = (16..).zip(words(&message));
        let loads: Vec<(u64, u32)> = message.chain((0..).zip(words(&key))).collect();
        let parameters = [counter as u32, (counter >> 32) as u32, bytes as u32, 0x1b];
        assert_eq!(compress(&mut module, &loads, parameters)[..], words(&hash)[..]);

        // Of this, nothing is left for a tile.
        let (key, fold): (Words, u32) = ([random.next() as u32; 8], random.next() as u32);
        let want = rule(&key, &[fold]);
        load(&mut module, &key, &want);
        assert_eq!(run(&mut module, &[fold]), (want, true));
    }
}

#[test]
fn a_reset_leaves_nothing_behind() {
    let mut module = Ticket::connected();
    let folds: Vec<u32> = (1..=18).collect();
    let want = rule(&[7; 8], &folds);
    let last = 17 * FOLD_CYCLES;
    let resets = (0..=last + LATENCY).filter(|at| {
        at % 101 == 0 || (last - 3..last + 20).contains(at) || at + 12 > last + LATENCY
    });
    for reset_at in resets {
        for n in 0..=reset_at {
            module.reset_in.next = n == reset_at;
            let due = n % FOLD_CYCLES == 0;
            let fold = folds.get(n / FOLD_CYCLES).filter(|_| due);
            cycle(&mut module, fold.map(|&fold| (fold, n == last)));
        }
        module.reset_in.next = false;
        module.fold_valid_in.next = false;
        module.settle();
        assert!(!module.busy_out.val() && !module.valid_out.val(), "reset in cycle {reset_at}");
        load(&mut module, &[7; 8], &[u32::MAX; 8]);
        assert_eq!(run(&mut module, &folds), (want, true), "reset in cycle {reset_at}");
    }
}
