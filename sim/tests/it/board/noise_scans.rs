//! Scans of Pearl: the device grows the noise of both panels, tile after tile. Golden function, model and Verilated RTL.

use gemmine_hdl::Geometry;
use gemmine_hdl::balance::{Limit, NoiseRow};
use gemmine_hdl::frame::Opcode;
use gemmine_hdl::registers as map;
use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::noise::{Side, factor_rows, index_pairs, noise_row};
use gemmine_pouw::tile;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{BoardConfig, Stop};

use super::host::{Completion, Host, Tile};
use super::pair::Pair;
use super::scans;
use crate::stimulus::Random;

/// Steps of a chunk.
const CHUNK: usize = 128;
/// Panels that can be numbered.
const PANELS: u32 = 1 << 20;

/// A scan's work.
#[derive(Clone, Debug)]
struct Scan {
    seeds: [[u8; 32]; 2],
    bound: [u8; 32],
    /// Panels of A and of B of the first tile.
    first: [u32; 2],
    columns: u32,
    tiles: u32,
    chunks: usize,
}

impl Scan {
    fn random(random: &mut Random, chunks: usize) -> Self {
        let mut seed = || std::array::from_fn(|_| random.next() as u8);
        let seeds = [seed(), seed()];
        // A hit is one ticket in 1, 2, 4 and so on.
        let mut bound = [0xff; 32];
        bound[31] >>= random.below(7);
        let mut first = || [0, PANELS - 1, random.next() as u32 % PANELS][random.below(3) as usize];
        let first = [first(), first()];
        let (columns, tiles) = (1 + random.below(4) as u32, 1 + random.below(7) as u32);
        Self { seeds, bound, first, columns, tiles, chunks }
    }

    /// The words of its two job slots.
    fn words(&self) -> [u32; 32] {
        let mut words = [0; 32];
        let bytes = [self.seeds[0], self.bound, self.seeds[1]];
        for (word, bytes) in words.iter_mut().zip(bytes.as_flattened().as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        [words[24], words[25]] = self.first;
        words[26] = self.columns - 1;
        words[30] = self.tiles - 1;
        words
    }

    fn tile(&self, tag: u32, job: u32, fences: [u8; 2]) -> Tile {
        let (chunk_steps, chunks) = (CHUNK, self.chunks);
        Tile { tag, chunk_steps, chunks, scan: true, noise: true, job, fences, ..Tile::default() }
    }

    /// Noise of a panel's rows of A, or columns of B.
    fn panel(&self, side: Side, nth: u32) -> Vec<Vec<i8>> {
        let seed = &self.seeds[side as usize];
        let pairs = index_pairs(side, seed, CHUNK as u16, (CHUNK * self.chunks) as u32);
        let row = |row| noise_row(&factor_rows(side, seed, CHUNK as u16, &[row]), &pairs);
        (0..16).map(|lane| row(16 * nth + lane)).collect()
    }

    /// The ticket of its nth tile, and whether that is a hit.
    fn ticket(&self, nth: u32) -> ([u8; 32], bool) {
        let [row, column] = [nth / self.columns, nth % self.columns];
        let rows = self.panel(Side::A, (self.first[0] + row) % PANELS);
        let columns = self.panel(Side::B, (self.first[1] + column) % PANELS);
        let [rows, columns] = [&rows, &columns].map(|lanes| lanes.iter().map(Vec::as_slice));
        let result = tile::tile(&rows.collect::<Vec<_>>(), &columns.collect::<Vec<_>>(), CHUNK);
        let ticket = tile::ticket(&self.seeds[0], &result.register);
        (ticket, ticket.iter().rev().le(self.bound.iter().rev()))
    }

    /// How it ends: the last tile's number and ticket, and whether it and the one before are hits.
    fn end(&self) -> (u32, [u8; 32], bool, bool) {
        let mut before = false;
        for nth in 0..self.tiles {
            let (ticket, hit) = self.ticket(nth);
            if before || nth + 1 == self.tiles {
                return (nth, ticket, hit, before);
            }
            before = hit;
        }
        unreachable!("a scan has a tile")
    }

    fn assert_ends(&self, completion: &Completion) {
        let Completion { nonce, ticket, hit, hit_before, .. } = *completion;
        assert_eq!((nonce, ticket, hit, hit_before), self.end(), "{self:?}");
        assert_eq!(completion.bank, None);
    }
}

/// A board with a source of noise, and so many engines.
fn config(geometry: Geometry, panel_word_bits: u32, engines: u32) -> BoardConfig {
    BoardConfig {
        first_baud: 12_000_000,
        panel_word_bits,
        engines,
        noise: true,
        ..BoardConfig::new(geometry)
    }
}

fn host(geometry: Geometry, panel_word_bits: u32, engines: u32) -> Host {
    let mut host = Host::new(Pair::new(config(geometry, panel_word_bits, engines)));
    host.rest();
    host
}

/// A panel of so many chunks a side.
fn write_panels(host: &mut Host, random: &mut Random, steps: u8) {
    for side in 0..2 {
        let panel = random.next() as u8;
        let lane = |lane: u8| (0..steps).map(|step| panel ^ lane.wrapping_mul(37) ^ step).collect();
        host.write_panel(side, 0, &std::array::from_fn(|n| lane(n as u8)));
    }
}

/// A tile of the host's, of one chunk of 64 steps. Its bound is such that it is no hit.
fn plain(tag: u32, fences: [u8; 2]) -> Tile {
    let want_tile = tag.is_multiple_of(2);
    Tile { tag, chunk_steps: 64, chunks: 1, want_tile, job: 1, fences, ..Tile::default() }
}

struct Program {
    board: (Geometry, u32, u32),
    chunks_most: u64,
    programs: u32,
}

/// Boards, and what each runs: fifteen times as much, and on two arrays more, where GEMMINE_LONG is set.
fn programs() -> Vec<Program> {
    let program = |rows, columns, word_bits, engines, chunks_most, programs| Program {
        board: (Geometry::new(rows, columns), word_bits, engines),
        chunks_most,
        programs,
    };
    let mut programs = vec![
        // A ring of one chunk; of four that a slow array keeps full; both kinds of scans, and all chunks.
        program(4, 2, 5, 0, 1, 3),
        program(4, 2, 7, 0, 4, 3),
        program(4, 4, 9, 2, 16, 4),
    ];
    if std::env::var_os("GEMMINE_LONG").is_some() {
        programs.iter_mut().for_each(|program| program.programs *= 15);
        programs.push(program(8, 8, 9, 3, 16, 60));
        programs.push(program(16, 16, 11, 5, 16, 60));
    }
    programs
}

#[test]
fn scans_of_pearl_find_what_the_golden_function_finds_in_the_same_cycles() {
    for (seed, Program { board, chunks_most, programs }) in (400..).zip(programs()) {
        let (geometry, word_bits, engines) = board;
        let mut random = Random(seed);
        let mut host = host(geometry, word_bits, engines);
        assert_eq!(host.register(map::GEOMETRY) >> 16 & 0xff, engines);
        let amadeus = u32::from(engines > 0) << 16;
        assert_eq!(host.register(map::PROTOCOLS), 1 << 17 | amadeus | 1 << 3);
        let (mut hits, mut tiles) = (0, 0);
        for nth in 0..programs {
            let chunks = 1 + random.below(chunks_most) as usize;
            let mut scans = [(); 2].map(|()| Scan::random(&mut random, chunks));
            match nth {
                0 => (scans[0].tiles, scans[1].columns) = (1, 1),
                1 => (scans[0].columns, scans[0].tiles, scans[0].bound[31]) = (2, 7, 0),
                _ => {}
            }
            host.write(map::RESET, &[0]);
            host.write(map::JOBS, &scans.each_ref().map(Scan::words).concat());
            write_panels(&mut host, &mut random, 64);
            host.write(map::COMMIT, &[0x0101]);
            let fences = [1; 2];
            // Tiles in front of the scans, between them, and one behind, whose panels come later.
            let mut line: Vec<Tile> =
                (0..random.below(3) as u32).map(|tag| plain(tag, fences)).collect();
            if engines == 0 && nth % 2 == 1 {
                // Of a scan that the device doesn't know: as good as a tile.
                line.push(Tile { scan: true, ..plain(3, fences) });
            }
            let first = line.len() as u32;
            line.push(scans[0].tile(100, nth % 2, fences));
            let between = random.below(2) as u32;
            line.extend((0..between).map(|_| plain(5, fences)));
            let second = line.len() as u32;
            line.push(scans[1].tile(101, 2, fences));
            line.push(plain(7, [2; 2]));
            let words: Vec<u32> = line.iter().flat_map(Tile::words).collect();
            host.write(map::DESCRIPTORS, &words);
            host.rest();
            for (scan, nth) in scans.iter().zip([first, second]) {
                let completion = host.completion(nth);
                scan.assert_ends(&completion);
                hits += u32::from(completion.hit) + u32::from(completion.hit_before);
                tiles += completion.nonce + 1;
            }
            // The tile behind them, and a scan of the other kind behind that
            write_panels(&mut host, &mut random, 64);
            host.write(map::COMMIT, &[0x0101]);
            host.rest();
            let done = line.len() as u32;
            assert_eq!(host.register(map::STATUS) >> 8 & 0xff, done);
            for nth in (0..first).chain([done - 1]) {
                host.completion(nth);
            }
            let kept = line.iter().filter(|tile| tile.want_tile).count() as u32;
            host.write(map::RELEASE, &[kept]);
            host.write(map::POP, &[done]);
            if engines > 0 {
                mixed(&mut host, &mut random, done);
            }
            // All counters, in both.
            host.read(0, 38);
            assert!(host.counter(map::HITS_LOW) >= u64::from(hits));
        }
        println!("{geometry}, {engines} engines: {tiles} tiles, {hits} hits");
        assert!(hits > 0);
    }
}

/// A scan of each kind behind the other, both ways round, when so many descriptors are popped.
fn mixed(host: &mut Host, random: &mut Random, popped: u32) {
    let chunks = [3, 4].map(|most| 1 + random.below(most) as usize);
    let (pearl, amadeus) =
        (Scan::random(random, chunks[0]), scans::Scan::random(random, chunks[1]));
    host.write(map::JOBS, &[pearl.words(), amadeus.words()].concat());
    let line = [
        pearl.tile(200, 0, [0; 2]),
        amadeus.tile(201, 2, [0; 2]),
        pearl.tile(202, 0, [0; 2]),
        amadeus.tile(203, 3, [0; 2]),
    ];
    host.write(map::DESCRIPTORS, &line.map(|tile| tile.words()).concat());
    host.rest();
    for nth in [popped, popped + 2] {
        pearl.assert_ends(&host.completion(nth));
        amadeus.assert_ends(&host.completion(nth + 1));
    }
    host.write(map::POP, &[4]);
}

#[test]
fn a_reset_in_a_scan_of_pearl_leaves_nothing_behind() {
    let mut random = Random(410);
    let mut host = host(Geometry::new(4, 4), 9, 2);
    for nth in 0..10 {
        let scan = Scan { tiles: 7, bound: [0; 32], ..Scan::random(&mut random, 2) };
        host.write(map::JOBS, &scan.words());
        host.push(&scan.tile(5, 0, [0; 2]));
        host.run(random.below(50_000), Stop::Never);
        host.write(map::RESET, &[0]);
        if nth % 3 == 0 {
            let scan = scans::Scan::random(&mut random, 1);
            host.write(map::JOBS + 2 * map::JOB_WORDS, &scan.words());
            host.push(&scan.tile(6, 2, [0; 2]));
            host.rest();
            scan.assert_ends(&host.completion(0));
        } else {
            let scan = Scan { tiles: 3, ..Scan::random(&mut random, 1) };
            host.write(map::JOBS + 2 * map::JOB_WORDS, &scan.words());
            host.push(&scan.tile(6, 2, [0; 2]));
            host.rest();
            scan.assert_ends(&host.completion(0));
        }
        host.read(0, 38);
    }
}

/// What a host writes to a running scan's slots is read when the next tile's key is, in the same cycles.
#[test]
fn words_of_a_scan_that_change_are_read_in_the_same_cycles() {
    let mut random = Random(420);
    let mut host = host(Geometry::new(4, 2), 7, 0);
    let mut ends = Vec::new();
    for _ in 0..6 {
        let scan = Scan { tiles: 6, ..Scan::random(&mut random, 1) };
        host.write(map::RESET, &[0]);
        host.write(map::JOBS, &scan.words());
        host.push(&scan.tile(5, 0, [0; 2]));
        for _ in 0..20 {
            let words: Vec<u32> = (0..16).map(|_| random.next() as u32).collect();
            let request = host.request(Opcode::Write, map::JOBS, 16, &words);
            host.send(&request);
            host.run(1000 + random.below(1000), Stop::Never);
        }
        host.rest();
        host.responses.clear();
        ends.push(host.completion(0).nonce);
        host.read(0, 38);
    }
    assert!(ends.iter().any(|&nth| nth > 1), "{ends:?}");
}

/// KAT1 of the specification: noise times noise at the one k that the network takes with this rank.
#[test]
fn tiles_of_a_job_without_a_signal_are_scanned_at_the_networks_k() {
    let mut header = [0; 76];
    header[4..36].fill(1);
    header[36..68].fill(2);
    header[68..72].fill(0x66);
    header[72..].copy_from_slice(&0x1e01_0000_u32.to_le_bytes());
    let zero = Matrix::new(32, 2048, vec![0; 32 * 2048]).unwrap();
    let job =
        PreparedJob::new(Header76(header), MiningConfig::native(2048, 128), zero.clone(), zero)
            .unwrap();
    let ticket = |nth: u32| job.recheck(16 * (nth / 2), 16 * (nth % 2)).unwrap().ticket;
    let mut scan = Scan {
        seeds: [job.seeds().a, job.seeds().b],
        bound: [0; 32],
        first: [0; 2],
        columns: 2,
        tiles: 4,
        chunks: 16,
    };

    let mut host = host(Geometry::new(4, 4), 9, 2);
    for (last, tiles) in [(3, 4), (2, 3), (1, 2), (0, 1)] {
        scan.tiles = tiles;
        host.write(map::RESET, &[0]);
        host.write(map::JOBS, &scan.words());
        host.push(&scan.tile(tiles, 0, [0; 2]));
        host.rest();
        let completion = host.completion(0);
        assert_eq!((completion.nonce, completion.ticket), (last, ticket(last)));
    }
}

/// What the calculator says, against the cycles of rows behind each other.
#[test]
fn rows_take_the_cycles_that_the_balance_calculates() {
    for (rows, columns, word_bits, chunks, tiles, limit) in [
        (8, 8, 9, 16, 53, Limit::Array),
        (8, 4, 11, 16, 27, Limit::Array),
        (4, 4, 9, 16, 14, Limit::Array),
        (16, 16, 11, 16, 20, Limit::Ports),
        (8, 16, 11, 8, 30, Limit::Hash),
    ] {
        let geometry = Geometry::new(rows, columns);
        let mut host = Host::new(ModelBoard::new(config(geometry, word_bits, 0)).unwrap());
        host.rest();
        let mut spent = |rows| {
            let mut scan = Scan { columns: tiles, ..Scan::random(&mut Random(7), chunks) };
            (scan.tiles, scan.bound) = (tiles * rows, [0; 32]);
            host.write(map::RESET, &[0]);
            host.write(map::JOBS, &scan.words());
            let counters = [map::MAC_LOW, map::STALL_PANEL_LOW, map::STALL_HASH_LOW];
            let before = counters.map(|counter| host.counter(counter));
            host.push(&scan.tile(1, 0, [0; 2]));
            host.rest();
            assert_eq!(host.completion(0).nonce + 1, scan.tiles);
            let behind = counters.map(|counter| host.counter(counter));
            std::array::from_fn(|n| behind[n] - before[n])
        };
        let (few, many): ([u64; 3], [u64; 3]) = (spent(2), spent(5));
        let [steps, panel, hash] = std::array::from_fn(|n| (many[n] - few[n]) / 3);
        let row = NoiseRow { geometry, k: CHUNK * chunks, tiles: tiles as usize };
        let (calculated, limited_by) = row.cycles();
        println!("{geometry}: {steps} steps, {panel} and {hash} cycles without, {calculated}");
        assert_eq!(limited_by, limit);
        assert_eq!(steps, (row.tiles * row.k * geometry.slots()) as u64);
        let cycles = steps + panel + hash;
        let off = cycles.abs_diff(calculated);
        if limit == Limit::Array {
            // But for the phase in which a row ends, and the calculator takes the worst.
            assert!(cycles <= calculated && off < 4, "{geometry}: {cycles}, not {calculated}");
            assert!(100 * steps >= 98 * cycles, "{geometry}: {steps} steps in {cycles} cycles");
        } else {
            assert!(200 * off <= calculated, "{geometry}: {cycles}, not {calculated}");
        }
    }
}
