//! Steps come out in order and in time, through gaps and of both kinds of bytes.

use expect_test::expect_file;

use super::*;
use crate::bits::{signed_value, unsigned_bits};
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, space};

impl Clocked for PanelLane {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

impl PanelLane {
    /// One cycle: a step of this number, of these words.
    fn cycle(&mut self, step: Option<usize>, words: &[[u8; 4]]) {
        let fetched = step.filter(|step| step % 4 == 0);
        self.step_in.next = step.is_some();
        self.fetch_in.next = fetched.is_some();
        // Between fetches the word is another lane's.
        let word = fetched.map_or(0xdead_beef, |step| u32::from_le_bytes(words[step / 4]));
        self.word_in.next = unsigned_bits(word.into());
        self.settle();
    }
}

fn check(unsigned: bool, gap_one_in: u64) {
    let mut random = Random(gap_one_in);
    // Every byte, in some word.
    let words: [[u8; 4]; 64] =
        std::array::from_fn(|word| std::array::from_fn(|n| (4 * word + n) as u8));
    let mut lane = PanelLane::connected();
    lane.unsigned_in.next = unsigned;
    let number = |byte: u8| if unsigned { i64::from(byte) } else { i64::from(byte as i8) };
    let mut due = vec![];
    let mut step = 0;
    while due.len() < 600 {
        let now = (!random.one_in(gap_one_in)).then_some(step % 256);
        step += usize::from(now.is_some());
        due.push(now.map_or(0, |step| number(words[step / 4][step % 4])));
        lane.cycle(now, &words);
        let want = due.len().checked_sub(LATENCY + 1).map_or(0, |then| due[then]);
        assert_eq!(signed_value(lane.operand_out.val()), want, "cycle {}", due.len() - 1);
        lane.edge();
    }
}

#[test]
fn operands_come_out_in_order() {
    for unsigned in [false, true] {
        check(unsigned, u64::MAX);
        check(unsigned, 2);
        check(unsigned, 7);
    }
}

#[test]
fn picture() {
    let caption = "Words 1 2 3 4 and -5 -6 -7 -8; a gap of two cycles before the last step.";
    let mut picture = Picture::new(caption, 0);
    let mut lane = PanelLane::connected();
    let words = [[1, 2, 3, 4], [0xfb, 0xfa, 0xf9, 0xf8]];
    for cycle in 0..12 {
        let step = match cycle {
            0..=6 => Some(cycle),
            9 => Some(7),
            _ => None,
        };
        lane.cycle(step, &words);
        let low = words[usize::from(step > Some(3))][0];
        picture.cycle([
            ("step_in", bit(lane.step_in.val())),
            ("fetch_in", bit(lane.fetch_in.val())),
            (
                "word_in, low byte",
                if lane.fetch_in.val() { cell((low as i8).into()) } else { "-".into() },
            ),
            space(),
            ("operand_out", number(lane.operand_out.val())),
        ]);
        lane.edge();
    }
    expect_file!["../../timing/panel_lane.txt"].assert_eq(&picture.draw());
}
