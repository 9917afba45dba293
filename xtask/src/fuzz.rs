//! `cargo xtask fuzz`: libFuzzer on the targets of `fuzz/`, with the stable toolchain.
//!
//! What rustc's own coverage pass needs is passed by hand, and only to what the targets are made of: with a target
//! triple given, build scripts and macros are built without it. Everything that is made on the way (binaries, working
//! corpora, logs, crashes) is in a folder of its own below the target folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use gemmine_tools::process::{Child, ProcessError, output};

#[path = "../../fuzz/src/list.rs"]
#[macro_use]
mod list;

macro_rules! names {
    ($($name:ident, $longest:literal, $reads:literal);*) => {
        /// Every target with its longest input in bytes and what it reads.
        const TARGETS: &[(&str, usize, &str)] = &[$((stringify!($name), $longest, $reads)),*];
    };
}

each_target!(names);

/// What help says.
pub const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET]... [--seconds N] [--merge]

Builds the fuzz targets with libFuzzer and runs them one after the other; without a name, all. Ends with an
error if one of them crashed, hung, or took too much memory; the input is then in target/fuzz/crashes/TARGET.
Needs g++ or clang++ for libFuzzer itself.

  --seconds N  How long each target runs [default: 60]; 0 only builds
  --merge      Then write the fewest inputs that reach every edge back to fuzz/corpus/TARGET

  cargo xtask fuzz pool gateway --seconds 600    two targets, ten minutes each
  cargo xtask fuzz --seconds 0 --merge           nothing new, only fewer inputs

Targets:
";

/// The coverage pass: every edge has a counter, and comparisons are seen.
const RUSTFLAGS: [&str; 7] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// How long one input may take.
const INPUT_SECONDS: u32 = 10;
/// Most memory that a target may take.
const MEMORY_MB: u32 = 1024;
/// So much longer than it was told to may a run take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long reading and merging all inputs may take.
const MERGING: Duration = Duration::from_secs(1800);
/// More files or bytes than this are too much for a committed corpus.
const CORPUS_MAX: (usize, u64) = (400, 1 << 20);

/// Ctrl-C was pressed.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What to do.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    targets: Vec<(&'static str, usize)>,
    seconds: u64,
    merge: bool,
}

/// What a run comes to, by libFuzzer's own words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    edges: u64,
    new_inputs: u64,
}

/// Runs the command with these words behind its name.
pub fn run(words: &[&str]) -> anyhow::Result<()> {
    if words.iter().any(|word| matches!(*word, "help" | "--help" | "-h")) {
        print!("{HELP}");
        for (name, longest, reads) in TARGETS {
            println!("  {name:<14} {reads} (up to {longest} bytes)");
        }
        return Ok(());
    }
    let wanted = wanted(words)?;
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("hear Ctrl-C")?;
    let fuzzing = Fuzzing::build()?;
    let mut crashed = Vec::new();
    for (name, longest) in &wanted.targets {
        if wanted.seconds > 0 && !fuzzing.run(name, *longest, wanted.seconds)? {
            crashed.push(*name);
        }
        if wanted.merge {
            fuzzing.merge(name, *longest)?;
        }
    }
    ensure!(
        crashed.is_empty(),
        "{} failed; put the input into fuzz/crashes/TARGET, mend what it found, and run the tests of \
         gemmine-fuzz",
        crashed.join(", ")
    );
    Ok(())
}

fn wanted(words: &[&str]) -> anyhow::Result<Wanted> {
    let (mut targets, mut seconds, mut merge) = (Vec::new(), 60, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--merge" => merge = true,
            "--seconds" => {
                let number = words.next().copied().unwrap_or_default();
                seconds = number
                    .parse()
                    .ok()
                    .filter(|seconds| *seconds <= 7 * 86_400)
                    .with_context(|| format!("--seconds {number:?}: give 0 to 604800"))?;
            }
            name => {
                let found = TARGETS.iter().find(|(target, ..)| *target == name);
                let (name, longest, _) = found.with_context(|| {
                    let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
                    format!("no target {name:?}; there are {}", names.join(", "))
                })?;
                targets.push((*name, *longest));
            }
        }
    }
    if targets.is_empty() {
        targets = TARGETS.iter().map(|(name, longest, _)| (*name, *longest)).collect();
    }
    Ok(Wanted { targets, seconds, merge })
}

/// Binaries that are built, and where things are.
struct Fuzzing {
    /// `fuzz/` in the repository.
    sources: PathBuf,
    /// Everything that is made on the way.
    folder: PathBuf,
    binaries: PathBuf,
}

impl Fuzzing {
    fn build() -> anyhow::Result<Self> {
        let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let folder = match std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty())
        {
            Some(folder) => PathBuf::from(folder),
            None => workspace.join("target"),
        };
        let folder = folder.join("fuzz");
        let triple = host_triple()?;
        let flags = RUSTFLAGS.join("\u{1f}");
        let arguments = [
            "build",
            "--package",
            "gemmine-fuzz",
            "--bins",
            "--features",
            "libfuzzer",
            "--profile",
            "fuzz",
            "--locked",
            "--target",
            &triple,
        ];
        super::cargo(
            &arguments,
            &[
                ("CARGO_ENCODED_RUSTFLAGS", &flags),
                ("CARGO_TARGET_DIR", &folder.display().to_string()),
            ],
        )?;
        let binaries = folder.join(triple).join("fuzz");
        Ok(Self { sources: workspace.join("fuzz"), folder, binaries })
    }

    /// Where a kind of thing of a target is, made if it is not there.
    fn place(&self, kind: &str, name: &str) -> anyhow::Result<PathBuf> {
        let place = self.folder.join(kind).join(name);
        fs::create_dir_all(&place).with_context(|| format!("make {}", place.display()))?;
        Ok(place)
    }

    /// Folders of inputs that are committed.
    fn committed(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let places = ["seeds", "corpus", "crashes"].map(|kind| self.sources.join(kind).join(name));
        places.into_iter().filter(|place| place.is_dir())
    }

    fn command(&self, name: &str, longest: usize) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.args([
            format!("-max_len={longest}"),
            format!("-timeout={INPUT_SECONDS}"),
            format!("-rss_limit_mb={MEMORY_MB}"),
        ]);
        command
    }

    /// Runs a target; whether all went well.
    fn run(&self, name: &str, longest: usize, seconds: u64) -> anyhow::Result<bool> {
        eprintln!("xtask: fuzz {name} for {seconds} s");
        let crashes = self.place("crashes", name)?;
        let log = self.place("logs", name)?.join("run.log");
        let mut command = self.command(name, longest);
        command.args([
            format!("-max_total_time={seconds}"),
            format!("-artifact_prefix={}/", crashes.display()),
            "-print_final_stats=1".to_owned(),
        ]);
        let dictionary = self.sources.join("dictionaries").join(format!("{name}.dict"));
        if dictionary.is_file() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        // The first folder is the one that is written to.
        command.arg(self.place("corpus", name)?).args(self.committed(name));
        let patience = Duration::from_secs(seconds) + PATIENCE;
        let ended = follow(command, name, &log, patience);
        let text = fs::read(&log).with_context(|| format!("read {}", log.display()))?;
        let figures = figures(&String::from_utf8_lossy(&text));
        let verdict = if ended.is_ok() { "no crash" } else { "CRASHED" };
        println!(
            "{name:<14} {:>10} executions {:>6} edges {:>6} new inputs  {verdict}",
            figures.executions, figures.edges, figures.new_inputs
        );
        match ended {
            Ok(()) => Ok(true),
            Err(ProcessError::Failed { .. } | ProcessError::TimedOut { .. }) => {
                eprintln!("xtask: see {}, and {}", log.display(), crashes.display());
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the fewest inputs that reach every edge that is reached so far back to the repository.
    fn merge(&self, name: &str, longest: usize) -> anyhow::Result<()> {
        let merged = self.place("merged", name)?;
        clear(&merged)?;
        let log = self.place("logs", name)?.join("merge.log");
        let mut command = self.command(name, longest);
        // Every edge, and not how often: a corpus of that is several times as large.
        command
            .args(["-set_cover_merge=1", "-use_counters=0"])
            .arg(&merged)
            .arg(self.place("corpus", name)?);
        command.args(self.committed(name));
        follow(command, name, &log, MERGING)?;
        let corpus = self.sources.join("corpus").join(name);
        fs::create_dir_all(&corpus).with_context(|| format!("make {}", corpus.display()))?;
        clear(&corpus)?;
        let (mut files, mut bytes) = (0, 0);
        for path in inputs(&merged)? {
            let target = corpus.join(path.file_name().unwrap_or_default());
            bytes +=
                fs::copy(&path, &target).with_context(|| format!("write {}", target.display()))?;
            files += 1;
        }
        println!("{name:<14} {files:>10} inputs {bytes:>10} bytes in {}", corpus.display());
        if files > CORPUS_MAX.0 || bytes > CORPUS_MAX.1 {
            let (files, bytes) = CORPUS_MAX;
            bail!(
                "a committed corpus has {files} files and {bytes} bytes at most: lower its longest input"
            );
        }
        Ok(())
    }
}

fn host_triple() -> anyhow::Result<String> {
    let text = output(Command::new("rustc").arg("-vV"), Duration::from_secs(60))?;
    let triple = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(triple.context("ask rustc for its host; it names none")?.to_owned())
}

fn follow(
    command: Command,
    name: &str,
    log: &Path,
    patience: Duration,
) -> Result<(), ProcessError> {
    let cancelled = || INTERRUPTED.load(Ordering::Relaxed);
    Child::new(command, log).named(name).run(patience, &cancelled, &mut |_| ()).map(drop)
}

/// The files of a folder.
fn inputs(folder: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<BTreeSet<_>, _>>()
    });
    entries.with_context(|| format!("list {}", folder.display()))
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    for path in inputs(folder)? {
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(())
}

/// Reads libFuzzer's log.
fn figures(log: &str) -> Figures {
    let mut figures = Figures::default();
    let number = |text: &str| text.trim().parse::<u64>().ok();
    for line in log.lines() {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            figures.executions = number(count).unwrap_or(0);
        } else if let Some(count) = line.strip_prefix("stat::new_units_added:") {
            figures.new_inputs = number(count).unwrap_or(0);
        } else if let Some((_, rest)) = line.split_once(" cov: ") {
            let edges = number(rest.split(' ').next().unwrap_or_default());
            figures.edges = edges.unwrap_or(figures.edges);
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_is_wanted() {
        let all = wanted(&[]).unwrap();
        assert_eq!((all.targets.len(), all.seconds, all.merge), (TARGETS.len(), 60, false));
        let some = wanted(&["pool", "--seconds", "7", "--merge", "gateway"]).unwrap();
        let names: Vec<&str> = some.targets.iter().map(|(name, _)| *name).collect();
        assert_eq!((names, some.seconds, some.merge), (vec!["pool", "gateway"], 7, true));
        for wrong in [&["pol"][..], &["--seconds"], &["--seconds", "x"], &["--second", "3"]] {
            let error = wanted(wrong).unwrap_err().to_string();
            assert!(error.contains("give 0 to") || error.contains("there are pool"), "{error}");
        }
    }

    #[test]
    fn figures_are_read_from_a_log() {
        let log = "#2\tINITED cov: 9 ft: 10 corp: 1/1b exec/s: 0 rss: 40Mb\n\
                   #77\tDONE   cov: 1234 ft: 2000 corp: 50/99b lim: 4 exec/s: 70 rss: 41Mb\n\
                   stat::number_of_executed_units: 77\n\
                   stat::new_units_added:          50\n";
        let found = figures(log);
        assert_eq!(found, Figures { executions: 77, edges: 1234, new_inputs: 50 });
        assert_eq!(figures("nothing"), Figures::default());
    }
}
