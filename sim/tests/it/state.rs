//! The model's closed form of a PE's registers, against rust-hdl in every cycle.

use gemmine_hdl::Geometry;
use gemmine_sim::model::ArrayState;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::{Engine, Gaps, Program};

use crate::stimulus::Random;

fn check(geometry: Geometry, program: &Program) {
    let mut rtl = RustHdl::new(geometry).unwrap();
    // Fresh from its reset, an array still has start waves of the flush in it.
    rtl.run(&Program::of(vec![Random(1).tile(64, 64)])).unwrap();
    let state = ArrayState::new(program, geometry);
    let mut seen = 0;
    rtl.run_probed(program, &mut |cycle, row, column, got| {
        let want = state.pe(cycle, row, column);
        assert_eq!(got, want, "PE ({row}, {column}) of {geometry} in cycle {cycle}");
        seen += 1;
    })
    .unwrap();
    assert!(seen > geometry.pes() * 128, "{seen} states");
}

#[test]
fn every_register_of_every_pe_in_every_cycle() {
    let mut random = Random(3);
    for (rows, columns) in [(2, 2), (4, 4), (8, 4), (16, 16)] {
        let geometry = Geometry::new(rows, columns);
        let tiles = vec![random.tile(192, 128), random.tile(64, 64)];
        check(geometry, &Program::of(tiles.clone()));
        if geometry.pes() <= 32 {
            let gaps = Gaps::Random { seed: 9, of_256: 50 };
            check(geometry, &Program { gaps, ..Program::of(tiles) });
        }
    }
}
