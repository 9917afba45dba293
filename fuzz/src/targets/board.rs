//! What a host sends, through the model of a board: the smallest device there is, without scans, which could be asked
//! for more work than an input has time for.
//!
//! An input is a row of requests with a CRC that is right, bytes that are none, and time that passes. The board gives
//! the same bytes in the same cycles however its time is cut, answers in whole frames, no more of them than were
//! asked for, and comes to rest.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{FRAME_WORDS_MAX, Response, encode};
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig, LineByte, Stop};

use crate::input::Input;

/// Cycles after which a board must rest once nobody sends.
const REST_MAX: u64 = 1 << 32;
/// Two cycles a bit, so that little time passes on the line.
const BAUD: u32 = 12_000_000;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let whole = play(bytes, u64::MAX);
    let slice = 500 + bytes.first().map_or(0, |byte| u64::from(*byte)) * 37;
    let cut = play(bytes, slice);
    assert_eq!(whole, cut, "cut into {slice} cycles");
}

/// What the host receives, if the board runs `slice` cycles at a time while requests are sent.
fn play(bytes: &[u8], slice: u64) -> Vec<LineByte> {
    let mut input = Input::new(bytes);
    input.byte();
    let config = BoardConfig {
        first_baud: BAUD,
        panel_word_bits: 5,
        build: 0xc0ff_ee00,
        ..BoardConfig::new(Geometry::try_new(2, 2).expect("an array"))
    };
    let mut board = ModelBoard::new(config).expect("a board that there can be");
    let (mut received, mut asked) = (Vec::new(), 0);
    let mut sequence = 0_u8;
    while !input.is_empty() {
        let act = input.byte();
        match act % 8 {
            0..=4 => {
                let line = request(act, &mut sequence, &mut input);
                asked += 1;
                board.send(&line).expect("a model takes bytes");
            }
            5 => {
                let garbage = input.piece();
                asked += garbage.len();
                board.send(garbage).expect("a model takes bytes");
            }
            6 => run_for(&mut board, u64::from(input.half()), slice, &mut received),
            _ => run_for(&mut board, 1 << 17, slice, &mut received),
        }
    }
    let rest = board.run(REST_MAX, Stop::AtRest).expect("a model runs");
    received.extend(rest.bytes);
    assert!(rest.resting, "it does not come to rest");
    frames(&received, asked);
    received
}

fn run_for(board: &mut ModelBoard, mut cycles: u64, slice: u64, received: &mut Vec<LineByte>) {
    while cycles > 0 {
        let step = cycles.min(slice);
        let progress = board.run(step, Stop::Never).expect("a model runs");
        received.extend(progress.bytes);
        cycles -= step;
    }
}

/// A request: its number follows the one before most times, and its address is one of a register or window.
fn request(act: u8, sequence: &mut u8, input: &mut Input<'_>) -> Vec<u8> {
    let opcode = match act >> 3 & 7 {
        0 => u32::from(input.byte()),
        1 => 1,
        2 | 3 => 2,
        _ => 3,
    };
    if act >> 6 == 3 {
        *sequence = input.byte();
    }
    let window = window(input.byte());
    let count = usize::from(input.byte()) % 128;
    let head = u32::from(*sequence) | opcode << 8 | (count as u32) << 16;
    // Writes have as many words as they say, but for a few.
    let words = match (opcode, act & 0x80) {
        (3, 0) => count,
        (3, _) => usize::from(input.byte()) % 128,
        _ => 0,
    };
    let data = (0..words).map(|_| input.word());
    let frame: Vec<u32> = [head, window].into_iter().chain(data).collect();
    if opcode == 2 || opcode == 3 {
        *sequence = sequence.wrapping_add(1);
    }
    encode(&frame[..frame.len().min(FRAME_WORDS_MAX + 1)])
}

/// The word address of a register, or of a place in a window.
pub(super) fn window(place: u8) -> u32 {
    match place {
        0..192 => u32::from(place),
        192..208 => 256 + u32::from(place & 15) * 16,
        208..224 => 1 << 18 | u32::from(place & 15) << 5,
        224..240 => 2 << 18 | u32::from(place & 15) << 3,
        240.. => 3 << 18 | u32::from(place & 15) << 3,
    }
}

/// All that came is whole, unless the board has changed its rate.
fn frames(received: &[LineByte], asked: usize) {
    let bytes: Vec<u8> = received.iter().map(|byte| byte.byte).collect();
    let found = bytes.split(|byte| *byte == 0).filter(|frame| !frame.is_empty());
    let whole = found.filter(|frame| Response::decode(frame).is_ok()).count();
    assert!(whole <= asked, "{whole} answers to {asked} questions");
}
