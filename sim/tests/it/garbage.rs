//! Garbage on the line of a Verilated device: nothing of it is carried out, and the next request is.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, Request, Response};
use gemmine_hdl::registers::{
    BYTES_IN, ERROR, FRAMES_BAD, FRAMES_GOOD, FRAMES_REFUSED, SCRATCH, SCRATCH_SET, TILES_LOW,
};
use gemmine_sim::board::{Board, BoardConfig, Stop};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use crate::stimulus::Random;

/// Bytes of garbage: a hundred million where GEMMINE_LONG is set.
fn garbage_bytes() -> usize {
    if std::env::var_os("GEMMINE_LONG").is_some() { 100_000_000 } else { 300_000 }
}

/// Sends a request and takes the one response.
fn ask(board: &mut dyn Board, request: &Request) -> Response {
    board.send(&[&[0], request.encode().as_slice()].concat()).unwrap();
    let progress = board.run(1_000_000, Stop::AtRest).unwrap();
    assert!(progress.resting, "no rest after {request:?}");
    let bytes: Vec<u8> = progress.bytes.iter().map(|byte| byte.byte).collect();
    let frames = bytes.split(|&byte| byte == 0).filter(|frame| !frame.is_empty());
    let mut responses: Vec<Response> =
        frames.map(|frame| Response::decode(frame).unwrap()).collect();
    assert_eq!(responses.len(), 1, "{responses:?}");
    responses.remove(0)
}

fn request(sequence: u8, opcode: Opcode, count: u16, address: u32, data: &[u32]) -> Request {
    Request { sequence, opcode, count, address, data: data.to_vec() }
}

#[test]
fn garbage_changes_nothing_and_is_over_with_the_next_zero() {
    let config = BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(Geometry::new(2, 2)) };
    let mut board = VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap();
    let done = ask(&mut board, &request(0, Opcode::Write, 1, SCRATCH_SET, &[0x600d]));
    assert_eq!(done.expected, 1);
    let mut random = Random(1);
    let mut left = garbage_bytes();
    let total = left as u32;
    while left > 0 {
        // Frames of any length: zeros are as frequent as by chance, ten times that, or absent.
        let zeros = [256, 25, u64::MAX][random.below(3) as usize];
        let block: Vec<u8> = (0..left.min(100_000))
            .map(|_| if random.below(zeros) == 0 { 0 } else { random.next() as u8 })
            .collect();
        left -= block.len();
        board.send(&block).unwrap();
        let progress = board.run(40 * block.len() as u64 + 1000, Stop::AtRest).unwrap();
        assert!(progress.resting, "it never rests");
        assert_eq!(progress.bytes, [], "it answered garbage");
    }
    let read = ask(&mut board, &request(1, Opcode::Read, 38, 0, &[]));
    assert_eq!((read.expected, read.data.len()), (2, 38));
    let register = |address: u32| read.data[address as usize];
    assert_eq!(register(SCRATCH), 0x600d);
    assert_eq!([ERROR, TILES_LOW, FRAMES_REFUSED].map(register), [0; 3]);
    assert_eq!(register(FRAMES_GOOD), 2, "a frame of garbage passed");
    assert!(register(FRAMES_BAD) > total / 1000 % (1 << 24) / 2 || total > 1 << 24);
    println!(
        "{total} bytes of garbage, {} damaged frames, {} bytes counted modulo 2^24",
        register(FRAMES_BAD),
        register(BYTES_IN)
    );
}
