//! The client of nodes against peers that misbehave: each gives a clear error, in time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gemmine_jobs::amadeus::node::{CALLS_PER_MINUTE, Node, NodeError, NodeOptions, WaitBy};
use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};

mod tls;

/// Far less than the peers that never end would take.
const CALL: Duration = Duration::from_millis(700);

/// A peer that does the same with every connection, and counts them. Ends with the test's process.
struct Peer {
    url: String,
    calls: Arc<AtomicUsize>,
}

impl Peer {
    fn start(answer: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                answer(stream.unwrap());
            }
        });
        Self { url, calls }
    }

    /// A peer that hears a request out and says this.
    fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |mut stream| {
            hear(&mut stream);
            let _ = stream.write_all(&answer);
        })
    }

    /// The same with a body's status and length in front of it.
    fn answering(status: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
        Self::saying([head.as_bytes(), body].concat())
    }

    fn node(&self) -> Node {
        node(&self.url, NodeOptions::default())
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn node(url: &str, options: NodeOptions) -> Node {
    Node::new(url, NodeOptions { connect: CALL, call: CALL, ..options }).unwrap()
}

/// Reads a request with its body.
fn hear(stream: &mut impl Read) {
    let mut heard = Vec::new();
    let mut part = [0; 4096];
    let body =
        |heard: &[u8]| heard.windows(4).position(|end| end == b"\r\n\r\n").map(|end| end + 4);
    let length = |heard: &[u8]| if heard.starts_with(b"POST") { SOLUTION_BYTES } else { 0 };
    while body(&heard).is_none_or(|begin| heard.len() < begin + length(&heard)) {
        match stream.read(&mut part) {
            Ok(read @ 1..) => heard.extend(&part[..read]),
            _ => return,
        }
    }
}

/// Asks a peer both things; each error must come in time, say where and contain `part`.
fn check(peer: &Peer, part: &str) {
    let node = peer.node();
    let started = Instant::now();
    let errors = [node.seed().unwrap_err(), node.validate(&[0; SOLUTION_BYTES]).unwrap_err()];
    assert!(started.elapsed() < 2 * CALL + Duration::from_secs(5), "{part}");
    for error in errors {
        let text = error.to_string();
        assert!(text.starts_with(&format!("ask {}/api/upow/", peer.url)), "{text}");
        assert!(text.contains(part), "{text:?} does not contain {part:?}");
        assert!(text.len() < 400 && !text.contains(char::is_control), "{text:?}");
    }
}

#[test]
fn good_answers_are_taken_in_every_dress() {
    let seed: Vec<u8> = (0..SEED_BYTES as u8).collect();
    assert_eq!(Peer::answering("200 OK", &seed).node().seed().unwrap().to_vec(), seed);
    let chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf0\r\n";
    let chunked = Peer::saying([chunk, &seed[..], b"\r\n0\r\n\r\n"].concat());
    assert_eq!(chunked.node().seed().unwrap().to_vec(), seed);
    let until_end = Peer::saying([b"HTTP/1.0 200 OK\r\n\r\n", &seed[..]].concat());
    assert_eq!(until_end.node().seed().unwrap().to_vec(), seed);
    // A node behind a path, named with a slash.
    let json = br#" {"more": [1], "valid_math": true, "valid": false}"#;
    let peer = Peer::answering("200 OK", json);
    let verdict = node(&format!("{}/behind/", peer.url), NodeOptions::default())
        .validate(&[0; SOLUTION_BYTES])
        .unwrap();
    assert!(!verdict.valid && verdict.valid_math);
}

#[test]
fn seeds_have_240_bytes() {
    for (length, part) in [(0, "0 bytes, expected a seed of 240"), (239, "239 bytes, expected")] {
        let error = Peer::answering("200 OK", &vec![0; length]).node().seed().unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.may_pass());
    }
    let error = Peer::answering("200 OK", &[0; 241]).node().seed().unwrap_err();
    assert!(error.to_string().contains("more than 240 bytes"), "{error}");
}

#[test]
fn verdicts_have_two_booleans() {
    for body in
        [r#"{"valid":"true","valid_math":true}"#, r#"{"valid":true}"#, "[true,true]", "\x1b["]
    {
        let peer = Peer::answering("200 OK", body.as_bytes());
        let error = peer.node().validate(&[0; SOLUTION_BYTES]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("expected JSON with two booleans"), "{text}");
        assert!(!text.contains('\x1b') && text.ends_with("is that a node's URL?"), "{text}");
    }
}

#[test]
fn endless_answers_are_not_read() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let body = Peer::start(move |mut stream| {
        hear(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
        while counted.load(Ordering::SeqCst) < 100_000_000 && stream.write_all(&[0; 10_000]).is_ok()
        {
            counted.fetch_add(10_000, Ordering::SeqCst);
        }
    });
    check(&body, "more than");
    // What the system's buffers hold.
    assert!(sent.load(Ordering::SeqCst) < 20_000_000);
    let headers = Peer::start(|mut stream| {
        hear(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"more: headers, and no end of them\r\n").is_ok() {}
    });
    check(&headers, "header");
}

#[test]
fn silence_and_slowness_end_with_the_calls_time() {
    let silent = |text: &'static str| {
        Peer::start(move |mut stream| {
            let _ = stream.write_all(text.as_bytes());
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(60));
                drop(stream);
            });
        })
    };
    for start in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 240\r\n\r\nhalf"] {
        check(&silent(start), "no answer within 0.7 s; check that the node is up");
    }
    let slow = Peer::start(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 240\r\n\r\n");
        while stream.write_all(b".").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    check(&slow, "no answer within 0.7 s");
    assert!(slow.node().seed().unwrap_err().may_pass());
}

#[test]
fn broken_connections_and_other_protocols_are_errors() {
    check(&Peer::start(drop), "check that the node is up");
    check(&Peer::saying(""), "check that the node is up");
    check(&Peer::saying("HTTP/1.1 200 OK\r\ncontent-length: 240\r\n\r\nhalf"), "check that");
    check(
        &Peer::saying("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        "check that it is a node that listens there",
    );
    check(&Peer::saying([0, 255, 13, 10, 13, 10]), "check that");
    let gone = Peer { url: "http://127.0.0.1:1".into(), calls: Arc::default() };
    check(&gone, "check the port; `gemmine chain` starts a local node");
}

#[test]
fn other_statuses_are_errors_with_what_the_node_says() {
    check(&Peer::answering("404 Not Found", br#"{"error":"not_found"}"#), "test networks only");
    let trouble = Peer::answering("503 Service Unavailable", "z".repeat(9000).as_bytes());
    check(&trouble, "status 503, \"zzzz");
    assert!(trouble.node().seed().unwrap_err().may_pass());
    check(&Peer::answering("204 No Content", b""), "status 204");
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = Peer::answering("200 OK", &[0; SEED_BYTES]);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: {}/api/upow/seed", elsewhere.url);
        let answer = format!("HTTP/1.1 {status}\r\n{location}\r\ncontent-length: 0\r\n\r\n");
        check(&Peer::saying(answer), &format!("it redirects to \"{}", elsewhere.url));
    }
    check(&Peer::answering("302 Found", b""), "it redirects to \"nowhere\"");
    assert_eq!(elsewhere.calls(), 0);
}

#[test]
fn a_node_that_says_wait_is_left_alone() {
    for (header, seconds) in [
        ("retry-after: 7\r\n", 7),
        ("retry-after: 99999999\r\n", 3600),
        ("retry-after: Fri, 31 Dec 2027 23:59:59 GMT\r\n", 60),
        ("retry-after: -1\r\n", 60),
        ("", 60),
    ] {
        let answer = format!("HTTP/1.1 429 Too Many\r\n{header}content-length: 0\r\n\r\n");
        let peer = Peer::saying(answer);
        let node = peer.node();
        let error = node.seed().unwrap_err();
        assert!(matches!(error, NodeError::Wait { by: WaitBy::Node, .. }), "{error}");
        assert_eq!(error.wait(), Some(Duration::from_secs(seconds)), "{error}");
        let again = node.validate(&[0; SOLUTION_BYTES]).unwrap_err();
        assert!(matches!(again, NodeError::Wait { by: WaitBy::Client, .. }), "{again}");
        assert!(node.wait() > Duration::from_secs(seconds - 1));
        assert_eq!(peer.calls(), 1);
    }
}

#[test]
fn the_client_keeps_the_nodes_limit_by_itself() {
    let peer = Peer::answering("200 OK", &[0; SEED_BYTES]);
    let node = peer.node();
    for _ in 0..CALLS_PER_MINUTE {
        assert_eq!(node.wait(), Duration::ZERO);
        node.seed().unwrap();
    }
    let error = node.seed().unwrap_err();
    assert!(matches!(error, NodeError::Wait { by: WaitBy::Client, .. }), "{error}");
    assert!(error.wait().unwrap() > Duration::from_secs(30) && error.may_pass());
    assert_eq!(peer.calls(), CALLS_PER_MINUTE as usize);
}

#[test]
fn urls_that_are_none_are_refused() {
    for (url, part) in [
        ("", "it is no URL"),
        ("http://no where", "it is no URL"),
        ("127.0.0.1:8648", "neither http:// nor https://"),
        ("ftp://127.0.0.1", "neither http:// nor https://"),
        ("file:///etc/passwd", "it"),
        ("/api/upow/seed", "neither http:// nor https://"),
        ("http://", "it is no URL"),
        ("http://:80", "host or port"),
        ("http://127.0.0.1:70000", "host or port"),
        ("http://127.0.0.1:", "host or port"),
        ("http://name:password@127.0.0.1", "a user name"),
        ("http://127.0.0.1/?a=b", "query or fragment"),
        ("http://127.0.0.1/#a", "query or fragment"),
        ("http://127.0.0.1:8648/api/upow/seed", "it names a call"),
    ] {
        let error = Node::new(url, NodeOptions::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(part) && text.contains("give one such as"), "{url}: {text}");
        assert!(!text.contains("password"), "{text}");
    }
    for url in ["HTTP://LOCALHOST", "http://[::1]:80/", "https://node.example/base/path/"] {
        let node = Node::new(url, NodeOptions::default()).unwrap();
        assert_eq!(node.url(), url.trim_end_matches('/'));
    }
}
