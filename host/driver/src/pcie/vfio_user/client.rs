//! The client's side of the vfio-user protocol: one message and its reply at a time, over a Unix socket.
//!
//! The crate `vfio_user`, whose servers the tests use, has a client as well. It waits for replies without a limit, takes
//! refusals for answers, and keeps its socket to itself, so that nobody else could end its waits. A device's driver can do
//! with none of that, and needs few messages.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, connect, sendmsg, socket_with,
};
use vfio_bindings::bindings::vfio::{
    VFIO_DEVICE_FLAGS_PCI, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD,
};

/// Commands.
const VERSION: u16 = 1;
const DMA_MAP: u16 = 2;
const DMA_UNMAP: u16 = 3;
const GET_INFO: u16 = 4;
const GET_REGION_INFO: u16 = 5;
const GET_IRQ_INFO: u16 = 7;
const SET_IRQS: u16 = 8;
const REGION_READ: u16 = 9;
const REGION_WRITE: u16 = 10;
const RESET: u16 = 13;
/// Bytes of a header: the message's number and command in two halves, its size, flags, an error's number.
const HEADER: usize = 16;
/// Bits of its flags: which kind it is, 1 for a reply; and that the request failed.
const KIND: u32 = 0xf;
const REPLY: u32 = 1;
const FAILED: u32 = 1 << 5;
/// Bytes that a reply has at most. Only that to the version has more than a few.
const REPLY_MAX: usize = 1 << 16;
/// The server may read and write what is mapped.
const READ_WRITE: u32 = 3;
/// What this client can do, as the protocol has it.
const CAPABILITIES: &str = r#"{"capabilities":{"max_msg_fds":1,"max_data_xfer_size":1048576}}"#;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no connection.
    #[error("failed to connect: {0}")]
    Connect(io::Error),
    /// Nothing came in time.
    #[error("no answer came")]
    Silent,
    /// The connection failed.
    #[error(transparent)]
    Broken(io::Error),
    /// The server could not do it.
    #[error("it refused command {command} with error {error}")]
    Refused {
        /// The command's number.
        command: u16,
        /// The error's number as the system has it, or 0.
        error: u32,
    },
    /// It speaks another protocol.
    #[error("it does not speak vfio-user 0: {0}")]
    Garbled(String),
    /// It is no PCI device.
    #[error("it is no PCI device")]
    NoPciDevice,
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Broken(error),
        }
    }
}

/// A connection. After an error it is of no use any more: a late reply can't be told from the next one.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    next_id: u16,
}

impl Client {
    /// Connects to a PCI device. Each answer of the server may take so long.
    ///
    /// # Errors
    /// If there is no socket, nobody answers, or what answers is no such device.
    pub fn connect(path: &Path, patience: Duration) -> Result<Self, ClientError> {
        let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
        let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None);
        let stream = UnixStream::from(socket.map_err(|error| ClientError::Connect(error.into()))?);
        let mut client = Self { stream, next_id: 0 };
        // A connection waits where too many do already.
        client.set_patience(patience)?;
        let address = SocketAddrUnix::new(path);
        let connected = address.and_then(|address| connect(&client.stream, &address));
        connected.map_err(|error| match ClientError::from(io::Error::from(error)) {
            ClientError::Broken(error) => ClientError::Connect(error),
            other => other,
        })?;
        client.negotiate()?;
        Ok(client)
    }

    fn negotiate(&mut self) -> Result<(), ClientError> {
        // Major version 0, minor version 1.
        let mut ours = halves([0, 1]).to_vec();
        ours.extend(CAPABILITIES.bytes().chain([0]));
        let theirs = self.exchange(VERSION, &ours, None)?;
        if theirs.first_chunk() != Some(&[0, 0]) {
            let major = theirs.get(..2);
            return Err(ClientError::Garbled(format!("its major version is {major:?}")));
        }
        let info = self.exchange(GET_INFO, &words([16, 0, 0, 0]), None)?;
        let flags = word(&info, 1)?;
        if flags & VFIO_DEVICE_FLAGS_PCI == 0 { Err(ClientError::NoPciDevice) } else { Ok(()) }
    }

    /// How long an answer may take from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_patience(&mut self, patience: Duration) -> Result<(), ClientError> {
        // None at all would be no limit.
        let patience = Some(patience.max(Duration::from_millis(1)));
        self.stream.set_read_timeout(patience).map_err(ClientError::Broken)?;
        self.stream.set_write_timeout(patience).map_err(ClientError::Broken)
    }

    /// Bytes of a region.
    pub fn region_bytes(&mut self, region: u32) -> Result<u64, ClientError> {
        let info = self.exchange(GET_REGION_INFO, &words([32, 0, region, 0, 0, 0, 0, 0]), None)?;
        Ok(u64::from(word(&info, 4)?) | u64::from(word(&info, 5)?) << 32)
    }

    /// How many interrupts of a kind there are.
    pub fn interrupts(&mut self, kind: u32) -> Result<u32, ClientError> {
        let info = self.exchange(GET_IRQ_INFO, &words([16, 0, kind, 0]), None)?;
        word(&info, 3)
    }

    /// Has the first interrupt of a kind counted by an event descriptor.
    pub fn set_interrupt(&mut self, kind: u32, event: BorrowedFd<'_>) -> Result<(), ClientError> {
        let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
        self.exchange(SET_IRQS, &words([20, flags, kind, 0, 1]), Some(event)).map(drop)
    }

    /// Lets the server access all of a file at an address.
    pub fn map(&mut self, at: u64, bytes: u64, file: BorrowedFd<'_>) -> Result<(), ClientError> {
        let [[low, high], [size, size_high]] = [at, bytes].map(halved);
        let request = words([32, READ_WRITE, 0, 0, low, high, size, size_high]);
        self.exchange(DMA_MAP, &request, Some(file)).map(drop)
    }

    /// Takes that back.
    pub fn unmap(&mut self, at: u64, bytes: u64) -> Result<(), ClientError> {
        let [[low, high], [size, size_high]] = [at, bytes].map(halved);
        self.exchange(DMA_UNMAP, &words([24, 0, low, high, size, size_high]), None).map(drop)
    }

    /// Reads a word of a region, by its offset in bytes.
    pub fn read(&mut self, region: u32, offset: u64) -> Result<u32, ClientError> {
        let [low, high] = halved(offset);
        word(&self.exchange(REGION_READ, &words([low, high, region, 4]), None)?, 4)
    }

    /// Writes one.
    pub fn write(&mut self, region: u32, offset: u64, value: u32) -> Result<(), ClientError> {
        let [low, high] = halved(offset);
        // Registers are little-endian, whatever this processor is.
        let request = words([low, high, region, 4, value.to_le()]);
        self.exchange(REGION_WRITE, &request, None).map(drop)
    }

    /// Resets the device.
    pub fn reset(&mut self) -> Result<(), ClientError> {
        self.exchange(RESET, &[], None).map(drop)
    }

    /// Sends a message, with a descriptor where it has one; the reply behind its header.
    fn exchange(
        &mut self,
        command: u16,
        body: &[u8],
        file: Option<BorrowedFd<'_>>,
    ) -> Result<Vec<u8>, ClientError> {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let mut message = halves([id, command]).to_vec();
        message.extend(words([(HEADER + body.len()) as u32, 0, 0]));
        message.extend(body);
        // The descriptor goes with the first byte, and so few bytes go at once.
        let sent = file.map_or(Ok(0), |file| self.send_with(&message, file))?;
        self.stream.write_all(&message[sent..])?;
        let mut header = [0; HEADER];
        self.stream.read_exact(&mut header)?;
        let size = word(&header, 1)? as usize;
        let flags = word(&header, 2)?;
        let fits = header.first_chunk() == Some(&halves([id, command])) && flags & KIND == REPLY;
        if !fits || !(HEADER..=REPLY_MAX).contains(&size) {
            let text = format!("message {id} of command {command} has the reply {header:x?}");
            return Err(ClientError::Garbled(text));
        }
        let mut reply = vec![0; size - HEADER];
        self.stream.read_exact(&mut reply)?;
        if flags & FAILED != 0 {
            return Err(ClientError::Refused { command, error: word(&header, 3)? });
        }
        Ok(reply)
    }

    fn send_with(&self, message: &[u8], file: BorrowedFd<'_>) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let files = [file];
        if !control.push(SendAncillaryMessage::ScmRights(&files)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let message = [IoSlice::new(message)];
        Ok(sendmsg(&self.stream, &message, &mut control, SendFlags::NOSIGNAL)?)
    }
}

/// Both ends are on one machine, and numbers as that has them.
fn words<const N: usize>(words: [u32; N]) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

fn halves([first, second]: [u16; 2]) -> [u8; 4] {
    let ([a, b], [c, d]) = (first.to_ne_bytes(), second.to_ne_bytes());
    [a, b, c, d]
}

/// The two words of a number, in the order in which this machine has them.
fn halved(value: u64) -> [u32; 2] {
    let [low, high] = [value as u32, (value >> 32) as u32];
    if cfg!(target_endian = "big") { [high, low] } else { [low, high] }
}

fn word(bytes: &[u8], index: usize) -> Result<u32, ClientError> {
    let word = bytes.get(4 * index..).and_then(|rest| rest.first_chunk());
    let text = || ClientError::Garbled(format!("a reply of {} bytes is too short", bytes.len()));
    word.copied().map(u32::from_ne_bytes).ok_or_else(text)
}
