//! Verilog to a program: Verilator, then the C++ compiler, kept under a hash of all that went in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use gemmine_devices::Emitted;
use gemmine_hdl::Geometry;
use gemmine_tools::VERILATOR;

use super::tools::{Tools, run};
use crate::engine::EngineError;

/// Sources of one simulation program.
pub(super) struct Sources<'a> {
    pub(super) verilog: &'a str,
    pub(super) top: &'a str,
    pub(super) harness: &'a str,
    /// Able to write waveforms, and slower for it.
    pub(super) trace: bool,
}

/// The program that runs the core of a geometry.
pub(super) fn core(tools: &Tools, geometry: Geometry) -> Result<PathBuf, EngineError> {
    let (verilog, top) = gemmine_devices::core(geometry)?;
    let harness = core_harness(geometry);
    program(tools, &Sources { verilog: &verilog, top: &top, harness: &harness, trace: false })
}

/// The program that runs a whole device.
pub(super) fn board(tools: &Tools, device: &Emitted, trace: bool) -> Result<PathBuf, EngineError> {
    let harness = include_str!("board.cpp");
    program(tools, &Sources { verilog: &device.verilog, top: &device.top, harness, trace })
}

/// The program that runs a whole device behind memory.
pub(super) fn memory(tools: &Tools, device: &Emitted, trace: bool) -> Result<PathBuf, EngineError> {
    let harness = include_str!("memory.cpp");
    program(tools, &Sources { verilog: &device.verilog, top: &device.top, harness, trace })
}

/// Compiles, or finds what was compiled from the same sources with the same tools.
pub(super) fn program(tools: &Tools, sources: &Sources) -> Result<PathBuf, EngineError> {
    let texts = [sources.verilog, sources.top, sources.harness];
    let folder = tools.cache.join(key(tools, &texts, sources.trace));
    kept(&folder, "simulate", |partial| compile(tools, sources, partial))
}

/// A file of a folder that is made once. It is made aside and renamed when whole: two at once, or a kill, leave nothing
/// half made.
fn kept(
    folder: &Path,
    file: &str,
    make: impl FnOnce(&Path) -> Result<(), EngineError>,
) -> Result<PathBuf, EngineError> {
    let made = folder.join(file);
    if made.is_file() {
        return Ok(made);
    }
    let mut partial = folder.as_os_str().to_owned();
    partial.push(format!(".partial-{}-{:?}", std::process::id(), std::thread::current().id()));
    let partial = PathBuf::from(partial);
    let built = std::fs::create_dir_all(&partial)
        .map_err(|error| EngineError::Tool {
            doing: format!("make folder {}", partial.display()),
            why: error.to_string(),
        })
        .and_then(|()| make(&partial));
    if built.is_ok() && std::fs::rename(&partial, folder).is_err() && !made.is_file() {
        let why = format!("can't rename it to {}", folder.display());
        return Err(EngineError::Tool { doing: "keep what was compiled".into(), why });
    }
    let _ = std::fs::remove_dir_all(&partial);
    built.map(|()| made)
}

/// Where Verilator's own run-time library is: the same for every program, and more to compile than most of them.
fn runtime(tools: &Tools, trace: bool) -> Result<PathBuf, EngineError> {
    let folder = tools.cache.join(format!("runtime-{}", key(tools, &[], trace)));
    let mut sources = vec!["verilated.cpp", "verilated_threads.cpp"];
    if trace {
        sources.push("verilated_vcd_c.cpp");
    }
    kept(&folder, "verilated.a", |partial| {
        let mut compiler = compiler(tools, partial, trace);
        run(
            compiler.args(["-O0", "-c"]).args(sources.iter().map(|f| tools.include().join(f))),
            COMPILE,
        )?;
        let objects = files(partial, |name| name.ends_with(".o"));
        let mut archiver = Command::new("ar");
        archiver.current_dir(partial).args(["rc", "verilated.a"]).args(objects);
        run(&mut archiver, COMPILE)
    })
}

/// A hash of what a program is compiled from, and with.
fn key(tools: &Tools, texts: &[&str], trace: bool) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in [VERILATOR.requirements, include_str!("build.rs")].iter().chain(texts) {
        hasher.update(text.as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(&[trace.into()]);
    // A tool that was replaced in place must not meet what its forerunner compiled.
    hasher.update(&std::fs::read(tools.verilator().get_program()).unwrap_or_default());
    let compiler = Command::new("g++").args(["-dumpfullversion", "-dumpmachine"]).output();
    hasher.update(&compiler.map(|output| output.stdout).unwrap_or_default());
    hasher.finalize().to_hex()[..32].to_owned()
}

fn compile(tools: &Tools, sources: &Sources, folder: &Path) -> Result<(), EngineError> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| EngineError::Tool {
            doing: format!("write {}", path.display()),
            why: e.to_string(),
        })
    };
    let runtime = runtime(tools, sources.trace)?;
    write("dut.v", sources.verilog)?;
    write("harness.cpp", sources.harness)?;
    let mut verilator = tools.verilator();
    verilator
        .args(["--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--threads", "1"])
        .args(["-Wno-fatal", "-Wno-UNUSEDSIGNAL", "--prefix", "Vdut", "--top-module", sources.top])
        .args(["--Mdir", ".", "dut.v"])
        .args(sources.trace.then_some("--trace-vcd"))
        .current_dir(folder);
    run(&mut verilator, "verilate the emitted Verilog")?;
    // The start-up code is most of the text and runs once; -O1 simulates as fast as -O3 here and
    // compiles in half the time. Two compilers at once, since most machines have two cores; one file each, since
    // Verilator's headers take longer than most of its files.
    write("slow.cc", &includes(folder, true))?;
    write("fast.cc", &format!("#include \"harness.cpp\"\n{}", includes(folder, false)))?;
    let compiler = || compiler(tools, folder, sources.trace);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| run(compiler().args(["-O0", "-c", "slow.cc"]), COMPILE));
        run(compiler().args(["-O1", "-c", "fast.cc"]), COMPILE)?;
        slow.join().unwrap_or_else(|_| {
            Err(EngineError::Tool { doing: COMPILE.into(), why: "its thread panicked".into() })
        })
    })?;
    let mut linker = Command::new("g++");
    linker
        .current_dir(folder)
        .args(["-pthread", "-o", "simulate", "fast.o", "slow.o"])
        .arg(runtime);
    run(&mut linker, COMPILE)
}

const COMPILE: &str = "compile the Verilated core with g++ (install g++ if it is missing)";

fn compiler(tools: &Tools, folder: &Path, trace: bool) -> Command {
    let include = tools.include();
    let mut compiler = Command::new("g++");
    compiler
        .current_dir(folder)
        .args(["-std=c++17", "-w", "-pthread", "-I", "."])
        .args(["-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TIMING=0"])
        .arg(format!("-DVM_TRACE={}", u8::from(trace)))
        .arg(format!("-DVM_TRACE_VCD={}", u8::from(trace)))
        .arg("-I")
        .arg(&include)
        .arg("-I")
        .arg(include.join("vltstd"));
    compiler
}

/// A file of the generated C++ files that run once, or of those that simulate.
fn includes(folder: &Path, slow: bool) -> String {
    let sources = files(folder, |name| {
        name.starts_with("Vdut") && name.ends_with(".cpp") && name.contains("Slow") == slow
    });
    sources.iter().map(|source| format!("#include \"{}\"\n", source.display())).collect()
}

/// Names of files in a folder, sorted.
fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut files: Vec<PathBuf> = names.filter(|name| wanted(name)).map(PathBuf::from).collect();
    files.sort();
    files
}

/// The harness of a core, with its ports written out.
fn core_harness(geometry: Geometry) -> String {
    let (rows, columns) = (geometry.rows(), geometry.columns());
    let mut drive = String::new();
    for i in 0..rows {
        let _ = writeln!(drive, "    top->{} = step[{i}];", member(&format!("a_in${i}")));
    }
    for j in 0..columns {
        let _ = writeln!(drive, "    top->{} = step[{}];", member(&format!("b_in${j}")), rows + j);
    }
    let mut results = String::new();
    let mut any_result = String::new();
    for j in 0..columns {
        let valid = member(&format!("result_valid_out${j}"));
        let word = member(&format!("result_out${j}"));
        let source = j + 1;
        let _ = write!(any_result, " || top->{valid}");
        let _ = writeln!(
            results,
            "        if (top->{valid}) events.push_back({{now, {source}, top->{word}}});"
        );
    }
    include_str!("core.cpp")
        .replace("@ROWS@", &rows.to_string())
        .replace("@COLUMNS@", &columns.to_string())
        .replace("@DRIVE@", drive.trim_end())
        .replace("@RESULTS@", results.trim_end())
        .replace("@ANY_RESULT@", &any_result)
}

/// The C++ name of a port: Verilator spells out characters that C++ does not allow.
pub(super) fn member(port: &str) -> String {
    port.replace("__", "___05F").replace('$', "__024")
}
