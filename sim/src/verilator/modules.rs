//! Module tests: any emitted module, driven port by port.
//!
//! The same stimulus that a test gives rust-hdl's simulator goes through Verilator here; the two
//! must agree in every cycle.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::build::{Sources, member, program};
use super::tools::{Tools, run};
use crate::engine::EngineError;

/// A port of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name in the Verilog.
    pub name: String,
    /// Bits, at most 64.
    pub bits: u32,
    /// Whether it is an input.
    pub input: bool,
}

/// The ports of a module, in the order of its declaration, without its clock.
pub fn ports(verilog: &str, top: &str) -> Vec<Port> {
    let header = format!("module {top}(");
    let body = verilog.lines().skip_while(|line| !line.starts_with(&header));
    let body = body.take_while(|line| !line.starts_with("endmodule"));
    body.filter_map(|line| {
        let line = line.trim();
        let input = line.starts_with("input wire");
        if !input && !line.starts_with("output reg") && !line.starts_with("output wire") {
            return None;
        }
        let name = line.trim_end_matches(';').rsplit(' ').next()?.to_owned();
        let high = line.split_once('[').and_then(|(_, rest)| rest.split(':').next());
        let bits = high.and_then(|high| high.parse::<u32>().ok()).map_or(1, |high| high + 1);
        (name != "clock").then_some(Port { name, bits, input })
    })
    .collect()
}

/// Runs a module through cycles of inputs; the outputs of a cycle are those before its clock edge.
///
/// Values stand in the order of [`ports`], inputs and outputs each for themselves, as raw bits.
///
/// # Errors
/// If the tools are missing or the module doesn't compile.
pub fn simulate(
    tools: &Tools,
    verilog: &str,
    top: &str,
    stimulus: &[Vec<u64>],
) -> Result<Vec<Vec<u64>>, EngineError> {
    let harness = harness(verilog, top);
    let program = program(tools, &Sources { verilog, top, harness: &harness, trace: false })?;
    let failed = |why: String| EngineError::Tool { doing: format!("simulate {top}"), why };
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let mut text = String::new();
    for cycle in stimulus {
        for value in cycle {
            let _ = write!(text, "{value:x} ");
        }
        text.push('\n');
    }
    let mut input = child.stdin.take().ok_or_else(|| failed("no pipe".into()))?;
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    if !matches!(writer.join(), Ok(Ok(()))) || !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |word: &str| {
        u64::from_str_radix(word, 16).map_err(|_| failed(format!("it wrote {word:?}")))
    };
    text.lines().map(|line| line.split_whitespace().map(value).collect()).collect()
}

/// Verilator's lint with every warning on; the text of its complaints, empty if there are none.
///
/// Waived are unused signals (the PEs at the edge of the grid hand operands to nobody) and names of
/// files.
///
/// # Errors
/// If the tools are missing.
pub fn lint(tools: &Tools, verilog: &str, top: &str) -> Result<String, EngineError> {
    let folder = tools.cache.join(format!("lint-{top}-{}", std::process::id()));
    let failed = |why: String| EngineError::Tool { doing: format!("lint {top}"), why };
    std::fs::create_dir_all(&folder).map_err(|e| failed(e.to_string()))?;
    let file = folder.join("dut.v");
    std::fs::write(&file, verilog).map_err(|e| failed(e.to_string()))?;
    let mut command = tools.verilator();
    command
        .args(["--lint-only", "-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL"])
        .args(["--top-module", top])
        .arg(&file);
    let complaints = match run(&mut command, "lint") {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    };
    let _ = std::fs::remove_dir_all(&folder);
    Ok(complaints)
}

fn harness(verilog: &str, top: &str) -> String {
    let ports = ports(verilog, top);
    let (inputs, outputs): (Vec<&Port>, Vec<&Port>) = ports.iter().partition(|port| port.input);
    let mut drive = String::new();
    for (n, port) in inputs.iter().enumerate() {
        let mask = u64::MAX >> (64 - port.bits);
        let _ = writeln!(drive, "        top.{} = in[{n}] & {mask:#x}ull;", member(&port.name));
    }
    let mut sample = String::new();
    for port in outputs {
        let mask = u64::MAX >> (64 - port.bits);
        let name = member(&port.name);
        let _ = writeln!(
            sample,
            "        std::printf(\"%\" PRIx64 \" \", uint64_t(top.{name}) & {mask:#x}ull);"
        );
    }
    let clocked = verilog
        .lines()
        .any(|line| line.starts_with(&format!("module {top}(")) && line.contains("clock"));
    let clock = |level: u8| if clocked { format!("top.clock = {level};") } else { String::new() };
    include_str!("ports.cpp")
        .replace("@INPUTS@", &inputs.len().max(1).to_string())
        .replace("@DRIVE@", drive.trim_end())
        .replace("@SAMPLE@", sample.trim_end())
        .replace("@CLOCK_LOW@", &clock(0))
        .replace("@CLOCK_HIGH@", &clock(1))
}
