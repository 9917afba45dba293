//! Rates that change, rates that differ, resets and watchdogs: model and Verilated device in lockstep.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, Request};
use gemmine_hdl::registers as map;
use gemmine_hdl::uart_tx::baud_increment;
use gemmine_sim::board::{BoardConfig, CLOCK_HZ, Stop};

use super::host::{Host, Tile};
use super::pair::Pair;
use crate::stimulus::Random;

fn host(geometry: Geometry, first_baud: u32) -> Host {
    Host::new(Pair::new(BoardConfig { first_baud, ..BoardConfig::new(geometry) }))
}

/// A word for BAUD_SET: a rate that works, or one that does not.
fn rate(random: &mut Random) -> (u32, Option<u32>) {
    match random.below(6) {
        0 => ([0, 1 << 23, (1 << 24) + 12_345, (1 << 25) - 1][random.below(4) as usize], None),
        _ => {
            let baud = 1_000_000 + random.below(11_000_000) as u32;
            (baud_increment(baud.into(), CLOCK_HZ.into()).unwrap(), Some(baud))
        }
    }
}

#[test]
fn whatever_the_rates_are_the_garbage_is_the_same() {
    let first_baud = 6_000_000;
    let mut random = Random(31);
    let mut host = host(Geometry::new(8, 8), first_baud);
    host.rest();
    let (mut answered, mut fell_back) = (0, 0);
    let rounds = if std::env::var_os("GEMMINE_LONG").is_some() { 4000 } else { 160 };
    for round in 0..rounds {
        let sequence = host.sequence;
        let write = |address, data: &[u32]| {
            let (opcode, count) = (Opcode::Write, data.len() as u16);
            Request { sequence, opcode, count, address, data: data.to_vec() }
        };
        let (word, baud) = rate(&mut random);
        let request = match random.below(6) {
            0 | 1 => write(map::BAUD_SET, &[word]),
            2 => write(map::WATCHDOG, &[random.below(3) as u32]),
            3 => write(map::DESCRIPTORS, &[sequence.into(), 0, 63, (random.below(3) as u32) << 16]),
            _ => Request { sequence, opcode: Opcode::Read, count: 38, address: 0, data: vec![] },
        };
        host.send(&request);
        match random.below(5) {
            0 => drop(host.run(1 + random.below(200), Stop::Never)),
            1 => drop(host.run(150_000, Stop::Never)),
            _ => drop(host.run(30_000, Stop::AtRest)),
        }
        if request.address == map::BAUD_SET && random.below(3) > 0 {
            host.board.set_host_baud(baud.unwrap_or(first_baud)).unwrap();
        }
        if random.below(8) == 0 {
            let slower = first_baud * (90 + random.below(20) as u32) / 100;
            host.board.set_host_baud(slower).unwrap();
        }
        for response in host.responses.drain(..) {
            host.sequence = response.expected;
            answered += 1;
        }
        if round % 40 == 39 {
            // Damage at the first rate until it listens there again, or its watchdog has.
            host.board.set_host_baud(first_baud).unwrap();
            host.board.send(&[1, 0].repeat(40)).unwrap();
            host.run(200_000, Stop::Never);
            host.bytes.clear();
            host.damaged = 0;
            host.responses.clear();
            let sync = host.request(Opcode::Sync, 7, 0, &[]);
            host.send(&sync);
            host.run(50_000, Stop::Never);
            if let Some(response) = host.responses.drain(..).next_back() {
                host.sequence = response.expected;
                fell_back += 1;
            }
        }
    }
    assert!(
        answered > rounds / 8 && fell_back > rounds / 100,
        "{answered} answers, {fell_back} of {} times back",
        rounds / 40
    );
}

#[test]
fn a_reset_may_come_at_any_moment() {
    let mut random = Random(32);
    let mut host = host(Geometry::new(16, 16), 12_000_000);
    host.write_job(0, &[3; 32], &[0x80; 32]);
    let mut seen = [0; 4];
    for round in 0..60 {
        let tile = |tag, want_tile| Tile {
            tag,
            chunk_steps: 64,
            chunks: 1 + tag as usize % 3,
            tail_steps: if tag % 2 == 0 { 0 } else { 64 },
            want_tile,
            ..Tile::default()
        };
        let words: Vec<u32> = (0..4).flat_map(|n| tile(round + n, n % 2 == 0).words()).collect();
        let push = host.request(Opcode::Write, map::DESCRIPTORS, 16, &words);
        host.send(&push);
        let reset = host.request(Opcode::Write, map::RESET, 1, &[1]);
        let read = host.request(Opcode::Read, 0, 38, &[]);
        // The moment of the reset's word moves by a cycle or some from round to round.
        host.run(2_000 + 37 * u64::from(round) + random.below(30), Stop::Never);
        host.send(&reset);
        host.run(600, Stop::Never);
        host.send(&read);
        host.run(4_000, Stop::Never);
        let data = host.responses.drain(..).next_back().unwrap().data;
        let register = |address: u32| data[address as usize];
        assert_eq!(register(map::STATUS), 1, "round {round}");
        assert_eq!(register(map::COMMITS), 0);
        seen[(register(map::TILES_LOW) % 4) as usize] += 1;
        // And the next tile is as good as the first.
        host.write(map::DESCRIPTORS, &tile(round, true).words());
        let completion = host.completion(0);
        assert_eq!((completion.tag, completion.bank), (round, Some(0)));
        host.product(0);
        host.write(map::RESET, &[0]);
    }
    assert!(seen.iter().all(|&count| count > 3), "{seen:?}");
}

#[test]
fn a_silent_host_loses_its_work_and_its_rate() {
    let mut host = host(Geometry::new(4, 4), 4_000_000);
    let faster = 12_000_000;
    let increment = baud_increment(faster, CLOCK_HZ.into()).unwrap();
    host.write(map::BAUD_SET, &[increment]);
    host.board.set_host_baud(faster as u32).unwrap();
    host.write(map::WATCHDOG, &[2]);
    host.push(&Tile { chunk_steps: 64, chunks: 1, fences: [1, 0], ..Tile::default() });
    host.run(130_000, Stop::Never);
    assert_eq!(host.register(map::STATUS) >> 16, 1, "outstanding");
    host.run(132_000, Stop::Never);
    host.board.set_host_baud(4_000_000).unwrap();
    assert_eq!(host.register(map::STATUS), 1);
    assert_eq!(host.register(map::ERROR), 4);
    host.write(map::ERROR_CLEAR, &[0]);
    assert_eq!(host.register(map::ERROR), 0);
    // Without work there is nothing to drop.
    host.run(300_000, Stop::Never);
    assert_eq!(host.register(map::ERROR), 0);
}
