//! What a board answers, through the serial driver: a device that knows the protocol and means no good.
//!
//! An input is a row of answers to the host's requests: as a board would give them, with other fields, with other
//! words, lost, or bytes that are no answer. Where it ends, the board is silent. Time passes only where the host
//! waits. Whatever comes, the driver ends with an error or goes on; it never waits without an end, sends no more than
//! its window, and believes nothing that can't be.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gemmine_driver::{
    AmadeusScan, Descriptor, Device, DeviceError, Identity, LinkError, Opener, Port, Scan,
    SerialDevice, SerialOptions, Side, Work,
};
use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, Response, Status, decode};
use gemmine_hdl::identity::{Build, constants};
use gemmine_hdl::registers::{
    COMPLETION_WORDS, COMPLETIONS, DESCRIPTOR_WORDS, DESCRIPTORS, POP, QUEUE, RESET,
};
use gemmine_pouw::panel::Panel;

use crate::input::Input;
use crate::plain;

/// Waits of the driver before it must have given up: far more than its tries.
const WAITS_MAX: u32 = 200_000;
/// Bytes of one request at most, and how many may be on the way.
const WINDOW_BYTES: usize = 1 << 17;
/// Times that the driver is asked for something.
const TURNS: usize = 12;
/// Tag of its scans.
pub(super) const SCAN_TAG: u32 = 1000;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let options = input.byte();
    let build = Build {
        panel_word_bits: 7,
        engines: usize::from(options & 1),
        noise: options & 2 != 0,
        clock_hz: if options & 4 == 0 { 0 } else { 24_000_000 },
        ..Build::default()
    };
    let memory = (0..).zip(constants(4, 4, build)).collect();
    let board = Shared(Arc::new(Mutex::new(Board {
        answers: input.rest().to_vec(),
        at: 0,
        memory,
        pushed: 0,
        expected: 0,
        completions: 0,
        request: Vec::new(),
        line: VecDeque::new(),
        began: Instant::now(),
        now: Duration::ZERO,
        waits: 0,
        unanswered: 0,
    })));
    let patience = Duration::from_millis(if options & 8 == 0 { 0 } else { 500 });
    let max_baud = if options & 16 == 0 { 115_200 } else { 921_600 };
    let options = SerialOptions { baud: 115_200, max_baud, patience };
    match SerialDevice::on(Box::new(board.clone()), "serial:bench".into(), options) {
        Ok(device) => {
            believable(device.identity());
            session(device, &board);
        }
        Err(error) => plain::message(&error),
    }
}

/// What the driver believes of a device is what there can be.
pub(super) fn believable(identity: &Identity) {
    let limits = identity.limits;
    assert!((1..=16).contains(&limits.queue), "{limits:?}");
    assert!(limits.panels > limits.queue && limits.panels <= 18, "{limits:?}");
    assert!((64..=1 << 16).contains(&limits.panel_steps), "{limits:?}");
    let geometry = identity.geometry.expect("a board has an array");
    assert_eq!(Geometry::try_new(geometry.rows(), geometry.columns()).as_ref(), Ok(&geometry));
    plain::message(&identity.description);
}

/// Work as a miner gives it.
fn session(mut device: SerialDevice, board: &Shared) {
    let steps = device.identity().limits.panel_steps.min(64);
    let mut tag = 0;
    for turn in 0..TURNS {
        let done = match turn % 6 {
            0 => load(&mut device, steps),
            1 | 2 => {
                tag += 1;
                push(&mut device, tag, steps)
            }
            3 => device.wait(Duration::from_millis(200)).map(|completion| {
                assert!(completion.tag <= tag || completion.tag == SCAN_TAG, "{completion:?}");
            }),
            4 => device.counters().map(drop),
            _ => scan(&mut device),
        };
        let Err(error) = done else { continue };
        plain::message(&error);
        let over = matches!(error, DeviceError::Lost { .. } | DeviceError::Tag { .. });
        if over && let Err(error) = device.reset() {
            return plain::message(&error);
        }
        assert!(board.lock().waits <= WAITS_MAX, "it waits without an end");
    }
    if let Err(error) = device.check_link(2) {
        plain::message(&error);
    }
}

pub(super) fn load(device: &mut dyn Device, steps: usize) -> Result<(), DeviceError> {
    let panel = Arc::new(Panel::zero(steps));
    device.load_panel(Side::A, 0, Arc::clone(&panel))?;
    device.load_panel(Side::B, 0, panel)
}

pub(super) fn push(device: &mut dyn Device, tag: u32, steps: usize) -> Result<(), DeviceError> {
    device.push(Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps,
        chunk_steps: steps,
        want_tile: tag.is_multiple_of(2),
        ticket_key: [1; 32],
        bound_le: [0xff; 32],
    })
}

pub(super) fn scan(device: &mut dyn Device) -> Result<(), DeviceError> {
    let work = AmadeusScan { seed: [7; 240], nonce: 3, attempts: 4, bits: 8, steps: 64 };
    device.scan(Scan { tag: SCAN_TAG, work: Work::Amadeus(work) })
}

/// The board, its port and its opener.
#[derive(Clone)]
struct Shared(Arc<Mutex<Board>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Board {
    answers: Vec<u8>,
    /// How many of their bytes are used up.
    at: usize,
    /// What was written, and what the device is; other words are 0.
    memory: HashMap<u32, u32>,
    /// Descriptors since the last reset.
    pushed: u32,
    /// Sequence number of the next request.
    expected: u8,
    completions: u8,
    request: Vec<u8>,
    line: VecDeque<u8>,
    began: Instant,
    now: Duration,
    waits: u32,
    /// Bytes of the host since the last answer.
    unanswered: usize,
}

impl Board {
    fn take(&mut self, byte: u8) {
        if byte != 0 {
            self.request.push(byte);
            return;
        }
        let request = std::mem::take(&mut self.request);
        if request.is_empty() {
            return;
        }
        let words = decode(&request).expect("what the host sends is whole");
        let answers = std::mem::take(&mut self.answers);
        let mut input = Input::new(&answers[self.at..]);
        if !input.is_empty() {
            self.answer(&words, &mut input);
            self.at = answers.len() - input.rest().len();
            self.unanswered = 0;
        }
        self.answers = answers;
    }

    /// Keeps what is written. A descriptor is done at once.
    fn write(&mut self, address: u32, data: &[u32]) {
        match (address, data) {
            (RESET, [_, ..]) => (self.pushed, self.completions) = (0, 0),
            (POP, [count, ..]) => {
                self.completions = self.completions.saturating_sub(*count as u8);
            }
            (DESCRIPTORS, data) => {
                for descriptor in data.chunks(DESCRIPTOR_WORDS as usize) {
                    let at = COMPLETIONS + self.pushed % QUEUE * COMPLETION_WORDS;
                    self.memory.insert(at, descriptor[0]);
                    self.pushed += 1;
                    self.completions = self.completions.saturating_add(1);
                }
            }
            (address, data) => self.memory.extend((address..).zip(data.iter().copied())),
        }
    }

    fn answer(&mut self, words: &[u32], input: &mut Input<'_>) {
        let [head, address] = [words[0], words.get(1).copied().unwrap_or(0)];
        let (sequence, count) = (head as u8, (head >> 16) as usize);
        let sync = head >> 8 & 0xff == Opcode::Sync as u32;
        let read = head >> 8 & 0xff == Opcode::Read as u32;
        let status = match (sync, sequence == self.expected) {
            (true, _) => Status::Done,
            (false, true) => {
                self.expected = self.expected.wrapping_add(1);
                self.write(address, words.get(2..).unwrap_or_default());
                Status::Done
            }
            (false, false) => Status::Gap,
        };
        let data: Vec<u32> = match status {
            _ if sync => vec![address],
            Status::Done if read => {
                let word = |at: u32| self.memory.get(&at).copied().unwrap_or(0);
                (address..).take(count).map(word).collect()
            }
            _ => Vec::new(),
        };
        let (expected, completions) = (self.expected, self.completions);
        let mut response = Response { expected, status, sequence, completions, data };
        match input.byte() {
            // As a board would.
            0..128 => {}
            // With other words.
            how @ 128..160 => {
                for word in response.data.iter_mut().skip(usize::from(how & 7)) {
                    *word = input.word();
                }
            }
            // One other word.
            160..192 => {
                let at = usize::from(input.byte());
                let word = input.word();
                response.data.iter_mut().skip(at).take(1).for_each(|old| *old = word);
            }
            // With completions.
            how @ 192..208 => {
                self.completions = self.completions.wrapping_add(how & 15);
                response.completions = self.completions;
            }
            208..224 => {
                let [expected, status, sequence, completions] = input.array();
                response = Response {
                    expected,
                    status: [Status::Done, Status::Gap, Status::Repeat, Status::Refused]
                        [usize::from(status & 3)],
                    sequence,
                    completions,
                    data: (0..input.byte() % 127).map(|_| input.word()).collect(),
                };
            }
            // Twice.
            224..232 => self.line.extend(response.encode()),
            // Damaged, lost, or something else.
            232..240 => {
                let mut line = response.encode();
                let at = usize::from(input.byte()) % line.len();
                line[at] ^= input.byte();
                return self.line.extend(line);
            }
            240..248 => return,
            _ => return self.line.extend(input.piece()),
        }
        self.line.extend(response.encode());
    }
}

impl Port for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut board = self.lock();
        let count = buffer.len().min(board.line.len());
        for (slot, byte) in buffer.iter_mut().zip(board.line.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut board = self.lock();
        board.unanswered += bytes.len();
        assert!(board.unanswered <= WINDOW_BYTES, "it sends without an answer");
        bytes.iter().for_each(|byte| board.take(*byte));
        Ok(bytes.len())
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        let mut board = self.lock();
        board.waits += 1;
        assert!(board.waits <= WAITS_MAX, "it waits without an end");
        if board.line.is_empty() && !to_write {
            // As the system's clock, it never stands still.
            board.now += timeout.max(Duration::from_micros(1));
        } else {
            board.now += Duration::from_micros(1);
        }
        Ok(())
    }

    fn set_baud(&mut self, _baud: u32) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        self.lock().line.clear();
        Ok(())
    }

    fn now(&self) -> Instant {
        let board = self.lock();
        board.began + board.now
    }
}

impl Opener for Shared {
    fn open(&mut self, _baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let mut board = self.lock();
        board.line.clear();
        board.request.clear();
        drop(board);
        Ok(Box::new(self.clone()))
    }

    fn pause(&mut self, duration: Duration) {
        self.lock().now += duration;
    }

    fn now(&self) -> Instant {
        Port::now(self)
    }
}
