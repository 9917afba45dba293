//! Runs the real binary, as people and other programs do.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod amadeus;
mod bench;
mod board;
mod build;
mod chain;
mod config;
mod devices;
mod emit;
mod folder;
mod hostile;
mod interrupt;
mod json;
mod limits;
mod matmul;
mod mine;
mod pcie;
mod receipts;
mod report;
mod run;
mod share_log;
mod sim;
mod tools;
mod verify;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far more than anything here takes; a run that hangs fails instead of blocking the suite.
const PATIENCE: Duration = Duration::from_secs(120);

/// A share target that every ticket meets.
const EASY: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
/// One that about one native tile in 16 at k = 2048 meets.
const MEDIUM: &str = "0000020000000000000000000000000000000000000000000000000000000000";

/// Runs `gemmine` with arguments separated by spaces, in a folder. Paths with spaces do not occur.
fn gemmine(folder: &Path, arguments: &str) -> Output {
    gemmine_with(folder, arguments, None)
}

/// The same with something on standard input.
fn gemmine_with(folder: &Path, arguments: &str, input: Option<&[u8]>) -> Output {
    let started = Instant::now();
    // Files instead of pipes: nothing can block on a reader.
    let (out, err) = (folder.join(".stdout"), folder.join(".stderr"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gemmine"));
    command.current_dir(folder).args(arguments.split_whitespace());
    // A layer of Mesa's looks for a display, and says so on standard error where there is none.
    command.env("NODEVICE_SELECT", "1");
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    command.stdin(match input {
        Some(bytes) => {
            fs::write(folder.join(".stdin"), bytes).unwrap();
            Stdio::from(fs::File::open(folder.join(".stdin")).unwrap())
        }
        None => Stdio::null(),
    });
    let mut child = command.spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("`gemmine {arguments}` hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}

/// Runs, checks the exit code, and returns standard output.
fn expect(folder: &Path, arguments: &str, code: i32) -> String {
    let output = gemmine(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "gemmine {arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs, checks for exit code 2 and one line of error that starts as it should and contains `part`.
fn expect_trouble(folder: &Path, arguments: &str, part: &str) {
    let output = gemmine(folder, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "gemmine {arguments}: {text}");
    let error = text.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.contains(part), "gemmine {arguments}: {text:?} does not contain {part:?}");
}

/// A share target that no ticket meets.
const HARDEST: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// The last line of standard output as JSON.
fn last_json(stdout: &str) -> serde_json::Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// Bytes of a .npy file.
fn npy(descr: &str, rows: usize, columns: usize, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Writes an int8 matrix and returns it.
fn write_int8(
    path: &Path,
    rows: usize,
    columns: usize,
    value: impl Fn(usize, usize) -> i8,
) -> Vec<i8> {
    let values: Vec<i8> =
        (0..rows * columns).map(|index| value(index / columns, index % columns)).collect();
    let data: Vec<u8> = values.iter().map(|value| *value as u8).collect();
    fs::write(path, npy("|i1", rows, columns, &data)).unwrap();
    values
}

/// Shape and four-byte values of a .npy file that gemmine wrote.
fn read_words(path: &Path, descr: &str) -> ((usize, usize), Vec<[u8; 4]>) {
    let bytes = fs::read(path).unwrap();
    let header_end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..header_end]).unwrap();
    assert!(header.contains(&format!("'descr': '{descr}'")), "{header}");
    let shape = header.split(['(', ')']).nth(1).unwrap();
    let shape: Vec<usize> =
        shape.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    ((shape[0], shape[1]), bytes[header_end..].as_chunks().0.to_vec())
}

/// The exact product by the obvious loops.
fn product(a: &[i8], b: &[i8], (m, k, n): (usize, usize, usize)) -> Vec<[u8; 4]> {
    let entry = |i: usize, j: usize| -> i32 {
        (0..k).map(|l| i32::from(a[i * k + l]) * i32::from(b[l * n + j])).sum()
    };
    (0..m)
        .flat_map(|i| (0..n).map(move |j| (i, j)))
        .map(|(i, j)| entry(i, j).to_le_bytes())
        .collect()
}

/// Makes a folder with `shares` of the local job in it, below `run`.
fn mined(shares: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    expect(folder.path(), &format!("mine --out run --shares {shares} --share-target {MEDIUM}"), 0);
    folder
}
