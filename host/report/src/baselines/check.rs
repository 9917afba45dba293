//! What can be told to be wrong in a table without asking anybody.

use std::collections::BTreeSet;

use toml::Spanned;

use super::{Accelerator, Baselines, Finding, Number, Watts};
use crate::figure::Kind;

/// Two operations a MAC.
const OPERATIONS_PER_MAC: f64 = 2.0;

/// Collects findings.
struct Check<'a> {
    table: &'a Baselines,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn say(&mut self, line: u32, text: String) {
        self.findings.push(Finding { line, text });
    }

    fn positive(&mut self, what: &str, number: &Number) {
        let value = *number.get_ref();
        if !(value > 0.0 && value.is_finite()) {
            let line = self.table.line(number);
            self.say(line, format!("{what} is {value}; give a number above 0"));
        }
    }

    fn range(&mut self, what: &str, range: &Spanned<[f64; 2]>) {
        let [low, high] = *range.get_ref();
        if !(low > 0.0 && low < high && high.is_finite()) {
            let line = self.table.line(range);
            self.say(
                line,
                format!(
                    "{what} is from {low} to {high}; give two numbers above 0, the lower first"
                ),
            );
        }
    }

    fn source(&mut self, what: &str, source: &str, line: u32) {
        if source.trim().len() < 4 {
            self.say(
                line,
                format!(
                    "the source of {what} is {source:?}; say whose number it is and where it stands"
                ),
            );
        }
    }

    fn watts(&mut self, what: &str, watts: Option<&Number>, meaning: Option<Watts>, line: u32) {
        match (watts, meaning) {
            (Some(watts), Some(_)) => self.positive(&format!("watts of {what}"), watts),
            (Some(_), None) => self.say(
                line,
                format!("{what} has watts and no watts_are; give TDP, TBP, TGP, cap or load"),
            ),
            (None, Some(_)) => self.say(
                line,
                format!("{what} has watts_are and no watts; give the watts, or leave both away"),
            ),
            (None, None) => {}
        }
    }

    fn claimed(&mut self, what: &str, kind: Kind, line: u32) {
        if matches!(kind, Kind::Derived | Kind::PlaceAndRoute | Kind::Modelled) {
            self.say(line, format!("{what} is of kind {kind}; what others publish is vendor, measured, self-report or estimate"));
        }
    }

    fn accelerator(&mut self, entry: &Accelerator) {
        let name = &entry.name;
        if let Some(price) = &entry.price {
            let line = self.table.line(&price.usd);
            self.positive(&format!("the price of {name}"), &price.usd);
            self.source(&format!("the price of {name}"), &price.source, line);
        }
        if let Some(peak) = &entry.peak {
            let line = self.table.line(&peak.tops);
            let what = format!("the peak of {name}");
            self.positive(&what, &peak.tops);
            self.source(&what, &peak.source, line);
            self.watts(&what, peak.watts.as_ref(), peak.watts_are, line);
            self.claimed(&what, peak.kind, line);
        }
        if let Some(mining) = &entry.mining {
            let line = self.table.line(&mining.tmac_s);
            let what = format!("the mining rate of {name}");
            let [low, high] = mining.tmac_s.get_ref().ends();
            if !(low > 0.0 && low <= high && high.is_finite()) {
                self.say(
                    line,
                    format!("{what} is {low} to {high}; give numbers above 0, the lower first"),
                );
            }
            let peak = entry.peak.as_ref().map(|peak| *peak.tops.get_ref() / OPERATIONS_PER_MAC);
            if let Some(peak) = peak
                && high > peak
            {
                self.say(line, format!("{what} is {high} TMAC/s, above the peak of {peak}: is the peak with sparsity left out, or the rate in operations?"));
            }
            self.source(&what, &mining.source, line);
            self.watts(&what, mining.watts.as_ref(), mining.watts_are, line);
            self.claimed(&what, mining.kind, line);
        }
        if entry.peak.is_none() && entry.mining.is_none() {
            self.say(1, format!("{name} has neither a peak nor a mining rate; give one"));
        }
    }
}

impl Baselines {
    /// What is wrong with the entries; empty if nothing is seen.
    pub fn check(&self) -> Vec<Finding> {
        let mut check = Check { table: self, findings: Vec::new() };
        let table = &self.table;
        let mut seen = BTreeSet::new();
        for entry in table.gpu.iter().chain(&table.asic) {
            if !seen.insert(&entry.name) {
                check.say(1, format!("{} is there twice; keep one", entry.name));
            }
            check.accelerator(entry);
        }
        for entry in &table.amadeus {
            let what = format!("the attempts of {}", entry.name);
            let line = self.line(&entry.attempts_s);
            check.positive(&what, &entry.attempts_s);
            check.source(&what, &entry.source, line);
            check.claimed(&what, entry.kind, line);
        }
        for entry in &table.sha256d {
            let what = format!("the hash rate of {}", entry.name);
            let line = self.line(&entry.th_s);
            check.positive(&what, &entry.th_s);
            check.positive(&format!("watts of {}", entry.name), &entry.watts);
            check.source(&what, &entry.source, line);
            check.claimed(&what, entry.kind, line);
        }
        let mut seen = BTreeSet::new();
        for board in &table.board {
            let line = self.line(&board.line_baud);
            if !seen.insert(&board.board) {
                check.say(line, format!("board {} is there twice; keep one", board.board));
            }
            check.positive(&format!("line_baud of {}", board.board), &board.line_baud);
            if let Some(price) = &board.price {
                let (what, line) = (format!("the price of {}", board.board), self.line(&price.usd));
                check.positive(&what, &price.usd);
                check.claimed(&what, price.kind, line);
            }
            match (&board.watts, &board.cells) {
                (Some(watts), _) => {
                    check.range(&format!("watts of {}", board.board), &watts.range);
                    check.positive(&format!("clock_mhz of {}", board.board), &watts.clock_mhz);
                    check.source(&format!("watts of {}", board.board), &watts.source, line);
                }
                (None, Some(family))
                    if !table.cells.iter().any(|cells| cells.family == *family) =>
                {
                    check.say(line, format!("board {} names cells {family:?}, and there is no [[cells]] of that family", board.board));
                }
                (None, None) => check.say(
                    line,
                    format!(
                        "board {} has neither watts nor cells to estimate them by; give one",
                        board.board
                    ),
                ),
                (None, Some(_)) => {}
            }
        }
        for cells in &table.cells {
            let line = self.line(&cells.rest_w);
            check.range(&format!("rest_w of {}", cells.family), &cells.rest_w);
            check
                .range(&format!("per_cell_cycle_pj of {}", cells.family), &cells.per_cell_cycle_pj);
            check.source(&format!("cells of {}", cells.family), &cells.source, line);
        }
        for entry in &table.arithmetic {
            let what = format!("arithmetic at {} nm", entry.node_nm);
            check.positive(&what, &entry.mul_int8_pj);
            check.positive(&what, &entry.add_int32_pj);
            check.source(&what, &entry.source, self.line(&entry.mul_int8_pj));
        }
        for entry in &table.operation {
            let (what, line) = (format!("the energy of {}", entry.what), self.line(&entry.pj));
            let [low, high] = entry.pj.get_ref().ends();
            if !(low > 0.0 && low <= high && high.is_finite()) {
                check.say(
                    line,
                    format!("{what} is {low} to {high}; give numbers above 0, the lower first"),
                );
            }
            check.source(&what, &entry.source, line);
        }
        let [low, high] = *table.activity.share.get_ref();
        if !(0.0 <= low && low < high && high <= 1.0) {
            let line = self.line(&table.activity.share);
            check.say(line, format!("activity.share is from {low} to {high}; give two shares from 0 to 1, the lower first"));
        }
        check.range("spread.factor", &table.spread.factor);
        check.range("scaling.factor", &table.scaling.factor);
        check.positive("work.pearl_ticket_macs", &table.work.pearl_ticket_macs);
        check.positive("work.amadeus_attempt_macs", &table.work.amadeus_attempt_macs);
        check.findings
    }
}
