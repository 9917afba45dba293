//! A peer that does what a test says, over TCP, TLS or a Unix socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use gemmine_jobs::source::endpoint::Endpoint;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::support::PATIENCE;

/// What a connection goes over.
#[derive(Clone, Copy, Debug)]
pub enum Transport {
    Tcp,
    Tls,
    Unix,
}

/// Every one of them.
pub const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Tls, Transport::Unix];

/// Somebody who listens.
pub struct Peer {
    pub endpoint: Endpoint,
    /// Whom to trust, behind TLS.
    pub authority: Option<Vec<u8>>,
    accepted: Receiver<Connection>,
    _folder: Option<TempDir>,
}

impl Peer {
    pub fn new(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::tcp(None),
            Transport::Tls => Self::tls("127.0.0.1"),
            Transport::Unix => Self::unix(),
        }
    }

    /// Behind TLS with a certificate for this name.
    pub fn tls(name: &str) -> Self {
        let (config, authority) = certified(name);
        Self { authority: Some(authority), ..Self::tcp(Some(config)) }
    }

    fn tcp(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = "127.0.0.1".to_owned();
        let endpoint = match tls {
            None => Endpoint::Tcp { host, port },
            Some(_) => Endpoint::Tls { host, port },
        };
        let (sender, accepted) = channel();
        // Ends with the test's process, as a thread that waits for a connection must.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let connection = match &tls {
                    None => Connection::new(stream),
                    Some(config) => {
                        let tls = ServerConnection::new(Arc::clone(config)).unwrap();
                        Connection::new(StreamOwned::new(tls, stream))
                    }
                };
                if sender.send(connection).is_err() {
                    return;
                }
            }
        });
        Self { endpoint, authority: None, accepted, _folder: None }
    }

    fn unix() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (sender, accepted) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                if sender.send(Connection::new(stream)).is_err() {
                    return;
                }
            }
        });
        let endpoint = Endpoint::Unix { path };
        Self { endpoint, authority: None, accepted, _folder: Some(folder) }
    }

    /// The next connection.
    pub fn accept(&self) -> Connection {
        self.accepted.recv_timeout(PATIENCE).unwrap()
    }
}

/// A certificate for a name, and the authority that signed it, as PEM.
fn certified(name: &str) -> (Arc<ServerConfig>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem().into_bytes();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), authority)
}

/// A socket of any kind.
trait Socket: Read + Write + Send {
    fn set_write_timeout(&self, timeout: Duration);
    fn finish(&mut self) {}
}

impl Socket for TcpStream {
    fn set_write_timeout(&self, timeout: Duration) {
        self.set_write_timeout(Some(timeout)).unwrap();
    }
}

impl Socket for UnixStream {
    fn set_write_timeout(&self, timeout: Duration) {
        self.set_write_timeout(Some(timeout)).unwrap();
    }
}

impl Socket for StreamOwned<ServerConnection, TcpStream> {
    fn set_write_timeout(&self, timeout: Duration) {
        self.sock.set_write_timeout(Some(timeout)).unwrap();
    }

    fn finish(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }
}

/// The peer's side of a connection. Dropping it closes it.
pub struct Connection {
    socket: BufReader<Box<dyn Socket>>,
}

impl Connection {
    fn new(socket: impl Socket + 'static) -> Self {
        Self { socket: BufReader::new(Box::new(socket)) }
    }

    /// The next line that comes, whole.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        self.socket.read_line(&mut line).unwrap();
        line.strip_suffix('\n').unwrap_or_else(|| panic!("half a line: {line:?}")).to_owned()
    }

    /// So many bytes that come.
    pub fn skip(&mut self, length: usize) {
        self.socket.read_exact(&mut vec![0; length]).unwrap();
    }

    /// Whether the other side has closed, and said nothing before.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.socket.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            // Closed with something of ours unread.
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Sends a line.
    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Sends bytes, until the other side takes no more.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let socket = self.socket.get_mut();
        socket.write_all(bytes)?;
        socket.flush()
    }

    /// How long the other side may take nothing.
    pub fn write_timeout(&self, timeout: Duration) {
        self.socket.get_ref().set_write_timeout(timeout);
    }

    /// Closes as a peer in order does.
    pub fn close(mut self) {
        self.socket.get_mut().finish();
    }
}
