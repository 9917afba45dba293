//! Serves a board on a pseudo-terminal: bytes and rate of the host go to the line, and back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pty::{PtyError, Terminal};
use super::{Board, Progress, Stop};

/// Bytes from the host that may wait on the line: the port's own buffer holds as many again.
const WAITING_MAX: u64 = 4096;
/// Bytes to the host that may wait; what comes on top is lost, as in a serial port that nobody reads.
const UNREAD_MAX: usize = 1 << 16;
/// How often to look whether it is time to stop.
const LOOK: Duration = Duration::from_millis(100);
/// How long a run should take, so that the host does not wait for the end of it.
const RUN: Duration = Duration::from_millis(4);
/// Cycles of a run.
const RUN_CYCLES: std::ops::RangeInclusive<u64> = 1 << 12..=1 << 26;
/// How often a paced board catches up with the clock.
const TICK: Duration = Duration::from_millis(1);
/// How long a paced board tries to catch up with the clock before it lets go of the rest.
const BEHIND_MAX: Duration = Duration::from_millis(20);

/// What went over the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Bytes from the host.
    pub bytes_in: u64,
    /// Bytes to the host.
    pub bytes_out: u64,
    /// Bytes to the host that it never read.
    pub lost: u64,
    /// Cycles since the board's power-up.
    pub cycles: u64,
}

/// A board at a terminal.
struct Service<'a> {
    board: &'a mut dyn Board,
    terminal: &'a mut Terminal,
    baud: u32,
    /// The board can't work at the host's rate: what comes at it is noise.
    deaf: bool,
    /// The cycle in which the line to the board will be free.
    line_free: u64,
    unread: VecDeque<u8>,
    resting: bool,
    run_cycles: u64,
    served: Served,
}

/// Serves a board until `stop` says so, which is asked at least every 100 ms.
///
/// `paced`: never let simulated time run faster than the clock. Else it runs as fast as it can, and
/// stands still while the board rests.
///
/// # Errors
/// If the simulation or the terminal fails.
pub fn serve(
    board: &mut dyn Board,
    terminal: &mut Terminal,
    paced: bool,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Served, PtyError> {
    let baud = board.description().config.first_baud;
    let mut service = Service {
        board,
        terminal,
        baud,
        deaf: false,
        line_free: 0,
        unread: VecDeque::new(),
        resting: false,
        run_cycles: *RUN_CYCLES.start(),
        served: Served::default(),
    };
    let mut pace = Pace::new(service.clock_hz());
    while !stop() {
        service.wait(if service.resting {
            LOOK
        } else if paced {
            TICK
        } else {
            Duration::ZERO
        })?;
        if paced {
            service.catch_up(&mut pace)?;
        }
        service.listen()?;
        if !paced && !service.resting {
            service.run(service.run_cycles, Stop::AtRest)?;
        }
        service.speak()?;
    }
    Ok(service.served)
}

impl Service<'_> {
    fn clock_hz(&self) -> u64 {
        self.board.description().config.clock_hz.into()
    }

    /// Bytes from the host that wait on the line.
    fn waiting(&self) -> u64 {
        let cycles = self.line_free.saturating_sub(self.served.cycles);
        cycles * u64::from(self.baud) / (10 * self.clock_hz())
    }

    fn wait(&mut self, timeout: Duration) -> Result<(), PtyError> {
        let reads = self.waiting() < WAITING_MAX;
        self.terminal.wait(reads, !self.unread.is_empty(), timeout)?;
        Ok(())
    }

    /// Takes the host's rate, then what it sent: who changes the rate, first waits for answers.
    fn listen(&mut self) -> Result<(), PtyError> {
        if self.waiting() >= WAITING_MAX {
            return Ok(());
        }
        let baud = self.terminal.baud()?;
        if baud != self.baud && baud > 0 {
            self.baud = baud;
            self.deaf = self.board.set_host_baud(baud).is_err();
        }
        let mut bytes = [0; WAITING_MAX as usize];
        let count = self.terminal.read(&mut bytes)?;
        self.served.bytes_in += count as u64;
        if count > 0 && !self.deaf {
            self.board.send(&bytes[..count])?;
            self.resting = false;
            let cycles = count as u64 * 10 * self.clock_hz() / u64::from(self.baud);
            self.line_free = self.line_free.max(self.served.cycles) + cycles;
        }
        Ok(())
    }

    /// Runs the board up to the clock, or to where the clock was when there was still hope.
    fn catch_up(&mut self, pace: &mut Pace) -> Result<(), PtyError> {
        let began = Instant::now();
        let due = pace.due();
        while self.served.cycles < due {
            if began.elapsed() > BEHIND_MAX {
                pace.forgive(due - self.served.cycles);
                break;
            }
            self.run(self.run_cycles.min(due - self.served.cycles), Stop::Never)?;
        }
        Ok(())
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<(), PtyError> {
        let began = Instant::now();
        let progress = self.board.run(cycles, stop)?;
        self.take(&progress);
        let (shortest, longest) = (*RUN_CYCLES.start(), *RUN_CYCLES.end());
        let took = began.elapsed();
        if took > RUN {
            self.run_cycles = (self.run_cycles / 2).max(shortest);
        } else if cycles == self.run_cycles && took < RUN / 4 {
            self.run_cycles = (self.run_cycles * 2).min(longest);
        }
        Ok(())
    }

    fn take(&mut self, progress: &Progress) {
        self.served.cycles = progress.now;
        self.resting = progress.resting;
        let room = UNREAD_MAX - self.unread.len();
        let heard = if self.terminal.is_open() && !self.deaf { progress.bytes.len() } else { 0 };
        self.unread.extend(progress.bytes.iter().take(heard.min(room)).map(|line| line.byte));
        self.served.bytes_out += progress.bytes.len() as u64;
        self.served.lost += (progress.bytes.len() - heard.min(room)) as u64;
    }

    /// Gives the host what it takes.
    fn speak(&mut self) -> Result<(), PtyError> {
        if !self.terminal.is_open() {
            self.served.lost += self.unread.len() as u64;
            self.unread.clear();
        }
        while !self.unread.is_empty() {
            let count = self.terminal.write(self.unread.as_slices().0)?;
            if count == 0 {
                break;
            }
            self.unread.drain(..count);
        }
        Ok(())
    }
}

/// Simulated time against the clock.
struct Pace {
    clock_hz: u64,
    began: Instant,
    /// Cycles that a slow simulation did not do in its time, and never will.
    forgiven: u64,
}

impl Pace {
    fn new(clock_hz: u64) -> Self {
        Self { clock_hz, began: Instant::now(), forgiven: 0 }
    }

    /// Cycles that the board should have done by now.
    fn due(&self) -> u64 {
        let cycles = self.began.elapsed().as_nanos() * u128::from(self.clock_hz) / 1_000_000_000;
        u64::try_from(cycles).unwrap_or(u64::MAX).saturating_sub(self.forgiven)
    }

    fn forgive(&mut self, cycles: u64) {
        self.forgiven += cycles;
    }
}
