//! The summary for people.

use gemmine_driver::DeviceKind;

use super::product::Product;
use super::summary::Summary;
use crate::counters;
use crate::device::cycle_kind;
use crate::display::{counted, grouped, rate, si};
use crate::quantise;

impl Summary {
    /// The same for people.
    pub(super) fn text(&self) -> String {
        let tally = &self.tally;
        let mut lines = vec![
            ("device", format!("{}: {}", self.identity.name, self.identity.description)),
            ("job", self.job.clone()),
            ("product", self.product_text()),
            ("passes", self.passes_text()),
            ("tickets", self.tickets_text()),
            ("shares", self.shares_text()),
            (
                "hits refused",
                format!("{} (hits or tickets that the host could not confirm)", tally.hits_refused),
            ),
            (
                "MACs",
                format!(
                    "{}, of which the product itself {}",
                    grouped(self.macs()),
                    grouped(self.useful_macs())
                ),
            ),
        ];
        lines.extend(self.rate_lines());
        lines.extend(counters::to_lines(&self.counters));
        lines.extend(self.run_lines());
        if let Some(bound) = self.error_bound {
            lines.push(("float32", quantise::bound_text(bound)));
        }
        lines.push(("energy", "none measured".into()));
        let mut text = String::new();
        for (name, value) in lines {
            text.push_str(&format!("{name:<14} {value}\n"));
        }
        if self.identity.kind == DeviceKind::Simulation {
            text.push_str(
                "\nA simulation: cycles and utilisation are what the array would take; the rates above are \
                 this\ncomputer's and say nothing about the speed of hardware.",
            );
        }
        text
    }

    fn rate_lines(&self) -> Vec<(&'static str, String)> {
        let kind = cycle_kind(&self.identity);
        let simulated = match self.identity.kind {
            DeviceKind::Simulation => {
                format!(", {}simulated cycles/s", si(self.per_second(self.counters.cycles)))
            }
            _ => String::new(),
        };
        let mut lines = vec![(
            "measured",
            format!(
                "{:.2} s; {} tickets/s, {}MAC/s{simulated} (host wall time)",
                self.elapsed.as_secs_f64(),
                rate(self.per_second(self.tally.tiles())),
                si(self.per_second(self.macs())),
            ),
        )];
        if !self.identity.counts_cycles() {
            return lines;
        }
        lines.extend([
            (
                "cycles",
                format!(
                    "{} of the {} array while it has work{} ({kind})",
                    grouped(self.counters.cycles),
                    self.identity.array(),
                    if self.identity.is_external() { ", since power-up" } else { "" }
                ),
            ),
            (
                "utilisation",
                format!(
                    "{:.3} % of the cycles with a step, {:.3} % with every PE at work ({kind})",
                    100.0 * self.of_cycles(self.counters.mac_cycles),
                    100.0 * self.of_cycles(self.counters.full_mac_cycles),
                ),
            ),
        ]);
        lines
    }

    /// What a link carried, and how busy that kept the array.
    fn run_lines(&self) -> Vec<(&'static str, String)> {
        let load = self.link_bytes().zip(self.link_bytes_a_ticket()).map(|(bytes, a_ticket)| {
            format!("{} bytes in the run, both ways; {a_ticket:.2} a ticket", grouped(bytes))
        });
        let used = self.run_utilisation().map(|share| {
            format!("{:.3} % of all cycles of the run with a step, waits included", 100.0 * share)
        });
        let lines = [("link load", load), ("of the run", used)];
        lines.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }

    fn product_text(&self) -> String {
        let (m, n, k) = self.shape;
        let state = match self.product {
            Product::NotWanted => "none: it would be zero".to_owned(),
            Product::Unfinished => "not finished, not written".to_owned(),
            Product::Wrong => "WRONG: not what the host computes, not written".to_owned(),
            Product::Exact(check) => {
                let kind = if self.quantised { "float32 by way of int7" } else { "exact" };
                let check = check.description(self.quantised);
                match &self.product_file {
                    Some(path) => format!("{kind} ({check}), in {}", path.display()),
                    None => format!("{kind} ({check}), NOT WRITTEN"),
                }
            }
        };
        format!("{}: {m} x {n}, k = {k} padded to {}; {state}", self.operands, self.k_padded)
    }

    fn passes_text(&self) -> String {
        let useful = self.useful_passes();
        let repeat = self.tally.passes - useful;
        format!(
            "{} useful, {} repeat (the same product again with another nonce, for its tickets only)",
            useful,
            grouped(repeat)
        )
    }

    fn tickets_text(&self) -> String {
        let mut text = grouped(self.tally.tickets);
        if let Some(scans) = self.tally.scans {
            text.push_str(&format!(
                " in {} of operands that the device grew, {}",
                counted(scans, "scan"),
                counted(self.tally.reseeds, "re-seed")
            ));
        }
        if self.tally.tickets_surplus > 0 {
            let surplus = grouped(self.tally.tickets_surplus);
            text.push_str(&format!(
                " up to the last share asked for; {surplus} more were under way"
            ));
        }
        text
    }

    fn shares_text(&self) -> String {
        let tally = &self.tally;
        let mut text = format!(
            "{} into {}, {} of them valid for the network",
            counted(tally.shares, "new share"),
            self.out.display(),
            tally.shares_network
        );
        if tally.shares_known > 0 {
            text.push_str(&format!("; {} found again", counted(tally.shares_known, "earlier one")));
        }
        if tally.hits_surplus > 0 {
            text.push_str(&format!(
                "; {} beyond --shares not kept",
                counted(tally.hits_surplus, "hit")
            ));
        }
        text
    }
}
