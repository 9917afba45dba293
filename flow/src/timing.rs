//! What nextpnr's report says of speed: Fmax, and where the critical path goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sta::gowin::Analysis;
use crate::top::{CLOCK_NET, GENERATED_NET};

/// The parts of nextpnr's report that are read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Placed {
    fmax: BTreeMap<String, Fmax>,
    #[serde(default)]
    critical_paths: Vec<Path>,
    pub(crate) utilization: BTreeMap<String, Count>,
    /// What nextpnr does not time, timed; for the families that need it.
    #[serde(skip)]
    analysis: Option<Analysis>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Fmax {
    achieved: f64,
    constraint: f64,
}

/// How much of a kind of cell a design takes, and how much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Used.
    pub used: u64,
    /// There.
    pub available: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Path {
    from: String,
    to: String,
    path: Vec<Hop>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Hop {
    delay: f64,
    from: End,
    to: End,
    #[serde(rename = "type")]
    kind: String,
}

/// A cell's port.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct End {
    pub(crate) cell: String,
    pub(crate) port: String,
}

/// The slowest path from register to register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    /// Cell and port that it starts from.
    pub from: String,
    /// Cell and port that it ends at.
    pub to: String,
    /// Delay in ns, from clock to setup.
    pub delay_ns: f64,
    /// What of that is wire.
    pub routing_ns: f64,
    /// The modules on the way, in order; a wire counts to the module that drives it.
    pub modules: Vec<ModuleDelay>,
}

/// A module's part of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleDelay {
    /// The module's place, such as `device.accelerator.finisher`.
    pub module: String,
    /// Delay in ns.
    pub delay_ns: f64,
    /// What of that is wire.
    pub routing_ns: f64,
}

impl CriticalPath {
    /// For people: the modules with their delays.
    pub fn describe(&self) -> String {
        let modules = self.modules.iter();
        let modules = modules.map(|part| format!("{} {:.2} ns", part.module, part.delay_ns));
        format!(
            "{:.2} ns, {:.2} of it wire: {}",
            self.delay_ns,
            self.routing_ns,
            modules.collect::<Vec<_>>().join(", ")
        )
    }
}

impl Placed {
    /// Reads a report; says what is wrong with it otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Takes paths from an analysis rather than from nextpnr.
    pub(crate) fn with(self, analysis: Analysis) -> Self {
        Self { analysis: Some(analysis), ..self }
    }

    /// What Fmax does not hold.
    pub(crate) fn caveats(&self) -> &[String] {
        self.analysis.as_ref().map_or(&[], |analysis| &analysis.caveats)
    }

    /// Fmax of the device's clock, in MHz. The frequency that nextpnr has worked for must be that which it was asked for,
    /// the PLL's if no other.
    pub(crate) fn fmax_mhz(&self, clock_hz: u64) -> Result<f64, String> {
        let clocks = self.fmax.iter().filter(|(name, _)| is_device_clock(name));
        let clocks: Vec<(&String, &Fmax)> = clocks.collect();
        let [(name, fmax)] = clocks.as_slice() else {
            let names: Vec<&String> = self.fmax.keys().collect();
            return Err(format!("of its clocks {names:?} not just one is the device's"));
        };
        let clock_mhz = clock_hz as f64 / 1e6;
        if (fmax.constraint - clock_mhz).abs() > clock_mhz / 1000.0 {
            return Err(format!(
                "{name} was timed against {} MHz, and {clock_mhz} MHz were asked for",
                fmax.constraint
            ));
        }
        // What counts until the device's clock may begin runs at the PLL's on some parts.
        let generated = self.fmax.iter().filter(|(name, _)| is_net(name, GENERATED_NET));
        let mut achieved = generated.map(|(_, fmax)| fmax.achieved).fold(fmax.achieved, f64::min);
        if let Some(Analysis { picoseconds, .. }) = &self.analysis {
            let analysed = 1e6 / *picoseconds as f64;
            // Paths that nextpnr does time must be in the analysis, but for its rounding.
            if analysed > achieved * 1.002 {
                return Err(format!(
                    "{name} runs at {achieved} MHz by nextpnr's report, and at {analysed} MHz by its delays; \
                     one of them has lost a path, so report this"
                ));
            }
            achieved = achieved.min(analysed);
        }
        // To a kilohertz, down: rounding must not make a device fast enough.
        Ok((achieved * 1000.0).floor() / 1000.0)
    }

    /// The slowest path from register to register, if there is one.
    pub(crate) fn critical_path(&self) -> Option<CriticalPath> {
        if let Some(analysis) = &self.analysis {
            return analysis.critical_path.clone();
        }
        let inside = |end: &str| end.strip_prefix("posedge ").is_some_and(is_device_clock);
        let path =
            self.critical_paths.iter().find(|path| inside(&path.from) && inside(&path.to))?;
        CriticalPath::of(&path.path)
    }
}

impl CriticalPath {
    /// The modules of a path; `None` if it has no step.
    pub(crate) fn of(hops: &[Hop]) -> Option<Self> {
        let (first, last) = (hops.first()?, hops.last()?);
        let mut modules: Vec<ModuleDelay> = Vec::new();
        for hop in hops {
            let module = module_of(&hop.from.cell);
            if modules.last().is_none_or(|part| part.module != module) {
                let module = module.to_owned();
                modules.push(ModuleDelay { module, delay_ns: 0.0, routing_ns: 0.0 });
            }
            if let Some(part) = modules.last_mut() {
                part.delay_ns += hop.delay;
                part.routing_ns += if hop.is_wire() { hop.delay } else { 0.0 };
            }
        }
        for part in &mut modules {
            part.delay_ns = picoseconds(part.delay_ns);
            part.routing_ns = picoseconds(part.routing_ns);
        }
        let sum = |hops: &mut dyn Iterator<Item = &Hop>| picoseconds(hops.map(|h| h.delay).sum());
        Some(Self {
            from: format!("{}.{}", first.from.cell, first.from.port),
            to: format!("{}.{}", last.to.cell, last.to.port),
            delay_ns: sum(&mut hops.iter()),
            routing_ns: sum(&mut hops.iter().filter(|hop| hop.is_wire())),
            modules,
        })
    }
}

impl Hop {
    /// A step of so many nanoseconds; kinds are nextpnr's.
    pub(crate) fn new(delay: f64, from: End, to: End, kind: &str) -> Self {
        Self { delay, from, to, kind: kind.to_owned() }
    }

    fn is_wire(&self) -> bool {
        self.kind == "routing"
    }
}

/// nextpnr renames a clock when it promotes it: `$glbnet$clock`, `clock$glb_clk`.
fn is_device_clock(name: &str) -> bool {
    is_net(name, CLOCK_NET)
}

/// Whether a clock is of the net of this name.
fn is_net(clock: &str, net: &str) -> bool {
    clock.split('$').any(|part| part == net)
}

/// The module that a cell is in: flattening joins names by dots.
fn module_of(cell: &str) -> &str {
    let mut cell = cell;
    // A memory is cut into blocks, which are numbered: `lane.mem.0.6`, `lane.mem.0.20_RAM`.
    while let Some((memory, block)) = cell.rsplit_once('.')
        && block.starts_with(|c: char| c.is_ascii_digit())
    {
        cell = memory;
    }
    cell.rsplit_once('.').map_or("the board's top", |(module, register)| {
        // A register is an instance of its own: `queue.active.q_TRELLIS_FF_Q`.
        match module.rsplit_once('.') {
            Some((parent, _)) if register.starts_with("q_") => parent,
            _ => module,
        }
    })
}

/// Rounded to a picosecond, as the tools have them.
fn picoseconds(ns: f64) -> f64 {
    (ns * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "fmax": {
            "$glbnet$clock": { "achieved": 74.0467, "constraint": 100.0 },
            "other": { "achieved": 1.0, "constraint": 12.0 }
        },
        "utilization": { "TRELLIS_FF": { "available": 83640, "used": 5397 } },
        "critical_paths": [
            { "from": "<async>", "to": "posedge $glbnet$clock", "path": [] },
            { "from": "posedge $glbnet$clock", "to": "posedge $glbnet$clock", "path": [
                { "type": "clk-to-q", "delay": 0.5,
                  "from": { "cell": "device.a.word.q_TRELLIS_FF_Q_5", "port": "Q" },
                  "to": { "cell": "device.a.word.q_TRELLIS_FF_Q_5", "port": "Q" } },
                { "type": "routing", "delay": 2.25, "net": "n",
                  "from": { "cell": "device.a.word.q_TRELLIS_FF_Q_5", "port": "Q" },
                  "to": { "cell": "device.b.sum_LUT4_Z", "port": "A" } },
                { "type": "logic", "delay": 0.25,
                  "from": { "cell": "device.b.sum_LUT4_Z", "port": "A" },
                  "to": { "cell": "device.b.sum_LUT4_Z", "port": "F" } },
                { "type": "setup", "delay": 0.0,
                  "from": { "cell": "device.b.word.q_TRELLIS_FF_Q", "port": "DI" },
                  "to": { "cell": "device.b.word.q_TRELLIS_FF_Q", "port": "DI" } }
            ] }
        ]
    }"#;

    #[test]
    fn a_report_gives_fmax_and_the_modules_of_the_critical_path() {
        let placed = Placed::parse(REPORT).unwrap();
        assert_eq!(placed.fmax_mhz(100_000_000), Ok(74.046));
        let path = placed.critical_path().unwrap();
        assert_eq!(path.from, "device.a.word.q_TRELLIS_FF_Q_5.Q");
        assert_eq!(path.to, "device.b.word.q_TRELLIS_FF_Q.DI");
        assert_eq!(path.describe(), "3.00 ns, 2.25 of it wire: device.a 2.75 ns, device.b 0.25 ns");
    }

    #[test]
    fn what_waits_for_the_pll_must_be_fast_enough_too() {
        let slower = REPORT.replace("\"other\"", "\"generated\"");
        assert_eq!(Placed::parse(&slower).unwrap().fmax_mhz(100_000_000), Ok(1.0));
    }

    #[test]
    fn cells_belong_to_modules() {
        let check = |cell: &str, module: &str| assert_eq!(module_of(cell), module, "{cell}");
        check("device.a.b.word.q_TRELLIS_FF_Q_5", "device.a.b");
        check("device.a.sum_LUT4_Z_12", "device.a");
        check("device.a.lane$3.memory.mem.0.6", "device.a.lane$3.memory");
        check("device.a.memory.0.20_RAM", "device.a");
        check("line_in$tr_io", "the board's top");
    }

    #[test]
    fn a_clock_that_was_timed_for_another_frequency_is_refused() {
        let placed = Placed::parse(REPORT).unwrap();
        let error = placed.fmax_mhz(120_000_000).unwrap_err();
        assert_eq!(error, "$glbnet$clock was timed against 100 MHz, and 120 MHz were asked for");
        let placed = Placed::parse(&REPORT.replace("$glbnet$clock\": {", "x\": {")).unwrap();
        assert!(placed.fmax_mhz(100_000_000).unwrap_err().contains("not just one"));
    }
}
