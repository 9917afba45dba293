//! A device's Verilog, for designs of one's own.

use gemmine_sim::verilator::{Tools, modules};

use super::*;

/// The ports that a module declares in its header: name, bits, and whether it is an input.
fn declared(verilog: &str, module: &str) -> Vec<(String, u32, bool)> {
    let header = format!("module {module}(");
    let body = verilog.lines().skip_while(|line| !line.starts_with(&header)).skip(1);
    let ports = body.take_while(|line| !line.starts_with(");")).map(|line| {
        let words: Vec<&str> = line.trim().trim_end_matches(',').split(' ').collect();
        let high = words[2].strip_prefix('[').and_then(|range| range.split(':').next());
        let bits = high.map_or(1, |high| high.parse::<u32>().unwrap() + 1);
        ((*words.last().unwrap()).to_owned(), bits, words[0] == "input")
    });
    ports.collect()
}

/// The same of the guide's table.
fn listed() -> Vec<(String, u32, bool)> {
    let guide = include_str!("../../../../hdl/PCIE.md");
    let rows = guide.lines().skip_while(|line| !line.starts_with("| port ")).skip(2);
    let ports = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`').to_owned();
        (name, cells[2].parse().unwrap(), cells[3].starts_with("in"))
    });
    ports.collect()
}

#[test]
fn a_device_for_a_bridge_has_the_ports_that_the_guide_lists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = "emit --geometry 2x2 --clock 125000000 -o device.v";
    let json = last_json(&expect(path, &format!("{arguments} --json"), 0));
    assert_eq!(
        (&json["top"], &json["clock_hz"]),
        (&"gemmine_memory_2x2".into(), &125_000_000.into())
    );
    let verilog = fs::read_to_string(path.join("device.v")).unwrap();
    assert_eq!(json["bytes"], verilog.len());
    let ports = declared(&verilog, "gemmine_memory_2x2");
    assert!(ports.len() > 40, "{ports:?}");
    assert_eq!(ports, listed());
    // A port's name is one that C++ knows and Verilog does not; nothing else is found.
    let lint = modules::lint(&Tools::find().unwrap(), &verilog, "gemmine_memory_2x2").unwrap();
    let found: Vec<&str> = lint.lines().filter(|line| line.starts_with("%Warning")).collect();
    assert!(found.iter().all(|line| line.contains("common word: 'interrupt'")), "{lint}");
    assert!(!lint.contains("%Error-"), "{lint}");
    // The same options, the same bytes; another clock, another BUILD.
    let text = expect(path, arguments, 0);
    let build = json["build"].as_str().unwrap();
    let line = format!("device.v: module gemmine_memory_2x2, BUILD {build}, ");
    assert!(text.starts_with(&line), "{text}");
    assert_eq!(fs::read_to_string(path.join("device.v")).unwrap(), verilog);
    let other = expect(path, "emit --geometry 2x2 --clock 100000000 -o device.v", 0);
    assert!(!other.contains(build), "{other}");
}

#[test]
fn what_a_device_has_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let text = expect(path, "emit --link serial --geometry 2x2 --clock 48000000 -o serial.v", 0);
    assert!(text.starts_with("serial.v: module gemmine_device_2x2, "), "{text}");
    let arguments =
        "emit --geometry 4x4 --panel-word-bits 9 --engines 1 --noise --clock 50000000 -o m.v";
    expect(path, arguments, 0);
    let verilog = fs::read_to_string(path.join("m.v")).unwrap();
    assert!(verilog.contains("module gemmine_xof(") && verilog.contains("module gemmine_noise"));
}

#[test]
fn what_can_not_be_emitted_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (arguments, part) in [
        ("--geometry 16x2 -o x.v", "no 16x2 array is built into this program; it has 2x2, 4x4,"),
        ("--geometry 4x4 --panel-word-bits 6 -o x.v", "it has 2^11, 2^5, 2^9"),
        ("--baud 9600 -o x.v", "--baud is for a serial line"),
        ("--geometry 2x2 -o none/x.v", "write none/x.v"),
    ] {
        expect_trouble(path, &format!("emit --clock 1000000 {arguments}"), part);
    }
    assert!(!path.join("x.v").exists());
    for wrong in [
        "emit -o x.v",
        "emit --clock 0 -o x.v",
        "emit --clock 1",
        "emit --clock 1 --engines 9 -o x.v",
    ] {
        assert_eq!(gemmine(path, wrong).status.code(), Some(2), "{wrong}");
    }
}
