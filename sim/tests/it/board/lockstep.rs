//! Model and Verilated device, byte by byte and cycle by cycle.

use gemmine_hdl::Geometry;
use gemmine_hdl::devices::PANEL_WORD_BITS;
use gemmine_hdl::frame::{Opcode, PAYLOAD_WORDS_MAX, Request};
use gemmine_hdl::registers as map;
use gemmine_sim::board::{BoardConfig, Stop};

use super::host::{Host, Tile};
use super::mining::check_tiles;
use super::pair::Pair;
use crate::stimulus::Random;

fn pair(geometry: Geometry, first_baud: u32) -> Pair {
    Pair::new(BoardConfig { first_baud, ..BoardConfig::new(geometry) })
}

#[test]
fn tiles_come_in_the_same_cycles() {
    let mut random = Random(21);
    for (geometry, baud) in [(Geometry::new(4, 4), 4_000_000), (Geometry::new(8, 4), 12_000_000)] {
        check_tiles(&mut random, pair(geometry, baud));
    }
}

/// A request that may well make sense, to anywhere that matters.
fn request(random: &mut Random, expected: u8) -> Request {
    let sequence = match random.below(8) {
        0 => random.next() as u8,
        1 => expected.wrapping_sub(1),
        _ => expected,
    };
    let opcode = [Opcode::Sync, Opcode::Read, Opcode::Write, Opcode::Write, Opcode::Write]
        [random.below(5) as usize];
    let address = match random.below(12) {
        0 => random.next() as u32 & 0xf_ffff,
        1 => map::RESULTS + random.below(512) as u32,
        2 => map::COMPLETIONS + random.below(256) as u32,
        3 | 4 => map::JOBS + random.below(64) as u32,
        5 | 6 => map::DESCRIPTORS + random.below(64) as u32,
        7 => map::PANELS_A + random.below(1 << 16) as u32,
        8 => map::COMMIT,
        9 => [map::POP, map::RELEASE, map::ERROR_CLEAR][random.below(3) as usize],
        _ => random.below(50) as u32,
    };
    let length = match random.below(4) {
        0 => 1 + random.below(PAYLOAD_WORDS_MAX as u64) as usize,
        _ => 1 + random.below(6) as usize,
    };
    // Descriptors only on purpose: one of random words may run for minutes.
    let length = match address {
        0..map::DESCRIPTORS => length.min((map::DESCRIPTORS - address) as usize),
        _ => length,
    };
    let forbidden = [map::BAUD_SET, map::RESET, map::WATCHDOG];
    let touches = |at: u32| (address..address + length as u32).contains(&at);
    let mut data = Vec::new();
    if opcode == Opcode::Write && !forbidden.into_iter().any(touches) {
        let word = |random: &mut Random| match random.below(3) {
            0 => random.below(4) as u32,
            _ => random.next() as u32,
        };
        data = (0..length).map(|_| word(random)).collect();
        if (map::DESCRIPTORS..map::JOBS).contains(&address) {
            data = descriptors(random);
            return Request {
                sequence,
                opcode,
                count: data.len() as u16,
                address: map::DESCRIPTORS,
                data,
            };
        }
    }
    let count = match (opcode, random.below(16)) {
        (_, 0) => random.below(300) as u16,
        (Opcode::Write, _) => data.len() as u16,
        _ => length as u16,
    };
    Request { sequence, opcode, count, address, data }
}

/// Descriptors of short tiles.
pub fn descriptors(random: &mut Random) -> Vec<u32> {
    let tile = |random: &mut Random| Tile {
        tag: random.next() as u32,
        first_words: [random.below(64) as u16, random.below(64) as u16],
        chunk_steps: 64 + random.below(12) as usize,
        chunks: 1 + random.below(3) as usize,
        tail_steps: if random.below(3) == 0 { 64 } else { 0 },
        unsigned_a: random.below(2) == 0,
        want_tile: random.below(3) == 0,
        scan: false,
        // Means nothing without a scan.
        noise: random.below(2) == 0,
        job: random.below(4) as u32,
        fences: [random.below(3) as u8, random.below(3) as u8],
    };
    let count = 1 + random.below(3);
    (0..count).flat_map(|_| tile(random).words()).collect()
}

/// Boards, and requests to each: all of them and ten times as many where GEMMINE_LONG is set.
fn sessions() -> (Vec<(Geometry, u32)>, u32) {
    let boards = [
        (Geometry::new(16, 16), 12_000_000),
        (Geometry::new(8, 8), 6_000_000),
        (Geometry::new(4, 8), 12_000_000),
        (Geometry::new(2, 2), 12_000_000),
        (Geometry::new(4, 4), 4_000_000),
        (Geometry::new(8, 4), 12_000_000),
    ];
    match std::env::var_os("GEMMINE_LONG") {
        Some(_) => (boards.to_vec(), 6000),
        None => (boards[1..3].to_vec(), 300),
    }
}

#[test]
fn whatever_is_sent_is_answered_in_the_same_cycles() {
    let (boards, requests) = sessions();
    for (seed, (geometry, baud)) in (1..).zip(boards) {
        let mut random = Random(seed);
        let mut host = Host::new(pair(geometry, baud));
        host.rest();
        let mut statuses = [0; 4];
        for _ in 0..requests {
            let expected = host.sequence;
            let request = request(&mut random, expected);
            let mut line = request.encode();
            match random.below(30) {
                0 => line[3] ^= 1 << random.below(8),
                1 => line.truncate(random.below(line.len() as u64) as usize),
                2 => line.insert(0, random.next() as u8),
                3 => line.insert(0, 0),
                _ => {}
            }
            println!("{request:x?}");
            host.board.send(&line).unwrap();
            match random.below(4) {
                0 => drop(host.rest()),
                1 => drop(host.run(1 + random.below(3000), Stop::Never)),
                2 => drop(host.run(1 + random.below(3000), Stop::AtRest)),
                _ => {}
            }
            for response in host.responses.drain(..) {
                host.sequence = response.expected;
                statuses[response.status as usize] += 1;
            }
        }
        host.rest();
        assert!(statuses.iter().all(|&count| count > 2), "{statuses:?}");
    }
}

/// A frame may end in any cycle of a response that is being made, the one behind its last word included.
#[test]
fn frames_may_end_in_any_cycle_of_a_response() {
    let baud = 12_000_000;
    let mut host = Host::new(pair(Geometry::new(4, 8), baud));
    let bit = u64::from(host.board.description().config.clock_hz / baud);
    // A frame of no data takes as long as some seventy words.
    for count in 60..80 {
        for gap in 0..4 {
            let make = |opcode, sequence| {
                Request { sequence, opcode, count, address: 0, data: vec![] }.encode()
            };
            let read = make(Opcode::Read, host.sequence);
            host.board.send(&read).unwrap();
            host.run(read.len() as u64 * 10 * bit + gap, Stop::Never);
            host.board.send(&make(Opcode::Sync, 7)).unwrap();
            host.rest();
            let answers: Vec<usize> = host.responses.drain(..).map(|it| it.data.len()).collect();
            assert_eq!(answers.first(), Some(&usize::from(count)), "{count} words, {gap} cycles");
            host.sequence = host.sequence.wrapping_add(1);
        }
    }
}

/// How many of some arrays run random programs, and how many of these: all of them and a thousand where GEMMINE_LONG is
/// set.
fn programs(arrays: usize) -> (usize, u64) {
    if std::env::var_os("GEMMINE_LONG").is_some() { (arrays, 1000) } else { (3, 12) }
}

/// A program drops what the one before left, at whatever it was, loads panels and jobs, pushes tiles, is
/// disturbed, and ends when the board rests; then all completions, the counters and a product are read.
/// The pair compares every byte and its cycle.
#[test]
fn random_programs_complete_in_the_same_cycles() {
    let deep = PANEL_WORD_BITS as u32;
    let arrays = [
        // Lanes so short that they share memories.
        (Geometry::new(4, 4), 5, 12_000_000),
        (Geometry::new(8, 4), 7, 12_000_000),
        (Geometry::new(8, 8), deep, 6_000_000),
        (Geometry::new(16, 16), deep, 12_000_000),
        (Geometry::new(4, 8), deep, 12_000_000),
        (Geometry::new(2, 2), deep, 12_000_000),
    ];
    let (mut tiles, mut resets) = (0, 0);
    let (count, programs) = programs(arrays.len());
    for (n, (geometry, panel_word_bits, first_baud)) in arrays.into_iter().enumerate().take(count) {
        let mut random = Random(100 + n as u64);
        let config = BoardConfig { first_baud, panel_word_bits, ..BoardConfig::new(geometry) };
        let mut host = Host::new(Pair::new(config));
        host.rest();
        for _ in 0..programs / count as u64 {
            host.write(map::RESET, &[0]);
            let words: Vec<u32> = (0..64).map(|_| random.next() as u32).collect();
            host.write(map::JOBS, &words);
            for window in [map::PANELS_A, map::PANELS_B] {
                let words: Vec<u32> = (0..128).map(|_| random.next() as u32).collect();
                host.write(window + random.below(1 << 14) as u32, &words);
            }
            for _ in 0..1 + random.below(5) {
                match random.below(8) {
                    0 => drop(host.run(1 + random.below(3000), Stop::Never)),
                    1 => host.write(map::COMMIT, &[random.below(4) as u32 * 0x101]),
                    2 => {
                        let mut line = request(&mut random, host.sequence).encode();
                        let place = random.below(line.len() as u64) as usize;
                        line[place] ^= 1 << random.below(8);
                        line.push(0);
                        host.board.send(&line).unwrap();
                        host.run(40_000, Stop::Never);
                        host.responses.clear();
                    }
                    3 if random.below(4) == 0 => {
                        host.write(map::RESET, &[0]);
                        resets += 1;
                    }
                    _ => host.write(map::DESCRIPTORS, &descriptors(&mut random)),
                }
            }
            host.write(map::COMMIT, &[0x0202]);
            host.rest();
            let waiting = host.register(map::STATUS) >> 8 & 0xff;
            tiles += waiting;
            for first in [0, 64, 128, 192] {
                host.read(map::COMPLETIONS + first, 64);
            }
            let most = PAYLOAD_WORDS_MAX as u16;
            host.read(map::RESULTS + random.below(384) as u32, most);
            host.read(0, 38);
        }
        println!("{geometry}, lanes of 2^{panel_word_bits} words: {tiles} tiles so far");
    }
    println!(
        "{} programs, {tiles} tiles complete at their ends, {resets} resets on the way",
        programs
    );
    assert!(u64::from(tiles) > programs, "{tiles} tiles");
}
