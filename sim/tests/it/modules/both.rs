//! One stimulus through rust-hdl's simulator and through Verilator.

use gemmine_hdl::emit;
use gemmine_sim::verilator::{Tools, modules};
use rust_hdl_core::prelude::*;

use super::driven::{Neighbours, driven};
use super::port::{Module, Values};

/// Passes in which a cycle must have settled.
pub const SETTLE_PASSES: usize = 1000;

/// Outputs, by module, that are always the same.
const CONSTANT: [(&str, &str); 3] = [
    ("completion_engine", "data_out"),
    ("host_reader", "rready_out"),
    ("memory_link", "host_rready_out"),
];

/// Outputs of every cycle from the inputs of every cycle, by plain Rust.
pub type Reference = fn(&[Values]) -> Vec<Values>;

/// Compares a module in rust-hdl, in Verilator and in plain Rust: every output in every cycle.
///
/// Its Verilog must be clean, and its ports those that the test lists. The stimulus must be good
/// enough to move every output, but for the high halves of counters.
pub fn check<M: Module>(name: &str, stimulus: &[Values], reference: Option<Reference>) -> Trace {
    check_made(name, M::default, stimulus, reference)
}

/// The same of a module that is not the default one of its type.
pub fn check_made<M: Module>(
    name: &str,
    make: fn() -> M,
    stimulus: &[Values],
    reference: Option<Reference>,
) -> Trace {
    let rust = simulated(make(), stimulus);
    let trace = check_simulated(name, make(), stimulus, rust);
    if let Some(reference) = reference {
        let plain = reference(stimulus);
        let outputs: Vec<&str> = trace.outputs.iter().map(String::as_str).collect();
        let sides = [name, "rust-hdl", "plain Rust"];
        compare(sides, &outputs, stimulus, &trace.cycles, &plain);
    }
    trace
}

/// The same of a module between neighbours that react to it, which hold what it does against plain Rust.
pub fn check_driven<M: Module>(
    name: &str,
    cycles: usize,
    neighbours: &mut impl Neighbours,
) -> Trace {
    let (stimulus, rust) = driven::<M>(cycles, neighbours);
    check_simulated(name, M::default(), &stimulus, rust)
}

/// Compares what rust-hdl made of a stimulus with what Verilator does.
fn check_simulated<M: Module>(
    name: &str,
    module: M,
    stimulus: &[Values],
    rust: Vec<Values>,
) -> Trace {
    let tools = Tools::find().unwrap();
    let verilog = emitted_of(name, module);
    let top = format!("gemmine_{name}");
    let ports = ports::<M>(&verilog, &top);
    assert_eq!(modules::lint(&tools, &verilog, &top).unwrap(), "", "lint of {name}");
    let verilated = modules::simulate(&tools, &verilog, &top, stimulus).unwrap();
    let outputs: Vec<&str> = ports.iter().filter(|p| !p.input).map(|p| p.name.as_str()).collect();
    compare([name, "rust-hdl", "Verilator"], &outputs, stimulus, &rust, &verilated);
    for (n, port) in outputs.iter().enumerate() {
        let moves = rust.iter().any(|values| values[n] != rust[0][n]);
        let is_constant = CONSTANT.contains(&(name, *port));
        assert!(moves || is_constant || port.contains("high_out"), "{port} of {name} never moves");
    }
    Trace { outputs: outputs.iter().map(|&name| name.to_owned()).collect(), cycles: rust }
}

/// What came out of a module in every cycle.
pub struct Trace {
    outputs: Vec<String>,
    cycles: Vec<Values>,
}

impl Trace {
    /// The values of these outputs in every cycle.
    pub fn values<const N: usize>(&self, names: [&str; N]) -> impl Iterator<Item = [u64; N]> {
        let places = names.map(|name| self.place(name));
        self.cycles.iter().map(move |values| places.map(|n| values[n]))
    }

    /// Cycles in which all of these outputs are high.
    pub fn count(&self, names: &[&str]) -> usize {
        let places: Vec<usize> = names.iter().map(|name| self.place(name)).collect();
        self.cycles.iter().filter(|values| places.iter().all(|&n| values[n] == 1)).count()
    }

    /// Which of the outputs has this name.
    fn place(&self, name: &str) -> usize {
        self.outputs.iter().position(|output| output == name).unwrap()
    }
}

/// The Verilog of a module, with a top of its own name.
pub fn emitted<M: Module>(name: &str) -> String {
    emitted_of(name, M::default())
}

fn emitted_of<M: Module>(name: &str, mut module: M) -> String {
    module.connect_all();
    emit::verilog(&module, &format!("gemmine_{name}")).unwrap()
}

/// Outputs of every cycle, before its clock edge, from rust-hdl's simulator.
fn simulated<M: Module>(mut module: M, stimulus: &[Values]) -> Vec<Values> {
    module.connect_all();
    let mut trace = Vec::with_capacity(stimulus.len());
    for inputs in stimulus {
        module.drive(inputs);
        module.clock(false);
        assert!(simulate(&mut module, SETTLE_PASSES), "a cycle does not settle");
        trace.push(module.outputs());
        module.clock(true);
        assert!(simulate(&mut module, SETTLE_PASSES), "a clock edge does not settle");
    }
    trace
}

/// The listed ports, which must be those of the Verilog, each side in its order.
fn ports<M: Module>(verilog: &str, top: &str) -> Vec<modules::Port> {
    let listed = M::default().ports();
    let (inputs, outputs): (Vec<_>, Vec<_>) =
        modules::ports(verilog, top).into_iter().partition(|port| port.input);
    let declared: Vec<modules::Port> = inputs.into_iter().chain(outputs).collect();
    assert_eq!(listed, declared, "ports of {top}: the test's list, and the Verilog's");
    listed
}

/// Names of the module and of the two sides, names of the outputs, and what is to be equal.
fn compare(
    [module, left_side, right_side]: [&str; 3],
    outputs: &[&str],
    stimulus: &[Values],
    left: &[Values],
    right: &[Values],
) {
    assert_eq!(left.len(), stimulus.len(), "cycles of {left_side}");
    assert_eq!(right.len(), stimulus.len(), "cycles of {right_side}");
    for (cycle, (left, right)) in left.iter().zip(right).enumerate() {
        assert_eq!((left.len(), right.len()), (outputs.len(), outputs.len()), "outputs");
        for (n, port) in outputs.iter().enumerate() {
            assert!(
                left[n] == right[n],
                "{port} of {module} in cycle {cycle} is {:#x} in {left_side}, {:#x} in \
                 {right_side}; inputs so far {:x?}",
                left[n],
                right[n],
                &stimulus[cycle.saturating_sub(6)..=cycle]
            );
        }
    }
}
