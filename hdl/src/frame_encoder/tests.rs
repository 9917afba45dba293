//! The encoder against the codec, byte for byte, with a line of any patience.

use expect_test::expect_file;

use super::*;
use crate::frame::{FRAME_WORDS_MAX, encode};
use crate::testbench::{Clocked, Picture, Random, bit, cell};

impl Clocked for FrameEncoder {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Sends a frame of these words with its CRC; what comes out.
fn send(encoder: &mut FrameEncoder, words: &[u32], patience: u64, random: &mut Random) -> Vec<u8> {
    let mut frame = crc_behind(words);
    let length = frame.len();
    // Bytes that are no longer of the frame must not matter.
    frame.extend([0, 1, 0]);
    for (place, byte) in frame.into_iter().enumerate() {
        encoder.write_in.next = true;
        encoder.place_in.next = (place as u64).into();
        encoder.byte_in.next = u64::from(byte).into();
        encoder.settle();
        assert!(!encoder.busy_out.val() && !encoder.valid_out.val());
        encoder.edge();
    }
    encoder.write_in.next = false;
    encoder.start_in.next = true;
    encoder.length_in.next = (length as u64).into();
    let mut bytes = Vec::new();
    for cycle in 0.. {
        assert!(cycle < 100_000, "the frame never ends");
        encoder.ready_in.next = random.one_in(patience);
        encoder.settle();
        if encoder.valid_out.val() && encoder.ready_in.val() {
            bytes.push(encoder.byte_out.val().to_u8());
        }
        let busy = encoder.busy_out.val();
        encoder.edge();
        encoder.start_in.next = false;
        if cycle > 0 && !busy {
            break;
        }
    }
    bytes
}

/// The bytes of a frame before the stuffing.
fn crc_behind(words: &[u32]) -> Vec<u8> {
    let line = encode(words);
    cobs::decode_vec(&line[..line.len() - 1]).unwrap()
}

#[test]
fn frames_come_out_as_the_codec_writes_them() {
    let mut random = Random(1);
    let mut encoder = FrameEncoder::connected();
    for round in 0..200 {
        let length = 1 + random.below(FRAME_WORDS_MAX as u64 - 1) as usize;
        let mask = [u32::MAX, 0x00ff_00ff, 0, 0xffff_0000][round % 4];
        let fill = [0, 0x0101_0101][round / 4 % 2];
        let words: Vec<u32> = (0..length).map(|_| random.next() as u32 & mask | fill).collect();
        let patience = [1, 20][round / 8 % 2];
        assert_eq!(send(&mut encoder, &words, patience, &mut random), encode(&words));
    }
}

#[test]
fn groups_of_the_longest_length_end_right() {
    let mut random = Random(2);
    let mut encoder = FrameEncoder::connected();
    let mut ends = 0;
    // 252 bytes without a zero, and a CRC in which the first one may stand anywhere.
    for n in 0..600 {
        let mut words = vec![0x0101_0101; 62];
        words.push(0x0100_0001 | n << 8);
        if let Some(first) = words.first_mut() {
            *first = [0x0101_0101, 0x0101_0001, 0x0001_0101][n as usize % 3];
        }
        let bytes = crc_behind(&words);
        ends += usize::from(bytes.len() == 256 && !bytes[2..].contains(&0));
        assert_eq!(send(&mut encoder, &words, 1, &mut random), encode(&words));
    }
    assert!(ends > 0, "no frame ended with the longest group");
}

/// Puts the bytes of a frame in their places and pulls the start, in the cycle that comes.
fn start(bytes: &[u8]) -> FrameEncoder {
    let mut encoder = FrameEncoder::connected();
    encoder.ready_in.next = true;
    for (place, &byte) in bytes.iter().enumerate() {
        encoder.write_in.next = true;
        encoder.place_in.next = (place as u64).into();
        encoder.byte_in.next = u64::from(byte).into();
        encoder.settle();
        encoder.edge();
    }
    encoder.write_in.next = false;
    encoder.start_in.next = true;
    encoder.length_in.next = (bytes.len() as u64).into();
    encoder
}

/// Cycles from the start to each byte on a line that always takes one.
fn cycles(bytes: &[u8]) -> Vec<usize> {
    let mut encoder = start(bytes);
    let mut cycles = Vec::new();
    for cycle in 0..2000 {
        encoder.settle();
        if encoder.valid_out.val() {
            cycles.push(cycle);
        }
        encoder.edge();
        encoder.start_in.next = false;
    }
    cycles
}

#[test]
fn groups_come_after_their_latency() {
    // Two groups of 3 and 1 bytes, and the zero at the end.
    let first = GROUP_LATENCY + 3;
    let second = first + 3 * 3 + GROUP_LATENCY + 1;
    let want = [first, first + 3, first + 6, first + 9, second, second + 3, second + 4];
    assert_eq!(cycles(&[1, 2, 3, 0, 4]), want);
    assert_eq!(cycles(&[1; 254])[0], GROUP_LATENCY + 254 - 1);
}

#[test]
fn picture() {
    let caption =
        "The frame 17 34 0 51 goes out as 3 17 34 2 51 0; the line takes a byte whenever it can.";
    let mut encoder = start(&[17, 34, 0, 51]);
    let mut picture = Picture::new(caption, 0);
    for cycle in 0..20 {
        encoder.settle();
        let number = |value: u64| cell(value as i64);
        let byte = encoder.byte_out.val().to_u64().to_string();
        picture.cycle([
            ("start_in", bit(cycle == 0)),
            ("busy_out", bit(encoder.busy_out.val())),
            ("looking", bit(encoder.looking.q.val())),
            ("place", number(encoder.place.q.val().to_u64())),
            ("code", number(encoder.code.q.val().to_u64())),
            ("valid_out", bit(encoder.valid_out.val())),
            ("byte_out", if encoder.valid_out.val() { byte } else { "-".into() }),
        ]);
        encoder.edge();
        encoder.start_in.next = false;
    }
    expect_file!["../../timing/frame_encoder.txt"].assert_eq(&picture.draw());
}
