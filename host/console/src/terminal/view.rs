//! What somebody looks at, and what keys do.
//!
//! | key | does |
//! |---|---|
//! | up, down, k, j, page up and down, home, end | select a device |
//! | s | sort devices by the next key |
//! | space | pause the picture, or go on |
//! | d, D | switch the selected device off, or on again; asks first |
//! | q, Ctrl-C | end the miner; a second time: leave the dashboard, so that Ctrl-C ends the process itself |

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::history::History;
use crate::status::{Control, DeviceState, DeviceStatus, Status};

/// By what devices are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// In the order in which they were found.
    #[default]
    Found,
    /// Those that need somebody first.
    State,
    /// The fastest first.
    Rate,
    /// Most wrong answers first.
    Errors,
    /// By name.
    Name,
}

impl Sort {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::State => "state",
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::Name => "name",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Found => Self::State,
            Self::State => Self::Rate,
            Self::Rate => Self::Errors,
            Self::Errors => Self::Name,
            Self::Name => Self::Found,
        }
    }

    fn compare(self, a: &DeviceStatus, b: &DeviceStatus) -> Ordering {
        match self {
            Self::Found => Ordering::Equal,
            Self::State => urgency(a.state).cmp(&urgency(b.state)),
            Self::Rate => b.reported.minute.total_cmp(&a.reported.minute),
            Self::Errors => {
                let by_rate = b.hardware_error_rate.total_cmp(&a.hardware_error_rate);
                b.hardware_errors.cmp(&a.hardware_errors).then(by_rate)
            }
            Self::Name => a.name.cmp(&b.name),
        }
    }
}

/// How soon a state needs somebody; lower is sooner.
fn urgency(state: DeviceState) -> u8 {
    match state {
        DeviceState::Quarantined => 0,
        DeviceState::Gone => 1,
        DeviceState::BackOff => 2,
        DeviceState::Starting => 3,
        DeviceState::Idle => 4,
        DeviceState::Working => 5,
        DeviceState::Off => 6,
    }
}

/// What a key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing that shows.
    Nothing,
    /// Another picture.
    Redraw,
    /// A change of the miner; [`View::answered`] says what came of it.
    Control(Control),
    /// The end of the dashboard.
    Leave,
}

/// What somebody looks at.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The picture that was stopped.
    paused: Option<Arc<Status>>,
    pub(super) sort: Sort,
    /// Name of the selected device.
    pub(super) selected: Option<String>,
    /// The device's row at the top.
    pub(super) top: usize,
    /// Rows of devices in the last picture.
    pub(super) page: usize,
    /// What is asked before it is done.
    question: Option<Control>,
    /// What came of the last change.
    message: Option<String>,
    ending: bool,
    pub(super) history: History,
}

impl View {
    /// Takes a new status; returns the one to show.
    pub fn update(&mut self, newest: &Arc<Status>) -> Arc<Status> {
        self.history.sample(newest.uptime_s, newest.totals.reported.minute);
        self.paused.clone().unwrap_or_else(|| newest.clone())
    }

    /// Whether the picture is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// What stands where the keys are explained otherwise.
    pub fn prompt(&self) -> Option<String> {
        match &self.question {
            Some(Control::DeviceOff { device }) => Some(format!(
                "switch off {}? y: yes, any other key: no",
                super::text::clean(device)
            )),
            Some(Control::DeviceOn { device }) => {
                Some(format!("switch on {}? y: yes, any other key: no", super::text::clean(device)))
            }
            _ if self.ending => Some(
                "ending: the miner finishes what it has; q or Ctrl-C leaves the dashboard".into(),
            ),
            _ => self.message.clone(),
        }
    }

    /// Takes what the miner said to a [`Reaction::Control`].
    pub fn answered(&mut self, control: &Control, answer: Result<(), String>) {
        let (failed, done) = match control {
            Control::Stop => ("end the miner", String::new()),
            Control::DeviceOff { device } => {
                ("switch it off", format!("{device} is being switched off"))
            }
            Control::DeviceOn { device } => {
                ("switch it on", format!("{device} is being switched on"))
            }
            Control::SourceOff { source } | Control::SourceOn { source } => {
                ("switch it", source.clone())
            }
        };
        let text = match answer {
            Ok(()) => done,
            Err(why) => format!("failed to {failed}: {why}"),
        };
        self.message = (!text.is_empty()).then(|| super::text::clean(&text));
    }

    /// Devices in the order in which they are shown.
    pub(super) fn sorted<'a>(&self, status: &'a Status) -> Vec<&'a DeviceStatus> {
        let mut devices: Vec<&DeviceStatus> = status.devices.iter().collect();
        devices.sort_by(|a, b| self.sort.compare(a, b));
        devices
    }

    /// Row of the selected device; the first if there is none such.
    pub(super) fn selected_row(&self, devices: &[&DeviceStatus]) -> usize {
        let selected = self.selected.as_deref();
        devices.iter().position(|device| Some(&*device.name) == selected).unwrap_or(0)
    }

    /// Takes a key. `status` is what is shown.
    pub fn key(&mut self, key: KeyEvent, status: &Arc<Status>) -> Reaction {
        if key.kind == KeyEventKind::Release {
            return Reaction::Nothing;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control {
            return if key.code == KeyCode::Char('c') { self.end() } else { Reaction::Nothing };
        }
        if let Some(question) = self.question.take() {
            return match key.code {
                KeyCode::Char('y' | 'Y') => Reaction::Control(question),
                _ => Reaction::Redraw,
            };
        }
        self.message = None;
        match key.code {
            KeyCode::Char('q') => return self.end(),
            KeyCode::Char(' ') => match self.paused.take() {
                Some(_) => {}
                None => self.paused = Some(status.clone()),
            },
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('d') => self.ask(status, false),
            KeyCode::Char('D') => self.ask(status, true),
            code => return self.select(code, status),
        }
        Reaction::Redraw
    }

    fn end(&mut self) -> Reaction {
        self.question = None;
        match std::mem::replace(&mut self.ending, true) {
            false => Reaction::Control(Control::Stop),
            true => Reaction::Leave,
        }
    }

    fn ask(&mut self, status: &Status, on: bool) {
        let devices = self.sorted(status);
        let Some(device) = devices.get(self.selected_row(&devices)) else {
            self.message = Some("there is no device".into());
            return;
        };
        let name = device.name.clone();
        let shown = super::text::clean(&name);
        match (device.state, on) {
            (DeviceState::Off, false) => {
                self.message = Some(format!("{shown} is off; D switches it on"));
            }
            (DeviceState::Working | DeviceState::Idle, true) => {
                self.message = Some(format!("{shown} is on; d switches it off"));
            }
            (_, false) => self.question = Some(Control::DeviceOff { device: name }),
            (_, true) => self.question = Some(Control::DeviceOn { device: name }),
        }
    }

    fn select(&mut self, code: KeyCode, status: &Status) -> Reaction {
        let devices = self.sorted(status);
        let (row, last) = (self.selected_row(&devices), devices.len().saturating_sub(1));
        let page = self.page.max(1);
        let row = match code {
            KeyCode::Up | KeyCode::Char('k') => row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => row + 1,
            KeyCode::PageUp => row.saturating_sub(page),
            KeyCode::PageDown => row + page,
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return Reaction::Redraw,
        };
        self.selected = devices.get(row.min(last)).map(|device| device.name.clone());
        Reaction::Redraw
    }

    /// Moves the rows that are seen so that the selected one is among them; returns the first.
    pub(super) fn scroll(&mut self, row: usize, rows: usize, count: usize) -> usize {
        self.page = rows;
        self.top = self.top.min(count.saturating_sub(rows));
        if row < self.top {
            self.top = row;
        } else if row >= self.top + rows {
            self.top = (row + 1).saturating_sub(rows);
        }
        self.top
    }
}
