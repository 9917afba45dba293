//! Frames survive the way out and back, and nothing damaged passes.

use super::*;
use crate::testbench::Random;

fn random_words(random: &mut Random) -> Vec<u32> {
    let length = 1 + random.below(FRAME_WORDS_MAX as u64 - 1) as usize;
    let kind = random.below(4);
    let word = |random: &mut Random| match kind {
        0 => 0,
        1 => u32::MAX,
        2 => random.next() as u32 & 0xff00_ff00,
        _ => random.next() as u32,
    };
    (0..length).map(|_| word(random)).collect()
}

#[test]
fn frames_come_back() {
    let mut random = Random(1);
    for _ in 0..2000 {
        let words = random_words(&mut random);
        let line = encode(&words);
        let (end, stuffed) = line.split_last().unwrap();
        assert_eq!(*end, 0);
        assert!(!stuffed.contains(&0));
        assert_eq!(decode(stuffed), Ok(words));
    }
}

#[test]
fn the_crc_is_the_usual_one() {
    // The check value of CRC-32/ISO-HDLC, and the residue behind every whole frame.
    assert_eq!(CRC.checksum(b"123456789"), 0xcbf4_3926);
    let mut whole = b"123456789".to_vec();
    whole.extend(0xcbf4_3926_u32.to_le_bytes());
    assert_eq!(!CRC.checksum(&whole), CRC_RESIDUE);
}

#[test]
fn damage_is_noticed() {
    let mut random = Random(2);
    for _ in 0..2000 {
        let line = encode(&random_words(&mut random));
        let mut stuffed = line[..line.len() - 1].to_vec();
        let place = random.below(stuffed.len() as u64) as usize;
        match random.below(3) {
            0 => stuffed[place] ^= 1 << random.below(8),
            1 => drop(stuffed.remove(place)),
            _ => stuffed.truncate(place),
        }
        assert!(decode(&stuffed).is_err(), "{line:x?} as {stuffed:x?}");
    }
    assert_eq!(decode(&[]), Err(FrameError::Stuffing(0)));
}

#[test]
fn frames_too_long_or_too_short_are_refused() {
    for words in [0, FRAME_WORDS_MAX] {
        let line = encode(&vec![7; words]);
        let refused = decode(&line[..line.len() - 1]);
        assert_eq!(refused, Err(FrameError::Length(4 * words + 4)));
    }
}

#[test]
fn requests_and_responses_have_their_fields_in_place() {
    let request = Request {
        sequence: 0x12,
        opcode: Opcode::Write,
        count: 2,
        address: 0xabcde,
        data: vec![1, 2],
    };
    assert_eq!(request.words(), [0x0002_0312, 0xabcde, 1, 2]);
    let response = Response {
        expected: 0x13,
        status: Status::Repeat,
        sequence: 0x12,
        completions: 5,
        data: vec![9],
    };
    assert_eq!(response.words(), [0x0512_0213, 9]);
    let line = response.encode();
    assert_eq!(Response::decode(&line[..line.len() - 1]), Ok(response));
    let line = encode(&[0x0000_0400]);
    let refused = Response::decode(&line[..line.len() - 1]);
    assert_eq!(refused, Err(FrameError::Head(0x400, "response")));
}
