//! Bytes from the line to frames: what [`gemmine_hdl::frame_decoder`] says about them.

use gemmine_hdl::frame::{self, FRAME_WORDS_MAX};

/// Bytes that a whole frame can have on the line, without its zero: COBS adds one, and one more for
/// every 254.
const STUFFED_MAX: usize = 4 * FRAME_WORDS_MAX + 1 + 4 * FRAME_WORDS_MAX / 254;

/// Collects the bytes of one frame; what can't be one any more takes no room.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    stuffed: Vec<u8>,
    /// More came than a frame has.
    overlong: bool,
}

impl Decoder {
    /// Appends bytes without a zero.
    pub fn extend(&mut self, bytes: &[u8]) {
        let room = STUFFED_MAX - self.stuffed.len();
        self.overlong |= bytes.len() > room;
        self.stuffed.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// A zero has come. The words of the frame that it ends, without the CRC, or `None` if that was
    /// damaged; nothing at all if there was no frame.
    pub fn end(&mut self) -> Option<Option<Vec<u32>>> {
        if self.stuffed.is_empty() {
            return None;
        }
        let overlong = std::mem::take(&mut self.overlong);
        let words = frame::decode(&self.stuffed).ok().filter(|_| !overlong);
        self.stuffed.clear();
        Some(words)
    }
}
