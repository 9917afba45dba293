//! Boards at their wires: rust-hdl, Verilator.

mod gates;
pub mod host;
pub mod lockstep;
pub mod mining;
mod noise_scans;
mod pair;
mod protocol;
mod rates;
mod scans;
#[cfg(target_os = "linux")]
mod terminal;

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, Request, Response};
use gemmine_hdl::registers;
use gemmine_sim::board::{Board, BoardConfig, Stop};
use gemmine_sim::rtl::RustHdlBoard;
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use crate::stimulus::Random;

/// Bytes to responses.
fn responses(bytes: &[u8]) -> Vec<Response> {
    let frames = bytes.split(|&byte| byte == 0).filter(|frame| !frame.is_empty());
    frames.map(|frame| Response::decode(frame).unwrap()).collect()
}

/// A request without data.
fn request(sequence: u8, opcode: Opcode, count: u16, address: u32) -> Vec<u8> {
    Request { sequence, opcode, count, address, data: vec![] }.encode()
}

#[test]
fn a_board_in_rust_hdl_and_its_verilog_say_the_same_in_the_same_cycles() {
    let config = BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(Geometry::new(2, 2)) };
    let mut verilated = VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap();
    let build = verilated.description().config.build;
    let mut rust = RustHdlBoard::new(BoardConfig { build, ..config }).unwrap();
    let mut random = Random(1);
    for sequence in 0..4 {
        let request = match sequence {
            0 => request(9, Opcode::Sync, 0, 0xcafe),
            n => request(n - 1, Opcode::Read, 38, 0),
        };
        let mut bytes: Vec<u8> = (0..random.below(20)).map(|_| random.next() as u8).collect();
        bytes.push(0);
        bytes.extend(request);
        let run = |board: &mut dyn Board| {
            board.send(&bytes).unwrap();
            board.run(4000, Stop::Never).unwrap()
        };
        let (got, want) = (run(&mut verilated), run(&mut rust));
        assert_eq!(got, want);
        let bytes: Vec<u8> = got.bytes.iter().map(|byte| byte.byte).collect();
        let data = &responses(&bytes).pop().unwrap().data;
        match sequence {
            0 => assert_eq!(data, &[0xcafe]),
            _ => {
                assert_eq!(data[registers::ID as usize], registers::ID_VALUE);
                assert_eq!(data[registers::BUILD as usize], build);
            }
        }
    }
}
