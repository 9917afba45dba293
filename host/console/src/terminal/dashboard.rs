//! Keys and pictures in turn; lines where no picture can be drawn.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event};

use super::draw::draw;
use super::lines::Lines;
use super::screen::Screen;
use super::view::{Reaction, View};
use super::{Options, lines};
use crate::status::Miner;

/// Time between two pictures where no key is pressed.
const PICTURE: Duration = Duration::from_millis(500);
/// Longest wait before the end is noticed.
const PATIENCE: Duration = Duration::from_millis(250);
/// Keys that are taken between two pictures: somebody may paste a book.
const KEYS: usize = 256;
/// Lines of the log that stay behind when a dashboard goes away.
const LEFT_BEHIND: usize = 10;

/// Shows a miner until the channel ends.
pub(super) fn show(miner: &dyn Miner, options: Options, stopped: &Receiver<()>) {
    let mut lines = Lines::new(options.level, options.format);
    if options.dashboard {
        match Screen::enter() {
            Ok(screen) => {
                // A miner is worth more than its picture: it goes on, and is shown otherwise.
                let ended = panic::catch_unwind(AssertUnwindSafe(|| {
                    dashboard(miner, options, stopped, screen)
                }));
                let ended = ended.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
                if let Err(error) = &ended {
                    print(&format!("warning: the dashboard ended: {error}; lines follow\n"));
                }
                // What was on the screen went away with it.
                print(&lines.newest(&miner.status(), LEFT_BEHIND));
                if matches!(ended, Ok(End::Stopped)) {
                    return;
                }
            }
            Err(error) => print(&format!("warning: no dashboard: {error}; lines follow\n")),
        }
    }
    show_lines(miner, &mut lines, stopped);
}

/// Why a dashboard ended.
enum End {
    /// Nobody wants to see anything any more.
    Stopped,
    /// Somebody wants to see lines.
    Left,
}

fn dashboard(
    miner: &dyn Miner,
    options: Options,
    stopped: &Receiver<()>,
    mut screen: Screen,
) -> io::Result<End> {
    let mut view = View::default();
    loop {
        let status = view.update(&miner.status());
        screen.draw(|buffer| draw(buffer, &status, &mut view, options.palette))?;
        let drawn = Instant::now();
        loop {
            if stopped.try_recv() != Err(TryRecvError::Empty) {
                return Ok(End::Stopped);
            }
            if !screen.is_drawn() {
                return Ok(End::Left);
            }
            let Some(wait) = PICTURE.checked_sub(drawn.elapsed()) else { break };
            if event::poll(wait.min(PATIENCE))? {
                if keys(miner, &mut view)? {
                    return Ok(End::Left);
                }
                break;
            }
        }
    }
}

/// Takes the keys that are there; whether somebody wants to leave.
fn keys(miner: &dyn Miner, view: &mut View) -> io::Result<bool> {
    for _ in 0..KEYS {
        if let Event::Key(key) = event::read()? {
            let shown = view.update(&miner.status());
            match view.key(key, &shown) {
                Reaction::Nothing | Reaction::Redraw => {}
                Reaction::Control(control) => {
                    view.answered(&control, miner.control(control.clone()))
                }
                Reaction::Leave => return Ok(true),
            }
        }
        if !event::poll(Duration::ZERO)? {
            break;
        }
    }
    Ok(false)
}

fn show_lines(miner: &dyn Miner, lines: &mut Lines, stopped: &Receiver<()>) {
    let started = Instant::now();
    loop {
        print(&lines.take(&miner.status(), started.elapsed()));
        if stopped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
            // What came last is why it ended.
            print(&lines.take(&miner.status(), started.elapsed()));
            return print(&lines::summary(&miner.status(), lines.format()));
        }
    }
}

/// Prints to standard error, where there is one.
fn print(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
