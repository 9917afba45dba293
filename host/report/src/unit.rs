//! Units: their symbols, and what they are in base units, so that a calculation can be held against its unit.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is counted: the powers of MACs, cycles, seconds, joules, dollars, bytes, tickets, attempts, cells, hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimension([i8; BASES.len()]);

const BASES: [&str; 10] =
    ["MAC", "cycle", "s", "J", "USD", "byte", "ticket", "attempt", "cell", "hash"];

impl Dimension {
    /// That of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.0[n].saturating_add(other.0[n])))
    }

    /// That of a quotient.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.0[n].saturating_sub(other.0[n])))
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for (base, power) in BASES.iter().zip(self.0).filter(|(_, power)| *power != 0) {
            write!(formatter, "{gap}{base}")?;
            if power != 1 {
                write!(formatter, "^{power}")?;
            }
            gap = " ";
        }
        if gap.is_empty() { formatter.write_str("1") } else { Ok(()) }
    }
}

macro_rules! units {
    ($($variant:ident $symbol:literal $scale:literal [$($base:literal $power:literal),*] $doc:literal)*) => {
        /// What a figure counts. Its symbol is its name in files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum Unit {
            $(#[doc = $doc] #[serde(rename = $symbol)] $variant,)*
        }

        impl Unit {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As in files.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol,)* }
            }

            /// What one of it is in base units.
            pub const fn scale(self) -> f64 {
                match self { $(Self::$variant => $scale,)* }
            }

            /// What it counts.
            pub fn dimension(self) -> Dimension {
                let powers: &[(&str, i8)] = match self { $(Self::$variant => &[$(($base, $power)),*],)* };
                let power = |base: &str| powers.iter().find(|(name, _)| *name == base).map_or(0, |found| found.1);
                Dimension(BASES.map(power))
            }
        }
    };
}

units! {
    One "1" 1.0 [] "A share, or a ratio."
    Mac "MAC" 1.0 ["MAC" 1] "Multiply-accumulates."
    Cycle "cycles" 1.0 ["cycle" 1] "Clock cycles."
    Second "s" 1.0 ["s" 1] "Seconds."
    Hertz "Hz" 1.0 ["cycle" 1, "s" -1] "Cycles a second."
    Megahertz "MHz" 1e6 ["cycle" 1, "s" -1] "Millions of cycles a second."
    MacPerSecond "MAC/s" 1.0 ["MAC" 1, "s" -1] "Multiply-accumulates a second."
    TeramacPerSecond "TMAC/s" 1e12 ["MAC" 1, "s" -1] "10^12 multiply-accumulates a second."
    Tops "TOPS" 0.5e12 ["MAC" 1, "s" -1] "10^12 operations a second, two a multiply-accumulate."
    MacPerCycle "MAC/cycle" 1.0 ["MAC" 1, "cycle" -1] "Multiply-accumulates a cycle."
    Watt "W" 1.0 ["J" 1, "s" -1] "Watts."
    Joule "J" 1.0 ["J" 1] "Joules."
    Picojoule "pJ" 1e-12 ["J" 1] "Picojoules."
    PicojoulePerMac "pJ/MAC" 1e-12 ["J" 1, "MAC" -1] "Picojoules a multiply-accumulate."
    MacPerJoule "MAC/J" 1.0 ["MAC" 1, "J" -1] "Multiply-accumulates a joule: MAC/s a watt."
    Dollar "USD" 1.0 ["USD" 1] "US dollars."
    MacPerSecondPerDollar "MAC/s/USD" 1.0 ["MAC" 1, "s" -1, "USD" -1] "Multiply-accumulates a second, a dollar."
    Byte "bytes" 1.0 ["byte" 1] "Bytes."
    BytePerSecond "bytes/s" 1.0 ["byte" 1, "s" -1] "Bytes a second."
    Baud "baud" 0.1 ["byte" 1, "s" -1] "Bits a second on a serial line, ten a byte."
    MacPerByte "MAC/byte" 1.0 ["MAC" 1, "byte" -1] "Multiply-accumulates for a byte on the link."
    TicketPerSecond "tickets/s" 1.0 ["ticket" 1, "s" -1] "Pearl tickets a second."
    MacPerTicket "MAC/ticket" 1.0 ["MAC" 1, "ticket" -1] "Multiply-accumulates for a Pearl ticket."
    JoulePerTicket "J/ticket" 1.0 ["J" 1, "ticket" -1] "Joules for a Pearl ticket."
    AttemptPerSecond "attempts/s" 1.0 ["attempt" 1, "s" -1] "Amadeus attempts a second."
    MacPerAttempt "MAC/attempt" 1.0 ["MAC" 1, "attempt" -1] "Multiply-accumulates for an Amadeus attempt."
    JoulePerAttempt "J/attempt" 1.0 ["J" 1, "attempt" -1] "Joules for an Amadeus attempt."
    AttemptPerJoule "attempts/J" 1.0 ["attempt" 1, "J" -1] "Amadeus attempts a joule."
    Cell "cells" 1.0 ["cell" 1] "Flip-flops or logic cells."
    PicojoulePerCellCycle "pJ/cell/cycle" 1e-12 ["J" 1, "cell" -1, "cycle" -1] "Picojoules of a cell in a cycle."
    PicojoulePerCycle "pJ/cycle" 1e-12 ["J" 1, "cycle" -1] "Picojoules of a whole chip in a cycle."
    Terahash "TH/s" 1e12 ["hash" 1, "s" -1] "10^12 SHA-256d hashes a second."
    JoulePerTerahash "J/TH" 1e-12 ["J" 1, "hash" -1] "Joules for 10^12 SHA-256d hashes."
}

impl Unit {
    /// Whether it counts energy, alone or by something else: watts do.
    pub fn counts_joules(self) -> bool {
        let joules = BASES.iter().position(|base| *base == "J");
        joules.is_some_and(|at| self.dimension().0[at] != 0)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.symbol())
    }
}
