//! `gemmine mine --protocol amadeus`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{expect, expect_trouble, last_json};

const MINE: &str = "mine --protocol amadeus --out run";

/// A `gemmine chain` on a free port.
struct Chain {
    child: Child,
    url: String,
}

impl Chain {
    fn start(arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gemmine"))
            .args("chain --listen 127.0.0.1:0".split(' ').chain(arguments.split(' ')))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn check_folder(path: &Path, shares: u64, bits: u32) {
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!((&verdict["receipts"], &verdict["accepted"]), (&shares.into(), &shares.into()));
    for share in 1..=shares {
        expect(path, &format!("verify --amadeus run/solution-{share}.bin --bits {bits}"), 0);
    }
}

#[test]
fn the_processor_finds_what_the_local_chain_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = format!("{MINE} --device cpu --threads 2 --bits 4 --shares 3 --json");
    let summary = last_json(&expect(path, &arguments, 0));
    assert_eq!(summary["protocol"], "amadeus-upow2");
    assert_eq!((&summary["shares"], &summary["hits_refused"]), (&3.into(), &0.into()));
    assert_eq!((&summary["ended_by"], &summary["geometry"]), (&"shares".into(), &"none".into()));
    assert!(summary["attempts"].as_u64().unwrap() >= 3);
    assert_eq!(summary["attempts_per_s"]["kind"], "measured");
    assert!(summary["attempts_per_s"]["value"].as_f64().unwrap() > 0.0);
    assert!(summary.get("utilisation").is_none(), "a processor counts no cycles");
    check_folder(path, 3, 4);
    // Another run goes on behind.
    let arguments = format!("{MINE} --device cpu --bits 3 --shares 1 --json");
    assert_eq!(last_json(&expect(path, &arguments, 0))["shares"], 1);
    check_folder(path, 4, 3);
}

#[test]
fn a_simulated_device_multiplies_what_the_host_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let summary = last_json(&expect(path, &format!("{MINE} --bits 3 --shares 1 --json"), 0));
    assert_eq!((&summary["device"], &summary["shares"]), (&"model".into(), &1.into()));
    let attempts = summary["attempts"].as_u64().unwrap();
    // An attempt is 50,240 steps of a 16x16 array.
    assert_eq!(summary["mac_cycles"].as_u64().unwrap(), attempts * 50_240);
    check_folder(path, 1, 3);
}

#[test]
fn a_node_gives_seeds_and_takes_solutions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let chain = Chain::start("--bits 5");
    let arguments = format!("{MINE} --device cpu --node {} --bits 5 --shares 2 --json", chain.url);
    let summary = last_json(&expect(path, &arguments, 0));
    assert_eq!((&summary["shares"], &summary["shares_rejected"]), (&2.into(), &0.into()));
    assert_eq!(summary["source"], format!("node {}", chain.url));
    check_folder(path, 2, 5);
}

#[test]
fn what_a_node_rejects_is_kept_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let chain = Chain::start("--bits 64");
    let arguments = format!("{MINE} --device cpu --node {} --bits 0 --seconds 1 --json", chain.url);
    let summary = last_json(&expect(path, &arguments, 0));
    let rejected = summary["shares_rejected"].as_u64().unwrap();
    assert!(rejected > 0 && summary["shares"] == 0, "{summary}");
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!(verdict["accepted"], 0);
    assert!(verdict["receipts"].as_u64().unwrap() >= rejected);
}

#[test]
fn a_changed_solution_or_receipt_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    expect(path, &format!("{MINE} --device cpu --bits 2 --shares 1"), 0);
    let file = path.join("run/solution-1.bin");
    let whole = fs::read(&file).unwrap();
    for (at, rule) in [(239, "difficulty"), (240, "difficulty")] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        // Either the hash is no longer low enough, or the product is no longer right.
        fs::write(&file, changed).unwrap();
        let answer = last_json(&expect(path, "verify --receipts run --json", 1));
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(rule) || message.contains("product"), "{message}");
    }
    fs::write(&file, &whole[1..]).unwrap();
    let answer = last_json(&expect(path, "verify --receipts run --json", 1));
    assert!(answer["message"].as_str().unwrap().contains("1263 bytes"), "{answer}");
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        ("mine --bits 8", "--bits is for Amadeus"),
        ("mine --node http://127.0.0.1:1", "--node is for Amadeus"),
        ("mine --protocol amadeus --job job.json", "--job is for --protocol pearl"),
        ("mine --protocol amadeus --node http://127.0.0.1:1", "give --bits"),
        ("mine --protocol amadeus --node http://127.0.0.1:1 --bits 8", "127.0.0.1:1"),
        ("mine --protocol amadeus --node ftp://x --bits 8", "ftp://x"),
        ("mine --protocol amadeus --device cpu --geometry 4x4", "--geometry is for simulated"),
        ("mine --threads 2", "--threads is for the processor"),
        ("mine --device cpu --baud 9600", "--baud"),
        ("mine --protocol bitcoin", "bitcoin"),
    ] {
        expect_trouble(folder.path(), arguments, part);
    }
    assert!(!folder.path().join("gemmine-out").exists());
    // A folder of the other protocol.
    expect(folder.path(), "mine --shares 1 --out run", 0);
    expect_trouble(folder.path(), MINE, "it holds a Pearl job");
}
