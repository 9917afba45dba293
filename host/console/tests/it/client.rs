//! Calls as bytes, so that tests can send what no HTTP library would.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use gemmine_console::http::{Options, Server, Token};
use serde_json::Value;

use super::fake::Fake;

/// What may change the tests' miners.
pub const TOKEN: &str = "a-token-for-tests-0123456789";

/// Longer than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A miner with so many devices and a server that serves it, with [`TOKEN`].
pub fn serve(devices: usize) -> (Arc<Fake>, Server) {
    let miner = Fake::new(devices);
    let server = bind(&miner, Some(TOKEN), &[]);
    (miner, server)
}

pub fn bind(miner: &Arc<Fake>, token: Option<&str>, names: &[&str]) -> Server {
    let token = token.map(|token| Token::new(token).unwrap());
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Server::bind(address, Options { token, names }, miner.clone()).unwrap()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The word for programs, of an answer that says no as all of them do.
    pub fn error(&self) -> String {
        let json = self.json();
        let fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["error", "message"]);
        assert!(!json["message"].as_str().unwrap().is_empty());
        json["error"].as_str().unwrap().to_owned()
    }
}

pub fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes and reads until the server ends the connection.
pub fn send(server: &Server, request: &[u8]) -> Answer {
    let mut stream = connect(server);
    // A server that has refused already may have closed its end.
    let _ = stream.write_all(request);
    read(&mut stream)
}

pub fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        // It closes with something unread: what it said has come all the same.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        done => drop(done.unwrap()),
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.into(), body: body.into() }
}

pub fn get(server: &Server, path: &str) -> Answer {
    send(server, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
}

/// A control as it ought to be, but for the headers given.
pub fn post(server: &Server, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "POST /api/v1/control HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\
         \r\n{body}"
    );
    send(server, request.as_bytes())
}
