//! What the array can't do is refused by name, before it runs.

use gemmine_hdl::Geometry;
use gemmine_sim::model::Model;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::{Engine, Program, TileWork};

use crate::stimulus::Random;

fn refusal(job: TileWork) -> String {
    let mut engine = Model::new(Geometry::new(2, 2));
    engine.run(&Program::of(vec![job])).unwrap_err().to_string()
}

#[test]
fn shapes_that_the_array_cannot_run() {
    let tile = |steps, chunk_steps| Random(1).tile(steps, chunk_steps);
    assert_eq!(
        refusal(tile(128, 32)),
        "chunk length 32 is outside of what the array can do (64..=1024)"
    );
    assert_eq!(
        refusal(tile(4096, 2048)),
        "chunk length 2048 is outside of what the array can do (64..=1024)"
    );
    assert_eq!(
        refusal(tile(64, 128)),
        "whole chunks of a tile 0 is outside of what the array can do (1..=2048)"
    );
    assert_eq!(
        refusal(tile(160, 128)),
        "tail length 32 is outside of what the array can do (64..=1024)"
    );
    assert_eq!(
        refusal(TileWork { steps: 256, ..tile(128, 128) }),
        "the A panel holds 128 steps, the tile asks for 256; give panels of k steps"
    );
}

#[test]
fn arrays_that_are_not_built() {
    let Err(error) = RustHdl::new(Geometry::new(2, 16)) else { panic!("built 2x16") };
    assert_eq!(
        error.to_string(),
        "no 2x16 array is built into this program; it has 2x2, 4x4, 8x4, 4x8, 8x8, 16x16"
    );
}
