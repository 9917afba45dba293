//! Command lines, and images that are not what they should be.

use std::collections::BTreeMap;

use super::*;
use crate::manifest::Image;

fn shown(board: &str, target: Target) -> Result<String, String> {
    let board = Board::find(board).unwrap();
    let flashing = Flashing::of(&board, Path::new("/a b/x.bit"), target);
    flashing.map(|flashing| flashing.shown()).map_err(|error| error.to_string())
}

#[test]
fn every_board_has_a_command_line() {
    let check = |board, target, expected: &str| assert_eq!(shown(board, target).unwrap(), expected);
    check("icebreaker", Target::Flash, "iceprog '/a b/x.bit'");
    check("ulx3s-85f", Target::Flash, "openFPGALoader --board ulx3s --write-flash '/a b/x.bit'");
    check("ulx3s-85f", Target::Sram, "openFPGALoader --board ulx3s '/a b/x.bit'");
    check("tang-nano-20k", Target::Sram, "openFPGALoader --cable ft2232 '/a b/x.bit'");
    check(
        "orangecrab-25f",
        Target::Flash,
        "dfu-util --device 1209:5af0 --alt 0 --download '/a b/x.bit'",
    );
    for name in Board::names() {
        assert!(shown(name, Target::Flash).unwrap().contains("x.bit"), "{name}");
    }
    assert_eq!(
        shown("icebreaker", Target::Sram).unwrap_err(),
        "flash icebreaker: iceprog does not load this board's FPGA directly; leave --sram out to write \
         its flash"
    );
}

#[test]
fn an_image_that_is_not_in_the_manifest_is_refused() {
    let board = Board::find("icebreaker").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("icebreaker")).unwrap();
    let file = folder.path().join("icebreaker/icebreaker.bin");
    fs::write(&file, b"image").unwrap();
    let mut listed = Image {
        board: "icebreaker".into(),
        file: "icebreaker/icebreaker.bin".into(),
        sha256: sha256(b"image"),
        part: String::new(),
        geometry: String::new(),
        protocols: Vec::new(),
        build: String::new(),
        clock_hz: 0,
        fmax_mhz: 0.0,
        command: String::new(),
        source_commit: String::new(),
        tools: BTreeMap::new(),
    };
    let good = Manifest { images: vec![listed.clone()] };
    listed.sha256 = sha256(b"another");
    let other = Manifest { images: vec![listed] };
    let none = Manifest::default();
    let root = Some(folder.path());

    assert_eq!(image(&board, None, root, &good, false).unwrap(), file);
    assert_eq!(image(&board, Some(&file), None, &good, false).unwrap(), file);
    assert_eq!(image(&board, Some(&file), root, &other, true).unwrap(), file);
    let text = |result: Result<PathBuf, FlowError>| result.unwrap_err().to_string();
    let error = text(image(&board, None, root, &other, true));
    assert!(error.contains(&sha256(b"image")) && error.contains(&sha256(b"another")), "{error}");
    let error = text(image(&board, Some(&file), root, &none, false));
    assert!(error.contains("lists no image for it"), "{error}");
    let error = text(image(&board, None, root, &none, false));
    assert!(error.contains("gemmine build --board icebreaker"), "{error}");
    let error = text(image(&board, None, None, &good, false));
    assert!(error.contains("run this in a checkout"), "{error}");
}
