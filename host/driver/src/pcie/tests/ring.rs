//! Both rings over bare memory.

use std::sync::atomic::{AtomicU32, Ordering};

use gemmine_hdl::dma_registers::{IMMEDIATE, KIND_NOTIFY, READ, WRITE};

use super::super::ring::{Command, CommandRing, CompletionRing};

fn memory(bytes: usize) -> Vec<AtomicU32> {
    (0..bytes / 4).map(|_| AtomicU32::new(0)).collect()
}

fn commands(size: u32) -> CommandRing<Vec<AtomicU32>> {
    CommandRing::new(memory(CommandRing::<Vec<AtomicU32>>::bytes(size)), size)
}

fn words(ring: &CommandRing<Vec<AtomicU32>>, slot: usize) -> [u32; 8] {
    std::array::from_fn(|n| ring.memory()[8 * slot + n].load(Ordering::Relaxed))
}

#[test]
fn commands_are_laid_as_the_table_says() {
    let mut ring = commands(4);
    assert!(ring.push(&Command::write(0x8_0123, 300, 0x12_3456_7890).notify(0xabcd)));
    assert!(ring.push(&Command::read(0x4_0000, 256, 64)));
    assert!(ring.push(&Command::immediate(11, &[7, 8])));
    assert_eq!(words(&ring, 0), [0xabcd_0080 | WRITE, 0x8_0123, 300, 0, 0x3456_7890, 0x12, 0, 0]);
    assert_eq!(words(&ring, 1), [READ, 0x4_0000, 256, 0, 64, 0, 0, 0]);
    assert_eq!(words(&ring, 2), [IMMEDIATE, 11, 2, 0, 7, 8, 0, 0]);
    assert_eq!((ring.doorbell(), ring.doorbell()), (Some(3), None));
}

#[test]
fn a_full_ring_takes_nothing_and_indices_count_freely() {
    let mut ring = commands(4);
    let mut head = 0_u16;
    // Several times around the index.
    for n in 0..9000_u32 {
        let batch = n % 17;
        for word in 0..batch.min(16) {
            assert!(ring.push(&Command::immediate(0, &[word])));
        }
        if batch == 16 {
            assert!(!ring.push(&Command::immediate(0, &[99])));
        }
        let told = ring.doorbell();
        assert_eq!(told.is_some(), batch > 0);
        head = head.wrapping_add(batch as u16);
        assert_eq!(told.unwrap_or(head), head);
        assert_eq!(ring.outstanding(), batch as usize);
        assert_eq!(ring.finished(head).unwrap(), batch as u16);
        assert_eq!(ring.room(), 16);
    }
    // What was not rung can't be done, nor can what was done be undone.
    assert!(ring.push(&Command::immediate(0, &[1])));
    for wrong in [head.wrapping_add(1), head.wrapping_sub(1)] {
        let error = ring.finished(wrong).unwrap_err().to_string();
        assert!(error.contains("is not between"), "{error}");
    }
}

#[test]
fn entries_may_tell_of_less_than_a_register_did_and_never_go_back() {
    let mut ring = commands(4);
    // Several times around the index.
    for round in 0..5000_u16 {
        let first = round.wrapping_mul(16);
        for _ in 0..16 {
            assert!(ring.push(&Command::immediate(0, &[1])));
        }
        ring.doorbell();
        assert_eq!(ring.entered(first.wrapping_add(2)).unwrap(), 2);
        assert_eq!(ring.finished(first.wrapping_add(9)).unwrap(), 7);
        // Written before the register was read.
        assert_eq!(ring.entered(first.wrapping_add(5)).unwrap(), 0);
        assert_eq!(ring.entered(first.wrapping_add(5)).unwrap(), 0);
        for wrong in [first.wrapping_add(4), first.wrapping_add(17), first.wrapping_sub(1000)] {
            let error = ring.entered(wrong).unwrap_err().to_string();
            assert!(error.contains("is not between"), "{error}");
        }
        assert!(ring.finished(first.wrapping_add(8)).is_err(), "what was done is undone");
        assert_eq!(ring.outstanding(), 7);
        assert_eq!(ring.entered(first.wrapping_add(12)).unwrap(), 3);
        assert_eq!(ring.finished(first.wrapping_add(16)).unwrap(), 4);
        assert_eq!(ring.entered(first.wrapping_add(16)).unwrap(), 0);
    }
}

#[test]
fn entries_come_in_sequence_or_not_at_all() {
    let bytes = CompletionRing::<Vec<AtomicU32>>::bytes(4);
    let mut ring = CompletionRing::new(memory(bytes), 4);
    let mut told = 0;
    for n in 0..1000_u32 {
        assert_eq!(ring.poll().unwrap(), None);
        let put = |ring: &CompletionRing<Vec<AtomicU32>>, word: usize, value| {
            let place = 16 * (n as usize % 16) + word;
            ring.memory()[place].store(value, Ordering::Release);
        };
        put(&ring, 13, n & 0xffff);
        put(&ring, 14, KIND_NOTIFY << 24 | 5);
        assert_eq!(ring.poll().unwrap(), None);
        if n == 700 {
            for wrong in [n, n + 2, 1 << 31] {
                put(&ring, 15, wrong);
                let error = ring.poll().unwrap_err().to_string();
                assert!(error.contains(&format!("entry 700 has sequence {wrong}")), "{error}");
            }
        }
        put(&ring, 15, n + 1);
        let entry = ring.poll().unwrap().unwrap();
        assert_eq!((entry.kind(), entry.tag(), entry.command_head()), (KIND_NOTIFY, n as u16, 5));
        if let Some(head) = ring.consumed() {
            assert_eq!(u32::from(head), n + 1);
            assert_eq!(n + 1 - told, 4);
            told = n + 1;
        }
    }
    ring.clear();
    assert_eq!(ring.poll().unwrap(), None);
}
