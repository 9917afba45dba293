//! Runs that end before their time: by Ctrl-C, by a kill, by a full disk.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::{HARDEST, MEDIUM, expect, last_json, read_words, write_int8};

/// A run that does not outlive its test.
struct Run(Option<Child>);

impl Run {
    fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Waits for the end.
    fn output(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Starts `gemmine` in a process group of its own.
fn start(folder: &Path, arguments: &str) -> Run {
    let child = Command::new(env!("CARGO_BIN_EXE_gemmine"))
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Run(Some(child))
}

/// Sends signals by the shell, all within one moment.
fn shell(command: &str) {
    assert!(Command::new("bash").args(["-c", command]).status().unwrap().success(), "{command}");
}

/// Interrupts the whole process group, as a terminal does, and waits for the end.
fn interrupt(run: Run) -> Output {
    shell(&format!("kill -INT -{}", run.id()));
    run.output()
}

fn wait_for(path: &Path) {
    for _ in 0..60_000 {
        if path.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("{} does not come", path.display());
}

/// Waits until a run has begun in a folder, and a little more for its handler of Ctrl-C.
fn wait_for_run(folder: &Path) {
    wait_for(&folder.join("job.json"));
    std::thread::sleep(Duration::from_millis(300));
}

/// Exit code and `--json` object.
fn answer(output: Output) -> (Option<i32>, serde_json::Value) {
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(!stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), last_json(&stdout))
}

/// Operands that no simulator of RTL gets through soon.
fn write_large(folder: &Path) {
    write_int8(&folder.join("a.npy"), 640, 9, |i, l| (i + l) as i8 & 63);
    write_int8(&folder.join("b.npy"), 9, 640, |l, j| (l * j) as i8 & 63);
}

#[test]
fn ctrl_c_after_the_product_ends_a_run_with_its_summary() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("mine --json --seconds 60 --out run --share-target {HARDEST}");
    let child = start(folder.path(), &arguments);
    wait_for(&folder.path().join("run/product.npy"));
    let (code, summary) = answer(interrupt(child));
    assert_eq!(code, Some(0));
    assert_eq!((&summary["ended_by"], &summary["exit"]), (&"interrupt".into(), &0.into()));
    assert_eq!(summary["product"], "exact");
    assert!(summary.get("error").is_none());
}

#[test]
fn ctrl_c_before_the_product_is_not_a_success() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_large(path);
    let options = format!("--device rtl --json --share-target {HARDEST} --out");
    let mine = start(path, &format!("mine --a a.npy --b b.npy {options} mine"));
    let matmul = start(path, &format!("matmul a.npy b.npy -o c.npy --mine {options} matmul"));
    wait_for_run(&path.join("mine"));
    wait_for_run(&path.join("matmul"));
    for child in [mine, matmul] {
        let (code, summary) = answer(interrupt(child));
        assert_eq!(code, Some(130));
        assert_eq!((&summary["ended_by"], &summary["exit"]), (&"interrupt".into(), &130.into()));
        assert_eq!(summary["product"], "unfinished");
        assert_eq!(summary["error"], "interrupted before the product was written");
    }
    assert!(!path.join("c.npy").exists() && !path.join("mine/product.npy").exists());
}

#[test]
fn a_device_that_dies_of_ctrl_c_is_an_interrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_large(path);
    let arguments = format!(
        "mine --a a.npy --b b.npy --device verilator --json --out run --share-target {HARDEST}"
    );
    let child = start(path, &arguments);
    wait_for_run(&path.join("run"));
    let device = children(child.id());
    assert!(!device.is_empty(), "the simulation runs in a process of its own");
    shell(&format!("kill -KILL {}; kill -INT -{}", device.join(" "), child.id()));
    let output = child.output();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let (code, summary) = answer(output);
    assert_eq!((code, &summary["ended_by"]), (Some(130), &"interrupt".into()), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

#[test]
fn a_device_that_dies_of_itself_is_trouble_with_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_large(path);
    let arguments = format!(
        "mine --a a.npy --b b.npy --device verilator --json --out run --share-target {HARDEST}"
    );
    let child = start(path, &arguments);
    wait_for_run(&path.join("run"));
    shell(&format!("kill -KILL {}", children(child.id()).join(" ")));
    let (code, summary) = answer(child.output());
    assert_eq!((code, &summary["ended_by"]), (Some(2), &"trouble".into()));
    assert!(summary["error"].as_str().unwrap().starts_with("failed to mine unit"), "{summary}");
}

/// Process ids of the children of all threads of a process.
fn children(id: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let of_task = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap();
    let texts: Vec<String> = tasks.map(|task| of_task(task.unwrap())).collect();
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

#[test]
fn the_product_outlives_a_kill_while_mining_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let child = start(path, &format!("mine --seconds 60 --out run --share-target {HARDEST}"));
    wait_for(&path.join("run/product.npy"));
    drop(child);
    let (shape, words) = read_words(&path.join("run/product.npy"), "<i4");
    assert_eq!((shape, words.len()), ((64, 64), 64 * 64));
    // The next run finds the same product there, and what the kill left is cleared.
    fs::write(path.join("run/.gemmine-AbC123.tmp"), "half a share").unwrap();
    expect(path, &format!("mine --seconds 0.1 --out run --share-target {HARDEST}"), 0);
    assert!(!path.join("run/.gemmine-AbC123.tmp").exists());
}

/// Mines where no file may be longer than so many KB.
fn mine_limited(folder: &Path, limit: u32) -> serde_json::Value {
    let command = format!(
        "trap '' XFSZ; ulimit -f {limit}; exec {} mine --json --out run --share-target {MEDIUM}",
        env!("CARGO_BIN_EXE_gemmine")
    );
    let output = Command::new("bash").current_dir(folder).args(["-c", &command]).output().unwrap();
    let (code, summary) = answer(output);
    assert_eq!(
        (code, &summary["exit"], &summary["product"]),
        (Some(2), &2.into(), &"exact".into())
    );
    assert!(summary["tickets"].as_u64().is_some(), "{summary}");
    summary
}

#[test]
fn a_disk_that_fills_up_leaves_product_and_summary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Room for neither product nor share; for the product only.
    let summary = mine_limited(path, 10);
    assert!(summary["error"].as_str().unwrap().contains("write run/product.npy"), "{summary}");
    assert!(summary["product_file"].is_null() && !path.join("run/product.npy").exists());
    let summary = mine_limited(path, 40);
    assert!(summary["error"].as_str().unwrap().contains("write run/share-1.b64"), "{summary}");
    assert_eq!(summary["product_file"], "run/product.npy");
    assert_eq!(read_words(&path.join("run/product.npy"), "<i4").0, (64, 64));
}
