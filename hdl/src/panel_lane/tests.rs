//! Steps come out in order and in time, through gaps, writes and both kinds of bytes.

use expect_test::expect_file;

use super::*;
use crate::bits::{signed_value, unsigned_bits};
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, space};

impl<const A: usize> Clocked for PanelLane<A> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const WORDS: usize = 16;

impl PanelLane<4> {
    /// One cycle: a step of this number, a word to write.
    fn cycle(&mut self, step: Option<usize>, write: Option<(usize, u32)>) {
        self.step_in.next = step.is_some();
        self.fetch_in.next = step.is_some_and(|step| step % 4 == 0);
        // Between fetches the address is anything.
        let address = step.map_or(7, |step| if step % 4 == 0 { step / 4 } else { 9 });
        self.address_in.next = unsigned_bits(address as u64);
        self.write_enable_in.next = write.is_some();
        let (address, word) = write.unwrap_or((3, 0xdead_beef));
        self.write_address_in.next = unsigned_bits(address as u64);
        self.write_data_in.next = unsigned_bits(word.into());
        self.settle();
    }

    fn write(&mut self, bytes: &[u8]) {
        for (n, word) in bytes.as_chunks::<4>().0.iter().enumerate() {
            self.cycle(None, Some((n, u32::from_le_bytes(*word))));
            self.edge();
        }
    }
}

fn check(unsigned: bool, gap_one_in: u64) {
    let mut random = Random(gap_one_in);
    let bytes: Vec<u8> = (0..4 * WORDS).map(|_| random.operand() as u8).collect();
    let mut lane = PanelLane::<4>::connected();
    lane.unsigned_in.next = unsigned;
    lane.write(&bytes);
    let number = |byte: u8| if unsigned { i64::from(byte) } else { i64::from(byte as i8) };
    let mut due = vec![];
    let mut step = 0;
    while due.len() < 300 {
        let now = (!random.one_in(gap_one_in)).then_some(step % bytes.len());
        step += usize::from(now.is_some());
        due.push(now.map_or(0, |step| number(bytes[step])));
        lane.cycle(now, None);
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
fn writing_one_half_leaves_the_other_alone() {
    let mut lane = PanelLane::<4>::connected();
    let bytes: Vec<u8> = (0..4 * WORDS as u8).collect();
    lane.write(&bytes);
    // The upper half is written anew while the lower one is read.
    for cycle in 0..32 + LATENCY {
        let write = (8 + cycle / 4 < WORDS).then_some((8 + cycle / 4, 0x6464_6464));
        lane.cycle((cycle < 32).then_some(cycle), write);
        let want = cycle.checked_sub(LATENCY).map_or(0, |step| step as i64);
        assert_eq!(signed_value(lane.operand_out.val()), want);
        lane.edge();
    }
    for cycle in 32..64 + LATENCY {
        lane.cycle((cycle < 64).then_some(cycle), None);
        if cycle >= 32 + LATENCY {
            assert_eq!(signed_value(lane.operand_out.val()), 0x64);
        }
        lane.edge();
    }
}

#[test]
fn picture() {
    let caption =
        "Words 0 and 1 hold 1 2 3 4 and -5 -6 -7 -8; a gap of two cycles before the last step.";
    let mut picture = Picture::new(caption, 0);
    let mut lane = PanelLane::<4>::connected();
    lane.write(&[1, 2, 3, 4, 0xfb, 0xfa, 0xf9, 0xf8]);
    for cycle in 0..14 {
        let step = match cycle {
            0..=6 => Some(cycle),
            9 => Some(7),
            _ => None,
        };
        lane.cycle(step, None);
        let fetched = step.filter(|step| step % 4 == 0);
        let address = fetched.map_or("-".into(), |step| (step / 4).to_string());
        picture.cycle([
            ("step_in", bit(lane.step_in.val())),
            ("fetch_in", bit(lane.fetch_in.val())),
            ("address_in", address),
            space(),
            ("step_out", bit(lane.step_out.val())),
            ("fetch_out", bit(lane.fetch_out.val())),
            space(),
            ("word, low byte", cell(i64::from(lane.word.q.val().to_u32() as u8 as i8))),
            ("operand_out", number(lane.operand_out.val())),
        ]);
        lane.edge();
    }
    expect_file!["../../timing/panel_lane.txt"].assert_eq(&picture.draw());
}
