//! Bytes over a socket that never blocks, behind TLS or not.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// A socket of either kind.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Whether it is connected by now.
    pub fn is_connected(&self) -> io::Result<bool> {
        let (error, peer) = match self {
            Self::Tcp(stream) => (stream.take_error()?, stream.peer_addr().map(|_| ())),
            Self::Unix(stream) => (stream.take_error()?, stream.peer_addr().map(|_| ())),
        };
        match (error, peer) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => Ok(true),
            (None, Err(error)) if error.kind() == ErrorKind::NotConnected => Ok(false),
            (None, Err(error)) => Err(error),
        }
    }

    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(stream) => {
                // A share is one write, and should not wait for an acknowledgement.
                let _ = stream.set_nodelay(true);
                stream.register(registry, token, interest)
            }
            Self::Unix(stream) => stream.register(registry, token, interest),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connected socket, with TLS in front of it where that is asked for.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    tls: Option<Box<ClientConnection>>,
}

impl Wire {
    /// Over a connected socket; TLS begins with the first [`flush`](Self::flush).
    pub fn new(
        stream: Stream,
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    ) -> io::Result<Self> {
        let tls = match tls {
            None => None,
            Some((config, name)) => {
                Some(Box::new(ClientConnection::new(config, name).map_err(io::Error::other)?))
            }
        };
        Ok(Self { stream, tls })
    }

    /// TLS is still being agreed on.
    pub fn is_greeting(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Goes on with the agreement.
    pub fn greet(&mut self) -> io::Result<()> {
        while self.is_greeting() {
            self.flush()?;
            if self.take()?.is_none() {
                break;
            }
        }
        self.flush().map(|_| ())
    }

    /// Reads what is there; nothing if there is nothing yet, and 0 bytes if there will be no more.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let Some(tls) = &mut self.tls else { return ready(self.stream.read(buffer)) };
            if let Some(length) = ready(tls.reader().read(buffer))? {
                return Ok(Some(length));
            }
            if self.take()?.is_none() {
                return Ok(None);
            }
        }
    }

    /// Takes some of these bytes, if there is room for any.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let Some(tls) = &mut self.tls else { return ready(self.stream.write(bytes)) };
        let length = tls.writer().write(bytes)?;
        self.flush()?;
        Ok((length > 0).then_some(length))
    }

    /// Whether all that was taken is on its way.
    pub fn flush(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(true) };
        while tls.wants_write() {
            if ready(tls.write_tls(&mut self.stream))?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says that nothing more comes, as far as that is possible at once.
    pub fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // A peer that does not take it sees the socket close.
            let _ = self.flush();
        }
    }

    /// Takes what has come into TLS; nothing if nothing has.
    fn take(&mut self) -> io::Result<Option<usize>> {
        let Some(tls) = &mut self.tls else { return Ok(None) };
        let length = ready(tls.read_tls(&mut self.stream))?;
        if length.is_some() {
            tls.process_new_packets().map_err(|error| {
                io::Error::new(
                    ErrorKind::InvalidData,
                    format!(
                        "TLS: {error}; check who signed its certificate: `tls_ca` names your own \
                         authority"
                    ),
                )
            })?;
            // An answer of TLS itself, such as an alert.
            self.flush()?;
        }
        if length == Some(0) && self.is_greeting() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(length)
    }
}

/// Nothing where the system would block, and again where it was interrupted.
fn ready(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
