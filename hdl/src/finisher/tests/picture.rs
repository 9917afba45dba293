//! The end of a tile, its completion, and the next tile's job.

use expect_test::expect_file;

use super::bench::{CHUNK, DRAIN};
use super::*;
use crate::testbench::{Picture, bit, cell, space};

#[test]
fn picture() {
    let mut bench = Bench::new(11);
    let tile = Tile { tag: 5, job: 0, want: true, folds: vec![7; 16], tail: false };
    let begin = bench.cycle;
    bench.stops_at = begin + 16 * CHUNK as u64 - 1;
    bench.run(&tile);
    assert_eq!(bench.cycle, bench.stops_at, "a long tile is not held");
    let zero = bench.cycle;
    bench.at(zero + DRAIN - 1, Event::Done);
    bench.at(zero + DRAIN, Event::Fold(7));
    let parts = [
        (
            "Tile 5 of 16 chunks ends in cycle 0, and tile 6 of a single one follows. It is held.",
            0,
            6,
        ),
        ("Tile 5's last fold word came in cycle 40. Its ticket and its completion:", 667, 22),
        ("Then the job of tile 6 is read, and its steps go on.", 704, 6),
    ];
    let texts = parts.map(|(caption, first, cycles)| {
        while bench.cycle < zero + first as u64 {
            bench.follow(zero);
            bench.step();
        }
        let mut picture = Picture::new(caption, first);
        for _ in 0..cycles {
            bench.follow(zero);
            bench.draw(&mut picture);
        }
        picture.draw()
    });
    expect_file!["../../../timing/finisher.txt"].assert_eq(&texts.join("\n"));
}

impl Bench {
    /// Drives the end of a tile in cycle `zero`, and another of one chunk behind it.
    fn follow(&mut self, zero: u64) {
        self.finisher.tile_end_in.next = self.cycle == zero;
        self.finisher.tag_in.next = if self.cycle == zero { 5_u64 } else { 6 }.into();
        self.finisher.final_in.next = self.cycle != zero + 1;
        if self.cycle > zero {
            self.finisher.chunks_last_in.next = 0_u64.into();
        }
    }

    /// Draws a cycle and ends it.
    fn draw(&mut self, picture: &mut Picture) {
        self.settle();
        let finisher = &self.finisher;
        picture.cycle([
            ("tag_in", cell(finisher.tag_in.val().to_u64() as i64)),
            ("tile_end_in", bit(finisher.tile_end_in.val())),
            ("final_in", bit(finisher.final_in.val())),
            ("hold_out", bit(finisher.hold_out.val())),
            space(),
            ("pending", bit(finisher.pending.q.val())),
            ("ticket", bit(finisher.ticket.valid_out.val())),
            ("loaded", bit(finisher.jobs.loaded_out.val())),
            space(),
            ("tile_out", bit(finisher.tile_out.val())),
            ("waiting_out", cell(finisher.waiting_out.val().to_u64() as i64)),
        ]);
        self.end();
    }
}
