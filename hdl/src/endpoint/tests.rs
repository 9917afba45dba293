//! The endpoint between a frame's words and a bus of plain memory, as the protocol says.

use expect_test::expect_file;

use super::*;
use crate::accelerator::READ_LATENCY;
use crate::frame::{Opcode, PAYLOAD_WORDS_MAX, Request, Response, Status, encode};
use crate::testbench::{Clocked, Picture, Random, bit, cell, space};

impl Clocked for Endpoint {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const WAITING: u8 = 9;

/// An endpoint on a bus of plain memory, with an encoder that takes its time.
struct Bench {
    endpoint: Endpoint,
    memory: Vec<u32>,
    reads: Vec<u32>,
    /// Where this cycle's word goes, if it is one.
    writes: Option<usize>,
    bytes: Vec<u8>,
    responses: Vec<Response>,
    busy_for: usize,
    encoder_busy: usize,
    refused: usize,
    cycle: usize,
    picture: Option<Picture>,
}

impl Bench {
    fn new(busy_for: usize) -> Self {
        Self {
            endpoint: Endpoint::connected(),
            memory: vec![0; 1 << 20],
            reads: vec![0; READ_LATENCY],
            writes: None,
            bytes: vec![0; 512],
            responses: Vec::new(),
            busy_for,
            encoder_busy: 0,
            refused: 0,
            cycle: 0,
            picture: None,
        }
    }

    fn step(&mut self) {
        let endpoint = &mut self.endpoint;
        endpoint.encoder_busy_in.next = self.encoder_busy > 0;
        endpoint.waiting_in.next = u64::from(WAITING).into();
        endpoint.read_data_in.next = u64::from(self.reads[0]).into();
        endpoint.settle();
        if let Some(picture) = &mut self.picture {
            draw(picture, endpoint, self.writes.is_some());
        }
        let address = endpoint.address_out.val().to_u64() as usize;
        self.reads.remove(0);
        self.reads.push(self.memory[address]);
        if let Some(address) = self.writes {
            self.memory[address] = endpoint.write_data_out.val().to_u32();
        }
        self.writes = endpoint.write_out.val().then_some(address);
        if endpoint.byte_valid_out.val() {
            let place = endpoint.byte_place_out.val().to_u64() as usize;
            self.bytes[place] = endpoint.byte_out.val().to_u8();
        }
        self.encoder_busy = self.encoder_busy.saturating_sub(1);
        self.refused += usize::from(endpoint.refused_out.val());
        if endpoint.start_out.val() {
            assert_eq!(self.encoder_busy, 0, "a response was started on top of another");
            self.encoder_busy = self.busy_for;
            let length = endpoint.length_out.val().to_u64() as usize;
            let words = self.bytes[..length - 4].as_chunks::<4>().0.iter();
            let words: Vec<u32> = words.map(|word| u32::from_le_bytes(*word)).collect();
            let line = encode(&words);
            let stuffed = &line[..line.len() - 1];
            let whole = cobs::decode_vec(stuffed).unwrap();
            assert_eq!(self.bytes[..length], whole, "CRC of a response");
            self.responses.push(Response::decode(stuffed).unwrap());
        }
        endpoint.edge();
        self.cycle += 1;
    }

    /// A frame comes in, a word every `pace` cycles.
    fn frame(&mut self, words: &[u32], pace: usize) {
        self.words(words, pace);
        self.good(words.len() + 1);
    }

    /// Its words, a CRC behind them.
    fn words(&mut self, words: &[u32], pace: usize) {
        let crc = 0x1234_5678;
        for (place, &word) in words.iter().chain([&crc]).enumerate() {
            self.endpoint.word_valid_in.next = true;
            self.endpoint.place_in.next = (place as u64).into();
            self.endpoint.word_in.next = u64::from(word).into();
            self.step();
            self.endpoint.word_valid_in.next = false;
            for _ in 1..pace {
                self.step();
            }
        }
    }

    /// The frame's end: it is whole.
    fn good(&mut self, words: usize) {
        self.endpoint.good_in.next = true;
        self.endpoint.words_in.next = (words as u64).into();
        self.step();
        self.endpoint.good_in.next = false;
    }

    fn request(&mut self, sequence: u8, opcode: Opcode, count: u16, address: u32, data: &[u32]) {
        let request = Request { sequence, opcode, count, address, data: data.to_vec() };
        // A line brings a word in four bytes of at least twenty cycles.
        self.frame(&request.words(), 80);
    }

    /// Waits until all is said, and takes the responses.
    fn end(&mut self) -> Vec<Response> {
        for _ in 0..4000 {
            self.step();
        }
        assert!(self.endpoint.idle_out.val(), "the endpoint never rests");
        std::mem::take(&mut self.responses)
    }
}

fn response(expected: u8, status: Status, sequence: u8, data: &[u32]) -> Response {
    Response { expected, status, sequence, completions: WAITING, data: data.to_vec() }
}

#[test]
fn requests_are_carried_out_in_order() {
    let mut random = Random(1);
    let mut bench = Bench::new(100);
    let words: Vec<u32> = (0..PAYLOAD_WORDS_MAX).map(|_| random.next() as u32).collect();
    let count = PAYLOAD_WORDS_MAX as u16;
    bench.request(0, Opcode::Write, count, 0x12345, &words);
    assert_eq!(bench.end(), [response(1, Status::Done, 0, &[])]);
    assert_eq!(bench.memory[0x12345..][..PAYLOAD_WORDS_MAX], words);
    bench.request(1, Opcode::Write, 1, 0xfffff, &[7]);
    assert_eq!(bench.end(), [response(2, Status::Done, 1, &[])]);
    bench.request(2, Opcode::Read, count, 0x12345, &[]);
    assert_eq!(bench.end(), [response(3, Status::Done, 2, &words)]);
    bench.request(3, Opcode::Read, 1, 0xfffff, &[]);
    assert_eq!(bench.end(), [response(4, Status::Done, 3, &[7])]);
    bench.request(77, Opcode::Sync, 0, 0xcafe_f00d, &[]);
    assert_eq!(bench.end(), [response(4, Status::Done, 77, &[0xcafe_f00d])]);
    assert_eq!(bench.refused, 0);
}

#[test]
fn other_numbers_change_nothing() {
    let mut bench = Bench::new(100);
    for sequence in 0..=255 {
        bench.request(sequence, Opcode::Write, 1, 5, &[u32::from(sequence)]);
        bench.end();
    }
    for (sequence, status) in [
        (255, Status::Repeat),
        (200, Status::Repeat),
        (128, Status::Repeat),
        (127, Status::Gap),
        (1, Status::Gap),
    ] {
        bench.request(sequence, Opcode::Write, 1, 5, &[0]);
        assert_eq!(bench.end(), [response(0, status, sequence, &[])]);
        bench.request(sequence, Opcode::Read, 1, 5, &[]);
        assert_eq!(bench.end(), [response(0, status, sequence, &[])]);
    }
    assert_eq!(bench.memory[5], 255);
    assert_eq!(bench.refused, 10);
}

#[test]
fn nonsense_is_refused_and_uses_up_its_number() {
    let mut bench = Bench::new(10);
    let nonsense: [&[u32]; 10] = [
        &[0x0001_0000, 0],
        &[0x0001_0400, 0],
        &[0x0000_0300, 0],
        &[0x0000_0200, 0],
        &[0x007d_0200, 0],
        &[0x0081_0200, 0],
        &[0x0002_0300, 0, 1],
        &[0x0001_0300, 0, 1, 2],
        &[0x0001_0200, 0, 1],
        &[0x0001_0200],
    ];
    for (sequence, words) in nonsense.into_iter().enumerate() {
        let mut words = words.to_vec();
        words[0] |= sequence as u32;
        bench.frame(&words, 3);
        let sequence = sequence as u8;
        assert_eq!(bench.end(), [response(sequence + 1, Status::Refused, sequence, &[])]);
    }
    assert!(bench.memory.iter().all(|&word| word == 0));
}

#[test]
fn writes_share_acknowledgements_while_a_response_is_on_the_line() {
    let mut bench = Bench::new(3000);
    bench.request(0, Opcode::Read, 100, 0, &[]);
    for sequence in 1..8 {
        bench.request(sequence, Opcode::Write, 1, sequence.into(), &[sequence.into()]);
    }
    let responses = bench.end();
    assert_eq!(responses.len(), 2);
    assert_eq!(responses[1], response(8, Status::Done, 7, &[]));
    assert!((1..8).all(|n| bench.memory[n] == n as u32));
    // A read that comes while a response is on the line is dropped, and its number is still due.
    bench.request(8, Opcode::Read, 2, 1, &[]);
    bench.request(9, Opcode::Read, 2, 1, &[]);
    bench.request(10, Opcode::Write, 1, 1, &[0]);
    let responses = bench.end();
    assert_eq!(responses[0], response(9, Status::Done, 8, &[1, 2]));
    assert_eq!(responses[1].status, Status::Gap);
    assert_eq!(responses[1].expected, 9);
    assert_eq!(bench.memory[1], 1);
}

#[test]
fn the_third_frame_at_once_is_dropped() {
    let mut bench = Bench::new(10);
    bench.request(0, Opcode::Read, PAYLOAD_WORDS_MAX as u16, 0, &[]);
    let write = |sequence: u32| [sequence | 0x0001_0300, 3, sequence];
    bench.frame(&write(1), 1);
    bench.frame(&write(2), 1);
    let responses = bench.end();
    assert_eq!(responses.last().unwrap().expected, 2);
    assert_eq!(bench.memory[3], 1);
    assert_eq!(bench.refused, 1);
    bench.frame(&write(2), 1);
    assert_eq!(bench.end(), [response(3, Status::Done, 2, &[])]);
    assert_eq!(bench.memory[3], 2);
}

#[test]
fn latencies_are_as_documented() {
    let mut bench = Bench::new(10);
    bench.request(0, Opcode::Write, 2, 3, &[8, 9]);
    // The request ended with the step of `good_in`.
    let good = bench.cycle - 1;
    while bench.memory[3] == 0 {
        bench.step();
    }
    assert_eq!(bench.cycle - 1 - good, WRITE_LATENCY);
    while bench.responses.is_empty() {
        bench.step();
    }
    assert_eq!(bench.cycle - 1 - good, WRITE_LATENCY + 1 + ACKNOWLEDGE_LATENCY);
    bench.end();
    for (sequence, count, latency) in [(1, 5, RESPONSE_LATENCY + 4 * 5), (2, 0, REFUSAL_LATENCY)] {
        bench.request(sequence, Opcode::Read, count, 3, &[]);
        let good = bench.cycle - 1;
        while bench.responses.is_empty() {
            bench.step();
        }
        assert_eq!(bench.cycle - 1 - good, latency);
        bench.end();
    }
}

/// `writes`: this cycle's word is written.
fn draw(picture: &mut Picture, endpoint: &Endpoint, writes: bool) {
    let number = |value: u64| cell(value as i64);
    let valid = endpoint.byte_valid_out.val();
    let announces = endpoint.write_out.val();
    let of = |there: bool, value: u64| if there { value.to_string() } else { "-".into() };
    picture.cycle([
        ("good_in", bit(endpoint.good_in.val())),
        ("write_out", bit(announces)),
        ("address_out", of(announces, endpoint.address_out.val().to_u64())),
        ("write_data_out", of(writes, endpoint.write_data_out.val().to_u64())),
        space(),
        ("byte_valid_out", bit(valid)),
        ("byte_place_out", of(valid, endpoint.byte_place_out.val().to_u64())),
        ("start_out", bit(endpoint.start_out.val())),
        ("length_out", number(endpoint.length_out.val().to_u64())),
        ("idle_out", bit(endpoint.idle_out.val())),
    ]);
}

#[test]
fn picture() {
    let caption =
        "A request writes 70 and 71 to addresses 10 and 11. Its acknowledgement: a head and a CRC.";
    let mut bench = Bench::new(10);
    bench.words(&[0x0002_0300, 10, 70, 71], 4);
    bench.picture = Some(Picture::new(caption, 0));
    bench.good(5);
    for _ in 0..22 {
        bench.step();
    }
    let picture = bench.picture.take().unwrap();
    assert_eq!(bench.responses, [response(1, Status::Done, 0, &[])]);
    expect_file!["../../timing/endpoint.txt"].assert_eq(&picture.draw());
}
