//! Scans on the model of a board, over a line in this process: what it finds is what the golden function finds.

use std::sync::{Arc, Mutex};

use gemmine_driver::{
    AmadeusScan, BoardOpener, Descriptor, Device, PearlScan, Scan, ScanEnd, Scanner, SerialDevice,
    SerialOptions, Side, Work,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::amadeus::{K, NONCE_AT, Solution, seeded_product};
use gemmine_pouw::noise::{self, factor_rows, index_pairs, noise_row};
use gemmine_pouw::tile::{ticket, tile};
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;

use crate::rtl::{PATIENCE, Random, golden};

fn device(geometry: Geometry, engines: u32) -> SerialDevice {
    board(BoardConfig { engines, ..BoardConfig::new(geometry) })
}

fn board(config: BoardConfig) -> SerialDevice {
    let config = BoardConfig { first_baud: 12_000_000, ..config };
    let board = ModelBoard::new(config).unwrap();
    let board = Arc::new(Mutex::new(Box::new(board) as Box<_>));
    let options = SerialOptions { baud: 12_000_000, ..SerialOptions::default() };
    SerialDevice::on(Box::new(BoardOpener::new(board)), "model".into(), options).unwrap()
}

fn solution(scan: &AmadeusScan, nonce: u32) -> Solution {
    let mut seed = scan.seed;
    seed[NONCE_AT..NONCE_AT + 4].copy_from_slice(&nonce.to_le_bytes());
    Solution::new(&seed, seeded_product(&seed, scan.steps))
}

/// Scans of so many steps, two outstanding; the nonces of their hits.
fn run(scanner: &mut Scanner, steps: usize, (scans, attempts): (u32, u32)) -> Vec<u32> {
    let seed = std::array::from_fn(|at| at as u8 ^ 0x5a);
    let mut firsts = (0..scans).map(|n| n * attempts);
    let mut hits = Vec::new();
    for _ in 0..scans {
        let scanned = loop {
            while scanner.has_room()
                && let Some(nonce) = firsts.next()
            {
                scanner.send(AmadeusScan { seed, nonce, attempts, bits: 4, steps }).unwrap();
            }
            if let Some(scanned) = scanner.next(PATIENCE).unwrap() {
                break scanned;
            }
        };
        let ScanEnd { nonce, hit_before } = scanned.end;
        let Work::Amadeus(scan) = scanned.work else { unreachable!("{scanned:?}") };
        let last = solution(&scan, nonce);
        assert_eq!(scanned.completion.ticket, last.hash);
        assert_eq!(scanned.completion.hit, last.bits() >= 4);
        hits.extend(hit_before.then(|| nonce - 1));
        hits.extend(scanned.completion.hit.then_some(nonce));
        // None in front of those.
        let before = scan.nonce..nonce - u32::from(hit_before);
        assert!(before.clone().all(|nonce| solution(&scan, nonce).bits() < 4), "{before:?}");
    }
    assert!(scanner.is_idle());
    hits
}

#[test]
fn hits_are_those_of_the_golden_function() {
    for (engines, geometry) in
        [(1, Geometry::new(16, 16)), (2, Geometry::new(8, 4)), (4, Geometry::new(4, 4))]
    {
        let mut scanner = Scanner::new(Box::new(device(geometry, engines)));
        assert_eq!(scanner.identity().engines, engines as usize);
        let found = run(&mut scanner, 256, (24, 12));
        assert!(found.len() > 4, "{found:?}");
        // Fewer chunks than engines have in work, and the network's length.
        run(&mut scanner, 64, (4, 5));
        run(&mut scanner, K, (2, 2));
    }
}

#[test]
fn an_attempt_takes_about_as_long_as_is_said() {
    for (engines, geometry) in [
        (1, Geometry::new(16, 16)),
        (3, Geometry::new(16, 16)),
        (8, Geometry::new(16, 16)),
        (4, Geometry::new(8, 4)),
    ] {
        let mut device = device(geometry, engines);
        let said = device.identity().attempt_cycles(K).unwrap();
        let work = AmadeusScan { seed: [3; 240], nonce: 0, attempts: 4, bits: 64, steps: K };
        let scan = Scan { tag: 1, work: work.into() };
        let mut cycles = Vec::new();
        for _ in 0..2 {
            device.scan(scan).unwrap();
            device.scan(scan).unwrap();
            cycles.extend([device.wait(PATIENCE), device.wait(PATIENCE)].map(|c| c.unwrap().cycle));
        }
        let took = (cycles[1] - cycles[0]) / 4;
        assert!((said..said + said / 50).contains(&took), "{engines}: {took}, {said} said");
    }
}

#[test]
fn panels_are_loaded_again_behind_a_scan_and_products_are_right() {
    let mut random = Random(4);
    let mut device = device(Geometry::new(8, 4), 1);
    let work = AmadeusScan { seed: [1; 240], nonce: 5, attempts: 3, bits: 64, steps: 256 };
    let scan = Scan { tag: 7, work: work.into() };
    for tag in 0..4 {
        let (a, b) = (random.panel(256), random.panel(256));
        device.load_panel(Side::A, 0, a.clone()).unwrap();
        device.load_panel(Side::B, 0, b.clone()).unwrap();
        let descriptor = Descriptor {
            tag,
            a_panel: 0,
            b_panel: 0,
            unsigned_a: false,
            steps: 256,
            chunk_steps: 64,
            ticket_key: [3; 32],
            bound_le: [255; 32],
            want_tile: true,
        };
        device.push(descriptor).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        let golden = golden(&a, &b, 64);
        assert_eq!(completion.ticket, ticket(&[3; 32], &golden.register));
        assert_eq!(completion.tile.unwrap().as_flattened(), golden.product);
        device.scan(scan).unwrap();
        // A reset in the middle of one leaves nothing behind.
        if tag % 2 == 0 {
            device.reset().unwrap();
            device.scan(scan).unwrap();
        }
        let completion = device.wait(PATIENCE).unwrap();
        assert_eq!(completion.scan, Some(ScanEnd { nonce: 7, hit_before: false }));
        assert_eq!(completion.ticket, solution(&work, 7).hash);
    }
}

/// The ticket of a tile of noise by the golden function.
fn noise_ticket(scan: &PearlScan, nth: u32) -> [u8; 32] {
    let lanes = |side, seed, panel: u32| -> Vec<Vec<i8>> {
        let pairs = index_pairs(side, seed, 128, scan.steps as u32);
        let rows: Vec<u32> = (16 * panel..16 * panel + 16).collect();
        let factors = factor_rows(side, seed, 128, &rows);
        factors.chunks(128).map(|factor| noise_row(factor, &pairs)).collect()
    };
    let (row, column) = scan.place(nth);
    let (a, b) =
        (lanes(noise::Side::A, &scan.a_seed, row), lanes(noise::Side::B, &scan.b_seed, column));
    let [a, b] = [&a, &b].map(|lanes| lanes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    ticket(&scan.a_seed, &tile(&a, &b, 128).register)
}

#[test]
fn scans_of_noise_are_those_of_the_golden_function() {
    for (geometry, engines, steps) in [
        (Geometry::new(16, 16), 0, 2048),
        (Geometry::new(8, 8), 1, 2048),
        (Geometry::new(8, 4), 0, 128),
        (Geometry::new(4, 4), 2, 640),
    ] {
        let device = board(BoardConfig { engines, noise: true, ..BoardConfig::new(geometry) });
        assert!(device.identity().noise);
        let mut scanner = Scanner::new(Box::new(device));
        let mut scans = (0..8_u32).map(|nth| PearlScan {
            a_seed: [nth as u8; 32],
            b_seed: [7; 32],
            // One tile in eight is a hit.
            bound_le: std::array::from_fn(|byte| if byte == 31 { 0x1f } else { 0xff }),
            row_panel: 1000 * nth,
            column_panel: nth,
            columns: 1 + nth % 4,
            tiles: 1 + 3 * nth % 13,
            steps,
        });
        for _ in 0..8 {
            let scanned = loop {
                while scanner.has_room()
                    && let Some(scan) = scans.next()
                {
                    scanner.send(scan).unwrap();
                }
                if let Some(scanned) = scanner.next(PATIENCE).unwrap() {
                    break scanned;
                }
            };
            let Work::Pearl(scan) = scanned.work else { unreachable!("{scanned:?}") };
            let is_hit = |nth| noise_ticket(&scan, nth)[31] <= 0x1f;
            let hit = (0..scan.tiles).find(|&nth| is_hit(nth));
            let last = hit.map_or(scan.tiles - 1, |hit| (hit + 1).min(scan.tiles - 1));
            let end = ScanEnd { nonce: last, hit_before: hit.is_some_and(|hit| hit < last) };
            assert_eq!(scanned.end, end, "{scan:?}");
            assert_eq!(scanned.completion.ticket, noise_ticket(&scan, last));
            assert_eq!(scanned.completion.hit, is_hit(last));
        }
    }
}

#[test]
fn a_tile_of_noise_takes_about_as_long_as_is_said() {
    for (geometry, steps) in
        [(Geometry::new(16, 16), 2048), (Geometry::new(8, 8), 2048), (Geometry::new(8, 4), 512)]
    {
        let mut device = board(BoardConfig { noise: true, ..BoardConfig::new(geometry) });
        let said = device.identity().tile_cycles(steps).unwrap();
        let scan = |tiles| PearlScan {
            a_seed: [1; 32],
            b_seed: [2; 32],
            bound_le: [0; 32],
            row_panel: 5,
            column_panel: 6,
            columns: 60,
            tiles,
            steps,
        };
        let mut time = |tiles| {
            device.scan(Scan { tag: 1, work: scan(1).into() }).unwrap();
            device.scan(Scan { tag: 2, work: scan(tiles).into() }).unwrap();
            let [before, after] = [device.wait(PATIENCE), device.wait(PATIENCE)];
            after.unwrap().cycle - before.unwrap().cycle
        };
        let took = (time(50) - time(10)) / 40;
        assert!((said..said + said / 50).contains(&took), "{geometry}: {took}, {said} said");
    }
}
