//! The terminal's modes: drawn on while a dashboard is there, and left as it was, whatever ends that.

use std::io::{self, BufWriter, Stderr};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Bytes of a picture that are written at once.
const CAPACITY: usize = 64 << 10;

/// A terminal is being drawn on.
static DRAWN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();
/// Held while a picture is on its way to the terminal: nobody leaves in the middle of one.
static PICTURE: Mutex<()> = Mutex::new(());
/// How long leaving waits for the end of a picture: a terminal that somebody has stopped takes none, and a picture
/// that panics ends behind its panic's hook.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Leaves the terminal as it was, if it is being drawn on; a dashboard goes on as lines then. For whoever ends the
/// process without an end of its [`Display`](super::Display), such as at a second Ctrl-C.
pub fn restore() {
    if DRAWN.swap(false, Ordering::SeqCst) {
        let _whole = (0..TRIES).find_map(|_| match PICTURE.try_lock() {
            Err(TryLockError::WouldBlock) => {
                thread::sleep(PAUSE);
                None
            }
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Ok(guard) => Some(guard),
        });
        // There is nobody left to tell if this fails.
        let _ = disable_raw_mode();
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
    }
}

/// A terminal that is drawn on.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
}

impl Screen {
    /// Begins to draw. From now on a panic leaves the terminal as it was before it says anything.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore();
                before(info);
            }));
        });
        DRAWN.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode()
            .and_then(|()| execute!(io::stderr(), EnterAlternateScreen, Hide))
            .and_then(|()| {
                let writer = BufWriter::with_capacity(CAPACITY, io::stderr());
                Terminal::new(CrosstermBackend::new(writer))
            });
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws a picture, if the terminal is still drawn on.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let _whole = PICTURE.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_drawn() {
            self.terminal.draw(|frame| picture(frame.buffer_mut()))?;
        }
        Ok(())
    }

    /// Whether it is still drawn on: a panic of another thread, or an impatient end, may have ended that.
    pub fn is_drawn(&self) -> bool {
        DRAWN.load(Ordering::SeqCst)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}
