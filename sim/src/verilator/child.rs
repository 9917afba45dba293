//! A child process that simulates, the pipes to it, and the watchdog that kills it when it hangs.

use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::engine::EngineError;

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    child: Arc<Mutex<process::Child>>,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    watchdog: Watchdog,
}

impl Child {
    pub(super) fn spawn(mut command: Command) -> Result<Self, EngineError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let start = |why: String| failed(format!("start {program}"), why);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // An interrupt from the keyboard is for us: the child ends when its input does.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|e| start(e.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(start("it has no pipes".into()));
        };
        let child = Arc::new(Mutex::new(child));
        Ok(Self {
            input: BufWriter::with_capacity(1 << 18, input),
            output: BufReader::with_capacity(1 << 18, output),
            watchdog: Watchdog::start(Arc::clone(&child)),
            child,
        })
    }

    /// Queues a small command: an error shows at the next exchange.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let _ = self.input.write_all(bytes);
    }

    /// Sends what may be more than the pipe holds. `what` names what is waited for.
    pub(super) fn send(
        &mut self,
        parts: &[&[u8]],
        patience: Duration,
        what: impl FnOnce() -> String,
    ) -> Result<(), EngineError> {
        self.watchdog.watch(patience);
        let sent = parts.iter().try_for_each(|part| self.input.write_all(part));
        self.watchdog.rest();
        sent.map_err(|e| self.gone(&what(), &e))
    }

    /// Lets the child do what is queued, and reads its answer. `what` names what is waited for.
    pub(super) fn exchange<T>(
        &mut self,
        patience: Duration,
        read: impl FnOnce(&mut dyn Read) -> std::io::Result<T>,
        what: impl FnOnce() -> String,
    ) -> Result<T, EngineError> {
        self.watchdog.watch(patience);
        let flushed = self.input.flush();
        let answer = flushed.and_then(|()| read(&mut self.output));
        self.watchdog.rest();
        answer.map_err(|e| self.gone(&what(), &e))
    }

    fn gone(&self, waited_for: &str, error: &std::io::Error) -> EngineError {
        let why = match self.watchdog.bitten() {
            Some(patience) => {
                format!("timed out after {} ms; the simulation was killed", patience.as_millis())
            }
            None => {
                let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
                // It may have closed its output and live on.
                let _ = child.kill();
                let ended =
                    child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
                format!("the simulation ended ({ended}): {error}")
            }
        };
        failed(format!("wait for {waited_for} from the Verilated core"), why)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Kills a child that takes too long.
#[derive(Debug)]
struct Watchdog {
    deadlines: Sender<Option<Duration>>,
    bitten: Arc<Mutex<Option<Duration>>>,
}

impl Watchdog {
    fn start(child: Arc<Mutex<process::Child>>) -> Self {
        let (deadlines, receiver) = channel::<Option<Duration>>();
        let bitten = Arc::new(Mutex::new(None));
        let bite = Arc::clone(&bitten);
        std::thread::spawn(move || {
            let mut patience: Option<Duration> = None;
            loop {
                let next = match patience {
                    None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(patience) => receiver.recv_timeout(patience),
                };
                match next {
                    Ok(new) => patience = new,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        *bite.lock().unwrap_or_else(PoisonError::into_inner) = patience.take();
                        let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
                    }
                }
            }
        });
        Self { deadlines, bitten }
    }

    /// Bite unless there is a rest within this time.
    fn watch(&self, patience: Duration) {
        let _ = self.deadlines.send(Some(patience));
    }

    fn rest(&self) {
        let _ = self.deadlines.send(None);
    }

    /// The patience that ran out, if one has.
    fn bitten(&self) -> Option<Duration> {
        *self.bitten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next bytes.
pub(super) fn take<const N: usize>(from: &mut dyn Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn failed(doing: String, why: String) -> EngineError {
    EngineError::Tool { doing, why }
}
