//! A small host: requests out, responses in, on any board.

use std::collections::VecDeque;

use gemmine_hdl::frame::{FrameError, Opcode, PAYLOAD_WORDS_MAX, Request, Response, Status};
use gemmine_hdl::registers as map;
use gemmine_hdl::registers::panel_address;
use gemmine_sim::board::{Board, LineByte, Progress, Stop};

/// More cycles than anything that a test waits for takes.
pub const PATIENCE: u64 = 20_000_000;

/// The host's end of a board's line.
pub struct Host {
    pub board: Box<dyn Board>,
    pub sequence: u8,
    /// Bytes that came and are in no response yet.
    pub bytes: Vec<u8>,
    pub line: Vec<LineByte>,
    pub responses: VecDeque<Response>,
    pub damaged: usize,
}

/// Words of a descriptor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tile {
    pub tag: u32,
    pub first_words: [u16; 2],
    pub chunk_steps: usize,
    pub chunks: usize,
    pub tail_steps: usize,
    pub unsigned_a: bool,
    pub want_tile: bool,
    pub scan: bool,
    pub noise: bool,
    pub job: u32,
    pub fences: [u8; 2],
}

impl Tile {
    pub fn words(&self) -> [u32; 4] {
        let shape = (self.chunk_steps - 1) as u32
            | u32::from(self.tail_steps > 0) << 10
            | (self.tail_steps.saturating_sub(1) as u32) << 11
            | u32::from(self.unsigned_a) << 21
            | u32::from(self.want_tile) << 22
            | u32::from(self.scan) << 23
            | u32::from(self.noise) << 24;
        let fences = u32::from(self.fences[0]) << 16 | u32::from(self.fences[1]) << 24;
        let panels = u32::from(self.first_words[0]) | u32::from(self.first_words[1]) << 16;
        [self.tag, panels, shape, (self.chunks - 1) as u32 | self.job << 12 | fences]
    }

    pub fn steps(&self) -> usize {
        self.chunks * self.chunk_steps + self.tail_steps
    }
}

/// A completion, as the host reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub tag: u32,
    pub hit: bool,
    pub hit_before: bool,
    pub bank: Option<usize>,
    pub nonce: u32,
    pub cycle: u64,
    pub ticket: [u8; 32],
}

impl Host {
    pub fn new(board: impl Board + 'static) -> Self {
        Self {
            board: Box::new(board),
            sequence: 0,
            bytes: Vec::new(),
            line: Vec::new(),
            responses: VecDeque::new(),
            damaged: 0,
        }
    }

    /// Lets the board run until it rests, or so many cycles, and takes what it says.
    pub fn run(&mut self, cycles: u64, stop: Stop) -> Progress {
        let progress = self.board.run(cycles, stop).unwrap();
        for line in &progress.bytes {
            self.line.push(*line);
            if line.byte != 0 {
                self.bytes.push(line.byte);
                continue;
            }
            match Response::decode(&std::mem::take(&mut self.bytes)) {
                Ok(response) => self.responses.push_back(response),
                Err(FrameError::Stuffing(0)) => {}
                Err(_) => self.damaged += 1,
            }
        }
        progress
    }

    pub fn rest(&mut self) -> Progress {
        let progress = self.run(PATIENCE, Stop::AtRest);
        assert!(progress.resting, "the board never rests");
        progress
    }

    pub fn send(&mut self, request: &Request) {
        self.board.send(&request.encode()).unwrap();
    }

    /// The next request in order; its number is used up.
    pub fn request(&mut self, opcode: Opcode, address: u32, count: u16, data: &[u32]) -> Request {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(u8::from(opcode != Opcode::Sync));
        Request { sequence, opcode, count, address, data: data.to_vec() }
    }

    /// One request, and the response to it.
    pub fn ask(&mut self, opcode: Opcode, address: u32, count: u16, data: &[u32]) -> Response {
        let request = self.request(opcode, address, count, data);
        self.send(&request);
        let progress = self.rest();
        let response = self.responses.pop_front();
        let response = response.unwrap_or_else(|| panic!("no answer to {request:?}: {progress:?}"));
        assert_eq!(self.responses.pop_front(), None);
        assert_eq!((response.status, response.sequence), (Status::Done, request.sequence));
        assert_eq!(response.expected, self.sequence);
        response
    }

    pub fn read(&mut self, address: u32, count: u16) -> Vec<u32> {
        self.ask(Opcode::Read, address, count, &[]).data
    }

    pub fn register(&mut self, address: u32) -> u32 {
        self.read(address, 1)[0]
    }

    /// A counter of two halves.
    pub fn counter(&mut self, low: u32) -> u64 {
        let halves = self.read(low, 2);
        u64::from(halves[0]) | u64::from(halves[1]) << 24
    }

    /// Writes words, as many requests as that takes, without waiting in between.
    pub fn write(&mut self, address: u32, data: &[u32]) {
        for (n, words) in data.chunks(PAYLOAD_WORDS_MAX).enumerate() {
            let at = address + (PAYLOAD_WORDS_MAX * n) as u32;
            let request = self.request(Opcode::Write, at, words.len() as u16, words);
            self.send(&request);
            if n % 32 == 31 {
                self.rest();
            }
        }
        self.rest();
        let last = self.responses.drain(..).next_back().unwrap();
        assert_eq!((last.status, last.expected), (Status::Done, self.sequence));
    }

    /// Writes a panel of `lanes[lane][step]`, from a word on.
    pub fn write_panel(&mut self, side: usize, first_word: u32, lanes: &[Vec<u8>; 16]) {
        let config = self.board.description().config;
        let width = [config.geometry.rows(), config.geometry.columns()][side];
        for (lane, steps) in lanes.iter().enumerate() {
            let words = steps.chunks(4).map(|four| {
                let mut bytes = [0; 4];
                bytes[..four.len()].copy_from_slice(four);
                u32::from_le_bytes(bytes)
            });
            let window = [map::PANELS_A, map::PANELS_B][side];
            let lane = panel_address(width, config.panel_word_bits as usize, lane);
            self.write(window + lane + first_word, &words.collect::<Vec<_>>());
        }
    }

    pub fn write_job(&mut self, slot: u32, key: &[u8; 32], bound: &[u8; 32]) {
        let bytes = [*key, *bound].concat();
        let words = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
        self.write(map::JOBS + slot * map::JOB_WORDS, &words.collect::<Vec<_>>());
    }

    pub fn push(&mut self, tile: &Tile) {
        self.write(map::DESCRIPTORS, &tile.words());
    }

    /// The nth completion since the last reset.
    pub fn completion(&mut self, nth: u32) -> Completion {
        let place = nth % map::QUEUE * map::COMPLETION_WORDS;
        let words = self.read(map::COMPLETIONS + place, map::COMPLETION_WORDS as u16);
        assert_eq!(words[5..8], [0; 3]);
        let mut ticket = [0; 32];
        for (bytes, word) in ticket.as_chunks_mut::<4>().0.iter_mut().zip(&words[8..]) {
            *bytes = word.to_le_bytes();
        }
        let flags = words[1];
        assert_eq!(flags >> 4, 0);
        Completion {
            tag: words[0],
            hit: flags & 1 == 1,
            hit_before: flags & 8 == 8,
            bank: (flags & 2 == 2).then_some((flags >> 2 & 1) as usize),
            nonce: words[4],
            cycle: u64::from(words[2]) | u64::from(words[3]) << 24,
            ticket,
        }
    }

    pub fn product(&mut self, bank: usize) -> Vec<i32> {
        let geometry = self.board.description().config.geometry;
        let at = map::RESULTS + bank as u32 * 256;
        let words: Vec<u32> = (0..4).flat_map(|n| self.read(at + 64 * n, 64)).collect();
        let place = |n: usize| map::result_address(geometry, 0, n / 16, n % 16) as usize;
        (0..256).map(|n| words[place(n)] as i32).collect()
    }
}
