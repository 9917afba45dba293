//! What the table says of boards, and of what their power is estimated by.

use serde::Deserialize;
use toml::Spanned;

use super::Number;
use crate::figure::Kind;

/// A board with an FPGA.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its folder in `bitstreams/`.
    pub board: String,
    /// Its name.
    pub name: String,
    /// What somebody measured at its plug, from idle to all flip-flops toggling at a clock.
    pub watts: Option<BoardWatts>,
    /// Where `watts` is missing: the family of `cells` that its power is estimated by.
    pub cells: Option<String>,
    /// The rate of its line that simulations run at, in bits a second.
    pub line_baud: Number,
    /// What its line is.
    pub line: String,
    /// What it costs in a shop.
    pub price: Option<BoardPrice>,
}

/// A shop's price.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardPrice {
    /// US dollars.
    pub usd: Number,
    /// How the figure came about.
    pub kind: Kind,
    /// Which shop; none where nobody noted it.
    pub shop: Option<String>,
    /// The day it was looked up, as 2026-01-31; none where nobody noted it.
    pub date: Option<String>,
}

impl BoardPrice {
    /// Whose price of which day, or that nobody knows.
    pub fn source(&self) -> String {
        let shop = self.shop.as_deref().unwrap_or("a shop that was not noted");
        let date = self.date.as_deref().unwrap_or("a day that was not noted");
        format!("a price of {shop}, on {date}")
    }
}

/// How much of what a board takes above idle a device at work takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Lowest and highest share.
    pub share: Spanned<[f64; 2]>,
    /// Who says so.
    pub source: String,
}

/// What a board takes at its plug.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardWatts {
    /// Idle, and with every flip-flop toggling at `clock_mhz`.
    pub range: Spanned<[f64; 2]>,
    /// The clock of the high end.
    pub clock_mhz: Number,
    /// Who says so.
    pub source: String,
}

/// How an unpublished power is estimated: rest + clock (per cycle + cells x per cell and cycle).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cells {
    /// Its name.
    pub family: String,
    /// Watts of a board at rest.
    pub rest_w: Spanned<[f64; 2]>,
    /// Picojoules of the clock tree in a cycle.
    pub per_cycle_pj: Number,
    /// Picojoules of a cell in a cycle.
    pub per_cell_cycle_pj: Spanned<[f64; 2]>,
    /// Where these come from.
    pub source: String,
}
