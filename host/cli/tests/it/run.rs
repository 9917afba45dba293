//! The miner that goes on: sources, devices, log and page, as people run it.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

/// Between two looks at something that will come.
const POLL: Duration = Duration::from_millis(20);
/// The local job's header and target, as a gateway sends them.
const HEADER: &str = "AAAAACEoLzY9REtSWWBnbnV8g4qRmJ+mrbS7wsnQ197l7PP6g46ZpK+6xdDb5vH8BxIdKDM+SVRfanWAi5ahrLfCzdgAZnpqAAABHg==";

/// A gateway of a node: it hands out one job and keeps what is submitted.
struct Gateway {
    url: String,
    /// How often each proof came.
    proofs: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Gateway {
    /// `answers` says whether it answers submissions.
    fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        let proofs = Arc::new(Mutex::new(BTreeMap::new()));
        let kept = Arc::clone(&proofs);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream, &kept, answers));
            }
        });
        Self { url, proofs }
    }

    fn seen(&self) -> BTreeMap<String, u32> {
        self.proofs.lock().unwrap().clone()
    }

    fn wait_for(&self, shares: usize) {
        let begun = Instant::now();
        while self.seen().len() < shares {
            assert!(begun.elapsed() < PATIENCE, "{} shares", self.seen().len());
            thread::sleep(POLL);
        }
    }
}

fn serve(stream: TcpStream, proofs: &Mutex<BTreeMap<String, u32>>, answers: bool) {
    let mut writer = stream.try_clone().unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let request: Value = serde_json::from_str(&line).unwrap();
        let job = r#"{"incomplete_header_bytes":"HEADER","target":TARGET,"cert_version":3,"ancestor_headers":[]}"#;
        // The easiest target: far beyond 64 bits, and every digit of it must come back.
        let target =
            "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let job = job.replace("HEADER", HEADER).replace("TARGET", target);
        let result = match request["method"].as_str().unwrap() {
            "getMiningInfo" => job,
            "submitPlainProof" => {
                assert!(line.contains(&job), "the job came back otherwise: {line}");
                let proof = request["params"]["plain_proof"].as_str().unwrap().to_owned();
                *proofs.lock().unwrap().entry(proof).or_default() += 1;
                if !answers {
                    continue;
                }
                r#""submitted""#.into()
            }
            other => panic!("{other}"),
        };
        let reply = format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{}}}"#, request["id"]);
        if writeln!(writer, "{reply}").is_err() {
            return;
        }
    }
}

/// A miner that does not outlive its test.
struct Miner {
    child: Child,
}

impl Miner {
    fn start(folder: &Path, arguments: &str) -> Self {
        let err = fs::File::create(folder.join("run.stderr")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_gemmine"))
            .current_dir(folder)
            .arg("run")
            .args(arguments.split_whitespace())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(err)
            .spawn()
            .unwrap();
        Self { child }
    }

    fn interrupt(mut self) -> (Option<i32>, Value) {
        let kill = format!("kill -INT -{}", self.child.id());
        assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let code = self.child.wait().unwrap().code();
        (
            code,
            text.lines().last().map(|line| serde_json::from_str(line).unwrap()).unwrap_or_default(),
        )
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Waits for a line on a miner's standard error, and returns what is behind `start` in it.
fn line_of(folder: &Path, start: &str) -> String {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(folder.join("run.stderr")).unwrap_or_default();
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        if let Some(line) = whole.lines().find(|line| line.contains(start)) {
            return line.split(start).nth(1).unwrap().to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "no {start:?} in {text}");
        thread::sleep(POLL);
    }
}

/// One call; status line and body.
fn call(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn get(address: &str, path: &str) -> (String, String) {
    call(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

#[test]
fn a_simnet_is_mined_by_several_devices_and_the_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        format!("--local --share-target {MEDIUM} --interval 0.5 --device cpu --device model");
    let run = format!("run {arguments} --shares 30 --seconds 60 --out shares --json");
    let status = last_json(&expect(folder.path(), &run, 0));
    let totals = &status["totals"];
    assert!(totals["shares"]["accepted"].as_u64().unwrap() >= 30, "{status}");
    assert_eq!((&totals["shares"]["rejected"], &totals["hardware_errors"]), (&0.into(), &0.into()));
    assert!(totals["macs_credited"].as_f64().unwrap() > 0.0);
    let devices = status["devices"].as_array().unwrap();
    assert_eq!(devices.iter().map(|device| &device["name"]).collect::<Vec<_>>(), ["cpu", "model"]);
    assert!(devices.iter().all(|device| device["hits"].as_u64().unwrap() > 0), "{status}");
    let checked = last_json(&expect(folder.path(), "receipts verify shares --json", 0));
    assert!(checked["exit"].is_null(), "{checked}");
}

#[test]
fn a_share_without_an_answer_is_submitted_by_the_next_run_and_no_other_twice() {
    let folder = tempfile::tempdir().unwrap();
    let silent = Gateway::start(false);
    let run =
        |gateway: &Gateway| format!("--gateway {} --device cpu --out shares --json", gateway.url);
    let miner = Miner::start(folder.path(), &run(&silent));
    silent.wait_for(3);
    // No time to say goodbye.
    drop(miner);
    let before = silent.seen();
    assert!(before.values().all(|times| *times == 1));
    let gateway = Gateway::start(true);
    let miner = Miner::start(folder.path(), &run(&gateway));
    gateway.wait_for(before.len() + 3);
    let (code, status) = miner.interrupt();
    assert_eq!(code, Some(0));
    let after = gateway.seen();
    assert!(after.values().all(|times| *times == 1), "{after:?}");
    let shares = &status["totals"]["shares"];
    assert_eq!(
        (&shares["pending"], &shares["found"]),
        (&0.into(), &shares["accepted"]),
        "{status}"
    );
    // All but what the killed run had not logged before it sent nothing of it: every one that came is there again.
    assert!(before.keys().all(|proof| after.contains_key(proof)));
    expect(folder.path(), "receipts verify shares", 0);
}

#[test]
fn the_next_source_takes_over_where_one_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(true);
    let config = format!(
        "[work]\nout = 'shares'\n[failover]\npatience_s = 0.1\n\
         [[source]]\nname = 'dead'\nkind = 'pool'\nendpoint = 'tcp://127.0.0.1:1'\nwallet = 'w'\n\
         [[source]]\nname = 'alive'\nkind = 'gateway'\nendpoint = '{}'\n",
        gateway.url
    );
    fs::write(folder.path().join("gemmine.toml"), config).unwrap();
    let status =
        last_json(&expect(folder.path(), "run --config gemmine.toml --shares 3 --json", 0));
    let source =
        |index: usize| (&status["sources"][index]["name"], &status["sources"][index]["active"]);
    assert_eq!(source(0), (&"dead".into(), &false.into()));
    assert_eq!(source(1), (&"alive".into(), &true.into()));
    assert!(status["sources"][0]["error"].as_str().unwrap().contains("refused"), "{status}");
}

#[test]
fn a_board_that_is_pulled_out_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = "--noise --geometry 8x8 --link port";
    let board = board::Board::start(path, arguments);
    let miner = Miner::start(
        path,
        &format!(
            "--local --share-target {MEDIUM} --zero-signal 64x512 --device serial:port --out shares --json"
        ),
    );
    line_of(path, "share ");
    assert_eq!(board.interrupt(), Some(0));
    line_of(path, "unplugged");
    let again = board::Board::start(path, arguments);
    line_of(path, "plugged in");
    // A second opening, with work behind it.
    let begun = Instant::now();
    while fs::read_to_string(path.join("run.stderr")).unwrap().matches("open: ").count() < 2 {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(POLL);
    }
    let (code, status) = miner.interrupt();
    drop(again);
    assert_eq!(code, Some(0), "{status}");
    assert_eq!(status["devices"][0]["starts"], json!(2), "{status}");
    assert!(status["notice"].as_str().unwrap().contains("NOT USEFUL WORK"));
    expect(path, "receipts verify shares", 0);
}

#[test]
fn a_chain_gets_solutions_of_the_processor_and_of_a_board_with_engines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let chain = chain::Chain::start("--bits 4");
    let board = board::Board::start(path, "--engines 5 --geometry 8x8 --link port");
    let miner = Miner::start(
        path,
        &format!(
            "--protocol amadeus --node {} --bits 4 --device cpu --device serial:port --out shares --json",
            chain.url
        ),
    );
    // Each device has one that the chain took.
    for device in ["device cpu: share ", "device serial:port: share "] {
        line_of(path, device);
    }
    line_of(path, "accepted");
    let (code, status) = miner.interrupt();
    drop(board);
    assert_eq!(code, Some(0), "{status}");
    let totals = &status["totals"];
    assert!(totals["shares"]["accepted"].as_u64().unwrap() > 0, "{status}");
    assert_eq!((&totals["shares"]["rejected"], &totals["hardware_errors"]), (&0.into(), &0.into()));
    expect(path, "receipts verify shares", 0);
}

#[test]
fn the_page_shows_the_miner_and_a_token_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("token"), "a-token-for-a-test-1234").unwrap();
    let mut rights = fs::metadata(path.join("token")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o600);
    fs::set_permissions(path.join("token"), rights).unwrap();
    let miner = Miner::start(
        path,
        "--local --device cpu --http 127.0.0.1:0 --token-file token --out shares --json",
    );
    let address = line_of(path, "status at http://");
    let begun = Instant::now();
    let status = loop {
        let status: Value = serde_json::from_str(&get(&address, "/api/v1/status").1).unwrap();
        if status["devices"][0]["state"] == "working" {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "{status}");
        thread::sleep(POLL);
    };
    assert_eq!(status["sources"][0]["kind"], "local");
    assert!(get(&address, "/metrics").1.contains("gemmine_"));
    assert!(get(&address, "/").1.contains("<html"));
    let body = r#"{"action":"device_off","device":"cpu"}"#;
    let post = |head: &str| {
        let fixed = format!(
            "Host: {address}\r\nContent-Type: application/json\r\nContent-Length: {}",
            body.len()
        );
        call(
            &address,
            &format!(
                "POST /api/v1/control HTTP/1.1\r\n{fixed}\r\n{head}Connection: close\r\n\r\n{body}"
            ),
        )
    };
    assert!(post("").0.contains("401"));
    assert!(post("Authorization: Bearer a-token-for-a-test-1234\r\n").0.contains("202"));
    let begun = Instant::now();
    while get(&address, "/health/ready").0.contains("200") {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(POLL);
    }
    let (code, status) = miner.interrupt();
    assert_eq!((code, &status["devices"][0]["state"]), (Some(0), &"off".into()));
}

#[test]
fn what_can_not_run_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    expect_trouble(path, "run --gateway nonsense", "begin it with tcp://");
    expect_trouble(path, "run --device warp", "warp");
    expect_trouble(path, "run --protocol amadeus", "there is no source");
    fs::write(path.join("bad.toml"), "[work]\nprotocl = 'pearl'\n").unwrap();
    expect_trouble(path, "run --config bad.toml", "did you mean `protocol`?");
    expect_trouble(path, "run --config none.toml", "none.toml");
}
