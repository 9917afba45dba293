//! Replays the committed inputs: seeds, corpora, and what once broke something.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gemmine_fuzz::TARGETS;

/// What is committed: inputs that are written by hand, that were found, and that broke something.
const KINDS: [&str; 3] = ["seeds", "corpus", "crashes"];
/// The same limits as of `cargo xtask fuzz --merge`.
const CORPUS_MAX: (usize, u64) = (400, 1 << 20);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What is in a folder, by name; nothing if it is not there.
fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn stems(folder: &Path) -> BTreeSet<String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries(folder).iter().map(stem).collect()
}

#[test]
fn every_committed_input_holds() {
    let mut failed = Vec::new();
    for target in TARGETS {
        let inputs: Vec<PathBuf> =
            KINDS.iter().flat_map(|kind| entries(&folder(kind).join(target.name))).collect();
        assert!(!inputs.is_empty(), "{} has no input", target.name);
        for path in inputs {
            let bytes = fs::read(&path).unwrap();
            if catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes))).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn corpora_are_small() {
    for target in TARGETS {
        let files = entries(&folder("corpus").join(target.name));
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(files.len() <= CORPUS_MAX.0, "{} has {} inputs", target.name, files.len());
        assert!(bytes <= CORPUS_MAX.1, "{} has {bytes} bytes of inputs", target.name);
        for file in files {
            let length = fs::metadata(&file).unwrap().len();
            assert!(length <= target.longest as u64, "{} is too long", file.display());
        }
    }
}

#[test]
fn every_file_is_a_targets() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(stems(&folder("fuzz_targets")), names, "a binary a target");
    for kind in KINDS.iter().chain(&["dictionaries"]) {
        let others: Vec<String> = stems(&folder(kind)).difference(&names).cloned().collect();
        assert!(others.is_empty(), "{kind}: {others:?}");
    }
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in names {
        let path = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&path), "{name} has no [[bin]] in fuzz/Cargo.toml");
    }
}
