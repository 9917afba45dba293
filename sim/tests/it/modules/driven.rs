//! A module between neighbours that react to it. rust-hdl's simulator runs with them; Verilator is given what they did.

use std::collections::HashMap;

use rust_hdl_core::prelude::*;

use super::both::SETTLE_PASSES;
use super::port::{Module, Values};
use crate::stimulus::Random;

/// The ports of a module in one cycle, by name.
pub struct Wires {
    places: HashMap<String, usize>,
    bits: Vec<u32>,
    inputs: usize,
    values: Values,
}

impl Wires {
    /// All ports, at 0.
    fn new<M: Module>() -> Self {
        let ports = M::default().ports();
        Self {
            places: ports.iter().enumerate().map(|(n, port)| (port.name.clone(), n)).collect(),
            bits: ports.iter().map(|port| port.bits).collect(),
            inputs: ports.iter().filter(|port| port.input).count(),
            values: vec![0; ports.len()],
        }
    }

    fn place(&self, name: &str) -> usize {
        *self.places.get(name).unwrap_or_else(|| panic!("no port {name}"))
    }

    /// A port's value.
    pub fn get(&self, name: &str) -> u64 {
        self.values[self.place(name)]
    }

    /// Whether a port of one bit is high.
    pub fn is(&self, name: &str) -> bool {
        self.get(name) == 1
    }

    /// Whether both of a handshake's wires are high.
    pub fn both(&self, one: &str, other: &str) -> bool {
        self.is(one) && self.is(other)
    }

    /// Sets an input, which keeps its value until it is set again.
    pub fn set(&mut self, name: &str, value: impl Into<u64>) {
        let (place, value) = (self.place(name), value.into());
        assert!(place < self.inputs, "{name} is an output");
        assert!(value <= u64::MAX >> (64 - self.bits[place]), "{name} has no room for {value:#x}");
        self.values[place] = value;
    }
}

/// What is around a module.
pub trait Neighbours {
    /// Sets the inputs of a cycle that come from registers: they know what was before.
    fn drive(&mut self, wires: &mut Wires);

    /// Sets those that depend on outputs of the same cycle. Outputs that depend on them in turn are not yet right.
    fn answer(&mut self, _wires: &mut Wires) {}

    /// The cycle as it is before its clock edge, to be held against what is right.
    fn see(&mut self, wires: &Wires);
}

/// Runs a module for so many cycles: the inputs of every cycle, and the outputs before its clock edge.
pub fn driven<M: Module>(
    cycles: usize,
    neighbours: &mut impl Neighbours,
) -> (Vec<Values>, Vec<Values>) {
    let mut module = M::default();
    module.connect_all();
    let mut wires = Wires::new::<M>();
    let (mut stimulus, mut trace) = (Vec::new(), Vec::new());
    for _ in 0..cycles {
        neighbours.drive(&mut wires);
        settle(&mut module, &mut wires);
        let inputs = wires.values[..wires.inputs].to_vec();
        neighbours.answer(&mut wires);
        if wires.values[..wires.inputs] != inputs {
            settle(&mut module, &mut wires);
        }
        neighbours.see(&wires);
        stimulus.push(wires.values[..wires.inputs].to_vec());
        trace.push(wires.values[wires.inputs..].to_vec());
        module.clock(true);
        assert!(simulate(&mut module, SETTLE_PASSES), "a clock edge does not settle");
    }
    (stimulus, trace)
}

/// Lets the inputs reach the outputs.
fn settle<M: Module>(module: &mut M, wires: &mut Wires) {
    module.drive(&wires.values[..wires.inputs]);
    module.clock(false);
    assert!(simulate(module, SETTLE_PASSES), "a cycle does not settle");
    let outputs = module.outputs();
    wires.values[wires.inputs..].copy_from_slice(&outputs);
}

/// How often somebody goes on: once in so many cycles, and in other times more often or more rarely.
pub struct Pace {
    choices: &'static [u64],
    once_in: u64,
    left: u64,
}

impl Pace {
    /// One that goes over to another of these every few hundred cycles.
    pub const fn new(choices: &'static [u64]) -> Self {
        Self { choices, once_in: 1, left: 0 }
    }

    /// Whether it goes on in this cycle.
    pub fn goes(&mut self, random: &mut Random) -> bool {
        if self.left == 0 {
            self.once_in = self.choices[random.below(self.choices.len() as u64) as usize];
            self.left = 50 + random.below(400);
        }
        self.left -= 1;
        random.one_in(self.once_in)
    }
}

/// What a stimulus has covered, by name.
#[derive(Debug, Default)]
pub struct Covered(std::collections::BTreeMap<&'static str, usize>);

impl Covered {
    /// Counts a thing where it happens.
    pub fn count(&mut self, what: &'static str, happens: bool) {
        *self.0.entry(what).or_default() += usize::from(happens);
    }

    /// How often it happened.
    pub fn times(&self, what: &str) -> usize {
        *self.0.get(what).unwrap_or_else(|| panic!("nobody counts {what}"))
    }

    /// Holds all counts against these, and shows them.
    pub fn check(&self, least: &[(&str, usize)]) {
        println!("{:?}", self.0);
        assert_eq!(self.0.len(), least.len(), "every count has its least number");
        for &(what, least) in least {
            assert!(self.times(what) >= least, "{what}: {} of {least}", self.times(what));
        }
    }
}
