//! Virtual boards: served by one process, used by others.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// A board that does not outlive its test.
struct Board {
    child: Option<Child>,
    /// What it called its port.
    port: String,
}

impl Board {
    fn start(folder: &Path, arguments: &str) -> Self {
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
    fn interrupt(mut self) -> Option<i32> {
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
fn a_board_says_what_engines_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (engines, text, protocols) in [
        (0, "4x4 array at 24 MHz, panels", "pearl-v3"),
        (3, "4x4 array at 24 MHz, 3 engines for Amadeus, panels", "pearl-v3 amadeus-upow2"),
    ] {
        let arguments = format!("--geometry 4x4 --engines {engines} --baud 1000000 --link port");
        let board = Board::start(path, &arguments);
        let devices = "devices --port port --baud 1000000 --max-baud 1000000 --json";
        let answer = last_json(&expect(path, devices, 0));
        let found = answer["devices"].as_array().unwrap().last().unwrap();
        let description = found["description"].as_str().unwrap();
        assert!(description.starts_with(text), "{description}");
        let details = &found["details"];
        assert_eq!(details["engines"], engines);
        let protocols: Vec<&str> = protocols.split(' ').collect();
        assert_eq!(details["protocols"], serde_json::json!(protocols));
        if engines == 0 {
            let mine =
                "mine --protocol amadeus --device serial:port --baud 1000000 --max-baud 1000000";
            expect_trouble(path, mine, "its image has no engines that grow operands");
        }
        assert_eq!(board.interrupt(), Some(0));
    }
}

#[test]
fn a_board_with_engines_scans_for_what_the_local_chain_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let _board = Board::start(path, "--engines 2 --baud 1000000 --link port");
    let mine =
        "mine --protocol amadeus --device serial:port --baud 1000000 --max-baud 1000000 --out run";
    let summary = last_json(&expect(path, &format!("{mine} --bits 4 --shares 3 --json"), 0));
    assert_eq!((&summary["shares"], &summary["hits_refused"]), (&3.into(), &0.into()));
    assert_eq!((&summary["engines"], &summary["ended_by"]), (&2.into(), &"shares".into()));
    // Each attempt is that of the array, and some were under way at the end.
    let attempts = summary["attempts"].as_u64().unwrap();
    assert!(attempts >= 3 && summary["mac_cycles"].as_u64().unwrap() >= attempts * 50_240);
    assert!(summary["link_bytes_per_attempt"]["value"].as_f64().unwrap() > 0.0);
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!(verdict["accepted"], 3);
    // A scan that was given up is not in the way of the next run.
    expect(path, &format!("{mine} --bits 2 --shares 1"), 0);
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
