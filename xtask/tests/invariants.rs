//! Rules of the architecture that no compiler checks: what may stand where.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

use std::path::{Path, PathBuf};

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files under a folder of the workspace, with their text.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no Rust files in {folder}");
    found
}

fn workspace_files() -> Vec<(String, String)> {
    ["hdl", "devices", "tools", "sim", "flow", "host", "xtask", "benches", "fuzz"]
        .into_iter()
        .flat_map(rust_files)
        .collect()
}

#[test]
fn hdl_and_pouw_do_no_io() {
    let io = ["std::fs", "std::io", "std::net", "std::process", "std::env", "println!"];
    for folder in ["hdl/src", "devices/src", "host/pouw/src"] {
        for (name, text) in rust_files(folder) {
            if name.ends_with("tests.rs") {
                continue;
            }
            for word in io {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }
}

#[test]
fn golden_functions_know_no_cycle() {
    for (name, text) in rust_files("host/pouw/src") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            assert!(!line.contains("cycle"), "{name}: {line}");
        }
    }
}

#[test]
fn unsafe_stands_only_where_nothing_else_helps() {
    let allowed = [
        // Code for the processor that there is.
        "host/pouw/src/kernel/dispatch.rs",
        // Instructions that the compiler has no functions for.
        "host/pouw/src/kernel/amx.rs",
        "host/pouw/src/kernel/amx/limit.rs",
        // Memory that a device writes to as well, and a device's registers.
        "host/driver/src/pcie/shared.rs",
        "host/driver/src/pcie/vfio.rs",
        // CUDA's libraries, in builds with the feature `cuda`.
        "host/gpu/src/cuda/calls.rs",
    ];
    let keyword = concat!("un", "safe");
    for (name, text) in workspace_files() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| {
            line.contains(&format!("{keyword} {{"))
                || line.contains(&format!("{keyword} fn"))
                || line.contains(&format!("{keyword} impl"))
        });
        if !allowed.contains(&name.as_str()) {
            assert_eq!(found.count(), 0, "{name}");
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let allowed: &[(&str, &[&str])] = &[
        ("hdl", &[]),
        ("devices", &["gemmine-hdl"]),
        ("host/pouw", &[]),
        ("host/jobs", &["gemmine-pouw"]),
        ("tools", &[]),
        ("sim", &["gemmine-devices", "gemmine-hdl", "gemmine-pouw", "gemmine-tools"]),
        ("flow", &["gemmine-devices", "gemmine-hdl", "gemmine-tools"]),
        ("host/driver", &["gemmine-hdl", "gemmine-pouw", "gemmine-sim"]),
        ("host/browser", &[]),
        ("host/config", &[]),
        ("host/console", &[]),
        ("host/report", &[]),
        ("host/npy", &[]),
        ("host/fleet", &["gemmine-console", "gemmine-driver", "gemmine-jobs", "gemmine-pouw"]),
        ("host/gpu", &["gemmine-driver", "gemmine-pouw"]),
        (
            "host/bench",
            &["gemmine-driver", "gemmine-fleet", "gemmine-jobs", "gemmine-pouw", "gemmine-report"],
        ),
        (
            "host/cli",
            &[
                "gemmine-bench",
                "gemmine-config",
                "gemmine-console",
                "gemmine-devices",
                "gemmine-driver",
                "gemmine-fleet",
                "gemmine-flow",
                "gemmine-gpu",
                "gemmine-hdl",
                "gemmine-jobs",
                "gemmine-npy",
                "gemmine-pouw",
                "gemmine-report",
                "gemmine-sim",
                "gemmine-tools",
            ],
        ),
        (
            "fuzz",
            &[
                "gemmine-bench",
                "gemmine-config",
                "gemmine-console",
                "gemmine-driver",
                "gemmine-flow",
                "gemmine-hdl",
                "gemmine-jobs",
                "gemmine-npy",
                "gemmine-pouw",
                "gemmine-sim",
            ],
        ),
    ];
    for (folder, allowed) in allowed {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            // Tests may look at what stands above them.
            let counts = section.ends_with("dependencies]") && !section.contains("dev-");
            if counts && name.starts_with("gemmine-") {
                assert!(allowed.contains(&name), "{folder} depends on {name}");
            }
            assert!(!section.contains("dependencies.gemmine-"), "{folder}: one line a dependency");
        }
    }
}

#[test]
fn nothing_outside_is_needed() {
    let outside = concat!("../", "shared");
    for (name, text) in workspace_files() {
        assert!(!text.contains(outside), "{name} reaches out of the repository");
    }
}

#[test]
fn files_stay_readable() {
    for (name, text) in workspace_files() {
        let lines = text.lines().count();
        assert!(lines <= 450, "{name} has {lines} lines: split it");
        assert!(text.starts_with("//!"), "{name} does not say what it owns");
    }
}
