//! Timing of a Gowin part: what nextpnr-himbaechel-gowin 0.11.1 leaves out is put in, and what nobody knows is said.
//!
//! | what nextpnr has no delays for | what is taken |
//! |---|---|
//! | `LUT4` that routing puts in front of a flip-flop | those of any other `LUT4` |
//! | port B of `DP`: address and data to clock, clock to data | those of port A; apycula 0.32's tables have the same |
//! | `DI` of `RAM16SDP4` | those of `WAD`; apycula's tables have the same |
//! | `MULT9X9` with its registers | none: what the wires leave it of a cycle goes into the report |
//! | anything else, such as `LUT1` to `LUT3`, or other multipliers | the analysis fails |
//!
//! nextpnr has one figure for block RAM from clock to data, that without output register, whichever is in use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::sdf::{self, Arc, Check, Delays};
use super::{Graph, is_clock};
use crate::timing::CriticalPath;
use crate::top::CLOCK_NET;

/// What nextpnr calls the module that it writes, whatever its name was.
const MODULE: &str = "top";
/// Cells at the edge of the design, or of its clock.
const EDGE: [&str; 9] =
    ["IBUF", "OBUF", "TBUF", "IOBUF", "GOWIN_VCC", "GOWIN_GND", "GSR", "rPLL", "DQCE"];
/// What a multiplier's registers must be.
const REGISTERS: [&str; 3] = ["AREG", "BREG", "OUT_REG"];

/// What the analysis finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Analysis {
    /// The longest path, in picoseconds.
    pub(crate) picoseconds: i64,
    /// Where it goes.
    pub(crate) critical_path: Option<CriticalPath>,
    /// What the figure does not hold.
    pub(crate) caveats: Vec<String>,
}

/// Pairs of a cell and a port.
type Ports = BTreeSet<(String, String)>;

/// Analyses a routed design from its delays and its netlist, for a clock in hertz.
pub(crate) fn analyse(delays: &str, routed: &Value, clock_hz: u64) -> Result<Analysis, String> {
    let mut delays = sdf::parse(delays)?;
    let cells = routed["modules"][MODULE]["cells"].as_object();
    let cells = cells.ok_or_else(|| format!("it has no cells of {MODULE}"))?;
    let clock = &routed["modules"][MODULE]["netnames"][CLOCK_NET]["bits"];
    let clock = clock[0].as_u64().ok_or_else(|| format!("it has no net {CLOCK_NET}"))?;
    let mut clocked = Ports::new();
    let mut registered = BTreeSet::new();
    for (name, cell) in cells {
        let ports = cell["connections"].as_object().into_iter().flatten();
        let at_clock = ports.filter(|(port, bits)| is_clock(port) && bits[0] == clock);
        clocked.extend(at_clock.map(|(port, _)| (name.clone(), port.clone())));
        let set = |register: &&str| {
            cell["parameters"][register].as_str().is_some_and(|value| value.ends_with('1'))
        };
        if cell["type"] == "MULT9X9" && REGISTERS.iter().all(set) {
            registered.insert(name.clone());
        }
    }
    complete(&mut delays, &registered);
    let untimed = untimed(&delays);
    if !untimed.is_empty() {
        return Err(format!(
            "nextpnr has no delays for {}, so no clock can be vouched for; use other cells, or look up \
             their delays and teach them to the flow",
            untimed.join(", ")
        ));
    }
    let graph = Graph::new(&delays)?;
    let at_clock = |cell: &str, port: &str| clocked.contains(&(cell.to_owned(), port.to_owned()));
    let longest = graph
        .longest(&at_clock, &at_clock)
        .ok_or_else(|| format!("no path leads from a register of {CLOCK_NET} to another"))?;
    let mut caveats = Vec::new();
    if !registered.is_empty() {
        let block = |cell: &str, port: &str| registered.contains(cell) && at_clock(cell, port);
        let nanoseconds = |path: Option<super::Longest>| {
            path.map_or(0.0, |path| path.picoseconds as f64 / 1000.0)
        };
        let period = 1e9 / clock_hz as f64;
        let setup = period - nanoseconds(graph.longest(&at_clock, &block));
        let output = period - nanoseconds(graph.longest(&block, &at_clock));
        caveats.push(format!(
            "no open source has the delays of MULT9X9, so Fmax does not hold what {} of them take: at {:.3} MHz \
             all else leaves them {setup:.3} ns for setup, {output:.3} ns from clock to output, and \
             {period:.3} ns from each of their registers to the next; Gowin's own timing analysis, or a board, \
             must say whether that is enough",
            registered.len(),
            clock_hz as f64 / 1e6,
        ));
    }
    let (picoseconds, hops) = (longest.picoseconds, longest.hops);
    Ok(Analysis { picoseconds, critical_path: CriticalPath::of(&hops), caveats })
}

/// Inputs and outputs of each cell that wires are at.
fn connected(delays: &Delays) -> (Ports, Ports) {
    let kind = |cell: &str| delays.cells.get(cell).map_or("", |cell| cell.kind.as_str());
    let (mut inputs, mut outputs) = (Ports::new(), Ports::new());
    for wire in &delays.wires {
        if !matches!(kind(&wire.from.cell), "GOWIN_VCC" | "GOWIN_GND") {
            inputs.insert((wire.to.cell.clone(), wire.to.port.clone()));
            outputs.insert((wire.from.cell.clone(), wire.from.port.clone()));
        }
    }
    (inputs, outputs)
}

/// Ports of a set that are a cell's.
fn ports_of<'a>(ports: &'a Ports, cell: &str) -> impl Iterator<Item = &'a str> {
    let cell = cell.to_owned();
    ports
        .range((cell.clone(), String::new())..)
        .take_while(move |(name, _)| *name == cell)
        .map(|(_, port)| port.as_str())
}

/// Puts in what nextpnr leaves out and is known, and multipliers that take no time.
fn complete(delays: &mut Delays, registered: &BTreeSet<String>) {
    let (inputs, outputs) = connected(delays);
    let mut table: BTreeMap<(String, String), i64> = BTreeMap::new();
    let tables = delays.cells.values().filter(|cell| cell.kind == "LUT4");
    for arc in tables.flat_map(|cell| &cell.arcs) {
        let longest = table.entry((arc.from.clone(), arc.to.clone())).or_default();
        *longest = arc.picoseconds.max(*longest);
    }
    for (name, cell) in &mut delays.cells {
        match cell.kind.as_str() {
            "LUT4" if cell.arcs.is_empty() => {
                cell.arcs.extend(table.iter().map(|((from, to), picoseconds)| Arc {
                    from: from.clone(),
                    to: to.clone(),
                    picoseconds: *picoseconds,
                }));
            }
            "DP" => {
                let other = |arc: &Arc| {
                    Some(Arc {
                        from: other_port(&arc.from)?,
                        to: other_port(&arc.to)?,
                        picoseconds: arc.picoseconds,
                    })
                };
                let arcs: Vec<Arc> = cell.arcs.iter().filter_map(other).collect();
                let other = |check: &Check| {
                    Some(Check {
                        port: other_port(&check.port)?,
                        clock: other_port(&check.clock)?,
                        picoseconds: check.picoseconds,
                    })
                };
                let checks: Vec<Check> = cell.checks.iter().filter_map(other).collect();
                cell.arcs.extend(arcs);
                cell.checks.extend(checks);
            }
            "RAM16SDP4" => {
                let address = cell.checks.iter().find(|check| check.port.starts_with("WAD"));
                if let Some(address) = address.cloned() {
                    let data = ports_of(&inputs, name).filter(|port| port.starts_with("DI"));
                    let checks = data.map(|port| Check { port: port.into(), ..address.clone() });
                    cell.checks.extend(checks);
                }
            }
            "MULT9X9" if registered.contains(name) => {
                let clock = || "CLK".to_owned();
                let operands = ports_of(&inputs, name).filter(|port| !is_clock(port));
                cell.checks.extend(operands.map(|port| Check {
                    port: port.to_owned(),
                    clock: clock(),
                    picoseconds: 0,
                }));
                cell.arcs.extend(ports_of(&outputs, name).map(|port| Arc {
                    from: clock(),
                    to: port.to_owned(),
                    picoseconds: 0,
                }));
            }
            _ => {}
        }
    }
}

/// Port B's name of a port of port A of a `DP`.
fn other_port(port: &str) -> Option<String> {
    let pairs = [("CLKA", "CLKB"), ("ADA", "ADB"), ("DIA", "DIB"), ("DOA", "DOB")];
    pairs.iter().find_map(|(a, b)| Some(format!("{b}{}", port.strip_prefix(a)?)))
}

/// Kinds of cells with ports that signals pass, or end at, without a delay.
fn untimed(delays: &Delays) -> Vec<String> {
    let (inputs, outputs) = connected(delays);
    let mut found: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (name, cell) in &delays.cells {
        if EDGE.contains(&cell.kind.as_str()) {
            continue;
        }
        let arcs = || cell.arcs.iter();
        let known = |port: &str| {
            is_clock(port)
                || arcs().any(|arc| arc.from == port)
                || cell.checks.iter().any(|check| check.port == port)
        };
        // What has no output hides no path, and what has no input is constant.
        let ends = |port: &str| arcs().any(|arc| arc.to == port);
        let driven = ports_of(&inputs, name).next().is_some();
        let useful = ports_of(&outputs, name).next().is_some();
        let input = ports_of(&inputs, name).find(|port| useful && !known(port));
        let output = || ports_of(&outputs, name).find(|port| driven && !ends(port));
        if let Some(port) = input.or_else(output) {
            found.entry(&cell.kind).or_insert((0, port)).0 += 1;
        }
    }
    let describe = |(kind, (count, port)): (&str, (usize, &str))| {
        format!("{count} {kind} (port {port} of the first)")
    };
    found.into_iter().map(describe).collect()
}
