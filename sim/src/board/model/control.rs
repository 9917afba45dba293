//! Rate, errors in a row, watchdog and counters of the link: [`gemmine_hdl::line_control`].

use gemmine_hdl::registers::FALLBACK_ERRORS;

/// Cycles of a unit of the watchdog.
const WATCHDOG_UNIT: u64 = 1 << 16;

/// What happens in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlInputs {
    /// A whole frame.
    pub good: bool,
    /// A damaged frame.
    pub bad: bool,
    /// A byte without a stop bit.
    pub error: bool,
    /// Nothing is being answered or sent.
    pub quiet: bool,
    /// BAUD_SET is written.
    pub baud: Option<u32>,
    /// WATCHDOG is written.
    pub watchdog: Option<u16>,
}

/// The registers but for the counters.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    first: u32,
    faster: Option<u32>,
    change: Option<u32>,
    /// It changes in the next cycle.
    changes: Option<u32>,
    errors: u32,
    watchdog: Watchdog,
}

impl Control {
    /// As after power-up.
    pub fn new(first: u32) -> Self {
        Self {
            first,
            faster: None,
            change: None,
            changes: None,
            errors: 0,
            watchdog: Watchdog::default(),
        }
    }

    /// The rate, in 2^-24 bits a cycle.
    pub fn rate(&self) -> u32 {
        self.faster.unwrap_or(self.first)
    }

    /// Whether the rate will change when all is quiet.
    pub fn waits_for_quiet(&self) -> bool {
        self.change.is_some()
    }

    /// Whether the rate changes in the next cycle.
    pub fn changes(&self) -> bool {
        self.changes.is_some()
    }

    /// The cycle in which the watchdog gives up on the host.
    pub fn expires(&self) -> Option<u64> {
        self.watchdog.expires
    }

    /// A cycle; whether the watchdog gives up on the host in it.
    pub fn tick(&mut self, cycle: u64, inputs: &ControlInputs) -> bool {
        let expired = self.watchdog.tick(cycle, inputs);
        if let Some(rate) = self.changes.take() {
            self.faster = Some(rate);
        }
        if inputs.quiet {
            self.changes = self.change.take();
        }
        self.change = inputs.baud.or(self.change);
        if inputs.bad || inputs.error {
            self.errors += 1;
            if self.errors == FALLBACK_ERRORS {
                self.errors = 0;
                self.faster = None;
                self.change = None;
                self.changes = None;
            }
        }
        if inputs.good {
            self.errors = 0;
        }
        if expired {
            self.faster = None;
            self.change = None;
            self.changes = None;
        }
        expired
    }
}

/// Counts the units of silence by formula.
#[derive(Clone, Copy, Debug, Default)]
struct Watchdog {
    /// Units that are too many; 0: never.
    limit: u16,
    /// In the cycle behind this one the count of cycles is 0, and that of units `units`.
    since: u64,
    units: u16,
    expires: Option<u64>,
}

impl Watchdog {
    fn tick(&mut self, cycle: u64, inputs: &ControlInputs) -> bool {
        let expired = self.expires == Some(cycle);
        if expired {
            self.since = cycle - 1;
            self.units = 0;
        }
        let was_off = self.limit == 0;
        let passed = if was_off { 0 } else { (cycle - self.since) / WATCHDOG_UNIT };
        // What this cycle brings about by the limit as it was, comes whatever is written now.
        let due = self.expires.filter(|&expires| expires == cycle + 1 && !inputs.good);
        if inputs.watchdog.is_some() {
            self.since += passed * WATCHDOG_UNIT;
            self.units = if due.is_some() { 0 } else { self.units.wrapping_add(passed as u16) };
        }
        self.limit = inputs.watchdog.unwrap_or(self.limit);
        if inputs.good || was_off {
            self.since = cycle;
            self.units = 0;
        }
        if expired || inputs.good || inputs.watchdog.is_some() {
            self.expires = due.or_else(|| self.next());
        }
        expired
    }

    /// When the limit is reached, if nothing happens until then.
    fn next(&self) -> Option<u64> {
        if self.limit == 0 {
            return None;
        }
        let units = match self.limit.wrapping_sub(self.units) {
            0 => WATCHDOG_UNIT,
            units => u64::from(units),
        };
        Some(self.since + units * WATCHDOG_UNIT + 1)
    }
}
