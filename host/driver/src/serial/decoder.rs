//! From bytes to responses: cuts at the zeros, and drops what is damaged.

use gemmine_hdl::frame::{FRAME_WORDS_MAX, Response};

/// Bytes of the longest frame between two zeros: COBS adds one for every 254.
const STUFFED_MAX: usize = 4 * FRAME_WORDS_MAX + 4 * FRAME_WORDS_MAX / 254 + 1;

/// What comes from the line, cut at the zeros.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// More bytes came without a zero than any frame has; the rest goes too.
    overlong: bool,
    /// Frames that were damaged.
    damaged: u64,
}

impl Decoder {
    /// Takes one byte; a response if it ends one that is whole.
    pub fn take(&mut self, byte: u8) -> Option<Response> {
        if byte != 0 {
            if self.bytes.len() == STUFFED_MAX {
                self.overlong = true;
            } else {
                self.bytes.push(byte);
            }
            return None;
        }
        let overlong = std::mem::take(&mut self.overlong);
        // Zeros behind each other are no frame: they only make sure that one has ended.
        if self.bytes.is_empty() {
            return None;
        }
        let response = if overlong { None } else { Response::decode(&self.bytes).ok() };
        self.damaged += u64::from(response.is_none());
        self.bytes.clear();
        response
    }

    /// Frames that were damaged.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Forgets a frame that has begun.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.overlong = false;
    }
}

#[cfg(test)]
mod tests {
    use gemmine_hdl::frame::{PAYLOAD_WORDS_MAX, Status};

    use super::*;

    fn responses(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Response> {
        bytes.iter().filter_map(|byte| decoder.take(*byte)).collect()
    }

    fn response(words: usize, word: u32) -> Response {
        Response {
            expected: 1,
            status: Status::Done,
            sequence: 0,
            completions: 9,
            data: vec![word; words],
        }
    }

    #[test]
    fn the_longest_frame_passes_and_garbage_does_not() {
        let mut decoder = Decoder::default();
        for word in [0, 1, 0xffff_ffff] {
            let longest = response(PAYLOAD_WORDS_MAX + 1, word);
            assert_eq!(responses(&mut decoder, &longest.encode()), [longest]);
        }
        // Garbage of every length, zeros in it, and then a frame: only what was cut off is lost.
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let whole = response(3, 7);
        let mut found = 0;
        // A hundred million bytes of it where GEMMINE_LONG is set.
        let long = std::env::var_os("GEMMINE_LONG").is_some();
        let rounds = if long { 132_000 } else { 2000 };
        for _ in 0..rounds {
            let length = usize::from(random()) * 6;
            let garbage: Vec<u8> = (0..length).map(|_| random()).collect();
            assert!(responses(&mut decoder, &garbage).is_empty());
            decoder.take(0);
            found += responses(&mut decoder, &whole.encode()).len();
        }
        assert_eq!(found, rounds);
        assert!(decoder.damaged() > rounds as u64);
        assert!(decoder.bytes.capacity() <= 2 * STUFFED_MAX, "memory stays bounded");
    }
}
