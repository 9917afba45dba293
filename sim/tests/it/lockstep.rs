//! Lockstep: the same program through the golden function, the model and the RTL gives the same
//! words in the same cycles.

use gemmine_hdl::Geometry;
use gemmine_pouw::tile::tile as golden_tile;
use gemmine_sim::model::Model;
use gemmine_sim::rtl::{BUILT, RustHdl};
use gemmine_sim::verilator::{Tools, Verilated};
use gemmine_sim::{Engine, Gaps, Program, TileJob};

use crate::stimulus::{Random, constant_tile};

fn verilated(geometry: Geometry) -> Verilated {
    Verilated::new(&Tools::find().unwrap(), geometry).unwrap()
}

/// What the rule says about a tile: fold words and product.
fn golden(job: &TileJob) -> (Vec<u32>, Vec<i32>) {
    let lanes = |panel: &gemmine_pouw::panel::Panel| -> Vec<Vec<i8>> {
        (0..16).map(|lane| (0..job.steps).map(|step| panel.get(lane, step)).collect()).collect()
    };
    let (a, b) = (lanes(&job.a), lanes(&job.b));
    let a: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
    let b: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
    let result = golden_tile(&a, &b, job.chunk_steps);
    (result.words, result.product)
}

/// Runs a program on the model and on an RTL engine, and compares all there is.
fn check(rtl: &mut dyn Engine, model: &mut Model, program: &Program) {
    let want = model.run(program).unwrap();
    let got = rtl.run(program).unwrap();
    let context = format!("{} {}", rtl.name(), rtl.geometry());
    for (n, (got, want)) in got.tiles.iter().zip(&want.tiles).enumerate() {
        assert_eq!(got.fold_words, want.fold_words, "fold words of tile {n}, {context}");
        assert_eq!(got.fold_cycles, want.fold_cycles, "fold cycles of tile {n}, {context}");
        assert_eq!(got.product, want.product, "product of tile {n}, {context}");
        assert_eq!(got.result_cycles, want.result_cycles, "result cycles of tile {n}, {context}");
    }
    assert_eq!(got, want, "{context}");
    assert_eq!(rtl.counters().unwrap(), model.counters().unwrap(), "counters, {context}");
    if program.reset_at.is_none() {
        for (run, job) in want.tiles.iter().zip(&program.tiles) {
            let (words, product) = golden(job);
            assert_eq!(run.fold_words, words, "golden fold words");
            assert_eq!(run.product.as_flattened(), product, "golden product");
        }
    }
}

/// A random program: tiles of random shapes, with gaps and a reset in some.
fn random_program(random: &mut Random, steps_max: u64) -> Program {
    let tiles = (0..1 + random.below(3)).map(|_| {
        let chunk_steps = 64 + 64 * random.below(steps_max / 128) as usize;
        let steps = chunk_steps + 64 * random.below(steps_max / 64) as usize;
        random.tile(steps, chunk_steps)
    });
    let tiles: Vec<TileJob> = tiles.collect();
    let gaps = match random.below(3) {
        0 => Gaps::None,
        1 => Gaps::Random { seed: random.next(), of_256: 20 },
        _ => Gaps::Random { seed: random.next(), of_256: 230 },
    };
    let length: u64 = tiles.iter().map(|job| job.steps as u64).sum();
    let reset_at = (random.below(4) == 0).then(|| random.below(2 * length));
    Program { tiles, gaps, reset_at, result_cycles: random.below(2) == 0 }
}

#[test]
fn rust_hdl_keeps_step_on_every_array() {
    for &geometry in BUILT {
        let mut random = Random(7 + geometry.pes() as u64);
        let mut rtl = RustHdl::new(geometry).unwrap();
        let mut model = Model::new(geometry);
        let tiles = vec![random.tile(128, 64), random.tile(192, 128)];
        check(&mut rtl, &mut model, &Program { result_cycles: true, ..Program::of(tiles) });
        let gaps = Gaps::Random { seed: 3, of_256: 64 };
        let reset = Program { gaps, reset_at: Some(150), ..Program::of(vec![random.tile(128, 64)]) };
        check(&mut rtl, &mut model, &reset);
        check(&mut rtl, &mut model, &Program { gaps, ..Program::of(vec![random.tile(64, 64)]) });
    }
}

#[test]
fn verilator_keeps_step_through_random_programs() {
    for &geometry in BUILT {
        let mut random = Random(40 + geometry.pes() as u64);
        let mut rtl = verilated(geometry);
        let mut model = Model::new(geometry);
        for _ in 0..60 {
            check(&mut rtl, &mut model, &random_program(&mut random, 512));
        }
    }
}

#[test]
fn resets_at_every_cycle_leave_a_clean_array() {
    let geometry = Geometry::new(8, 4);
    let mut random = Random(11);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    for reset_at in 0..64 * 8 * 2 + 40 {
        let program = Program {
            reset_at: Some(reset_at),
            result_cycles: true,
            ..Program::of(vec![random.tile(128, 64)])
        };
        check(&mut rtl, &mut model, &program);
    }
    check(&mut rtl, &mut model, &Program::of(vec![random.tile(192, 64)]));
}

#[test]
fn legal_jobs_run_at_full_size() {
    let geometry = Geometry::new(16, 16);
    let mut random = Random(2);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    // In use on the networks, rank 256, and k that r does not divide.
    for (k, r) in [(2048, 128), (4096, 128), (4096, 256), (2112, 128), (16384, 1024)] {
        let program = Program { result_cycles: true, ..Program::of(vec![random.tile(k, r)]) };
        check(&mut rtl, &mut model, &program);
    }
}

#[test]
fn extremes_do_not_overflow() {
    for geometry in [Geometry::new(16, 16), Geometry::new(4, 4)] {
        let mut rtl = verilated(geometry);
        let mut model = Model::new(geometry);
        for (a, b) in [(-128, -128), (-128, 127), (127, 127), (-127, 127), (0, -128)] {
            let program = Program::of(vec![constant_tile(a, b, 4096, 1024)]);
            check(&mut rtl, &mut model, &program);
        }
    }
}

#[test]
fn a_stream_of_tiles_keeps_every_pe_busy() {
    let geometry = Geometry::new(16, 16);
    let mut random = Random(5);
    let tiles: Vec<TileJob> = (0..64).map(|_| random.tile(2048, 128)).collect();
    let program = Program::of(tiles);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    check(&mut rtl, &mut model, &program);
    let counters = rtl.counters().unwrap();
    assert_eq!(counters.mac_cycles, 64 * 2048);
    let share = |part: u64| part as f64 / counters.cycles as f64;
    let (steps, full) = (share(counters.mac_cycles), share(counters.full_mac_cycles));
    println!(
        "16x16, 64 tiles, k=2048, r=128, counted in Verilated RTL: {} cycles; a step in {:.3} %, \
         every PE at work in {:.3} %",
        counters.cycles,
        100.0 * steps,
        100.0 * full
    );
    assert!(full >= 0.999, "{counters:?}");
}
