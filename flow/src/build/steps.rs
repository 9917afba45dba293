//! What the tools of each family are told.

use crate::board::{Board, Family};
use crate::pll::Plan;
use crate::top::TOP;

/// Name of the netlist that is placed and routed.
pub(super) const NETLIST: &str = "netlist.json";

/// Modules of registers, as the emission names them.
const REGISTERS: &str = "gemmine_register_*";

/// Name of a board's image.
pub(crate) fn image_name(board: &Board) -> String {
    let suffix = match board.definition.family {
        Family::Ice40 => "bin",
        Family::Ecp5 => "bit",
        Family::Gowin => "fs",
    };
    format!("{}.{suffix}", board.name)
}

/// Name of the constraints file.
pub(super) fn constraints_name(board: &Board) -> String {
    let file = &board.definition.constraints;
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

/// What is in the constraints file: the board's, and the clock that nextpnr goes for, where that is another than the one it
/// derives from the PLL (`--freq` is for nets without a clock of their own).
pub(super) fn constraints(board: &Board) -> String {
    let asked = board.definition.place.asked_hz.map_or_else(String::new, |hz| {
        format!("\nFREQUENCY NET \"clock\" {:.6} MHZ;\n", hz as f64 / 1e6)
    });
    format!("{}{asked}", board.constraints)
}

/// Name of nextpnr's report.
pub(super) fn placed_report(seed: u64) -> String {
    format!("seed-{seed}.report.json")
}

/// Name of nextpnr's delays.
pub(super) fn delays(seed: u64) -> String {
    format!("seed-{seed}.sdf")
}

/// What place and route writes and the packer reads.
pub(super) fn placed_design(board: &Board, seed: u64) -> String {
    let suffix = match board.definition.family {
        Family::Ice40 => "asc",
        Family::Ecp5 => "config",
        Family::Gowin => "json",
    };
    format!("seed-{seed}.{suffix}")
}

/// Synthesis with the hierarchy kept, but for that of registers. Flattened at once, control registers of neighbouring
/// PEs that hold the same would be merged, and their nets span the array. A register is a module of its own in the
/// Verilog; left there, its enable and its clear would be tables in front of it (on an iCE40, a sixth of all).
/// Memories of the modules `in_blocks` are not put into LUTs.
pub(super) fn synthesis_script(board: &Board, in_blocks: &[&str]) -> String {
    let definition = &board.definition;
    let command = match definition.family {
        Family::Ice40 => "synth_ice40",
        Family::Ecp5 => "synth_ecp5",
        // Pads are mapped after flattening: there is no top-level port before.
        Family::Gowin => "synth_gowin -noiopads",
    };
    let options = definition.synthesis.options.join(" ");
    let large: String = in_blocks
        .iter()
        .map(|kind| format!("setattr -unset ram_style {kind}/t:$mem_v2\n"))
        .collect();
    let small = definition.synthesis.distributed_words.map_or_else(String::new, |words| {
        format!(
            "opt_clean\nmemory -nomap\n\
             setattr -set ram_style \"distributed\" t:$mem_v2 r:SIZE<={words} %i r:WR_PORTS>0 %i\n{large}"
        )
    });
    format!(
        "read_verilog top.v\nhierarchy -top {TOP}\nproc\n\
         setattr -mod -set keep_hierarchy 1 *\nsetattr -mod -unset keep_hierarchy {REGISTERS}\n\
         flatten\nsetattr -mod -unset keep_hierarchy *\n{small}{command} -noflatten {options} -top {TOP}\n\
         write_json hierarchy.json\n"
    )
}

/// Flattening, and no more than it takes.
pub(super) fn flatten_script(board: &Board) -> String {
    let pads = match board.definition.family {
        Family::Ice40 | Family::Ecp5 => "",
        Family::Gowin => {
            "iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O -toutpad TBUF ~OEN:I:O -tinoutpad IOBUF \
             ~OEN:O:I:IO\n"
        }
    };
    format!(
        "read_json hierarchy.json\nhierarchy -top {TOP}\nflatten\nopt_clean\n{pads}\
         tee -q -o statistics.json stat -json\nwrite_json netlist.json\n"
    )
}

/// Arguments of nextpnr.
pub(super) fn place_arguments(board: &Board, plan: &Plan, seed: u64) -> Vec<String> {
    let definition = &board.definition;
    let constraints = constraints_name(board);
    let design = placed_design(board, seed);
    let mut arguments = definition.place.device.clone();
    let family: [&str; 4] = match definition.family {
        Family::Ice40 => ["--pcf", &constraints, "--asc", &design],
        Family::Ecp5 => ["--lpf", &constraints, "--textcfg", &design],
        Family::Gowin => ["--vopt", &format!("cst={constraints}"), "--write", &design],
    };
    arguments.extend(family.map(str::to_owned));
    arguments.extend(["--json".into(), "netlist.json".into()]);
    arguments.extend(["--freq".into(), format!("{:.6}", plan.output_hz() as f64 / 1e6)]);
    arguments.extend(["--seed".into(), seed.to_string()]);
    // Whether it is fast enough is for the build to say, with the report in hand.
    arguments.extend(["--timing-allow-fail", "--report", &placed_report(seed)].map(str::to_owned));
    if definition.family != Family::Ecp5 {
        arguments.extend(["--sdf".into(), delays(seed)]);
    }
    arguments.extend(definition.place.options.iter().cloned());
    arguments
}

/// Arguments of the packer.
pub(super) fn pack_arguments(board: &Board, seed: u64) -> Vec<String> {
    let (design, image) = (placed_design(board, seed), image_name(board));
    let files: Vec<String> = match board.definition.family {
        Family::Ice40 => vec![design, image],
        Family::Ecp5 => vec!["--input".into(), design, "--bit".into(), image],
        Family::Gowin => vec!["--output".into(), image, design],
    };
    board.definition.pack.options.iter().cloned().chain(files).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_asked_for_stands_behind_the_boards_constraints() {
        let mut board = Board::find("ulx3s-85f-full").unwrap();
        board.definition.place.asked_hz = Some(137_500_000);
        let asked = format!("{}\nFREQUENCY NET \"clock\" 137.500000 MHZ;\n", board.constraints);
        assert_eq!(constraints(&board), asked);
        board.definition.place.asked_hz = None;
        assert_eq!(constraints(&board), board.constraints);
    }
}
