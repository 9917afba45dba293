//! The PoUW rules: verifying a proof next to the MACs that it has to redo, and a miner's host work.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gemmine_benches::{TILE_MACS, job, panel};
use gemmine_pouw::amadeus;
use gemmine_pouw::kernel::{self, Path};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::U256;
use gemmine_pouw::tile::tile;
use gemmine_pouw::verify::verify;

fn tile_paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("16x16 tile, k=2048, r=128, MACs");
    let (a, b) = (panel(1, 2048), panel(2, 2048));
    let mut words = Vec::new();
    group.throughput(Throughput::Elements(TILE_MACS));
    for path in Path::ALL.into_iter().filter(|path| path.is_available()) {
        group.bench_function(format!("{path:?}"), |bencher| {
            bencher.iter(|| kernel::fold_tile_on(path, black_box(&a), &b, 128, &mut words));
        });
    }
    for path in Path::ALL.into_iter().filter(|path| path.is_available()) {
        let panels: Vec<Panel> = (0..68).map(|seed| panel(seed, 2048)).collect();
        let panels: Vec<&Panel> = panels.iter().collect();
        let (rows, columns) = panels.split_at(4);
        group.throughput(Throughput::Elements(4 * 64 * TILE_MACS));
        group.bench_function(format!("{path:?}, a grid of 4 x 64"), |bencher| {
            bencher.iter(|| {
                kernel::fold_grid_on(path, black_box(rows), columns, 128, &mut |folded| {
                    black_box(folded);
                });
            });
        });
    }
    // What the processor's unit does alone, where it has one that says so.
    const TURNS: u32 = 10_000;
    if let Some(macs) = kernel::products_alone(Path::best(), TURNS) {
        group.throughput(Throughput::Elements(macs));
        let name = format!("{:?}, products alone", Path::best());
        group.bench_function(name, |bencher| {
            bencher.iter(|| kernel::products_alone(black_box(Path::best()), TURNS));
        });
    }
    group.throughput(Throughput::Elements(TILE_MACS));
    let lanes: Vec<Vec<i8>> = (0..16).map(|lane| a.lane(lane)).collect();
    let lanes: Vec<&[i8]> = lanes.iter().map(Vec::as_slice).collect();
    group.sample_size(20);
    group.bench_function("golden", |bencher| {
        bencher.iter(|| tile(black_box(&lanes), &lanes, 128));
    });
    group.finish();
}

fn verification(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify, proofs");
    group.throughput(Throughput::Elements(1));
    for (m, k) in [(32, 2048), (4096, 2048), (32, 4096)] {
        let job = job(m, 32, k);
        let Ok(proof) = job.proof(16, 0) else { panic!("no tile at (16, 0)") };
        let proof = proof.encode();
        let check = || verify(job.header(), 3, black_box(&proof), Some(U256::MAX));
        assert!(check().is_ok());
        group.bench_function(format!("16x16, k={k}, m={m}"), |bencher| bencher.iter(check));
    }
    group.finish();
}

fn miner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("miner, m=n=64, k=2048");
    let prepared = job(64, 64, 2048);
    group.bench_function("re-seed", |bencher| {
        bencher.iter_batched_ref(
            || prepared.clone(),
            |job| job.reseed(0, 2040, black_box(&[1, 2, 3, 4])),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("noised panel", |bencher| {
        bencher.iter(|| prepared.panel_a(black_box(1)));
    });
    group.finish();
}

fn amadeus_attempt(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Amadeus, attempts");
    group.throughput(Throughput::Elements(1));
    let mut seed = [7; amadeus::SEED_BYTES];
    let mut nonce = 0;
    group.bench_function("straightforward: blake3 and VNNI", |bencher| {
        bencher.iter(|| {
            nonce += 1;
            amadeus::set_nonce(&mut seed, nonce);
            amadeus::attempt(&seed).bits()
        });
    });
    // What any attempt that hashes by the crate's own stream takes at least.
    let mut stream = vec![0; 2 * 16 * amadeus::K];
    group.bench_function("the crate's stream alone", |bencher| {
        bencher.iter(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(black_box(&seed)).finalize_xof().fill(&mut stream);
        });
    });
    let attempts = amadeus::Attempts::new(&seed);
    let mut nonce = 0;
    group.bench_function("many on one seed", |bencher| {
        bencher.iter(|| {
            nonce += 1;
            attempts.attempt(nonce).bits()
        });
    });
    group.finish();
}

criterion_group!(benches, tile_paths, verification, miner, amadeus_attempt);
criterion_main!(benches);
