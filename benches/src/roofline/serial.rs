//! The serial line: a host that sends a panel of B', then the tiles with it, and reads what came of them.

use gemmine_hdl::frame::{Opcode, PAYLOAD_WORDS_MAX, Request};
use gemmine_hdl::registers as map;
use gemmine_sim::EngineError;
use gemmine_sim::board::{Board, Stop};

use super::{Case, Counted, Row};

/// Cycles in which everything is done.
const PATIENCE: u64 = 1 << 34;
/// Tiles that may be outstanding.
const QUEUE: usize = map::QUEUE as usize;

struct Host<'a> {
    board: &'a mut dyn Board,
    sequence: u8,
    counted: Counted,
}

/// Runs a case on a board that has just been powered up, whose host has the same rate.
///
/// # Errors
/// If the simulation fails, or the board does not rest.
pub fn measure(board: &mut dyn Board, case: Case) -> Result<Row, EngineError> {
    let config = board.description().config;
    let engine = board.description().engine;
    let mut host = Host { board, sequence: 0, counted: Counted::default() };
    host.rest()?;
    for nth in 0..case.resident {
        let width = case.geometry.rows();
        host.panel(&case, map::PANELS_A, width, nth * case.panel_words(), 1)?;
    }
    let before = host.board.run(0, Stop::Never)?.now;
    host.counted = Counted::default();
    for panel in 0..case.streamed {
        let (width, slot) = (case.geometry.columns(), panel % case.slots());
        host.panel(&case, map::PANELS_B, width, slot * case.panel_words(), 1 << 8)?;
        let first = panel * case.resident;
        for tile in (first..first + case.resident).step_by(QUEUE) {
            let count = (case.resident + first - tile).min(QUEUE);
            let words: Vec<u32> =
                (tile..tile + count).flat_map(|tile| case.descriptor(tile)).collect();
            host.write(map::DESCRIPTORS, &words)?;
            host.rest()?;
            host.read_completions(tile, count)?;
            host.write(map::POP, &[count as u32])?;
            host.rest()?;
        }
    }
    let cycles = host.board.run(0, Stop::Never)?.now - before;
    let tiles = case.tiles() as u64;
    let slots = case.geometry.slots() as u64;
    let steps = tiles * case.steps as u64 * slots;
    let counted = Counted { cycles, steps, tiles, ..host.counted };
    Ok(Row::new(&format!("serial {}", config.first_baud), engine, &case, counted))
}

impl Host<'_> {
    fn request(&mut self, opcode: Opcode, address: u32, count: usize, data: Vec<u32>) -> Vec<u8> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        Request { sequence, opcode, count: count as u16, address, data }.encode()
    }

    fn send(&mut self, line: &[u8]) -> Result<(), EngineError> {
        self.counted.bytes_in += line.len() as u64;
        self.board.send(line)
    }

    fn write(&mut self, address: u32, words: &[u32]) -> Result<(), EngineError> {
        for (n, data) in words.chunks(PAYLOAD_WORDS_MAX).enumerate() {
            let at = address + (n * PAYLOAD_WORDS_MAX) as u32;
            let line = self.request(Opcode::Write, at, data.len(), data.to_vec());
            self.send(&line)?;
        }
        Ok(())
    }

    fn read_completions(&mut self, first: usize, count: usize) -> Result<(), EngineError> {
        // An entry at a time: what a host asks for of a ring that it follows.
        for tile in first..first + count {
            let at = map::COMPLETIONS + (tile % QUEUE) as u32 * map::COMPLETION_WORDS;
            let line = self.request(Opcode::Read, at, map::COMPLETION_WORDS as usize, Vec::new());
            self.send(&line)?;
            // A read behind a read that is being answered would be refused.
            self.rest()?;
        }
        Ok(())
    }

    fn panel(
        &mut self,
        case: &Case,
        window: u32,
        width: usize,
        first_word: usize,
        commit: u32,
    ) -> Result<(), EngineError> {
        for lane in 0..16 {
            let at = map::panel_address(width, case.panel_word_bits as usize, lane);
            self.write(window + at + first_word as u32, &case.lane(lane))?;
        }
        self.write(map::COMMIT, &[commit])?;
        self.rest()
    }

    fn rest(&mut self) -> Result<(), EngineError> {
        let progress = self.board.run(PATIENCE, Stop::AtRest)?;
        self.counted.bytes_out += progress.bytes.len() as u64;
        match progress.resting {
            true => Ok(()),
            false => {
                let why = format!("the board does not rest in {PATIENCE} cycles");
                Err(EngineError::Protocol { engine: "serial", why })
            }
        }
    }
}
