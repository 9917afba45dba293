//! Tools that are not there, and Pythons that won't do. Nothing is fetched.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A Python that says it is of this version, and whose pip can do nothing but say its own.
fn python(folder: &Path, version: &str) {
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*version_info*) echo {version} ;;\n*--version*) echo pip 1 ;;\n\
         *) echo THESE PACKAGES DO NOT MATCH THE HASHES; exit 1 ;;\nesac\n"
    );
    let path = folder.join("python");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs with an empty folder of tools and the folder's Python; gives exit code, output and errors.
fn run(folder: &Path, arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gemmine"));
    command.current_dir(folder).args(arguments.split_whitespace());
    command.env("GEMMINE_TOOLS_DIR", folder.join("tools")).env("GEMMINE_VERILATOR_ROOT", "");
    command.env("GEMMINE_PYTHON", folder.join("python")).env("PATH", folder);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn tools_that_are_not_installed_are_listed_as_such() {
    let folder = tempfile::tempdir().unwrap();
    python(folder.path(), "cpython 3 12");
    let (code, text, _) = run(folder.path(), "tools list");
    assert_eq!(code, Some(0), "{text}");
    for tool in ["verilator", "yosys", "nextpnr-ice40", "ecppack", "gowin_pack"] {
        let line = text.lines().find(|line| line.starts_with(&format!("{tool} "))).unwrap();
        assert!(line.ends_with("  not installed"), "{line}");
    }
    assert!(text.contains("run `gemmine tools install`"), "{text}");
    let (_, text, _) = run(folder.path(), "tools list --json");
    let json = last_json(&text);
    let tools = json["tools"].as_array().unwrap();
    assert!(tools.len() > 8 && tools.iter().all(|tool| tool["installed"] == false), "{json}");
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &str, part: &str| {
        let (code, _, text) = run(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments}: {text}");
        assert!(text.contains(part), "{arguments}: {text}");
    };
    check("build --board icebreaker", "install Python 3, or set GEMMINE_PYTHON");
    python(folder.path(), "cpython 3 9");
    check("build --board icebreaker", "have wheels for CPython 3.11 to 3.14 only");
    check("tools install synthesis", "use python cpython 3 9: the synthesis tools have wheels");
    python(folder.path(), "cpython 3 12");
    check("build --board icebreaker", "find the synthesis tools: nothing of that in ");
    check("build --board icebreaker --native", "use yosys from the PATH: can't start yosys");
    check("sim", "find Verilator: nothing of that in ");
}

#[test]
fn a_wrong_checksum_ends_an_installation_with_pips_own_words() {
    let folder = tempfile::tempdir().unwrap();
    python(folder.path(), "cpython 3 12");
    let (code, _, text) = run(folder.path(), "tools install synthesis");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("failed to install the synthesis tools: fetch apycula"), "{text}");
    assert!(text.contains("pip ended with exit status: 1; its log is "), "{text}");
    assert!(text.contains("THESE PACKAGES DO NOT MATCH THE HASHES"), "{text}");
}
