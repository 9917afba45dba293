//! Images for boards: what there is, and what is wrong, without a toolchain.

use super::*;

#[test]
fn the_list_has_every_board() {
    let folder = tempfile::tempdir().unwrap();
    let text = expect(folder.path(), "build --list", 0);
    for board in ["icebreaker", "alchitry-cu", "ulx3s-85f-full", "orangecrab-25f", "tang-nano-20k"]
    {
        assert!(text.lines().any(|line| line.starts_with(board)), "{board}: {text}");
    }
    let json = last_json(&expect(folder.path(), "build --list --json", 0));
    let boards = json["boards"].as_array().unwrap();
    assert_eq!(boards.len(), text.lines().count() - 1);
    let icebreaker = boards.iter().find(|board| board["board"] == "icebreaker").unwrap();
    assert_eq!((&icebreaker["pes"], &icebreaker["clock_hz"]), (&8.into(), &48_000_000.into()));
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("board.toml"), "title = 3\n").unwrap();
    let cases = [
        ("build --board icebreker", "find board \"icebreker\": there are icebreaker, "),
        ("build --board board.toml", "read board.toml: TOML parse error at line 1"),
        ("build --board no/board.toml", "read no/board.toml: "),
        ("build --board icebreaker --install", "run this in a checkout of gemmine"),
        ("flash --board icebreker", "there are icebreaker, "),
        ("flash --board icebreaker --image no.bin", "read no.bin: "),
        (
            "flash --board icebreaker --image board.toml --dry-run",
            "flash board.toml: its sha256 is ",
        ),
    ];
    for (arguments, part) in cases {
        expect_trouble(folder.path(), arguments, part);
    }
    for wrong in ["build", "build --all --list", "build --board b --seed 1 --seeds 2", "flash"] {
        assert_eq!(gemmine(folder.path(), wrong).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn a_dry_run_prints_the_programmers_command_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.bit"), "an image").unwrap();
    let dry = "--image x.bit --unknown-image --dry-run";
    let check = |arguments: &str, expected: &str| {
        let text = expect(folder.path(), &format!("flash {arguments} {dry}"), 0);
        assert_eq!(text.trim_end(), expected);
    };
    check("--board ulx3s-85f --sram", "openFPGALoader --board ulx3s ./x.bit");
    check("--board icebreaker", "iceprog ./x.bit");
    check("--board orangecrab-25f", "dfu-util --device 1209:5af0 --alt 0 --download ./x.bit");
    expect_trouble(
        folder.path(),
        &format!("flash --board icebreaker --sram {dry}"),
        "leave --sram out",
    );
}

#[test]
#[cfg(unix)]
fn a_programmer_runs_and_its_failure_is_shown() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.bit"), "an image").unwrap();
    let run = |path: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gemmine"));
        command.current_dir(folder.path()).env("PATH", path);
        command.args(["flash", "--board", "icebreaker", "--image", "x.bit", "--unknown-image"]);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(folder.path());
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("start iceprog; install Debian's fpga-icestorm"), "{text}");

    // A programmer that keeps what it is given, or fails where it is given nothing.
    let programmer = folder.path().join("iceprog");
    fs::write(&programmer, "#!/bin/sh\n/bin/cp \"$1\" written || exit 7\necho done\n").unwrap();
    fs::set_permissions(&programmer, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, text) = run(folder.path());
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(fs::read(folder.path().join("written")).unwrap(), b"an image");
    fs::write(&programmer, "#!/bin/sh\necho no board found; exit 7\n").unwrap();
    let (code, text) = run(folder.path());
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("iceprog ended with exit status: 7") && text.contains("no board found"));
}
