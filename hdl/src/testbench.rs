//! For the module tests: cycles by hand, random operands, and pictures of signals by cycle.

use rust_hdl_core::prelude::*;

use crate::bits::{signed_bits, signed_value};

/// Passes in which a cycle must have settled; a core's wire-only hierarchy needs a few.
const SETTLE_PASSES: usize = 1000;

/// A module with a clock.
pub trait Clocked: Block + Default {
    /// Its clock input.
    fn clock(&mut self) -> &mut Signal<In, Clock>;

    /// One that is ready to run.
    fn connected() -> Self {
        let mut module = Self::default();
        module.connect_all();
        module
    }

    /// Lets the inputs of the cycle reach the outputs.
    fn settle(&mut self) {
        self.clock().next = Clock { clk: false };
        assert!(simulate(self, SETTLE_PASSES), "the cycle does not settle");
    }

    /// Ends the cycle.
    fn edge(&mut self) {
        self.clock().next = Clock { clk: true };
        assert!(simulate(self, SETTLE_PASSES), "the clock's edge does not settle");
    }
}

/// SplitMix64: a test's random numbers.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// An operand that i8 x i8 or u8 x i8 work may bring: three in eight are extremes.
    pub fn operand(&mut self) -> i64 {
        match self.below(16) {
            0 => -128,
            1 => -127,
            2 => 127,
            3 => 255,
            4..=5 => 0,
            _ => self.below(384) as i64 - 128,
        }
    }
}

/// An operand as a signal's value.
pub fn operand(value: i64) -> Signed<9> {
    signed_bits(value)
}

/// Cell of a signal that is a number; nothing to see where it is 0.
pub fn number<const N: usize>(signal: Signed<N>) -> String {
    cell(signed_value(signal))
}

/// Cell of a plain number; nothing to see where it is 0.
pub fn cell(value: i64) -> String {
    if value == 0 { ".".into() } else { value.to_string() }
}

/// Cell of a number in hexadecimal digits.
pub fn hex(value: u64) -> String {
    if value == 0 { ".".into() } else { format!("{value:x}") }
}

/// Cell of a one-bit signal.
pub fn bit(signal: bool) -> String {
    cell(signal.into())
}

/// A textual waveform: one row a signal, one column a cycle.
pub struct Picture {
    caption: &'static str,
    first_cycle: usize,
    rows: Vec<(&'static str, Vec<String>)>,
}

impl Picture {
    /// An empty picture; its first column is `first_cycle`.
    pub fn new(caption: &'static str, first_cycle: usize) -> Self {
        Self { caption, first_cycle, rows: Vec::new() }
    }

    /// Appends a cycle: signals by name, in the same order every time. A signal without a name is
    /// an empty line that keeps groups apart.
    pub fn cycle<const N: usize>(&mut self, signals: [(&'static str, String); N]) {
        if self.rows.is_empty() {
            self.rows = signals.iter().map(|(name, _)| (*name, Vec::new())).collect();
        }
        for ((name, cells), (same, value)) in self.rows.iter_mut().zip(signals) {
            assert_eq!(*name, same);
            cells.push(value);
        }
    }

    /// The text.
    pub fn draw(&self) -> String {
        let cycles = self.rows.first().map_or(0, |(_, cells)| cells.len());
        let numbers = (self.first_cycle..self.first_cycle + cycles).map(|c| c.to_string());
        let numbers: Vec<String> = numbers.collect();
        let widest = |cells: &[String]| cells.iter().map(String::len).max().unwrap_or(0);
        let cells = self.rows.iter().map(|(_, cells)| widest(cells)).max().unwrap_or(0);
        let cell_width = cells.max(widest(&numbers)) + 1;
        let name_width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(5);
        let line = |name: &str, cells: &[String]| {
            let cells = cells.iter().map(|cell| format!("{cell:>cell_width$}"));
            format!("{name:name_width$} {}", cells.collect::<String>()).trim_end().to_owned()
        };
        let mut text = format!("{}\n\n{}\n", self.caption, line("cycle", &numbers));
        for (name, cells) in &self.rows {
            text.push_str(&line(name, cells));
            text.push('\n');
        }
        let width = text.lines().map(str::len).max().unwrap_or(0);
        assert!(width <= 100, "a picture of {width} characters a line is too wide");
        text
    }
}

/// The empty line of a [`Picture`].
pub fn space() -> (&'static str, String) {
    ("", String::new())
}
