//! What must hold of every parser that reads what others wrote, whatever they wrote.
//!
//! A [`Target`] is a plain function of bytes that panics where something does not hold; it does more than to call a
//! parser. Tests replay the committed inputs through these functions. `cargo xtask fuzz` builds them with
//! libFuzzer, one binary each, and looks for new ones; see `fuzz/README.md`.
//!
//! | module | owns |
//! |---|---|
//! | [`targets`] | one module a target |
//! | `input` | numbers and pieces out of an input |
//! | `plain` | what must hold of every text that is shown |
//! | `slot` | what both sides of the device behind PCI Express have in common: its model, and the driver's way to it |
//! | `wire` | what pools and gateways have in common: a source, and bytes that are cut anywhere |

#![expect(clippy::expect_used, reason = "a target that panics has found something")]

#[macro_use]
mod list;
mod input;
mod plain;
mod slot;
pub mod targets;
mod wire;

/// A parser, and what must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of its binary, and of its folders and files below `fuzz/`.
    pub name: &'static str,
    /// Panics if something does not hold.
    pub run: fn(&[u8]),
    /// What it reads.
    pub reads: &'static str,
    /// Longest input that is tried, in bytes.
    pub longest: usize,
}

macro_rules! table {
    ($($name:ident, $longest:literal, $reads:literal);*) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: targets::$name::run,
            reads: $reads,
            longest: $longest,
        }),*];
    };
}

each_target!(table);
