//! A running miner on a terminal: a dashboard, or lines where there is no terminal to draw on.
//!
//! Everything goes to standard error, so that standard output is left for what programs read. No text of a network or
//! a device reaches the terminal with a control character in it.
//!
//! | module | owns |
//! |---|---|
//! | [`view`] | what somebody looks at, and what keys do |
//! | [`draw`] | the picture: a [`Status`](crate::status::Status) and a view into cells |
//! | `screen` | the terminal's modes, and how it is left, also in a panic |
//! | `dashboard` | keys and pictures in turn |
//! | [`lines`] | the same as lines of text or JSON |
//! | [`text`] | numbers and times for people; texts of others made harmless |

mod dashboard;
pub mod draw;
mod history;
pub mod lines;
mod palette;
mod screen;
pub mod text;
pub mod view;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use crate::status::{Level, Miner};

pub use palette::Palette;
pub use screen::restore;

/// How a miner is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A dashboard instead of lines.
    pub dashboard: bool,
    /// Colours and characters that the terminal can show.
    pub palette: Palette,
    /// Lines of the log that are not as bad as this are left out.
    pub level: Level,
    /// What lines look like.
    pub format: Format,
}

/// What lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Options {
    /// What fits here: a dashboard if somebody can see it and press keys, colours unless `NO_COLOR` is set.
    pub fn here() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let drawable = !matches!(variable("TERM").as_str(), "" | "dumb");
        Self {
            dashboard: drawable && io::stderr().is_terminal() && io::stdin().is_terminal(),
            palette: Palette::of_environment(variable),
            level: Level::Info,
            format: Format::Text,
        }
    }
}

/// A miner that is being shown. Dropping it ends that and leaves the terminal as it was.
#[derive(Debug)]
pub struct Display {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Shows a miner from now on, in a thread.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(miner: Arc<dyn Miner>, options: Options) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let show = move || dashboard::show(&*miner, options, &stopped);
        let thread = thread::Builder::new().name("display".into()).spawn(show)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // The end of the channel is the end of the thread, a quarter of a second later at most.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
