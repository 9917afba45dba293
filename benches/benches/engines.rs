//! The engines side by side, on the same 16x16 tiles of k = 2048, r = 128; throughput in simulated
//! cycles.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use gemmine_benches::{tile, two_million_cycles};
use gemmine_hdl::Geometry;
use gemmine_sim::model::Model;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::verilator::{Tools, Verilated};
use gemmine_sim::{Engine, Program};

const STEPS: usize = 2048;

fn engines(criterion: &mut Criterion) {
    let geometry = Geometry::new(16, 16);
    let mut group = criterion.benchmark_group("16x16 tiles, k=2048, r=128, simulated cycles");
    let mut run = |name: &str, engine: &mut dyn Engine, tiles: usize, samples: usize| {
        let program = Program::of((0..tiles).map(|n| tile(2 * n as u64, STEPS)).collect());
        group.throughput(Throughput::Elements((tiles * STEPS) as u64));
        group.sample_size(samples).sampling_mode(SamplingMode::Flat);
        group.bench_function(name, |bencher| {
            bencher.iter(|| match engine.run(&program) {
                Ok(run) => run.cycles,
                Err(error) => panic!("failed to bench: {error}"),
            });
        });
    };
    run("model", &mut Model::new(geometry), 64, 100);
    match Tools::find().and_then(|tools| Verilated::new(&tools, geometry)) {
        Ok(mut verilated) => run("verilator", &mut verilated, 16, 20),
        Err(error) => panic!("failed to bench Verilator: {error}"),
    }
    match RustHdl::new(geometry) {
        Ok(mut rtl) => run("rust-hdl", &mut rtl, 1, 10),
        Err(error) => panic!("failed to bench rust-hdl: {error}"),
    }
    group.finish();
}

fn clock(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("processor clock");
    group.throughput(Throughput::Elements(2_000_000));
    group.bench_function("two million cycles", |bencher| {
        bencher.iter(|| two_million_cycles(std::hint::black_box(1)));
    });
    group.finish();
}

criterion_group!(benches, engines, clock);
criterion_main!(benches);
