//! The workspace's test programs: built by cargo all at once, then run here.
//!
//! Cargo runs one program after the other. Place and route, in `flow`'s tests, keeps one core busy for minutes; it runs
//! beside those that simulate, in `hdl` and `sim`. All others have the machine for themselves, since what they test
//! has time limits.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::Value;

/// Packages whose tests run beside the next ones, and those.
const BESIDE: &str = "gemmine-flow";
const LAST: [&str; 2] = ["gemmine-hdl", "gemmine-sim"];

/// A test program.
#[derive(Debug)]
struct Program {
    package: String,
    /// Its folder, where it runs.
    folder: PathBuf,
    executable: PathBuf,
    /// Its source, for people.
    source: String,
}

/// Builds all of them, and runs all of them.
pub fn test(workspace: &Path, environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let programs = build(workspace)?;
    let run = |program: &Program| -> anyhow::Result<bool> {
        eprintln!("xtask: {} {}", program.package, program.source);
        let status = command(program, environment).status();
        Ok(status.with_context(|| format!("start {}", program.executable.display()))?.success())
    };
    let mut failed = Vec::new();
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<&Program> {
        programs.iter().filter(|program| wanted(&program.package)).collect()
    };
    for program in of(&|package| package != BESIDE && !LAST.contains(&package)) {
        if !run(program)? {
            failed.push(program);
        }
    }
    let beside = of(&|package| package == BESIDE);
    thread::scope(|scope| -> anyhow::Result<()> {
        let captured = scope.spawn(|| -> anyhow::Result<Vec<_>> {
            let capture = |program: &&Program| {
                let begin = Instant::now();
                let output = command(program, environment).output();
                let output =
                    output.with_context(|| format!("start {}", program.executable.display()))?;
                Ok((output, begin.elapsed().as_secs()))
            };
            beside.iter().map(capture).collect()
        });
        for program in of(&|package| LAST.contains(&package)) {
            if !run(program)? {
                failed.push(program);
            }
        }
        let captured =
            captured.join().map_err(|_| anyhow::anyhow!("a thread of xtask panicked"))?;
        for (program, (output, seconds)) in beside.iter().zip(captured?) {
            eprintln!("xtask: {} {}, ran beside for {seconds} s", program.package, program.source);
            print!("{}", String::from_utf8_lossy(&output.stdout));
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            if !output.status.success() {
                failed.push(program);
            }
        }
        Ok(())
    })?;
    if failed.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        failed.iter().map(|program| format!("{} {}", program.package, program.source)).collect();
    bail!("tests failed: {}", named.join(", "))
}

fn command(program: &Program, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(&program.executable);
    command
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .envs(environment.iter().copied());
    command
}

/// Builds what `cargo test` would run; examples too, which tests run.
fn build(workspace: &Path) -> anyhow::Result<Vec<Program>> {
    let shown = "cargo test --workspace --locked --no-run";
    eprintln!("xtask: {shown}");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--workspace", "--locked", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace)
        .stderr(Stdio::inherit());
    crate::whole_builds(&mut command);
    let output = command.output().with_context(|| format!("failed to start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut programs: Vec<Program> = text.lines().filter_map(program).collect();
    if programs.is_empty() {
        bail!("{shown} named no test program");
    }
    programs
        .sort_by(|one, other| (&one.package, &one.source).cmp(&(&other.package, &other.source)));
    Ok(programs)
}

/// A test program that a message of cargo tells of.
fn program(line: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let folder = manifest.parent()?.to_owned();
    let source = Path::new(message["target"]["src_path"].as_str()?);
    // path+file:///a/b#name@0.1.0, or without the name where the folder has it.
    let id = message["package_id"].as_str()?;
    let (path, name) = id.rsplit_once('#')?;
    let package = match name.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next()?,
    };
    Some(Program {
        package: package.to_owned(),
        executable: message["executable"].as_str()?.into(),
        source: source.strip_prefix(&folder).unwrap_or(source).display().to_string(),
        folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_messages_of_cargo() {
        let line = |test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///w/sim#gemmine-sim@0.1.0",
                "manifest_path":"/w/sim/Cargo.toml","target":{{"src_path":"/w/sim/tests/it/main.rs"}},
                "profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let program_ = program(&line(true, r#""/t/it-1""#)).unwrap();
        assert_eq!(
            (program_.package.as_str(), program_.source.as_str()),
            ("gemmine-sim", "tests/it/main.rs")
        );
        assert_eq!((program_.folder, program_.executable), ("/w/sim".into(), "/t/it-1".into()));
        assert!(program(&line(false, r#""/t/dashboard""#)).is_none());
        assert!(program(&line(true, "null")).is_none());
        assert!(program("   Compiling gemmine-sim").is_none());
    }
}
