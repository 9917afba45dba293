//! The child process that runs a Verilated core, and the pipes to it.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::engine::{Counters, EngineError};
use crate::program::Stimulus;

/// Steps that are sent in one command.
const BATCH_STEPS: usize = 4096;
/// Time that a report may take, however short the program.
const PATIENCE: Duration = Duration::from_secs(60);
/// Slowest simulation that is still thought alive, in cycles a second.
const SLOWEST_CYCLES_PER_S: u64 = 200;

/// A running child.
#[derive(Debug)]
pub(super) struct Process {
    child: Arc<Mutex<Child>>,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    watchdog: Watchdog,
    patience: Duration,
    batch: Vec<u8>,
    batched: u32,
    gaps: u32,
}

/// An output of the core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) cycle: u64,
    pub(super) source: u32,
    pub(super) word: u32,
}

/// All that happened since the last report.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) ok: bool,
    pub(super) cycle: u64,
    pub(super) events: Vec<Event>,
    pub(super) counters: Counters,
}

impl Process {
    pub(super) fn start(program: &Path) -> Result<Self, EngineError> {
        Self::spawn(Command::new(program))
    }

    fn spawn(mut command: Command) -> Result<Self, EngineError> {
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
            patience: PATIENCE,
            batch: Vec::new(),
            batched: 0,
            gaps: 0,
        })
    }

    /// Queues one cycle or one shape.
    pub(super) fn send(&mut self, stimulus: &Stimulus) -> Result<(), EngineError> {
        if !matches!(stimulus, Stimulus::Gap) {
            self.flush_gaps();
        }
        if !matches!(stimulus, Stimulus::Step(..)) {
            self.flush_steps()?;
        }
        match stimulus {
            Stimulus::Shape(shape) => {
                self.put(b"S");
                self.put(&shape.chunk_last.to_le_bytes());
                self.put(&shape.chunks_last.to_le_bytes());
                self.put(&[shape.tail_last.is_some().into()]);
                self.put(&shape.tail_last.unwrap_or(0).to_le_bytes());
            }
            Stimulus::Step(a, b) => {
                for value in a.iter().chain(*b) {
                    // The ports are 9 bits wide.
                    self.batch.extend((*value as u16 & 0x1ff).to_le_bytes());
                }
                self.batched += 1;
                if self.batched as usize == BATCH_STEPS {
                    self.flush_steps()?;
                }
            }
            Stimulus::Gap => self.gaps += 1,
            Stimulus::Reset => self.put(b"R"),
        }
        Ok(())
    }

    /// Queues cycles without a step.
    pub(super) fn gap(&mut self, cycles: u32) -> Result<(), EngineError> {
        self.flush_steps()?;
        self.gaps += cycles;
        Ok(())
    }

    /// Queues a wait for a ready and idle array.
    pub(super) fn wait_idle(&mut self, cycles_max: u32) {
        self.flush_gaps();
        self.put(b"W");
        self.put(&cycles_max.to_le_bytes());
    }

    /// Runs what is queued, some `cycles` of it, and reads what happened.
    pub(super) fn report(&mut self, cycles: u64) -> Result<Report, EngineError> {
        self.flush_steps()?;
        self.flush_gaps();
        self.put(b"D");
        self.watchdog.watch(self.patience + Duration::from_secs(cycles / SLOWEST_CYCLES_PER_S));
        let flushed = self.input.flush();
        let report = flushed.and_then(|()| self.read_report());
        self.watchdog.rest();
        report.map_err(|e| self.gone(&format!("the report of {cycles} cycles"), &e))
    }

    fn read_report(&mut self) -> std::io::Result<Report> {
        let output = &mut self.output;
        let ok = u8::from_le_bytes(take(output)?) == 1;
        let cycle = u64::from_le_bytes(take(output)?);
        let count = u32::from_le_bytes(take(output)?);
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(Event {
                cycle: u64::from_le_bytes(take(output)?),
                source: u32::from_le_bytes(take(output)?),
                word: u32::from_le_bytes(take(output)?),
            });
        }
        let counters = Counters {
            cycles: u64::from_le_bytes(take(output)?),
            mac_cycles: u64::from_le_bytes(take(output)?),
            full_mac_cycles: u64::from_le_bytes(take(output)?),
        };
        Ok(Report { ok, cycle, events, counters })
    }

    fn flush_gaps(&mut self) {
        if self.gaps > 0 {
            let gaps = std::mem::take(&mut self.gaps);
            self.put(b"G");
            self.put(&gaps.to_le_bytes());
        }
    }

    fn flush_steps(&mut self) -> Result<(), EngineError> {
        if self.batched > 0 {
            let steps = std::mem::take(&mut self.batched);
            let batch = std::mem::take(&mut self.batch);
            // A full pipe waits for the child, too.
            let most = Duration::from_secs(u64::from(steps) / SLOWEST_CYCLES_PER_S);
            self.watchdog.watch(self.patience + most);
            let sent = self
                .input
                .write_all(b"X")
                .and_then(|()| self.input.write_all(&steps.to_le_bytes()))
                .and_then(|()| self.input.write_all(&batch));
            self.batch = batch;
            self.batch.clear();
            self.watchdog.rest();
            sent.map_err(|e| self.gone(&format!("room for {steps} steps"), &e))?;
        }
        Ok(())
    }

    /// Small commands: an error shows at the next flush.
    fn put(&mut self, bytes: &[u8]) {
        let _ = self.input.write_all(bytes);
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

impl Drop for Process {
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
    fn start(child: Arc<Mutex<Child>>) -> Self {
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

fn take<const N: usize>(from: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn failed(doing: String, why: String) -> EngineError {
    EngineError::Tool { doing, why }
}

#[cfg(test)]
mod tests;
