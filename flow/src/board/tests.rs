//! Every board that is compiled in is whole; what is wrong in one is named.

use super::*;

#[test]
fn every_board_is_whole() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        let definition = &board.definition;
        assert!(!definition.sources.is_empty(), "{name}");
        let plan = board.plan().unwrap();
        let off = plan.output_hz().abs_diff(definition.clock.target_hz);
        assert!(off * 100 < definition.clock.target_hz, "{name}: {} Hz", plan.output_hz());
    }
}

#[test]
fn every_folder_is_a_board_that_is_compiled_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams");
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            folders.push(entry.file_name().into_string().unwrap());
        }
    }
    folders.sort();
    let mut names = Board::names();
    names.sort_unstable();
    assert_eq!(folders, names);
}

/// What is wrong with the iCEBreaker if a piece of its `board.toml` is replaced.
fn changed(from: &str, to: &str) -> String {
    let (folder, board) = find_changed(from, to);
    board.unwrap_err().to_string().replace(&folder, "FOLDER")
}

/// The iCEBreaker with a piece of its `board.toml` replaced, from a folder of its own.
fn find_changed(from: &str, to: &str) -> (String, Result<Board, FlowError>) {
    let (_, definition, constraints) = BOARDS[0];
    assert!(definition.contains(from), "{from}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.toml");
    std::fs::write(&file, definition.replacen(from, to, 1)).unwrap();
    std::fs::write(folder.path().join("icebreaker.pcf"), constraints).unwrap();
    let board = Board::find(file.to_str().unwrap());
    (folder.path().to_str().unwrap().to_owned(), board)
}

#[test]
fn a_board_that_cannot_be_built_for_says_why() {
    let (_, board) = find_changed("maker =", "reason = \"its pins are nowhere\"\nmaker =");
    let board = board.unwrap();
    let error = crate::build::emit(&board).unwrap_err().to_string();
    assert_eq!(error, format!("build for {}: its pins are nowhere", board.name));
}

#[test]
fn what_is_wrong_is_named_with_its_remedy() {
    let check = |from: &str, to: &str, expected: &str| assert_eq!(changed(from, to), expected);
    check(
        "from_host = \"6\"",
        "from_host = \"7\"",
        "read FOLDER/board.toml: serial.from_host is 7; icebreaker.pcf gives 6 to port line_in; make \
         them agree",
    );
    check(
        "panel_word_bits = 5",
        "panel_word_bits = 12",
        "read FOLDER/board.toml: device.panel_word_bits is 12; 4x2 devices are built with [5, 7], give one",
    );
    check(
        "panel_word_bits = 5",
        "panel_word_bits = 5\nengines = 9",
        "read FOLDER/board.toml: device.engines is 9; give up to 8",
    );
    check(
        "pll_input = \"pad\"\n",
        "",
        "read FOLDER/board.toml: clock.pll_input is missing; give \"pad\" or \"core\"",
    );
    check(
        "\"-dffe_min_ce_use\", \"10\"",
        "\"-dsp\"",
        "read FOLDER/board.toml: synthesis.options is -dsp; with multipliers sb_mac16 leave -dsp out: yosys \
         would make combinational 16 x 16 multipliers of the blocks that are there",
    );
    check(
        "[place]",
        "block_memories = [\"device.accelerator.counters.words\"]\n\n[place]",
        "read FOLDER/board.toml: synthesis.block_memories is device.accelerator.counters.words; they are for \
         where distributed_words would take them; give that, or leave it out",
    );
    check(
        "[led]",
        "[floorplan]\nmultipliers = { rows = [13], first = 0 }\n\n[led]",
        "read FOLDER/board.toml: floorplan is given; places of blocks are known of ECP5s only, leave it out",
    );
    check(
        "seed = 3",
        "seed = 3\nasked_hz = 49_000_000",
        "read FOLDER/board.toml: place.asked_hz is 49000000; on an ECP5 give more than the PLL's 48000000, or leave \
         it out",
    );
    check(
        "baud = 115_200",
        "baud = 12",
        "read FOLDER/board.toml: serial.baud is 12; give 300 to 12000000",
    );
    check(
        "write = [\"{image}\"]",
        "write = []",
        "read FOLDER/board.toml: flash.write is without {image}; say where it goes",
    );
}

#[test]
fn a_key_that_is_not_known_is_named() {
    let error = changed("[led]", "[led]\ncolour = \"green\"");
    assert!(error.contains("unknown field `colour`, expected `pin` or `active_low`"), "{error}");
    let error = changed("geometry = \"4x2\"", "geometry = \"4x5\"");
    assert!(error.contains("geometry 4x5 does not divide a 16x16 tile"), "{error}");
    let error = changed("multipliers = \"sb_mac16\"", "multipliers = \"mac16\"");
    assert!(
        error.contains("no multiplier is called \"mac16\"; there are inferred, sb_mac16, "),
        "{error}"
    );
    let error = changed("maker = \"1BitSquared\"\n", "");
    assert!(error.contains("missing field `maker`"), "{error}");
    let error = Board::find("icebreker").unwrap_err().to_string();
    assert!(error.starts_with("find board \"icebreker\": there are icebreaker, "), "{error}");
}
