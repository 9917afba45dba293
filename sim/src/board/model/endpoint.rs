//! The endpoint of the serial link: which request is carried out, and what answers it.
//!
//! It owns the protocol's state and no time: it is told when a frame has come, when a response may
//! go, and when one is over.

use gemmine_hdl::frame::{Opcode, PAYLOAD_WORDS_MAX, Response, Status};

/// How far behind the expected number a request may be to count as repeated.
const REPEAT_MAX: u8 = 128;

/// What a whole frame asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing, but for the acknowledgement.
    Nothing,
    /// Write words to ascending addresses.
    Write(u32, Vec<u32>),
    /// Answer with so many words from an address on.
    Read(u32, usize),
    /// Answer with a word.
    Echo(u32),
}

/// State of the protocol.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    expected: u8,
    /// Answers that wait for the line, the last one only.
    waiting: Option<(Status, u8)>,
    /// Whole frames, modulo 2^32.
    pub good: u32,
    /// Whole frames that were not carried out, modulo 2^32.
    pub refused: u32,
}

impl Endpoint {
    /// A whole frame has come. `busy`: a response is on the line.
    pub fn request(&mut self, words: &[u32], busy: bool) -> Action {
        self.good = self.good.wrapping_add(1);
        let head = words[0];
        let (sequence, opcode, count) = (head as u8, head >> 8 & 0xff, (head >> 16) as usize);
        let (address, data) = match words {
            [_, address, data @ ..] => (Some(*address), data),
            _ => (None, &[][..]),
        };
        let in_range = (1..=PAYLOAD_WORDS_MAX).contains(&count);
        let opcode = match (opcode, address) {
            (1, Some(_)) if data.is_empty() => Some(Opcode::Sync),
            (2, Some(_)) if data.is_empty() && in_range => Some(Opcode::Read),
            (3, Some(_)) if data.len() == count && in_range => Some(Opcode::Write),
            _ => None,
        };
        let (status, action) = match (opcode, address) {
            (Some(Opcode::Sync), _) if busy => (Status::Gap, Action::Nothing),
            (Some(Opcode::Sync), Some(address)) => (Status::Done, Action::Echo(address)),
            _ if sequence != self.expected => {
                let behind = self.expected.wrapping_sub(sequence);
                let repeat = behind <= REPEAT_MAX;
                (if repeat { Status::Repeat } else { Status::Gap }, Action::Nothing)
            }
            (Some(Opcode::Read), _) if busy => (Status::Gap, Action::Nothing),
            (Some(Opcode::Read), Some(address)) => (Status::Done, Action::Read(address, count)),
            (Some(Opcode::Write), Some(address)) => {
                (Status::Done, Action::Write(address, data.to_vec()))
            }
            _ => (Status::Refused, Action::Nothing),
        };
        self.refused = self.refused.wrapping_add(u32::from(status != Status::Done));
        let used =
            status == Status::Refused || matches!(action, Action::Read(..) | Action::Write(..));
        self.expected = self.expected.wrapping_add(u8::from(used));
        self.waiting = Some((status, sequence));
        action
    }

    /// Whether an answer waits for the line.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// The answer that waits, as of now.
    pub fn response(&mut self, completions: u32, data: Vec<u32>) -> Option<Response> {
        let (status, sequence) = self.waiting.take()?;
        let completions = completions as u8;
        Some(Response { expected: self.expected, status, sequence, completions, data })
    }
}
