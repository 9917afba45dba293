//! Scans: the device grows operands of Amadeus, attempt after attempt. Golden function, model and Verilated RTL.

use gemmine_hdl::Geometry;
use gemmine_hdl::balance::{Balance, Limit};
use gemmine_hdl::registers as map;
use gemmine_pouw::amadeus::{
    Attempts, K, Midstate, NONCE_AT, SEED_BYTES, Seed, Solution, seeded_product, verify_solution,
};
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{BoardConfig, Stop};

use super::host::{Completion, Host, Tile};
use super::pair::Pair;
use crate::stimulus::Random;

/// Steps of a chunk.
const CHUNK: usize = 64;

/// A scan's work.
#[derive(Clone, Debug)]
pub struct Scan {
    seed: [u8; SEED_BYTES],
    first: u32,
    attempts: u32,
    bits: u32,
    chunks: usize,
}

impl Scan {
    pub fn random(random: &mut Random, chunks: usize) -> Self {
        Self {
            seed: std::array::from_fn(|_| random.next() as u8),
            // Nonces that carry, and that wrap.
            first: [random.next() as u32, 0xffff_fffe, 0xff][random.below(3) as usize],
            attempts: 1 + random.below(6) as u32,
            bits: random.below(6) as u32,
            chunks,
        }
    }

    fn solution(&self, nonce: u32) -> Solution {
        let mut seed = self.seed;
        seed[NONCE_AT..][..4].copy_from_slice(&nonce.to_le_bytes());
        Solution::new(&seed, seeded_product(&seed, CHUNK * self.chunks))
    }

    /// The words of its two job slots.
    pub fn words(&self) -> [u32; 32] {
        let midstate = Midstate::of(&self.seed).with_nonce(self.first);
        let mut words = [0; 32];
        words[..16].copy_from_slice(&midstate.message);
        words[16..20].copy_from_slice(&midstate.start());
        words[20..28].copy_from_slice(&midstate.cv);
        let mask = !(u64::MAX.checked_shr(self.bits).unwrap_or(0));
        let [a, b, c, d, e, f, g, h] = mask.to_be_bytes();
        words[28] = u32::from_le_bytes([a, b, c, d]);
        words[29] = u32::from_le_bytes([e, f, g, h]);
        words[30] = self.attempts - 1;
        words
    }

    pub fn tile(&self, tag: u32, job: u32, fences: [u8; 2]) -> Tile {
        Tile {
            tag,
            chunk_steps: CHUNK,
            chunks: self.chunks,
            unsigned_a: true,
            scan: true,
            job,
            fences,
            ..Tile::default()
        }
    }

    /// How it ends: the last attempt's number, and whether it and the one before are hits.
    fn end(&self) -> (u32, bool, bool) {
        let hits = |n: u32| self.solution(self.first.wrapping_add(n)).bits() >= self.bits;
        let mut before = false;
        for n in 0..self.attempts {
            let hit = hits(n);
            if before || n + 1 == self.attempts {
                return (n, hit, before);
            }
            before = hit;
        }
        unreachable!("a scan has an attempt")
    }

    pub fn assert_ends(&self, completion: &Completion) {
        let (last, hit, hit_before) = self.end();
        let nonce = self.first.wrapping_add(last);
        assert_eq!(completion.nonce, nonce);
        assert_eq!(completion.ticket, self.solution(nonce).hash);
        assert_eq!((completion.hit, completion.hit_before), (hit, hit_before));
        assert_eq!(completion.bank, None);
    }
}

fn host(geometry: Geometry, panel_word_bits: u32, engines: u32) -> Host {
    let config = BoardConfig {
        first_baud: 12_000_000,
        panel_word_bits,
        engines,
        ..BoardConfig::new(geometry)
    };
    let mut host = Host::new(Pair::new(config));
    host.rest();
    host
}

/// A panel of one chunk a side.
fn write_panels(host: &mut Host, panels: [u8; 2]) {
    for (side, panel) in panels.into_iter().enumerate() {
        let lane = |lane: u8| (0..64).map(|step| panel ^ lane ^ step).collect();
        host.write_panel(side, 0, &std::array::from_fn(|n| lane(n as u8)));
    }
}

/// Boards and how many programs each runs: thirty times as many where GEMMINE_LONG is set.
fn boards() -> (Vec<(Geometry, u32, u32)>, u32) {
    let boards = vec![
        // A ring of two chunks; one that engines keep full; one that they don't.
        (Geometry::new(4, 4), 5, 1),
        (Geometry::new(8, 8), 9, 3),
        (Geometry::new(16, 16), 11, 5),
    ];
    (boards, if std::env::var_os("GEMMINE_LONG").is_some() { 60 } else { 2 })
}

#[test]
fn scans_find_what_the_golden_function_finds_in_the_same_cycles() {
    let (boards, programs) = boards();
    for (seed, (geometry, word_bits, engines)) in (300..).zip(boards) {
        let mut random = Random(seed);
        let mut host = host(geometry, word_bits, engines);
        assert_eq!(host.register(map::GEOMETRY) >> 16 & 0xff, engines);
        assert_eq!(host.register(map::PROTOCOLS), 1 << 16 | 1 << 3);
        let (mut hits, mut attempts) = (0, 0);
        for program in 0..programs {
            let chunks = 1 + random.below(9) as usize;
            let scans = [(); 2].map(|()| Scan::random(&mut random, chunks));
            for (scan, slot) in scans.iter().zip([0, 2]) {
                host.write(map::JOBS + slot * map::JOB_WORDS, &scan.words());
            }
            // Tiles in front of the scans, and one behind, whose panels come later.
            let mut descriptors = Vec::new();
            let tiles = random.below(3) as u32;
            let panels = [0, 1].map(|_| random.next() as u8);
            let fences = [1; 2];
            host.write(map::RESET, &[0]);
            write_panels(&mut host, panels);
            host.write(map::COMMIT, &[0x0101]);
            let plain = |tag, fences| Tile {
                tag,
                chunk_steps: CHUNK,
                chunks: 1,
                want_tile: tag % 2 == 0,
                job: 1,
                fences,
                ..Tile::default()
            };
            descriptors.extend((0..tiles).flat_map(|tag| plain(tag, fences).words()));
            // A number of slot that is odd means the pair as well.
            descriptors.extend(scans[0].tile(100, program % 2, fences).words());
            descriptors.extend(scans[1].tile(101, 2, fences).words());
            let behind = fences.map(|fence| fence + 1);
            descriptors.extend(plain(7, behind).words());
            host.write(map::DESCRIPTORS, &descriptors);
            host.rest();
            for (nth, scan) in (tiles..).zip(&scans) {
                let completion = host.completion(nth);
                scan.assert_ends(&completion);
                hits += u32::from(completion.hit) + u32::from(completion.hit_before);
                attempts += scan.end().0 + 1;
            }
            write_panels(&mut host, panels);
            host.write(map::COMMIT, &[0x0101]);
            host.rest();
            assert_eq!(host.register(map::STATUS) >> 8 & 0xff, tiles + 3);
            let kept = (0..tiles).filter(|tag| tag % 2 == 0).count() as u32;
            host.write(map::RELEASE, &[kept]);
            host.write(map::POP, &[tiles + 3]);
            // All counters, in both.
            host.read(0, 38);
            assert!(host.counter(map::HITS_LOW) >= u64::from(hits));
        }
        println!("{geometry}, {engines} engines: {attempts} attempts, {hits} hits");
        assert!(hits > 0);
    }
}

#[test]
fn a_reset_in_a_scan_leaves_nothing_behind() {
    let mut random = Random(310);
    let mut host = host(Geometry::new(8, 4), 7, 2);
    for _ in 0..8 {
        let scan = Scan { attempts: 6, bits: 30, ..Scan::random(&mut random, 5) };
        host.write(map::JOBS, &scan.words());
        host.write(map::DESCRIPTORS, &scan.tile(5, 0, [0; 2]).words());
        host.run(random.below(25_000), Stop::Never);
        host.write(map::RESET, &[0]);
        let scan = Scan { attempts: 2, ..Scan::random(&mut random, 3) };
        host.write(map::JOBS + 2 * map::JOB_WORDS, &scan.words());
        host.write(map::DESCRIPTORS, &scan.tile(6, 2, [0; 2]).words());
        host.rest();
        scan.assert_ends(&host.completion(0));
        host.read(0, 38);
    }
}

/// The network's own K, by golden function, model and RTL: 650 is the first nonce with eight bits.
#[test]
fn the_specified_solution_is_found_at_the_networks_k() {
    let seed = Seed {
        epoch: 767,
        segment_vr_hash: std::array::from_fn(|n| n as u8),
        pk: [0x11; 48],
        pop: [0x22; 96],
        computor: [0x33; 48],
        nonce: [0; 12],
    };
    let seed = seed.to_bytes();
    let scan = Scan { seed, first: 648, attempts: 60, bits: 8, chunks: K / CHUNK };
    assert_eq!(scan.end(), (3, false, true));
    let solution = Attempts::new(&seed).attempt(650);
    assert_eq!(solution.bits(), 10);
    assert!(verify_solution(&solution.bytes, 8, None).is_ok());

    let mut host = host(Geometry::new(8, 8), 9, 5);
    host.write(map::JOBS, &scan.words());
    host.write(map::DESCRIPTORS, &scan.tile(1, 0, [0; 2]).words());
    host.rest();
    scan.assert_ends(&host.completion(0));
    // Array and ports are equally fast here, and both are at work all the time, but for the first chunk.
    let (cycles, limit) = Balance { geometry: Geometry::new(8, 8), engines: 5 }.attempt(K);
    assert_eq!((cycles, limit), (785 * 256, Limit::Array));
    let busy = host.counter(map::BUSY_LOW);
    assert!((4 * cycles..4 * cycles + 20_000).contains(&busy), "{busy} cycles");
    assert_eq!(host.counter(map::MAC_LOW), 4 * cycles);
}

/// What the calculator says, against the cycles of attempts in a row.
#[test]
fn attempts_take_the_cycles_that_the_balance_calculates() {
    for (geometry, word_bits, engines, chunks, limit) in [
        (Geometry::new(4, 4), 9, 1, 40, Limit::Engines),
        (Geometry::new(4, 4), 9, 2, 40, Limit::Array),
        (Geometry::new(8, 8), 9, 1, 40, Limit::Engines),
        (Geometry::new(8, 8), 9, 3, 60, Limit::Engines),
        (Geometry::new(8, 8), 9, 5, 60, Limit::Array),
        (Geometry::new(8, 16), 11, 5, 60, Limit::Ports),
        (Geometry::new(16, 16), 11, 4, 60, Limit::Engines),
        (Geometry::new(16, 16), 11, 8, 60, Limit::Ports),
        (Geometry::new(16, 16), 11, 8, 10, Limit::Hash),
    ] {
        let config = BoardConfig {
            first_baud: 12_000_000,
            panel_word_bits: word_bits,
            engines,
            ..BoardConfig::new(geometry)
        };
        let mut host = Host::new(ModelBoard::new(config).unwrap());
        host.rest();
        let mut end = |attempts| {
            let scan = Scan { attempts, bits: 60, ..Scan::random(&mut Random(7), chunks) };
            host.write(map::RESET, &[0]);
            host.write(map::JOBS, &scan.words());
            let before = host.rest().now;
            host.write(map::DESCRIPTORS, &scan.tile(1, 0, [0; 2]).words());
            host.rest();
            host.completion(0).cycle - before
        };
        let cycles = (end(24) - end(4)) / 20;
        let balance = Balance { geometry, engines: engines as usize };
        let (calculated, limited_by) = balance.attempt(CHUNK * chunks);
        assert_eq!(limited_by, limit, "{geometry}, {engines} engines, {chunks} chunks");
        let off = cycles.abs_diff(calculated);
        assert!(
            200 * off <= calculated,
            "{geometry}, {engines}: {cycles} cycles, not {calculated}"
        );
    }
}
