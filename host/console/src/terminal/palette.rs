//! Colours and characters, by what a terminal can show. A colour never stands alone: what it says is a word too.

use ratatui::style::{Color, Modifier, Style};

use crate::status::{DeviceState, Level, SourceState};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The eight colours that every terminal with colours has.
    pub colour: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
}

/// Bars of a sparkline, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BARS: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];

impl Palette {
    /// By `NO_COLOR`, `TERM` and the locale.
    pub fn of_environment(variable: impl Fn(&str) -> String) -> Self {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].map(&variable);
        let locale = names.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        let locale = locale.to_lowercase();
        // The Linux console's font lacks most bars.
        let unicode =
            (locale.contains("utf-8") || locale.contains("utf8")) && variable("TERM") != "linux";
        Self { colour: variable("NO_COLOR").is_empty(), unicode }
    }

    fn fg(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// What heads a table.
    pub(super) fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What matters most.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What everybody must see.
    pub(super) fn alert(self) -> Style {
        self.fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The row that keys act on.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Bars of the rate.
    pub(super) fn bars(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// A count of something bad: it stands out where it is not 0.
    pub(super) fn bad(self, count: u64) -> Style {
        if count == 0 { Style::new() } else { self.fg(Color::Red).add_modifier(Modifier::BOLD) }
    }

    pub(super) fn device(self, state: DeviceState) -> Style {
        match state {
            DeviceState::Working => self.fg(Color::Green),
            DeviceState::Idle => self.fg(Color::Cyan),
            DeviceState::Starting => self.fg(Color::Blue),
            DeviceState::BackOff => self.fg(Color::Yellow),
            DeviceState::Gone => self.fg(Color::Magenta),
            DeviceState::Quarantined => self.bad(1),
            DeviceState::Off => Style::new().add_modifier(Modifier::DIM),
        }
    }

    pub(super) fn source(self, state: SourceState) -> Style {
        match state {
            SourceState::Up => self.fg(Color::Green),
            SourceState::Connecting => self.fg(Color::Blue),
            SourceState::BackOff => self.fg(Color::Yellow),
            SourceState::Paused => self.fg(Color::Magenta),
            SourceState::Standby => Style::new(),
            SourceState::Off => Style::new().add_modifier(Modifier::DIM),
        }
    }

    pub(super) fn level(self, level: Level) -> Style {
        match level {
            Level::Info => Style::new(),
            Level::Warning => self.fg(Color::Yellow),
            Level::Error => self.bad(1),
        }
    }

    /// What stands for the rest of a text.
    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "~" }
    }

    /// A bar of a height from 0 to 1; none for nothing.
    pub(super) fn bar(self, height: f64) -> char {
        let bars = if self.unicode { BARS } else { ASCII_BARS };
        match height {
            height if height > 0.0 => bars[((height * 8.0) as usize).min(7)],
            _ => ' ',
        }
    }
}
