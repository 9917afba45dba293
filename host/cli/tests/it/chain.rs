//! A local Amadeus chain: the binary behind its port, for the real client and for peers that are none.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gemmine_jobs::amadeus::node::{Node, NodeError, NodeOptions};
use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES, Solution, attempt, set_nonce};

use crate::{PATIENCE, expect_trouble, gemmine};

/// A chain that does not outlive its test.
pub struct Chain {
    child: Option<Child>,
    /// What it called its URL.
    pub url: String,
}

impl Chain {
    pub fn start(arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gemmine"))
            .args(["chain", "--listen", "127.0.0.1:0"])
            .args(arguments.split_whitespace())
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child: Some(child), url: url.trim_end().to_owned() }
    }

    fn node(&self) -> Node {
        Node::new(&self.url, NodeOptions::default()).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let address: SocketAddr = self.url.strip_prefix("http://").unwrap().parse().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes and nothing more, and returns all that comes.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that has heard enough may be gone before the end.
        let _ = stream.write_all(bytes);
        read_all(stream)
    }

    /// A request without a body.
    fn get(&self, method: &str, path: &str) -> String {
        self.say(format!("{method} {path} HTTP/1.1\r\nhost: chain\r\n\r\n").as_bytes())
    }

    fn post(&self, body: &[u8]) -> String {
        let length = body.len();
        let head = "POST /api/upow/validate HTTP/1.1\r\nhost: chain\r\ncontent-length:";
        self.say(&[format!("{head} {length}\r\n\r\n").as_bytes(), body].concat())
    }

    /// Ctrl-C, as a terminal sends it; exit code and standard error.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let mut child = self.child.take().unwrap();
        let kill = format!("kill -INT -{}", child.id());
        assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (child.wait().unwrap().code(), text)
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Text until the other end closes, however it does.
fn read_all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut part) {
        bytes.extend(&part[..length]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer's status and what its JSON body calls the error.
fn refusal(answer: &str) -> (&str, String) {
    let status = answer.split(' ').nth(1).unwrap_or_default();
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    (status, json["error"].as_str().unwrap_or_default().to_owned())
}

/// The first solution of a seed of which `good` is true.
fn solve(mut seed: [u8; SEED_BYTES], good: impl Fn(&Solution) -> bool) -> Solution {
    let attempts = (0..100_000).map(|nonce| {
        set_nonce(&mut seed, nonce);
        attempt(&seed)
    });
    attempts.into_iter().find(good).unwrap()
}

#[test]
fn a_miner_finds_what_the_chain_accepts() {
    let chain = Chain::start("--bits 4");
    let node = chain.node();
    assert_eq!(node.url(), chain.url);
    let (first, second) = (node.seed().unwrap(), node.seed().unwrap());
    assert_eq!(first[..228], second[..228]);
    assert_ne!(first[228..], second[228..]);
    let solution = solve(first, |solution| solution.bits() >= 4);
    // Twice: nothing is remembered.
    for _ in 0..2 {
        let verdict = node.validate(&solution.bytes).unwrap();
        assert!(verdict.valid && verdict.valid_math);
    }
    let text = bs58::encode(&solution.bytes).into_string();
    let answer = chain.get("GET", &format!("/api/upow/validate/{text}"));
    assert!(answer.ends_with(r#"{"valid":true,"valid_math":true}"#), "{answer}");

    let poor = solve(second, |solution| solution.bits() < 4);
    let verdict = node.validate(&poor.bytes).unwrap();
    assert!(!verdict.valid && verdict.valid_math);
    let mut damaged = solution.bytes;
    damaged[SOLUTION_BYTES - 1] ^= 1;
    let verdict = node.validate(&damaged).unwrap();
    assert!(!verdict.valid && !verdict.valid_math);

    let (code, text) = chain.interrupt();
    assert_eq!(code, Some(0), "{text}");
    let hash: String = solution.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let accepted = format!("hash {hash}, from 127.0.0.1\n");
    assert_eq!(text.matches(&accepted).count(), 3, "{text}");
    assert!(text.ends_with("2 seeds, 3 of 5 solutions accepted, 0 calls refused\n"), "{text}");
}

#[test]
fn seeds_are_stale_when_their_segment_ends() {
    let chain = Chain::start("--bits 0 --segment-seconds 1");
    let node = chain.node();
    // A segment may end at any moment, so at once succeeds soon, and a second later never.
    let fresh = |solution: &Solution| node.validate(&solution.bytes).unwrap().valid;
    let found = (0..20).map(|_| attempt(&node.seed().unwrap())).find(fresh).unwrap();
    std::thread::sleep(Duration::from_millis(1001));
    let verdict = node.validate(&found.bytes).unwrap();
    assert!(!verdict.valid && verdict.valid_math);
}

#[test]
fn calls_beyond_the_limit_are_told_to_wait() {
    let chain = Chain::start("--calls-per-minute 3");
    let node = chain.node();
    node.seed().unwrap();
    node.seed().unwrap();
    // What does not count: paths that are none.
    assert_eq!(refusal(&chain.get("GET", "/")), ("404", "not_found".into()));
    node.validate(&[0; SOLUTION_BYTES]).unwrap();
    let answer = chain.get("GET", "/api/upow/seed");
    assert_eq!(refusal(&answer), ("429", "rate_limited".into()));
    let after = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
    assert!((1..=60).contains(&after.parse::<u64>().unwrap()), "{after}");
    assert_eq!(refusal(&chain.post(&[0; SOLUTION_BYTES])).0, "429");
    let error = node.seed().unwrap_err();
    assert!(matches!(error, NodeError::Wait { .. }), "{error}");
    assert!(node.wait() > Duration::ZERO);
}

#[test]
fn nonsense_gets_an_error_and_the_chain_stays() {
    let chain = Chain::start("");
    let solution = |text: &str| chain.get("GET", &format!("/api/upow/validate/{text}"));
    for (answer, status, error) in [
        (chain.get("GET", "/api/upow/seeds"), "404", "not_found"),
        (chain.get("GET", "/api/upow/validate"), "404", "not_found"),
        (chain.get("DELETE", "/api/upow/seed"), "404", "not_found"),
        (chain.post(&[]), "400", "invalid_length"),
        (chain.post(&[0; SOLUTION_BYTES - 1]), "400", "invalid_length"),
        (chain.post(&[0; SOLUTION_BYTES + 1]), "400", "invalid_length"),
        (chain.post(&[0; 1 << 20]), "413", "too_large"),
        (solution("1"), "400", "invalid_length"),
        (solution("0OIl"), "400", "invalid_base58"),
        (solution("%ff"), "400", "invalid_base58"),
        (solution(&"z".repeat(5000)), "414", "too_large"),
    ] {
        assert_eq!(refusal(&answer), (status, error.into()), "{answer}");
    }
    // It says that it is large, and is believed.
    let head = "POST /api/upow/validate HTTP/1.1\r\nhost: chain\r\n";
    let large = chain.say(format!("{head}content-length: 99999999999\r\n\r\n").as_bytes());
    assert_eq!(refusal(&large), ("413", "too_large".into()));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n100000\r\n{}", "z".repeat(9000));
    assert_eq!(refusal(&chain.say(chunked.as_bytes())), ("413", "too_large".into()));
    for garbage in [&b"\0\xff\x16\x03\x01"[..], b"\r\n\r\n\r\n", &[b'x'; 100_000]] {
        let mut stream = chain.connect();
        let _ = stream.write_all(garbage);
        let _ = stream.shutdown(Shutdown::Write);
        let answer = read_all(stream);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    // Who says no more after the request is still answered.
    let mut stream = chain.connect();
    stream.write_all(b"GET /api/upow/seed HTTP/1.1\r\nhost: chain\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(read_all(stream).starts_with("HTTP/1.1 200 OK"));
    chain.node().seed().unwrap();
    assert_eq!(chain.interrupt().0, Some(0));
}

#[test]
fn peers_that_say_nothing_or_half_of_it_hold_nobody_up_for_long() {
    let chain = Chain::start("");
    let starts = [
        "",
        "GET /api/upow/seed HTTP/1.1\r\nhost:",
        "POST /api/upow/validate HTTP/1.1\r\nhost: chain\r\ncontent-length: 1264\r\n\r\nhalf",
    ];
    // Every place and more.
    let streams: Vec<TcpStream> = (0..70)
        .map(|index| {
            let mut stream = chain.connect();
            stream.write_all(starts[index % starts.len()].as_bytes()).unwrap();
            stream
        })
        .collect();
    let options = NodeOptions { call: Duration::from_secs(60), ..NodeOptions::default() };
    Node::new(&chain.url, options).unwrap().seed().unwrap();
    let answers: Vec<String> = streams.into_iter().map(read_all).collect();
    assert_eq!(answers[0], "");
    assert_eq!(refusal(&answers[2]), ("408", "too_slow".into()));
    assert_eq!(chain.interrupt().0, Some(0));
}

#[test]
fn chains_that_can_not_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::start("");
    let taken = chain.url.strip_prefix("http://").unwrap();
    let part = format!("listen on {taken}; end what listens there, or choose another --listen");
    expect_trouble(folder.path(), &format!("chain --listen {taken}"), &part);
    for wrong in ["--bits 65", "--segment-seconds 0", "--calls-per-minute 0"] {
        let output = gemmine(folder.path(), &format!("chain {wrong}"));
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
    let part = "invalid value 'localhost:80' for '--listen <ADDR:PORT>': give an IP address";
    expect_trouble(folder.path(), "chain --listen localhost:80", part);
}
