//! Frames of the serial link: what a request and a response are, and how they become bytes.
//!
#![doc = include_str!("frame/protocol.md")]

/// Words that one request can write or read: whole descriptors, and as many as a frame of
/// [`FRAME_WORDS_MAX`] has room for in 128 words of memory.
pub const PAYLOAD_WORDS_MAX: usize = 124;
/// Words of the longest frame: two of a request's head, the payload and the CRC.
pub const FRAME_WORDS_MAX: usize = 2 + PAYLOAD_WORDS_MAX + 1;

// Places of words take seven bits, and those of bytes nine.
const _: () = assert!(FRAME_WORDS_MAX < 128);
/// Requests that may be on their way at once: fewer than the device tells from old ones.
pub const WINDOW_MAX: usize = 64;
/// What the CRC register of a receiver holds behind a frame that is whole.
pub const CRC_RESIDUE: u32 = 0xdebb_20e3;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Which number is expected?
    Sync = 1,
    /// Read words.
    Read = 2,
    /// Write words.
    Write = 3,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Done = 0,
    /// A request before it is missing; nothing was done.
    Gap = 1,
    /// It was done before; nothing was done again.
    Repeat = 2,
    /// It makes no sense; nothing was done.
    Refused = 3,
}

/// A request, as the host sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Sequence number.
    pub sequence: u8,
    /// What to do.
    pub opcode: Opcode,
    /// Words to read; of a write as many as `data` has.
    pub count: u16,
    /// Word address, or the number that a sync echoes.
    pub address: u32,
    /// Words to write.
    pub data: Vec<u32>,
}

/// A response, as the device sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Sequence number that the device expects next.
    pub expected: u8,
    /// What became of the request.
    pub status: Status,
    /// Sequence number of the request.
    pub sequence: u8,
    /// Completions that wait in the device.
    pub completions: u8,
    /// Words read, or the number of a sync.
    pub data: Vec<u32>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The stuffing is broken.
    #[error("broken COBS code in a frame of {0} bytes")]
    Stuffing(usize),
    /// Not whole words, too few or too many.
    #[error("frame of {0} bytes; a frame has 2 to {FRAME_WORDS_MAX} words of 4 bytes")]
    Length(usize),
    /// The CRC says that a byte was damaged.
    #[error("CRC of a frame is {found:#010x}, its bytes give {computed:#010x}")]
    Crc {
        /// What the frame says.
        found: u32,
        /// What its bytes say.
        computed: u32,
    },
    /// Whole, but not of the form of what was expected.
    #[error("word {0:#010x} is no head of a {1}")]
    Head(u32, &'static str),
}

impl Request {
    /// The words of the frame, without the CRC.
    pub fn words(&self) -> Vec<u32> {
        let head =
            u32::from(self.sequence) | (self.opcode as u32) << 8 | u32::from(self.count) << 16;
        [head, self.address].into_iter().chain(self.data.iter().copied()).collect()
    }

    /// The bytes on the line.
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.words())
    }
}

impl Response {
    /// The words of the frame, without the CRC.
    pub fn words(&self) -> Vec<u32> {
        let head = u32::from(self.expected)
            | (self.status as u32) << 8
            | u32::from(self.sequence) << 16
            | u32::from(self.completions) << 24;
        std::iter::once(head).chain(self.data.iter().copied()).collect()
    }

    /// The bytes on the line.
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.words())
    }

    /// A response from the bytes between two zeros.
    ///
    /// # Errors
    /// If they are no response.
    pub fn decode(stuffed: &[u8]) -> Result<Self, FrameError> {
        let words = decode(stuffed)?;
        let head = words[0];
        let status = match head >> 8 & 0xff {
            0 => Status::Done,
            1 => Status::Gap,
            2 => Status::Repeat,
            3 => Status::Refused,
            _ => return Err(FrameError::Head(head, "response")),
        };
        Ok(Self {
            expected: head as u8,
            status,
            sequence: (head >> 16) as u8,
            completions: (head >> 24) as u8,
            data: words[1..].to_vec(),
        })
    }
}

/// The bytes on the line of a frame of these words: CRC, stuffing and the zero at the end.
pub fn encode(words: &[u32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let crc = CRC.checksum(&bytes);
    bytes.extend(crc.to_le_bytes());
    let mut line = cobs::encode_vec(&bytes);
    line.push(0);
    line
}

/// The words of a frame from the bytes between two zeros, without the CRC; at least one.
///
/// # Errors
/// If the bytes are no whole frame.
pub fn decode(stuffed: &[u8]) -> Result<Vec<u32>, FrameError> {
    let bytes = cobs::decode_vec(stuffed).map_err(|_| FrameError::Stuffing(stuffed.len()))?;
    let (words, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() || !(2..=FRAME_WORDS_MAX).contains(&words.len()) {
        return Err(FrameError::Length(bytes.len()));
    }
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (found, words) = (words[words.len() - 1], words[..words.len() - 1].to_vec());
    let computed = CRC.checksum(&bytes[..bytes.len() - 4]);
    if found != computed {
        return Err(FrameError::Crc { found, computed });
    }
    Ok(words)
}

#[cfg(test)]
mod tests;
