//! Lockstep: the same program through the golden function, the model and the RTL gives the same
//! words in the same cycles.

use gemmine_hdl::Geometry;
use gemmine_hdl::arrays::BUILT;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::tile as golden_tile;
use gemmine_sim::model::Model;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::verilator::{Tools, Verilated};
use gemmine_sim::{Engine, Gaps, Program, Reset, TileWork};

use crate::stimulus::{Random, constant_tile};

fn verilated(geometry: Geometry) -> Verilated {
    Verilated::new(&Tools::find().unwrap(), geometry).unwrap()
}

/// What the rule says about a tile: fold words and product.
fn golden(work: &TileWork) -> (Vec<u32>, Vec<i32>) {
    if work.unsigned_a {
        return plain_u8(work);
    }
    let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..16).map(|lane| panel.lane(lane)).collect() };
    let (a, b) = (lanes(&work.a), lanes(&work.b));
    let a: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
    let b: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
    let result = golden_tile(&a, &b, work.chunk_steps);
    (result.words, result.product)
}

/// The same in a few plain lines for u8 x i8, which Pearl's golden function does not know.
fn plain_u8(work: &TileWork) -> (Vec<u32>, Vec<i32>) {
    let mut sums = vec![0i32; 256];
    let mut words = Vec::new();
    for step in 0..work.steps {
        for (n, sum) in sums.iter_mut().enumerate() {
            let a = work.a.get(n / 16, step) as u8;
            *sum += i32::from(a) * i32::from(work.b.get(n % 16, step));
        }
        if (step + 1) % work.chunk_steps == 0 {
            words.push(sums.iter().fold(0, |word, &sum| word ^ sum as u32));
        }
    }
    (words, sums)
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
    if program.reset.is_none() {
        for (run, work) in want.tiles.iter().zip(&program.tiles) {
            let (words, product) = golden(work);
            assert_eq!(run.fold_words, words, "golden fold words");
            assert_eq!(run.product.as_flattened(), product, "golden product");
        }
    }
}

/// A random program: tiles of random shapes, with gaps and a reset in some.
fn random_program(random: &mut Random, geometry: Geometry, steps_max: u64) -> Program {
    let tiles = (0..1 + random.below(3)).map(|_| {
        let unsigned_a = random.below(4) == 0;
        // The kernel's unsigned chunks are whole groups of four steps.
        let grain = if unsigned_a { 4 } else { 1 };
        let chunk_steps = 64 + (random.below(steps_max / 2) / grain * grain) as usize;
        let chunks = 1 + random.below(3) as usize;
        let tail = if random.below(2) == 0 { 0 } else { 64.max(random.below(chunk_steps as u64)) };
        let tail = if (tail as usize) < chunk_steps { tail as usize } else { 0 };
        TileWork { unsigned_a, ..random.tile(chunks * chunk_steps + tail, chunk_steps) }
    });
    let tiles: Vec<TileWork> = tiles.collect();
    let (gaps, slower) = match random.below(3) {
        0 => (Gaps::None, 100),
        1 => (Gaps::Random { seed: random.next(), of_256: 20 }, 109),
        _ => (Gaps::Random { seed: random.next(), of_256: 230 }, 1000),
    };
    let steps: u64 = tiles.iter().map(|work| (work.steps * geometry.slots()) as u64).sum();
    let end = steps * slower / 100 + 2 * geometry.settle_cycles() as u64;
    let reset = (random.below(3) == 0)
        .then(|| Reset { at: random.below(end), cycles: 1 + random.below(3) * random.below(150) });
    Program { tiles, gaps, reset, result_cycles: random.below(2) == 0 }
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
        let reset = Program {
            gaps,
            reset: Some(Reset { at: 150, cycles: 3 }),
            ..Program::of(vec![random.tile(128, 64)])
        };
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
            check(&mut rtl, &mut model, &random_program(&mut random, geometry, 400));
        }
    }
}

/// After a reset in any cycle of a tile with a tail, another tile comes out whole.
fn check_resets(geometry: Geometry, cycles: std::ops::Range<u64>) {
    let mut random = Random(11);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    for at in cycles {
        let reset = Some(Reset { at, cycles: 1 + at % 2 });
        let broken = Program { reset, ..Program::of(vec![random.tile(64 + 65, 65)]) };
        check(&mut rtl, &mut model, &Program { result_cycles: true, ..broken });
        check(&mut rtl, &mut model, &Program::of(vec![random.tile(64, 64)]));
    }
}

#[test]
fn a_reset_in_every_cycle_leaves_a_clean_array() {
    check_resets(Geometry::new(16, 16), 0..129 + 2 * 55);
    check_resets(Geometry::new(8, 4), 0..129 * 8 + 2 * 27);
}

#[test]
fn tiles_may_follow_each_other_at_any_distance() {
    // The counters must not take a pause around the settle time for work, nor the other way round.
    let geometry = Geometry::new(16, 16);
    let mut random = Random(21);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    for distance in 50..60 {
        let gaps = Gaps::Once { from: 64, cycles: distance };
        let tiles = vec![random.tile(64, 64), random.tile(64, 64)];
        check(&mut rtl, &mut model, &Program { gaps, ..Program::of(tiles) });
    }
}

#[test]
fn legal_jobs_run_at_full_size() {
    let geometry = Geometry::new(16, 16);
    let mut random = Random(2);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    // In use on the networks, rank 256, and k that r does not divide.
    // The last one has as many chunks as the sequencer counts.
    let shapes =
        [(2048, 128), (4096, 128), (4096, 256), (2112, 128), (16384, 1024), (2048 * 64, 64)];
    for (k, r) in shapes {
        let program = Program { result_cycles: true, ..Program::of(vec![random.tile(k, r)]) };
        check(&mut rtl, &mut model, &program);
    }
}

#[test]
fn extremes_do_not_overflow() {
    for geometry in [Geometry::new(16, 16), Geometry::new(4, 4)] {
        let mut rtl = verilated(geometry);
        let mut model = Model::new(geometry);
        let signed = [(-128, -128), (-128, 127), (127, 127), (-127, 127), (0, -128)];
        for (a, b) in signed.into_iter().chain([(255, -128), (255, 127)]) {
            let program = Program::of(vec![constant_tile(a, b, 4096, 1024)]);
            check(&mut rtl, &mut model, &program);
        }
    }
}

#[test]
fn a_stream_of_tiles_keeps_every_pe_busy() {
    let geometry = Geometry::new(16, 16);
    let mut random = Random(5);
    let tiles: Vec<TileWork> = (0..64).map(|_| random.tile(2048, 128)).collect();
    let program = Program::of(tiles);
    let mut rtl = verilated(geometry);
    let mut model = Model::new(geometry);
    check(&mut rtl, &mut model, &program);
    let counters = rtl.counters().unwrap();
    assert_eq!(counters.mac_cycles, 64 * 2048);
    let of_all = |part: u64| part as f64 / counters.cycles as f64;
    let (steps, full) = (of_all(counters.mac_cycles), of_all(counters.full_mac_cycles));
    println!(
        "16x16, 64 tiles, k=2048, r=128, counted in Verilated RTL: {} cycles; a step in {:.3} %, \
         every PE at work in {:.3} %",
        counters.cycles,
        100.0 * steps,
        100.0 * full
    );
    assert!(full >= 0.999, "{counters:?}");
}
