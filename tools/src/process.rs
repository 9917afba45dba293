//! A child that runs to its end: with a time limit, a log, and what it cost.
//!
//! The child gets a process group of its own: an interrupt from the keyboard is for us, and we end the
//! whole group.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a child is looked at.
const POLL: Duration = Duration::from_millis(20);
/// Lines of a log that an error shows.
const TAIL_LINES: usize = 12;
/// Most bytes of a log that are looked at for its last lines.
const TAIL_BYTES: u64 = 16 << 10;

/// How a child ended, where it wasn't well. The texts name the log and show its last lines.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("can't start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("{program} ended with {status}{}", shown(.log.as_deref(), .tail))]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// All that it said.
        log: Option<PathBuf>,
        /// The end of that.
        tail: String,
    },
    /// It took too long and was killed.
    #[error(
        "{program} was killed after its {} seconds{}", .patience.as_secs(),
        shown(.log.as_deref(), .tail)
    )]
    TimedOut {
        /// The program.
        program: String,
        /// How long it was given.
        patience: Duration,
        /// All that it said.
        log: Option<PathBuf>,
        /// The end of that.
        tail: String,
    },
    /// It was killed on demand.
    #[error("{program} was interrupted")]
    Cancelled {
        /// The program.
        program: String,
    },
    /// Its log can't be written, or it can't be waited for.
    #[error("can't follow {program}{}: {source}", shown(.log.as_deref(), ""))]
    Follow {
        /// The program.
        program: String,
        /// Its log.
        log: Option<PathBuf>,
        /// Why not.
        source: std::io::Error,
    },
}

fn shown(log: Option<&Path>, tail: &str) -> String {
    let log = log.map(|log| format!("; its log is {}", log.display())).unwrap_or_default();
    if tail.is_empty() { log } else { format!("{log}\n{tail}") }
}

/// What a child cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// From start to end.
    pub seconds: f64,
    /// Most memory that it or a child of its own had resident at a time, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// A child to be run.
#[derive(Debug)]
pub struct Child {
    command: Command,
    program: String,
    log: PathBuf,
    code: i32,
}

impl Child {
    /// A command whose output goes to a file, which is made new.
    pub fn new(command: Command, log: impl Into<PathBuf>) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        Self { command, program, log: log.into(), code: 0 }
    }

    /// Another name for errors to use, where the program is but an interpreter.
    #[must_use]
    pub fn named(mut self, program: &str) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Another exit code than 0 that it ends well with.
    #[must_use]
    pub fn ending_with(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Runs it to its end, `patience` at most. `tick` is told the time that it has taken, now and then.
    ///
    /// # Errors
    /// If it can't be started, ends with an error, takes too long, or `cancelled` says so; in the last two
    /// cases it and its children are killed.
    pub fn run(
        mut self,
        patience: Duration,
        cancelled: &dyn Fn() -> bool,
        tick: &mut dyn FnMut(Duration),
    ) -> Result<Cost, ProcessError> {
        let output = File::create(&self.log).map_err(|source| ProcessError::Follow {
            program: self.program.clone(),
            log: Some(self.log.clone()),
            source,
        })?;
        let end = follow(&mut self.command, output, patience, cancelled, tick);
        let tail = || File::open(&self.log).map(|mut log| last_lines(&mut log)).unwrap_or_default();
        end.into_result(&self.program, self.code, patience, Some(&self.log), tail)
    }
}

/// Runs a command that says little and ends soon; gives all that it says.
///
/// # Errors
/// As [`Child::run`] does.
pub fn output(command: &mut Command, patience: Duration) -> Result<String, ProcessError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let kept = tempfile::tempfile().and_then(|file| Ok((file.try_clone()?, file)));
    let (mut file, output) = kept.map_err(|source| ProcessError::Follow {
        program: program.clone(),
        log: None,
        source,
    })?;
    let end = follow(command, output, patience, &|| false, &mut |_| ());
    let mut text = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut text));
    end.into_result(&program, 0, patience, None, || last_lines(&mut file))?;
    read.map_err(|source| ProcessError::Follow { program, log: None, source })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How it went.
enum End {
    NotStarted(std::io::Error),
    Lost(std::io::Error),
    Ended(ExitStatus, Cost),
    TimedOut,
    Cancelled,
}

impl End {
    fn into_result(
        self,
        program: &str,
        code: i32,
        patience: Duration,
        log: Option<&Path>,
        tail: impl FnOnce() -> String,
    ) -> Result<Cost, ProcessError> {
        let program = program.to_owned();
        let log = log.map(Path::to_owned);
        match self {
            Self::Ended(status, cost) if status.code() == Some(code) => Ok(cost),
            Self::Ended(status, _) => {
                Err(ProcessError::Failed { program, status, log, tail: tail() })
            }
            Self::NotStarted(source) => Err(ProcessError::Start { program, source }),
            Self::Lost(source) => Err(ProcessError::Follow { program, log, source }),
            Self::TimedOut => Err(ProcessError::TimedOut { program, patience, log, tail: tail() }),
            Self::Cancelled => Err(ProcessError::Cancelled { program }),
        }
    }
}

fn follow(
    command: &mut Command,
    output: File,
    patience: Duration,
    cancelled: &dyn Fn() -> bool,
    tick: &mut dyn FnMut(Duration),
) -> End {
    let errors = match output.try_clone() {
        Ok(errors) => errors,
        Err(error) => return End::Lost(error),
    };
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let started = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return End::NotStarted(error),
    };
    loop {
        match has_ended(&mut child) {
            Ok(false) => {}
            Ok(true) => {
                let seconds = started.elapsed().as_secs_f64();
                return match reap(child) {
                    Ok((status, peak_bytes)) => End::Ended(status, Cost { seconds, peak_bytes }),
                    Err(error) => End::Lost(error),
                };
            }
            Err(error) => {
                kill(&mut child);
                return End::Lost(error);
            }
        }
        let elapsed = started.elapsed();
        if cancelled() {
            kill(&mut child);
            return End::Cancelled;
        }
        if elapsed > patience {
            kill(&mut child);
            return End::TimedOut;
        }
        tick(elapsed);
        thread::sleep(POLL);
    }
}

/// Whether a child has ended. It is not reaped, so that what reaps it can tell its cost.
#[cfg(unix)]
fn has_ended(child: &mut process::Child) -> std::io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Err(std::io::Error::other("it has no process number"));
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut process::Child) -> std::io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// The status of a child that has ended, and its peak memory.
#[cfg(unix)]
fn reap(child: process::Child) -> std::io::Result<(ExitStatus, Option<u64>)> {
    let done = wait4::Wait4::wait4(child)?;
    Ok((done.status, Some(done.rusage.maxrss)))
}

#[cfg(not(unix))]
fn reap(mut child: process::Child) -> std::io::Result<(ExitStatus, Option<u64>)> {
    Ok((child.wait()?, None))
}

/// Kills a child that has not been reaped, with its own children.
fn kill(child: &mut process::Child) {
    #[cfg(unix)]
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The last lines of a log.
fn last_lines(log: &mut File) -> String {
    let length = log.seek(SeekFrom::End(0)).unwrap_or(0);
    let mut text = Vec::new();
    let _ = log.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)));
    let _ = log.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]
    fn shell(script: &str, patience: Duration, cancelled: bool) -> Result<Cost, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let child = Child::new(command, folder.path().join("log")).named("the shell");
        let folder = folder.path().display().to_string();
        let run = child.run(patience, &|| cancelled, &mut |_| ());
        run.map_err(|error| error.to_string().replace(&folder, "FOLDER"))
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_child_that_ends_well_has_a_cost() {
        let cost = shell("sleep 0.2", LONG, false).unwrap();
        assert!((0.2..30.0).contains(&cost.seconds), "{cost:?}");
        assert!(cost.peak_bytes.unwrap() > 100_000, "{cost:?}");
    }

    #[test]
    fn a_child_that_fails_shows_its_last_lines() {
        let error = shell("seq 100; echo why >&2; exit 3", LONG, false).unwrap_err();
        let (head, tail) = error.split_once('\n').unwrap();
        assert_eq!(head, "the shell ended with exit status: 3; its log is FOLDER/log");
        assert!(tail.starts_with("90\n") && tail.ends_with("\n100\nwhy"), "{tail}");
    }

    #[test]
    fn a_child_that_hangs_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        // The grandchild would go on and say so.
        let script = format!("(sleep 1; touch {}) & sleep 1000", alive.display());
        let error = shell(&script, Duration::from_millis(300), false).unwrap_err();
        assert!(error.starts_with("the shell was killed after its 0 seconds"), "{error}");
        thread::sleep(Duration::from_millis(1200));
        assert!(!alive.exists());
    }

    #[test]
    fn a_child_is_killed_on_demand() {
        let error = shell("sleep 1000", LONG, true).unwrap_err();
        assert_eq!(error, "the shell was interrupted");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = output(&mut Command::new("no-such-program-7"), LONG).unwrap_err();
        assert!(error.to_string().starts_with("can't start no-such-program-7: "), "{error}");
        assert_eq!(output(Command::new("echo").arg("a b"), LONG).unwrap(), "a b\n");
    }
}
