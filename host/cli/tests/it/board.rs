//! Virtual boards: served by one process, used by others.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// A board that does not outlive its test.
pub struct Board {
    child: Option<Child>,
    /// What it called its port.
    pub port: String,
}

impl Board {
    pub fn start(folder: &Path, arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gemmine"))
            .current_dir(folder)
            .arg("board")
            .args(arguments.split_whitespace())
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child: Some(child), port: port.trim_end().to_owned() }
    }

    /// Ctrl-C, as a terminal sends it; the exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let kill = format!("kill -INT -{}", child.id());
        assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
        child.wait().unwrap().code()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

#[test]
fn a_board_is_found_and_mines_for_one_program_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let board = Board::start(path, "--geometry 8x4 --link port");
    assert!(board.port.starts_with("/dev/"), "{}", board.port);
    assert_eq!(fs::read_link(path.join("port")).unwrap(), Path::new(&board.port));
    let text = expect(path, &format!("devices --port {}", board.port), 0);
    assert!(text.contains("8x4 array at 24 MHz"), "{text}");
    for seed in [1, 2] {
        let arguments = format!("--shares 2 --share-target {MEDIUM} --seed {seed} --json");
        let mine = format!("mine --device serial:port --out run{seed} {arguments}");
        let summary = last_json(&expect(path, &mine, 0));
        assert_eq!((&summary["product"], &summary["shares"]), (&"exact".into(), &2.into()));
    }
    assert_eq!(board.interrupt(), Some(0));
    assert!(path.join("port").symlink_metadata().is_err(), "the link stays");
}

#[test]
fn a_board_says_what_grows_operands_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (engines, noise, text, protocols) in [
        (0, false, "4x4 array at 24 MHz, panels", "pearl-v3"),
        (3, false, "4x4 array at 24 MHz, 3 engines for Amadeus, panels", "pearl-v3 amadeus-upow2"),
        (
            0,
            true,
            "4x4 array at 24 MHz, source of Pearl's noise, panels",
            "pearl-v3 pearl-v3-zero-signal",
        ),
    ] {
        let source = if noise { "--noise" } else { "" };
        let arguments =
            format!("--geometry 4x4 --engines {engines} {source} --baud 1000000 --link port");
        let board = Board::start(path, &arguments);
        let devices = "devices --port port --baud 1000000 --max-baud 1000000 --json";
        let answer = last_json(&expect(path, devices, 0));
        let found = answer["devices"].as_array().unwrap().last().unwrap();
        let description = found["description"].as_str().unwrap();
        assert!(description.starts_with(text), "{description}");
        let details = &found["details"];
        assert_eq!((&details["engines"], &details["noise"]), (&engines.into(), &noise.into()));
        let protocols: Vec<&str> = protocols.split(' ').collect();
        assert_eq!(details["protocols"], serde_json::json!(protocols));
        if noise {
            let selftest = "selftest --device serial:port --baud 1000000 --max-baud 1000000";
            let text = expect(path, selftest, 0);
            assert!(
                text.contains("pass  scans                tiles of 128 and 2048 steps"),
                "{text}"
            );
        } else if engines == 0 {
            let mine =
                "mine --protocol amadeus --device serial:port --baud 1000000 --max-baud 1000000";
            expect_trouble(path, mine, "its image has no engines that grow operands");
        }
        assert_eq!(board.interrupt(), Some(0));
    }
}

/// A model for a moment; where GEMMINE_LONG is set, Verilated RTL for some hundred attempts, too.
#[test]
fn a_board_with_engines_scans_for_what_the_local_chain_accepts() {
    scan_for_shares("--engines 2", 2, 4, 3);
    if std::env::var_os("GEMMINE_LONG").is_some() {
        scan_for_shares("--engine verilator --geometry 8x8 --engines 5", 5, 8, 1);
    }
}

fn scan_for_shares(board: &str, engines: u64, bits: u32, shares: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let _board = Board::start(path, &format!("{board} --baud 1000000 --link port"));
    let mine =
        "mine --protocol amadeus --device serial:port --baud 1000000 --max-baud 1000000 --out run";
    let ask = format!("{mine} --bits {bits} --shares {shares} --json");
    let summary = last_json(&expect(path, &ask, 0));
    assert_eq!((&summary["shares"], &summary["hits_refused"]), (&shares.into(), &0.into()));
    assert_eq!((&summary["engines"], &summary["ended_by"]), (&engines.into(), &"shares".into()));
    // Each attempt is that of the array, and some were under way at the end.
    let attempts = summary["attempts"].as_u64().unwrap();
    assert!(attempts >= shares && summary["mac_cycles"].as_u64().unwrap() >= attempts * 50_240);
    assert!(summary["link_bytes_per_attempt"]["value"].as_f64().unwrap() > 0.0);
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!(verdict["accepted"], shares);
    for share in 1..=shares {
        expect(path, &format!("verify --amadeus run/solution-{share}.bin --bits {bits}"), 0);
    }
    // A scan that was given up is not in the way of the next run.
    expect(path, &format!("{mine} --bits 2 --shares 1"), 0);
}

/// A share target that about one native tile in 64 at k = 2048 meets.
const RARE: &str = "0000008000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_board_with_a_source_of_noise_mines_zero_signals_without_operands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let _board = Board::start(path, "--noise --geometry 8x8 --baud 1000000 --link port");
    let mine = "mine --device serial:port --baud 1000000 --max-baud 1000000";
    let zeros = format!("{mine} --zero-signal 64x512 --out run --seed 3");
    let arguments = format!("{zeros} --shares 6 --share-target {RARE} --json");
    let summary = last_json(&expect(path, &arguments, 0));
    assert_eq!((&summary["shares"], &summary["hits_refused"]), (&6.into(), &0.into()));
    assert_eq!((&summary["useful_work"], &summary["useful_macs"]), (&false.into(), &0.into()));
    assert_eq!(summary["product"], "none: zero signal, not useful work");
    assert!(summary["operands"].as_str().unwrap().contains("NOT USEFUL WORK"));
    // Three rows of 32 tiles a nonce: the fourth has it.
    let tickets = summary["tickets"].as_u64().unwrap();
    assert!(summary["reseeds"].as_u64().unwrap() + 1 >= tickets / 96);
    assert!(summary["scans"].as_u64().unwrap() >= 3);
    assert!(summary["mac_cycles"].as_u64().unwrap() >= tickets * 2048 * 4);
    for share in 1..=6 {
        expect(path, &format!("verify --job run/job.json run/share-{share}.b64"), 0);
    }
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!(verdict["receipts"], 6);
    // It goes on where it was, in the same folder, and says so to people.
    let text = expect(path, &format!("{zeros} --shares 1 --share-target {RARE}"), 0);
    assert!(text.contains("NOT USEFUL WORK") && text.contains("of operands that the device grew"));
    assert!(text.contains(" a ticket\n"), "{text}");

    // No operand crosses the link, and the array hardly waits.
    let arguments = "--zero-signal 48x8192 --out speed --seconds 4 --share-target";
    let summary = last_json(&expect(path, &format!("{mine} {arguments} {HARDEST} --json"), 0));
    assert_eq!((&summary["ended_by"], &summary["shares"]), (&"seconds".into(), &0.into()));
    let figure = |name: &str| summary[name]["value"].as_f64().unwrap();
    assert!(summary["tickets"].as_u64().unwrap() > 500, "{summary}");
    assert!(figure("link_bytes_per_ticket") < 20.0, "{summary}");
    assert!(figure("run_utilisation") > 0.9, "{summary}");
    // The nonce's 16 rows alone leave nothing to scan.
    let few = "--zero-signal 16x64 --out few --shares 1";
    expect_trouble(path, &format!("{mine} {few}"), "give --zero-signal more than 16 rows");
}

#[test]
fn a_verilated_board_ends_with_its_simulation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let board = Board::start(path, "--engine verilator --geometry 4x4 --baud 12000000 --link port");
    let text = expect(path, "devices --port port --baud 12000000 --max-baud 12000000", 0);
    assert!(text.contains("4x4 array at 24 MHz"), "{text}");
    assert_eq!(board.interrupt(), Some(0));
}

#[test]
fn boards_that_can_not_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    for (arguments, part) in [
        ("board --baud 13000000", "baud rate 13000000 is outside of what the array can do"),
        ("board --engine verilator --geometry 2x16", "no 2x16 array is built into this program"),
        ("board --link mine", "something else is there; remove it"),
        ("board --link no/port", "make the link no/port"),
    ] {
        expect_trouble(folder.path(), arguments, part);
    }
    for wrong in ["board --geometry 3x3", "board --engine fpga", "board --clock 0"] {
        assert_eq!(gemmine(folder.path(), wrong).status.code(), Some(2), "{wrong}");
    }
}
