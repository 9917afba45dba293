//! Static timing analysis: the longest way from register to register, from delays that nextpnr writes.
//!
//! # Why
//! What nextpnr has no delays for is in none of the paths that it reports, and it says nothing. Here a way that
//! has no delay is an error, and [`gowin`] says which delays are known all the same; [`ice40`] has a delay that
//! nextpnr has wrong.

pub(crate) mod gowin;
pub(crate) mod ice40;
mod sdf;

use std::collections::{BTreeMap, BTreeSet};

use crate::timing::{End, Hop};
use sdf::{Delays, Pin};

/// The longest way from registers of one clock to registers of the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Longest {
    pub(crate) picoseconds: i64,
    pub(crate) hops: Vec<Hop>,
}

/// A way on: to a pin, in so many picoseconds, by a wire or through a cell.
#[derive(Clone, Copy, Debug)]
struct Edge {
    to: usize,
    picoseconds: i64,
    kind: &'static str,
}

/// The ways through a design.
pub(crate) struct Graph<'a> {
    delays: &'a Delays,
    pins: Vec<&'a Pin>,
    numbers: BTreeMap<&'a Pin, usize>,
    edges: Vec<Vec<Edge>>,
    /// Pins, each behind all that lead to it.
    order: Vec<usize>,
}

/// Whether a port is a clock's, by the names of the parts' cells: `CLK`, `CLKA`, `RCLK`.
pub(crate) fn is_clock(port: &str) -> bool {
    port.starts_with("CLK") || port.ends_with("CLK")
}

impl<'a> Graph<'a> {
    /// The graph of wires and of combinational ways through cells.
    pub(crate) fn new(delays: &'a Delays) -> Result<Self, String> {
        let ends = delays.wires.iter().flat_map(|wire| [&wire.from, &wire.to]);
        let pins: Vec<&Pin> = ends.collect::<BTreeSet<_>>().into_iter().collect();
        let numbers: BTreeMap<&Pin, usize> = pins.iter().copied().zip(0..).collect();
        let edges = vec![Vec::new(); pins.len()];
        let mut graph = Self { delays, pins, numbers, edges, order: Vec::new() };
        for wire in &delays.wires {
            let (from, to) = (graph.numbers[&wire.from], graph.numbers[&wire.to]);
            let edge = Edge { to, picoseconds: wire.picoseconds, kind: "routing" };
            graph.edges[from].push(edge);
        }
        for (name, cell) in &delays.cells {
            for arc in cell.arcs.iter().filter(|arc| !is_clock(&arc.from)) {
                let (Some(from), Some(to)) = (graph.at(name, &arc.from), graph.at(name, &arc.to))
                else {
                    continue;
                };
                let edge = Edge { to, picoseconds: arc.picoseconds, kind: "logic" };
                graph.edges[from].push(edge);
            }
        }
        graph.sort()?;
        Ok(graph)
    }

    /// Number of a cell's port, if a wire is at it.
    fn at(&self, cell: &str, port: &str) -> Option<usize> {
        self.numbers.get(&Pin { cell: cell.to_owned(), port: port.to_owned() }).copied()
    }

    fn sort(&mut self) -> Result<(), String> {
        let mut before = vec![0_usize; self.pins.len()];
        for edge in self.edges.iter().flatten() {
            before[edge.to] += 1;
        }
        let mut ready: Vec<usize> = (0..before.len()).filter(|pin| before[*pin] == 0).collect();
        while let Some(pin) = ready.pop() {
            self.order.push(pin);
            for edge in &self.edges[pin] {
                before[edge.to] -= 1;
                if before[edge.to] == 0 {
                    ready.push(edge.to);
                }
            }
        }
        match before.iter().position(|count| *count > 0) {
            Some(pin) => {
                let Pin { cell, port } = self.pins[pin];
                Err(format!("there is a combinational loop, by {cell}.{port}"))
            }
            None => Ok(()),
        }
    }

    /// The longest way between registers of one clock: from those that `starts` takes to those that `ends` takes.
    /// Both are asked about names of cells and ports of their clocks.
    pub(crate) fn longest(
        &self,
        starts: &dyn Fn(&str, &str) -> bool,
        ends: &dyn Fn(&str, &str) -> bool,
    ) -> Option<Longest> {
        let mut arrival: Vec<Option<i64>> = vec![None; self.pins.len()];
        let mut from: Vec<Option<(usize, Edge)>> = vec![None; self.pins.len()];
        let mut first: BTreeMap<usize, &str> = BTreeMap::new();
        for (name, cell) in &self.delays.cells {
            for arc in cell.arcs.iter().filter(|arc| is_clock(&arc.from)) {
                if let Some(pin) = self.at(name, &arc.to)
                    && starts(name, &arc.from)
                    && arrival[pin] < Some(arc.picoseconds)
                {
                    arrival[pin] = Some(arc.picoseconds);
                    first.insert(pin, &arc.from);
                }
            }
        }
        for &pin in &self.order {
            let Some(time) = arrival[pin] else { continue };
            for edge in &self.edges[pin] {
                let time = Some(time + edge.picoseconds);
                if arrival[edge.to] < time {
                    arrival[edge.to] = time;
                    from[edge.to] = Some((pin, *edge));
                }
            }
        }
        let mut last: Option<(i64, usize, i64)> = None;
        for (name, cell) in &self.delays.cells {
            for check in cell.checks.iter().filter(|check| ends(name, &check.clock)) {
                let pin = self.at(name, &check.port);
                let Some((pin, time)) = pin.and_then(|pin| Some((pin, arrival[pin]?))) else {
                    continue;
                };
                if last.is_none_or(|(longest, ..)| time + check.picoseconds > longest) {
                    last = Some((time + check.picoseconds, pin, check.picoseconds));
                }
            }
        }
        let (picoseconds, mut pin, setup) = last?;
        let hop = |from: End, to: usize, picoseconds: i64, kind: &str| {
            Hop::new(picoseconds as f64 / 1000.0, from, self.end(to), kind)
        };
        let mut hops = vec![hop(self.end(pin), pin, setup, "setup")];
        while let Some((before, edge)) = from[pin] {
            hops.push(hop(self.end(before), pin, edge.picoseconds, edge.kind));
            pin = before;
        }
        let clock = End { port: (*first.get(&pin)?).to_owned(), ..self.end(pin) };
        hops.push(hop(clock, pin, arrival[pin]?, "clk-to-q"));
        hops.reverse();
        Some(Longest { picoseconds, hops })
    }

    fn end(&self, pin: usize) -> End {
        let Pin { cell, port } = self.pins[pin].clone();
        End { cell, port }
    }
}

#[cfg(test)]
mod tests;
