//! Lockstep: the same program through the golden function, the model and the RTL.

use gemmine_hdl::Geometry;
use gemmine_sim::model::Model;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::verilator::{Tools, Verilated};
use gemmine_sim::{Engine, Program};

use crate::stimulus::Random;

#[test]
fn probe_small() {
    let mut random = Random(1);
    let program = Program { result_cycles: true, ..Program::of(vec![random.tile(128, 64), random.tile(192, 128)]) };
    for g in [Geometry::new(2, 2), Geometry::new(4, 4), Geometry::new(8, 4), Geometry::new(16, 16)] {
        let mut model = Model::new(g);
        let mut rtl = RustHdl::new(g).unwrap();
        let t = std::time::Instant::now();
        let want = model.run(&program).unwrap();
        let got = rtl.run(&program).unwrap();
        eprintln!("{g} {:?} {} cycles", t.elapsed(), got.cycles);
        assert_eq!(got.tiles.len(), want.tiles.len());
        for (g, w) in got.tiles.iter().zip(&want.tiles) { assert_eq!(g.fold_words, w.fold_words); assert_eq!(g.fold_cycles, w.fold_cycles); assert_eq!(g.product, w.product); assert_eq!(g.result_cycles, w.result_cycles); }
        assert_eq!(got, want);
        assert_eq!(rtl.counters().unwrap(), model.counters().unwrap());
        let mut ver = Verilated::new(&Tools::find().unwrap(), g).unwrap();
        let t = std::time::Instant::now();
        let got = ver.run(&program).unwrap();
        eprintln!("verilator {g} {:?} {} cycles", t.elapsed(), got.cycles);
        assert_eq!(got, want);
        assert_eq!(ver.counters().unwrap(), model.counters().unwrap());
    }
}
