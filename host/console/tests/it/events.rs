//! Events as they come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use gemmine_console::http::Server;
use gemmine_console::status::{LogLine, Miner, Status};

use super::client::{connect, get, serve};

/// Somebody who reads events.
struct Reader(BufReader<TcpStream>);

impl Reader {
    fn new(server: &Server, path: &str, headers: &str) -> Self {
        let mut stream = connect(server);
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = Self(BufReader::new(stream));
        assert_eq!(reader.line(), "HTTP/1.1 200 OK");
        while !reader.line().is_empty() {}
        reader
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next event's id and status.
    fn next(&mut self) -> (u64, Status) {
        let mut field = |name: &str| loop {
            // Lines of the transfer's chunks stand between.
            if let Some(value) = self.line().strip_prefix(name) {
                break value.to_owned();
            }
        };
        let id = field("id: ").parse().unwrap();
        assert_eq!(field("event: "), "status");
        (id, serde_json::from_str(&field("data: ")).unwrap())
    }
}

fn numbers(status: &Status) -> Vec<u64> {
    status.log.iter().map(|line| line.number).collect()
}

#[test]
fn each_event_has_what_is_new() {
    let (miner, server) = serve(4);
    let mut reader = Reader::new(&server, "/api/v1/events", "");
    let (id, first) = reader.next();
    assert_eq!((id, &first), (3, &*miner.status()));
    let (id, second) = reader.next();
    assert_eq!((id, numbers(&second)), (3, vec![]));
    miner.change(|status| {
        status.totals.jobs = 777;
        status.log.push(LogLine { number: 4, text: "new".into(), ..Default::default() });
    });
    // The event that was under way may have been made before.
    let (id, third) = std::iter::repeat_with(|| reader.next())
        .find(|(_, event)| event.totals.jobs == 777)
        .unwrap();
    assert_eq!((id, numbers(&third)), (4, vec![4]));
}

#[test]
fn who_comes_back_gets_what_they_missed() {
    let (_miner, server) = serve(4);
    let cases = [
        ("?log_since=1", "", vec![2, 3]),
        ("", "Last-Event-ID: 2\r\n", vec![3]),
        ("?log_since=0", "Last-Event-ID: 2\r\n", vec![3]),
        // Not a number of ours.
        ("", "Last-Event-ID: x\r\n", vec![1, 2, 3]),
        // From a miner that ran before.
        ("", "Last-Event-ID: 900\r\n", vec![1, 2, 3]),
    ];
    for (query, headers, expected) in cases {
        let mut reader = Reader::new(&server, &format!("/api/v1/events{query}"), headers);
        assert_eq!(numbers(&reader.next().1), expected, "{query} {headers}");
    }
}

#[test]
fn readers_leave_room_for_others() {
    let (_miner, server) = serve(4);
    let mut readers: Vec<_> = (0..24).map(|_| Reader::new(&server, "/api/v1/events", "")).collect();
    let answer = get(&server, "/api/v1/events");
    assert_eq!((answer.status, &*answer.error()), (503, "too_many_readers"));
    assert_eq!(get(&server, "/api/v1/status").status, 200);
    // A place is free again once the server finds that its reader has gone.
    drop(readers.pop());
    while {
        let mut stream = connect(&server);
        stream.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        begin != *b"HTTP/1.1 200"
    } {
        // An event a second finds out.
        readers[0].next();
    }
}

#[test]
fn a_server_that_is_dropped_ends_everything() {
    let (_miner, server) = serve(4);
    let address = server.address();
    let mut reader = Reader::new(&server, "/api/v1/events", "");
    reader.next();
    let mut idle = connect(&server);
    drop(server);
    // Both ends see the end; neither waits for ever.
    let _ = reader.0.read_to_end(&mut Vec::new());
    let mut bytes = Vec::new();
    let _ = idle.read_to_end(&mut bytes);
    assert_eq!(bytes, [0_u8; 0]);
    assert!(TcpStream::connect(address).is_err());
}
