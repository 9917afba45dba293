//! Frames on a board's line, both ways.
//!
//! Bytes are cut at the zeros. A frame that is whole is encoded again to one that says the same, and no two words say
//! the same on the line. What an input says with a CRC that is right is read as it was meant.

use gemmine_hdl::frame::{FRAME_WORDS_MAX, Opcode, Request, Response, decode, encode};

use crate::input::Input;
use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    for frame in bytes.split(|byte| *byte == 0) {
        whole(frame);
    }
    let mut input = Input::new(bytes);
    let words: Vec<u32> = (0..input.byte() % 140).map(|_| input.word()).collect();
    let line = encode(&words);
    let (end, frame) = line.split_last().expect("a frame has an end");
    assert!(*end == 0 && !frame.contains(&0), "a frame has one zero, at its end: {line:x?}");
    match decode(frame) {
        Ok(found) => assert_eq!(found, words),
        Err(error) => {
            let fits = (1..FRAME_WORDS_MAX).contains(&words.len());
            assert!(!fits, "{} words: {error}", words.len());
        }
    }
    asked(&mut Input::new(bytes));
}

/// A frame that may be whole.
fn whole(frame: &[u8]) {
    let words = match decode(frame) {
        Ok(words) => words,
        Err(error) => return plain::message(&error),
    };
    assert!((1..FRAME_WORDS_MAX).contains(&words.len()));
    let line = encode(&words);
    assert_eq!(decode(&line[..line.len() - 1]).as_ref(), Ok(&words));
    match Response::decode(frame) {
        Ok(response) => {
            assert_eq!(response.words(), words);
            let line = response.encode();
            assert_eq!(Response::decode(&line[..line.len() - 1]), Ok(response));
        }
        Err(error) => plain::message(&error),
    }
}

/// A request is read by the words that it is made of.
fn asked(input: &mut Input<'_>) {
    let opcode = match input.byte() % 3 {
        0 => Opcode::Sync,
        1 => Opcode::Read,
        _ => Opcode::Write,
    };
    let (sequence, count, address) = (input.byte(), input.half(), input.word());
    let data: Vec<u32> = (0..input.byte() % 124).map(|_| input.word()).collect();
    let request = Request { sequence, opcode, count, address, data };
    let line = request.encode();
    assert_eq!(decode(&line[..line.len() - 1]), Ok(request.words()));
}
