//! The Verilated board at its wires.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, Request, Response};
use gemmine_hdl::registers;
use gemmine_sim::board::{Board, BoardConfig, Stop};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

/// Bytes to responses.
fn responses(bytes: &[u8]) -> Vec<Response> {
    let frames = bytes.split(|&byte| byte == 0).filter(|frame| !frame.is_empty());
    frames.map(|frame| Response::decode(frame).unwrap()).collect()
}

#[test]
fn a_verilated_board_says_what_it_is() {
    let config = BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(Geometry::new(2, 2)) };
    let mut board = VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap();
    let request = |sequence, opcode, count, address| {
        Request { sequence, opcode, count, address, data: vec![] }.encode()
    };
    board.send(&request(9, Opcode::Sync, 0, 0xcafe)).unwrap();
    let progress = board.run(1_000_000, Stop::AtRest).unwrap();
    let bytes: Vec<u8> = progress.bytes.iter().map(|byte| byte.byte).collect();
    let got = responses(&bytes);
    assert_eq!(got.len(), 1, "{bytes:x?}");
    assert_eq!(got[0].data, [0xcafe]);
    board.send(&request(0, Opcode::Read, 38, 0)).unwrap();
    let progress = board.run(1_000_000, Stop::AtRest).unwrap();
    let bytes: Vec<u8> = progress.bytes.iter().map(|byte| byte.byte).collect();
    let got = responses(&bytes);
    println!("{progress:?} {got:x?}");
    assert_eq!(got[0].data[registers::ID as usize], registers::ID_VALUE);
    assert_eq!(got[0].data[registers::BUILD as usize], board.description().config.build);
}
