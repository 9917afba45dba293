//! The device's end of the protocol, register by register: [`gemmine_hdl::endpoint`] in plain Rust.
//!
//! It is run in the cycles in which something can change; [`next`](Endpoint::next) says which those
//! are.

use gemmine_hdl::endpoint::WRITE_LATENCY;
use gemmine_hdl::frame::{PAYLOAD_WORDS_MAX, Status};
use gemmine_hdl::registers::{ADDRESS_BITS, PANELS_A};

/// Cycles from the one in which a frame is taken to the one in which it is decided on.
const DECIDE: u64 = 5;
/// Cycles from that decision to the first word written: a frame is taken one cycle behind its verdict.
const WRITE: u64 = WRITE_LATENCY as u64 - 1 - DECIDE;
/// Cycles that a word of a response takes, a byte each.
const WORD: u64 = 4;
/// Words of a response besides its data: head and CRC.
const FRAMING_WORDS: u64 = 2;
/// How far behind the expected number a request may be to count as repeated.
const REPEAT_MAX: u8 = 128;
/// Words of a request besides its data, its CRC included.
const HEAD_WORDS: usize = 3;

/// What a response carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// The number of a sync.
    Echo(u32),
    /// So many words from an address on.
    Read {
        /// First word address.
        address: u32,
        /// How many.
        count: u32,
    },
}

impl Payload {
    fn words(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Echo(_) => 1,
            Self::Read { count, .. } => count.into(),
        }
    }
}

/// The request, or the response, in work.
#[derive(Clone, Debug)]
enum Work {
    Idle,
    /// Decides in this cycle.
    Heading {
        decide: u64,
        words: Vec<u32>,
    },
    /// Writes word `done` of `count` in cycle `first + done`; `data` are those that are left.
    Writing {
        first: u64,
        address: u32,
        data: Vec<u32>,
        done: usize,
        count: usize,
    },
    /// Looks at what the head says in this cycle.
    Prepare {
        at: u64,
        status: Status,
        sequence: u8,
        payload: Payload,
    },
    /// Makes the response; its first byte came in cycle `first`.
    Building {
        first: u64,
        head: u32,
        payload: Payload,
        data: Vec<u32>,
    },
}

/// What the endpoint wants in a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// To write words to addresses from this one on, one a cycle from this cycle on. More than one
    /// at once are all in panel memory.
    Write(u32, Vec<u32>),
    /// To know how many completions wait.
    Completions,
    /// To read the word at an address; it wants it [`Endpoint::give`]n.
    Read(u32),
    /// To send these words, behind which their CRC belongs.
    Send(Vec<u32>),
}

/// The registers.
#[derive(Clone, Debug)]
pub struct Endpoint {
    expected: u8,
    held: Option<Vec<u32>>,
    ack: bool,
    ack_status: Status,
    ack_sequence: u8,
    work: Work,
    /// A request was not carried out in this cycle.
    pub refused: bool,
}

impl Endpoint {
    /// As after power-up.
    pub fn new() -> Self {
        Self {
            expected: 0,
            held: None,
            ack: false,
            ack_status: Status::Done,
            ack_sequence: 0,
            work: Work::Idle,
            refused: false,
        }
    }

    /// No request is in work and no response is due.
    pub fn is_idle(&self) -> bool {
        matches!(self.work, Work::Idle) && self.held.is_none() && !self.ack
    }

    /// The first cycle from `soon` on in which something happens if no frame comes; never if that
    /// waits for the encoder.
    pub fn next(&self, soon: u64, encoder_busy: bool) -> u64 {
        match &self.work {
            Work::Idle if self.held.is_some() || (self.ack && !encoder_busy) => soon,
            Work::Idle => u64::MAX,
            Work::Heading { decide, .. } => *decide,
            Work::Writing { first, done, .. } => first + *done as u64,
            Work::Prepare { at, .. } => *at,
            Work::Building { first, payload, data, .. } => {
                let read = data.len() as u64;
                let rest = if read < payload.words() { WORD * read } else { ended(*payload) };
                first + rest
            }
        }
    }

    /// A cycle. `good`: a whole frame came, with these words.
    pub fn tick(&mut self, cycle: u64, good: Option<Vec<u32>>, encoder_busy: bool) -> Wish {
        let (was_held, ack_was_due) = (self.held.is_some(), self.ack);
        if let Work::Writing { first, done, count, .. } = &self.work
            && done == count
            && first + *done as u64 == cycle
        {
            self.work = Work::Idle;
        }
        let idle = matches!(self.work, Work::Idle);
        if idle && let Some(words) = self.held.take() {
            self.work = Work::Heading { decide: cycle + DECIDE, words };
        }
        if let Some(words) = good {
            if was_held {
                self.refuse(Status::Gap);
                self.ack = true;
            } else {
                self.held = Some(words);
            }
        }
        if idle && !was_held && ack_was_due && !encoder_busy {
            self.ack = false;
            let (status, sequence) = (self.ack_status, self.ack_sequence);
            self.work = Work::Prepare { at: cycle + 1, status, sequence, payload: Payload::None };
            return Wish::Nothing;
        }
        self.go_on(cycle, encoder_busy)
    }

    /// The request or response in work takes its next step, if this is its cycle.
    fn go_on(&mut self, cycle: u64, encoder_busy: bool) -> Wish {
        match &mut self.work {
            Work::Heading { decide, words } if *decide == cycle => {
                let words = std::mem::take(words);
                self.decide(cycle, &words, encoder_busy);
                Wish::Nothing
            }
            Work::Writing { first, address, data, done, count }
                if *first + *done as u64 == cycle =>
            {
                let from = wrapped(*address + *done as u32);
                let room = if from < PANELS_A { 1 } else { (1 << ADDRESS_BITS) - from as usize };
                let some = room.min(*count - *done);
                *done += some;
                let rest = data.split_off(some);
                Wish::Write(from, std::mem::replace(data, rest))
            }
            Work::Prepare { at, .. } if *at == cycle => Wish::Completions,
            Work::Building { first, head, payload, data } => {
                let (first, read) = (*first, data.len() as u64);
                if read == payload.words() && first + ended(*payload) == cycle {
                    let words = std::iter::once(*head).chain(std::mem::take(data)).collect();
                    self.work = Work::Idle;
                    return Wish::Send(words);
                }
                match *payload {
                    // A frame may come in the cycle in which one word more would be due.
                    Payload::Read { address, count }
                        if read < u64::from(count) && first + WORD * read == cycle =>
                    {
                        Wish::Read(wrapped(address + read as u32))
                    }
                    _ => Wish::Nothing,
                }
            }
            _ => Wish::Nothing,
        }
    }

    /// Answers [`Wish::Completions`].
    pub fn completions(&mut self, cycle: u64, completions: u32) {
        if let Work::Prepare { status, sequence, payload, .. } = self.work {
            let head = u32::from(self.expected)
                | (status as u32) << 8
                | u32::from(sequence) << 16
                | completions << 24;
            let data = match payload {
                Payload::Echo(word) => vec![word],
                _ => Vec::new(),
            };
            self.work = Work::Building { first: cycle + 1, head, payload, data };
        }
    }

    /// Answers [`Wish::Read`].
    pub fn give(&mut self, word: u32) {
        if let Work::Building { data, .. } = &mut self.work {
            data.push(word);
        }
    }

    fn refuse(&mut self, status: Status) {
        self.ack_status = status;
        self.refused = true;
    }

    fn decide(&mut self, cycle: u64, words: &[u32], encoder_busy: bool) {
        let head = words.first().copied().unwrap_or(0);
        let target = words.get(1).copied().unwrap_or(0);
        let (sequence, opcode, count) = (head as u8, head >> 8 & 0xff, head >> 16);
        let fits = (1..=PAYLOAD_WORDS_MAX as u32).contains(&count);
        let (length, is_expected) = (words.len() + 1, sequence == self.expected);
        let is_sync = opcode == 1 && length == HEAD_WORDS;
        let is_read = opcode == 2 && length == HEAD_WORDS && fits && is_expected;
        let is_write = opcode == 3 && length == HEAD_WORDS + count as usize && fits && is_expected;
        self.ack_sequence = sequence;
        self.work = Work::Idle;
        if is_sync || is_read {
            if encoder_busy {
                // A response is on the line: this one is dropped.
                self.ack = true;
                return self.refuse(Status::Gap);
            }
            self.ack = false;
            self.ack_status = Status::Gap;
            self.expected = self.expected.wrapping_add(u8::from(!is_sync));
            let payload = match is_sync {
                true => Payload::Echo(target),
                false => Payload::Read { address: wrapped(target), count },
            };
            let (at, status) = (cycle + 1, Status::Done);
            self.work = Work::Prepare { at, status, sequence, payload };
            return;
        }
        self.ack = true;
        if is_write {
            self.expected = self.expected.wrapping_add(1);
            self.ack_status = Status::Done;
            let data = words[HEAD_WORDS - 1..].to_vec();
            let (first, address, count) = (cycle + WRITE, wrapped(target), count as usize);
            self.work = Work::Writing { first, address, data, done: 0, count };
        } else if is_expected {
            self.expected = self.expected.wrapping_add(1);
            self.refuse(Status::Refused);
        } else {
            let behind = self.expected.wrapping_sub(sequence);
            self.refuse(if behind <= REPEAT_MAX { Status::Repeat } else { Status::Gap });
        }
    }
}

/// Cycles from the first byte of a response to the one in which it starts on its way.
fn ended(payload: Payload) -> u64 {
    WORD * (payload.words() + FRAMING_WORDS)
}

/// A word address, of which the upper bits count for nothing.
fn wrapped(address: u32) -> u32 {
    address & ((1 << ADDRESS_BITS) - 1)
}
