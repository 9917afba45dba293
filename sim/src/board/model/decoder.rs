//! Bytes from the line to frames: what [`gemmine_hdl::frame_decoder`] says about them.
//!
//! # Why
//! [`frame::decode`](gemmine_hdl::frame::decode) says the same; but most of what a board's line costs is
//! spent here, so this one allocates once and takes sixteen bytes of the CRC at a time.

use gemmine_hdl::frame::FRAME_WORDS_MAX;

/// The CRC of frames.
pub static CRC: crc::Crc<u32, crc::Table<16>> =
    crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

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
        let words = if overlong { None } else { unstuffed(&mut self.stuffed) };
        self.stuffed.clear();
        Some(words)
    }
}

/// The words of a whole frame without its CRC; leaves anything behind.
fn unstuffed(stuffed: &mut [u8]) -> Option<Vec<u32>> {
    let length = cobs::decode_in_place(stuffed).ok()?;
    let (words, rest) = stuffed[..length].as_chunks::<4>();
    let (crc, words) = words.split_last()?;
    let right = CRC.checksum(words.as_flattened()) == u32::from_le_bytes(*crc);
    let whole = rest.is_empty() && !words.is_empty() && words.len() < FRAME_WORDS_MAX && right;
    whole.then(|| words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use gemmine_hdl::frame::{decode, encode};

    use super::*;

    #[test]
    fn frames_are_those_of_the_plain_decoder() {
        let mut state = 1_u64;
        let mut random = move |limit: u64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 33) % limit
        };
        let (mut whole, mut decoder) = (0, Decoder::default());
        for _ in 0..20_000 {
            let long = random(8) == 0;
            let length = 1 + random(if long { 140 } else { 8 });
            let zeros = random(3);
            let words: Vec<u32> = (0..length).map(|_| (random(1 << 31) * zeros) as u32).collect();
            let mut line = encode(&words);
            line.pop();
            match random(6) {
                0 => line[random(3) as usize] ^= 1 << random(8),
                1 => line.truncate(random(line.len() as u64) as usize),
                2 => line.push(random(255) as u8 + 1),
                _ => {}
            }
            line.retain(|&byte| byte != 0);
            decoder.extend(&line);
            let want = (!line.is_empty()).then(|| decode(&line).ok());
            whole += u32::from(matches!(want, Some(Some(_))));
            assert_eq!(decoder.end(), want, "{line:x?}");
        }
        assert!((5_000..19_000).contains(&whole), "{whole}");
    }
}
