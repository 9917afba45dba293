//! The decoder against the codec: whole frames, damaged ones, garbage, and bytes in every rhythm.

use super::*;
use crate::frame::{decode, encode};
use crate::testbench::{Clocked, Random};

impl Clocked for FrameDecoder {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// A decoder, and the words of the frame that is coming in.
struct Bench {
    decoder: FrameDecoder,
    words: Vec<u32>,
    verdicts: Vec<Option<Vec<u32>>>,
}

impl Bench {
    fn new() -> Self {
        Self { decoder: FrameDecoder::connected(), words: Vec::new(), verdicts: Vec::new() }
    }

    fn cycle(&mut self, byte: Option<u8>) {
        self.decoder.valid_in.next = byte.is_some();
        self.decoder.byte_in.next = u64::from(byte.unwrap_or(0xa5)).into();
        self.decoder.settle();
        if self.decoder.word_valid_out.val() {
            assert_eq!(self.decoder.place_out.val().to_u64(), self.words.len() as u64);
            self.words.push(self.decoder.word_out.val().to_u32());
        }
        if self.decoder.good_out.val() {
            assert_eq!(self.decoder.words_out.val().to_u64(), self.words.len() as u64);
            let mut words = std::mem::take(&mut self.words);
            words.pop();
            self.verdicts.push(Some(words));
        }
        if self.decoder.bad_out.val() {
            self.words.clear();
            self.verdicts.push(None);
        }
        self.decoder.edge();
    }

    fn line(&mut self, bytes: &[u8], gap_one_in: u64, random: &mut Random) {
        for &byte in bytes {
            while random.one_in(gap_one_in) {
                self.cycle(None);
            }
            self.cycle(Some(byte));
        }
    }

    /// The verdicts on all frames so far.
    fn end(&mut self) -> Vec<Option<Vec<u32>>> {
        for _ in 0..=LATENCY {
            self.cycle(None);
        }
        std::mem::take(&mut self.verdicts)
    }
}

/// What the codec says of the frames in a line of bytes.
fn verdicts(line: &[u8]) -> Vec<Option<Vec<u32>>> {
    let whole = line.iter().rposition(|&byte| byte == 0).map_or(0, |end| end + 1);
    let frames = line[..whole].split(|&byte| byte == 0).filter(|frame| !frame.is_empty());
    frames.map(|frame| decode(frame).ok()).collect()
}

fn random_frame(random: &mut Random) -> Vec<u8> {
    let length = match random.below(4) {
        0 => random.below(3),
        1 => FRAME_WORDS_MAX as u64 - 3 + random.below(5),
        _ => random.below(80),
    };
    let mask = [0, u32::MAX, 0x00ff_00ff, 0xffff_0000][random.below(4) as usize];
    let dense = random.one_in(2);
    let word = |random: &mut Random| {
        if dense { random.next() as u32 | 0x0101_0101 } else { random.next() as u32 & mask }
    };
    let words: Vec<u32> = (0..length).map(|_| word(random)).collect();
    encode(&words)
}

#[test]
fn frames_are_told_as_the_codec_tells_them() {
    let mut random = Random(1);
    let mut bench = Bench::new();
    let (mut good, mut bad) = (0, 0);
    for round in 0..300 {
        let mut line = random_frame(&mut random);
        if random.one_in(2) {
            let place = random.below(line.len() as u64) as usize;
            match random.below(4) {
                0 => line[place] ^= 1 << random.below(8),
                1 => drop(line.remove(place)),
                2 => line.insert(place, random.next() as u8),
                _ => line.truncate(place),
            }
        }
        line.push(0);
        bench.line(&line, [u64::MAX, 3][round % 2], &mut random);
        let (got, want) = (bench.end(), verdicts(&line));
        assert_eq!(got, want, "line {line:x?}");
        good += want.iter().flatten().count();
        bad += want.iter().filter(|verdict| verdict.is_none()).count();
    }
    assert!(good > 50 && bad > 50, "{good} good, {bad} bad");
}

#[test]
fn garbage_is_no_frame() {
    let mut random = Random(2);
    let mut bench = Bench::new();
    let garbage: Vec<u8> = (0..20_000)
        .map(|_| if random.one_in(40) { 0 } else { random.next() as u8 })
        .chain([0])
        .collect();
    bench.line(&garbage, u64::MAX, &mut random);
    assert_eq!(bench.end(), verdicts(&garbage));
    let frame = encode(&[1, 2, 3]);
    bench.line(&frame, u64::MAX, &mut random);
    assert_eq!(bench.end(), [Some(vec![1, 2, 3])]);
}
