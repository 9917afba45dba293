//! Bytes of a frame on their way in, up to the zero that ends it.

use gemmine_hdl::frame::{self, FRAME_WORDS_MAX, FrameError};

/// Bytes that a whole frame can have on the line, without its zero: COBS adds one, and one more for
/// every 254.
const STUFFED_MAX: usize = 4 * FRAME_WORDS_MAX + 1 + 4 * FRAME_WORDS_MAX / 254;

/// Collects the bytes of one frame; what can't be one any more takes no room.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    stuffed: Vec<u8>,
    /// More came than a frame has.
    overlong: bool,
}

impl Collector {
    /// Appends bytes without a zero.
    pub fn extend(&mut self, bytes: &[u8]) {
        let room = STUFFED_MAX - self.stuffed.len();
        self.overlong |= bytes.len() > room;
        self.stuffed.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether a frame is in hand.
    pub fn is_empty(&self) -> bool {
        self.stuffed.is_empty()
    }

    /// The zero has come: the words of the frame without its CRC. The next byte begins another.
    ///
    /// # Errors
    /// If the bytes are no whole frame.
    pub fn finish(&mut self) -> Result<Vec<u32>, FrameError> {
        let words = if std::mem::take(&mut self.overlong) {
            Err(FrameError::Length(self.stuffed.len() + 1))
        } else {
            frame::decode(&self.stuffed)
        };
        self.stuffed.clear();
        words
    }
}
