//! The flow of every board, on a small stand-in for the device: real tools, real pins, real images.

use std::fs;
use std::path::Path;

use gemmine_devices::Emitted;
use gemmine_flow::board::Family;
use gemmine_flow::build::{self, Options, sha256};
use gemmine_flow::{Board, Built, FlowError, Toolchain};

/// A device's ports around a few registers and a memory.
const STAND_IN: &str = "\
module stand_in_half(clock, d, q);
    input wire clock;
    input wire [7:0] d;
    output reg [7:0] q;
    always @(posedge clock) q <= d ^ {d[0], d[7:1]};
endmodule
module stand_in(clock, hold_in, line_in, line_out, active_out);
    input wire clock, hold_in, line_in;
    output reg line_out;
    output reg active_out;
    reg [7:0] shift, word, address;
    reg [7:0] memory [0:255];
    wire [7:0] one, two;
    stand_in_half first(.clock(clock), .d(shift), .q(one));
    stand_in_half second(.clock(clock), .d(one), .q(two));
    always @(posedge clock) begin
        shift <= {shift[6:0], line_in};
        address <= {address[6:0], hold_in};
        memory[address] <= two;
        word <= memory[two];
        line_out <= word[3];
        active_out <= word[0];
    end
endmodule
";

fn stand_in(verilog: &str) -> Emitted {
    Emitted { verilog: verilog.to_owned(), top: "stand_in".into(), build: 0 }
}

fn options(out: &Path) -> Options {
    Options {
        seeds: vec![1],
        out: out.to_owned(),
        allow_timing_failure: false,
        command: "a test".into(),
        source_commit: "a test".into(),
    }
}

fn build(
    board: &str,
    verilog: &str,
    out: &Path,
    allow_timing_failure: bool,
    cancelled: bool,
) -> Result<Built, FlowError> {
    let options = Options { allow_timing_failure, ..options(out) };
    build_with(board, verilog, &options, cancelled)
}

fn build_with(
    board: &str,
    verilog: &str,
    options: &Options,
    cancelled: bool,
) -> Result<Built, FlowError> {
    let mut board = Board::find(board).unwrap();
    // The stand-in has none of the blocks that these are about.
    board.definition.floorplan = None;
    board.definition.synthesis.block_memories.clear();
    build_on(&board, verilog, options, cancelled)
}

fn build_on(
    board: &Board,
    verilog: &str,
    options: &Options,
    cancelled: bool,
) -> Result<Built, FlowError> {
    let (plan, toolchain) = (board.plan().unwrap(), Toolchain::pinned().unwrap());
    let device = stand_in(verilog);
    build::build(board, &plan, &device, options, &toolchain, &|| cancelled, &mut |_| ())
}

/// Builds in a folder of its own; checks what must hold of any image.
fn image(board: &str) -> String {
    // An ECP5's block RAM is too slow at these clocks without a register that yosys does not infer.
    let ecp5 = Board::find(board).unwrap().definition.family == Family::Ecp5;
    let without_memory = STAND_IN.replace("word <= memory[two]", "word <= two");
    let (verilog, memories) = if ecp5 { (&*without_memory, 0) } else { (STAND_IN, 1) };
    let folder = tempfile::tempdir().unwrap();
    // Neither the name of the folder nor its depth may show in the bytes.
    let out = folder.path().join("some where").join(board);
    let built = build(board, verilog, &out, false, false).unwrap();
    let report = &built.report;
    assert!(report.timing_met, "{board}: {}", report.describe());
    assert!(report.lut.used > 0 && report.lut.used < report.lut.available, "{board}");
    assert!(report.ff.used >= 16 && report.ff.used < 200, "{board}: {:?}", report.ff);
    assert_eq!(report.bram.used, memories, "{board}");
    assert!(report.critical_path.as_ref().unwrap().delay_ns > 0.0, "{board}");
    let steps: Vec<&str> = report.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["synthesis", "flattening", "place and route with seed 1", "packing"]);
    assert!(report.steps.iter().all(|step| step.peak_mib.unwrap() > 10), "{:?}", report.steps);
    assert!(report.tools.values().all(|version| !version.is_empty()), "{:?}", report.tools);
    let bytes = fs::read(&built.image).unwrap();
    assert!(bytes.len() > 10_000, "{board}: {} bytes", bytes.len());
    assert_eq!(report.image_bytes, Some(bytes.len() as u64));
    assert_eq!(report.bitstream_sha256.as_ref(), Some(&sha256(&bytes)), "{board}");
    let written = serde_json::from_str(&fs::read_to_string(&built.report_file).unwrap());
    assert_eq!(&written.ok(), &Some(report.clone()), "{board}");
    sha256(&bytes)
}

#[test]
fn a_memory_that_the_device_does_not_have_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::find("ulx3s-25f").unwrap();
    let error = build_on(&board, STAND_IN, &options(folder.path()), false).unwrap_err();
    let text = error.to_string();
    let part = "synthesis.block_memories is device.accelerator.counters.words; name a module";
    assert!(text.contains(part), "{text}");
}

#[test]
fn ice40_images_are_the_same_in_any_folder() {
    assert_eq!(image("icebreaker"), image("icebreaker"));
    image("alchitry-cu");
}

#[test]
fn ecp5_images_are_the_same_in_any_folder() {
    assert_eq!(image("ulx3s-25f"), image("ulx3s-25f"));
    if is_long() {
        image("ulx3s-85f");
        image("orangecrab-25f");
    }
}

#[test]
fn gowin_images_are_the_same_in_any_folder() {
    let first = image("tang-nano-9k");
    if is_long() {
        assert_eq!(first, image("tang-nano-9k"));
        image("tang-nano-20k");
    }
}

/// Every board, and Gowin's place and route twice, which takes a minute each time.
fn is_long() -> bool {
    std::env::var_os("GEMMINE_LONG").is_some()
}

#[test]
fn the_fastest_seed_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let several = Options { seeds: vec![1, 2, 3], ..options(&folder.path().join("several")) };
    let report = build_with("icebreaker", STAND_IN, &several, false).unwrap().report;
    let tried: Vec<(u64, f64)> =
        report.seeds.iter().map(|seed| (seed.seed, seed.fmax_mhz.unwrap())).collect();
    assert_eq!(tried.iter().map(|(seed, _)| *seed).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(tried.iter().all(|(_, fmax_mhz)| *fmax_mhz <= report.fmax_mhz), "{tried:?}");
    assert!(tried.contains(&(report.seed, report.fmax_mhz)), "{tried:?}");
    // And its image is the one that this seed alone makes.
    let alone = Options { seeds: vec![report.seed], ..options(&folder.path().join("alone")) };
    let again = build_with("icebreaker", STAND_IN, &alone, false).unwrap().report;
    assert_eq!(again.bitstream_sha256, report.bitstream_sha256);
}

/// A carry through 128 bits in one cycle is too slow at the board's clock.
fn slow() -> String {
    STAND_IN.replace("word <= memory[two]", "word <= ({16{one}} + {16{two}}) >> 120")
}

#[test]
fn a_device_that_is_too_slow_gets_no_image_but_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let error = build("icebreaker", &slow(), folder.path(), false, false).unwrap_err();
    assert!(matches!(error, FlowError::Timing { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("of 48.00 MHz on icebreaker with the best of seed 1 ("), "{text}");
    assert!(text.contains("device"), "the critical path's modules are named: {text}");
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(report.contains("\"timing_met\": false"), "{report}");
    assert!(!folder.path().join("icebreaker.bin").exists());

    let built = build("icebreaker", &slow(), folder.path(), true, false).unwrap();
    assert!(!built.report.timing_met && built.image.exists());
    let slower = built.report.fmax_mhz * 8.0 / 1000.0;
    assert!((built.report.gmac_per_s - slower).abs() < 1e-9, "{}", built.report.gmac_per_s);
}

#[test]
fn a_tool_that_fails_is_named_with_its_log_and_last_lines() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = STAND_IN.replace("endmodule", "endmodul");
    let error = build("icebreaker", &wrong, folder.path(), false, false).unwrap_err().to_string();
    let log = folder.path().join("synthesis.log");
    let start = "run synthesis for icebreaker: yosys ended with exit status: 1; its log is ";
    assert!(error.starts_with(&format!("{start}{}\n", log.display())), "{error}");
    assert!(error.contains("ERROR: syntax error"), "{error}");
}

#[test]
fn a_device_that_is_too_large_is_told_with_what_there_is_too_little_of() {
    let folder = tempfile::tempdir().unwrap();
    // 32 Ki of the two bits that are used, where there are 30 blocks of 4 Kibit.
    let large = STAND_IN
        .replace("memory [0:255]", "memory [0:32767]")
        .replace("memory[address]", "memory[{address, shift[6:0]}]")
        .replace("memory[two]", "memory[{two, one[6:0]}]");
    let error = build("icebreaker", &large, folder.path(), false, false).unwrap_err().to_string();
    assert!(
        error.starts_with("fit the device onto icebreaker: it takes 32 of 30 ICESTORM_RAM"),
        "{error}"
    );
    assert!(
        error.contains("choose a smaller device.geometry or device.panel_word_bits"),
        "{error}"
    );
}

#[test]
fn an_interrupted_build_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let error = build("icebreaker", STAND_IN, folder.path(), false, true).unwrap_err();
    assert!(matches!(error, FlowError::Cancelled), "{error}");
}
