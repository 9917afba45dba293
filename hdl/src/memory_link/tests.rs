//! The link as the host sees it: commands, entries, errors, resets, against a plain function.

mod bench;
mod picture;

use bench::{Bench, COMMAND_RING, Manner, QUICK};

use crate::command_fetch::DECODE_LATENCY;
use crate::completion_engine::{COPY_LATENCY, SAY_LATENCY};
use crate::dma_registers as map;
use crate::dma_registers::DmaError;
use crate::registers::{PANELS_A, RESET};
use crate::testbench::Random;

/// Slow at random, on every channel.
const SLOW: Manner = Manner { latency: 20, spread: 60, once_in: 2, fails_in: 0 };

fn command(opcode: u32, notify: Option<u32>, bus: u32, words: u32, host: u64) -> [u32; 8] {
    let head = opcode | notify.map_or(0, |tag| tag << 16 | 1 << 7);
    [head, bus, words, 0, host as u32, (host >> 32) as u32, 0, 0]
}

fn immediate(notify: Option<u32>, bus: u32, payload: &[u32]) -> [u32; 8] {
    let mut entry = command(map::IMMEDIATE, notify, bus, payload.len() as u32, 0);
    entry[4..4 + payload.len()].copy_from_slice(payload);
    entry
}

fn notified(entry: [u32; 16], tag: u32) {
    assert_eq!(entry[14] >> 24, map::KIND_NOTIFY, "{entry:x?}");
    assert_eq!(entry[13], tag);
    assert!(entry[..13].iter().all(|&word| word == 0));
}

#[test]
fn a_write_an_immediate_and_a_read() {
    let mut bench = Bench::new(1, QUICK);
    let host = 0x7_0000_0038;
    for n in 0..75_u64 {
        bench.memory.insert(host + 4 * n, 0x100 + n as u32);
    }
    bench.put(command(map::WRITE, None, PANELS_A + 3, 75, host));
    bench.put(immediate(None, PANELS_A + 78, &[7, 8, 9]));
    bench.put(command(map::READ, Some(0xabcd), PANELS_A + 2, 79, 0x9_0000_0ff8));
    bench.ring();
    let entry = bench.wait();
    notified(entry, 0xabcd);
    assert_eq!(entry[14] & 0xffff, 3, "the head behind all three");
    let want: Vec<u32> = std::iter::once(0).chain(0x100..0x14b).chain([7, 8, 9]).collect();
    let got = (0..79).map(|n| bench.memory.get(&(0x9_0000_0ff8 + 4 * n)).copied().unwrap());
    assert_eq!(got.collect::<Vec<_>>(), want);
    assert!(!bench.memory.contains_key(&(0x9_0000_0ff8 + 4 * 79)), "the last half is left out");
    bench.rest();
    assert_eq!(bench.read(map::COMMAND_HEAD), 3);
    assert_eq!(bench.read(map::COMMANDS), 3);
    assert_eq!(bench.read(map::COMPLETION_TAIL), 1);
    assert_eq!(bench.read(map::DMA_STATUS), 0);
    // Three commands, and 75 words in 38 beats; 79 words and an entry.
    assert_eq!(bench.read(map::DMA_READ_BYTES), 3 * 32 + 38 * 8);
    assert_eq!(bench.read(map::DMA_WRITE_BYTES), 4 * 79 + 64);
    assert_eq!((bench.interrupts, bench.read(map::INTERRUPTS)), (1, 1));
    assert_eq!(bench.read(map::DMA_ID), map::DMA_ID_VALUE);
}

/// A command at random, and what it does to words of the bus and of the host by the rules.
fn anything(random: &mut Random, tag: u32) -> [u32; 8] {
    let notify = random.one_in(3).then_some(tag);
    let bus = PANELS_A + random.below(200) as u32;
    let most = if random.one_in(4) { 150 } else { 9 };
    let words = 1 + random.below(most) as u32;
    let host = 0x5_ffff_ff00 + 8 * random.below(100);
    match random.below(3) {
        0 => command(map::WRITE, notify, bus, words, host),
        // Nothing that is read back is moved in again: a WRITE may have been read before.
        1 => command(map::READ, notify, bus, words, host + 0x10_0000),
        _ => {
            let payload: Vec<u32> = (0..1 + words % 4).map(|_| random.next() as u32).collect();
            immediate(notify, bus, &payload)
        }
    }
}

#[test]
fn commands_are_carried_out_in_order_whatever_the_host_does() {
    for manner in [QUICK, SLOW, Manner { once_in: 5, ..SLOW }] {
        let mut random = Random(manner.once_in);
        let mut bench = Bench::new(7, manner);
        for n in 0..500_u64 {
            bench.memory.insert(0x5_ffff_ff00 + 4 * n, random.next() as u32);
        }
        bench.write(map::INTERRUPT_MODERATION, 3 << 16 | 20);
        let (mut bus, mut memory) = (bench.bus.clone(), bench.memory.clone());
        let mut tags = Vec::new();
        let mut entries = Vec::new();
        for tag in 0..60 {
            let entry = anything(&mut random, tag);
            let host = u64::from(entry[4]) | u64::from(entry[5]) << 32;
            for n in 0..entry[2] {
                let (place, far) = (entry[1] + n, host + 4 * u64::from(n));
                if entry[0] & 15 == map::READ {
                    memory.insert(far, bus.get(&place).copied().unwrap_or(0));
                } else {
                    let moves = entry[0] & 15 == map::WRITE;
                    bus.insert(place, if moves { memory[&far] } else { entry[4 + n as usize] });
                }
            }
            tags.extend((entry[0] & 1 << 7 != 0).then_some(tag));
            bench.put(entry);
            if random.one_in(3) {
                bench.ring();
            }
            if random.one_in(2) {
                bench.waiting.push_back(std::array::from_fn(|n| tag << 8 | n as u32));
            }
            // Never more commands than the ring holds, nor completions than the queue.
            while bench.tail - bench.read(map::COMMAND_HEAD) > 12 || bench.waiting.len() > 14 {
                bench.ring();
                entries.extend(std::iter::from_fn(|| bench.entry()));
                bench.write(map::COMPLETION_HEAD, bench.seen);
            }
        }
        bench.ring();
        while bench.read(map::COMMAND_HEAD) != bench.tail || !bench.waiting.is_empty() {
            entries.extend(std::iter::from_fn(|| bench.entry()));
            bench.write(map::COMPLETION_HEAD, bench.seen);
        }
        bench.rest();
        entries.extend(std::iter::from_fn(|| bench.entry()));
        assert_eq!(bench.bus, bus);
        let ours = |memory: &std::collections::BTreeMap<u64, u32>| -> Vec<(u64, u32)> {
            let range = 0x5_0000_0000..0x7_0000_0000;
            memory.range(range).map(|(&address, &word)| (address, word)).collect()
        };
        assert_eq!(ours(&bench.memory), ours(&memory));
        let kind = |kind: u32| entries.iter().filter(move |entry| entry[14] >> 24 == kind);
        assert_eq!(kind(map::KIND_NOTIFY).map(|entry| entry[13]).collect::<Vec<_>>(), tags);
        for entry in kind(map::KIND_COMPLETION) {
            let completion = map::completion_of(entry);
            let tag = completion[0] >> 8;
            for n in (0..5).chain(8..16) {
                assert_eq!(completion[n], tag << 8 | n as u32, "{entry:x?}");
            }
        }
        assert!(kind(map::KIND_COMPLETION).count() > 10 && tags.len() > 10);
        assert_eq!(bench.underflows, 0);
        assert!(bench.interrupts > 0 && bench.interrupts < entries.len());
        assert_eq!(bench.read(map::INTERRUPT_CONTROL), map::INTERRUPT_ENABLE, "all is announced");
    }
}

#[test]
fn what_is_wrong_halts() {
    let far = 0x1000;
    let cases = [
        (command(0, None, 0, 1, far), DmaError::Opcode),
        (command(4, None, 0, 1, far), DmaError::Opcode),
        (command(map::WRITE, None, 0, 0, far), DmaError::Range),
        (command(map::READ, None, 0, 1, far + 4), DmaError::Range),
        (command(map::WRITE, None, 1 << 20, 1, far), DmaError::Range),
        (command(map::WRITE, None, PANELS_A - 1, 2, far), DmaError::Range),
        (command(map::READ, None, 0, 1 << 18, far), DmaError::Range),
        (immediate(None, (1 << 20) - 3, &[1, 2, 3, 4]), DmaError::Range),
        (command(map::IMMEDIATE, None, 0, 5, 0), DmaError::Range),
    ];
    let mut bench = Bench::new(3, Manner { spread: 9, ..QUICK });
    for (wrong, error) in cases {
        bench.put(immediate(None, 500, &[1]));
        bench.put(wrong);
        bench.put(immediate(None, 501, &[1]));
        bench.ring();
        let entry = bench.wait();
        assert_eq!(entry[14], map::KIND_HALTED << 24 | 1, "{wrong:x?}: {entry:x?}");
        assert_eq!(DmaError::of_status(entry[0]), Some(error), "{wrong:x?}: {entry:x?}");
        bench.rest();
        assert_eq!(bench.bus.get(&501), None, "carried out behind {wrong:x?}");
        let status = bench.read(map::DMA_STATUS);
        assert_eq!((DmaError::of_status(status), status >> 16), (Some(error), 1));
        assert_eq!(bench.read(map::COMMAND_HEAD), 1);
        assert_eq!(bench.interrupts, 1, "{wrong:x?}");
        bench.interrupts = 0;
        bench.set_up();
        assert_eq!(bench.read(map::DMA_STATUS), 0);
        assert_eq!(bench.read(map::COMMAND_HEAD), 0);
    }
    // What is just right is carried out.
    bench.put(immediate(None, (1 << 20) - 4, &[1, 2, 3, 4]));
    bench.put(command(map::READ, Some(5), PANELS_A - 2, 2, far));
    bench.ring();
    let entry = bench.wait();
    notified(entry, 5);
    assert_eq!(bench.bus[&((1 << 20) - 1)], 4);
}

#[test]
fn a_host_that_does_not_answer_halts() {
    let failing = Manner { fails_in: 1, ..QUICK };
    for (entry, commands, error, told) in [
        // The command itself.
        (immediate(None, 0, &[1]), false, DmaError::Read, false),
        (command(map::WRITE, None, PANELS_A, 40, 0x1000), true, DmaError::Read, true),
        (command(map::READ, None, PANELS_A, 40, 0x1000), true, DmaError::Write, false),
    ] {
        let mut bench = Bench::new(4, QUICK);
        bench.put(entry);
        bench.put(immediate(None, 501, &[1]));
        bench.manner = if commands { QUICK } else { failing };
        bench.ring();
        // Behind the fetch of the two commands, all fails for a while.
        for _ in 0..12 {
            bench.step();
        }
        bench.manner = failing;
        for _ in 0..400 {
            bench.step();
        }
        bench.manner = QUICK;
        bench.rest();
        let status = bench.read(map::DMA_STATUS);
        assert_eq!(DmaError::of_status(status), Some(error), "{entry:x?}: {status:x}");
        assert_eq!(bench.bus.get(&501), None);
        assert_eq!(bench.interrupts, 1, "{entry:x?}");
        if told {
            assert!(bench.read(map::COMPLETION_TAIL) <= 1);
        }
        bench.set_up();
        bench.put(immediate(Some(9), 501, &[1]));
        bench.ring();
        notified(bench.wait(), 9);
    }
}

#[test]
fn a_full_ring_makes_the_device_wait() {
    let mut bench = Bench::new(5, Manner { spread: 5, ..QUICK });
    for n in 0..16 {
        bench.put(immediate(Some(n), 600, &[n]));
    }
    bench.ring();
    bench.rest();
    bench.waiting.push_back([77; 16]);
    for _ in 0..4 {
        bench.put(immediate(Some(16), 600, &[16]));
    }
    bench.ring();
    bench.rest();
    assert_eq!(bench.read(map::COMPLETION_TAIL), 16, "as many as the ring holds");
    assert_eq!(bench.waiting.len(), 1, "the completion stays where it is");
    for n in 0..16 {
        notified(bench.wait(), n);
    }
    assert_eq!(bench.entry(), None);
    bench.write(map::COMPLETION_HEAD, 16);
    bench.rest();
    let entries: Vec<[u32; 16]> = std::iter::from_fn(|| bench.entry()).collect();
    assert_eq!(entries.len(), 5);
    assert_eq!(entries.iter().filter(|entry| entry[0] == 77).count(), 1);
    assert!(bench.waiting.is_empty());
    assert_eq!(bench.read(map::COMMAND_HEAD), 20);
}

#[test]
fn a_reset_in_the_middle_leaves_nothing_behind() {
    let mut copied = 0;
    for cycles in 0..50 {
        let mut bench = Bench::new(cycles, Manner { latency: 30, spread: 40, ..QUICK });
        bench.put(command(map::WRITE, Some(1), PANELS_A, 60, 0x2000));
        bench.put(command(map::READ, Some(2), PANELS_A, 60, 0x3000));
        bench.put(immediate(Some(3), 7, &[1]));
        bench.waiting.push_back([9; 16]);
        bench.ring();
        for _ in 0..7 * cycles {
            bench.step();
        }
        let left = bench.waiting.len();
        bench.set_up();
        bench.put(immediate(Some(4), 8, &[5]));
        bench.ring();
        bench.rest();
        assert_eq!(bench.bus[&8], 5);
        let entries: Vec<[u32; 16]> = std::iter::from_fn(|| bench.entry()).collect();
        let (copies, others): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry[14] >> 24 == map::KIND_COMPLETION);
        assert_eq!(others.len(), 1, "reset after {}", 7 * cycles);
        notified(others[0], 4);
        // What was not popped before is copied anew.
        assert!(copies.len() <= left && bench.waiting.is_empty());
        copied += copies.len();
        assert_eq!(bench.underflows, 0);
    }
    assert!(copied > 0 && copied < 50, "{copied}: before and behind the copy");
}

#[test]
fn a_reset_of_the_accelerator_pops_nothing() {
    for cycles in 0..40 {
        let mut bench = Bench::new(cycles, QUICK);
        for n in 0..3 {
            bench.waiting.push_back([n; 16]);
        }
        for _ in 0..cycles {
            bench.step();
        }
        bench.write(RESET, 1);
        bench.rest();
        assert!(bench.waiting.is_empty());
        assert_eq!(bench.underflows, 0, "RESET after {cycles} cycles");
        // The next one stands in entry 0 again.
        let seen = std::iter::from_fn(|| bench.entry()).count();
        assert!(seen <= 3);
        bench.waiting.push_back([0x55; 16]);
        assert_eq!(map::completion_of(&bench.wait())[8], 0x55);
    }
}

#[test]
fn without_run_nothing_begins() {
    let mut bench = Bench::new(6, QUICK);
    bench.write(map::DMA_CONTROL, 0);
    bench.put(immediate(Some(1), 9, &[3]));
    bench.ring();
    bench.waiting.push_back([1; 16]);
    bench.rest();
    assert_eq!((bench.waiting.len(), bench.bus.len()), (1, 0));
    assert_eq!(bench.read(map::DMA_STATUS), 0);
    // The host can read and pop by itself, as over a line.
    assert_eq!(bench.read(256), 1);
    bench.write(map::DMA_CONTROL, map::CONTROL_RUN);
    bench.wait();
    bench.wait();
    assert_eq!(bench.bus[&9], 3);
    const { assert!(COMMAND_RING.is_multiple_of(64)) };
}

#[test]
fn latencies_are_as_documented() {
    let mut bench = Bench::new(8, QUICK);
    bench.put(immediate(Some(1), 9, &[3]));
    bench.ring();
    let (mut beat, mut valid, mut granted, mut ends) = (0, None, Vec::new(), Vec::new());
    let mut before = [false; 2];
    for _ in 0..200 {
        bench.step();
        let link = &bench.link;
        let cycle = bench.cycle;
        if link.reader.command_valid_out.val() {
            beat = cycle;
        }
        if link.fetch.valid_out.val() && valid.is_none() {
            valid = Some(cycle);
            bench.waiting.push_back([1; 16]);
        }
        let now = [link.completions.granted_in.val(), link.completions.end_out.val()];
        granted.extend((now[0] && !before[0]).then_some(cycle));
        ends.extend((now[1] && !before[1]).then_some(cycle));
        before = now;
    }
    assert_eq!(valid.map(|valid| valid - beat), Some(DECODE_LATENCY));
    let first = bench.wait()[14] >> 24;
    let mut latencies = [ends[0] - granted[0], ends[1] - granted[1]];
    if first == map::KIND_NOTIFY {
        latencies.reverse();
    }
    assert_eq!(latencies, [COPY_LATENCY, SAY_LATENCY]);
}
