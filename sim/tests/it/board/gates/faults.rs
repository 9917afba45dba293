//! Faults planted into the iCEBreaker's netlist: the comparison with the model must see each, and say where.
//!
//! A fault is a table or two of the part's own, between a cell and its net, and a wire that switches it on. So one
//! compiled simulation has all of them; which are on, its argument says, and with none it must agree with the
//! model.
//!
//! # Why these
//! Seeded picks of cells that every tile goes through, in any PE, lane or memory. Of sums and products it takes the
//! low [`LOW_BITS`] bits, of whose tables every entry is used again and again by the operands of the session; those
//! above are mostly copies of a sign, and of their tables some entries are used by no sum that is possible.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gemmine_devices::Emitted;
use serde_json::{Map, Value, json};

use super::{Netlist, Synthesised, check, verilog};
use crate::stimulus::Random;

/// Faults that are planted. They are switched on one after the other, each in a simulation of its own, where GEMMINE_LONG
/// is set; otherwise the netlist with all of them is only made.
const FAULTS_PLANTED: usize = 8;

/// Bits of a product.
const LOW_BITS: u64 = 16;

/// The input of the board that switches faults on, and the argument of the simulation.
const FAULTS: &str = "faults";

/// Where a net comes from: a cell, its port, the place in it.
type Place = (String, String, usize);

/// A netlist with faults.
struct Planted {
    netlist: Value,
    /// What is wrong, and the wire that makes it so.
    faults: Vec<(String, u64)>,
    next_net: u64,
    random: Random,
}

impl Planted {
    fn new(netlist: &str, seed: u64) -> Self {
        let netlist: Value = serde_json::from_str(netlist).unwrap();
        let mut planted = Self { netlist, faults: vec![], next_net: 0, random: Random(seed) };
        let nets = planted.cells().values().flat_map(|cell| cell["connections"].as_object());
        let nets = nets.flat_map(|ports| ports.values().flat_map(|bits| bits.as_array().unwrap()));
        planted.next_net = nets.filter_map(Value::as_u64).max().unwrap() + 1;
        planted
    }

    fn board(&mut self) -> &mut Map<String, Value> {
        self.netlist["modules"][gemmine_flow::top::TOP].as_object_mut().unwrap()
    }

    fn cells(&mut self) -> &mut Map<String, Value> {
        self.board()["cells"].as_object_mut().unwrap()
    }

    fn below(&mut self, limit: u64) -> usize {
        self.random.below(limit) as usize
    }

    /// Any PE.
    fn pe(&mut self) -> String {
        format!("array.grid.pe${}", self.below(8))
    }

    fn net(&mut self) -> u64 {
        self.next_net += 1;
        self.next_net - 1
    }

    /// The net of a bit of a signal of the accelerator, as it is called in the source.
    fn signal(&mut self, signal: &str, bit: usize) -> u64 {
        let name = format!("device.accelerator.{signal}");
        self.board()["netnames"][&name]["bits"][bit].as_u64().unwrap()
    }

    /// The output that drives a net.
    fn driver(&mut self, net: u64) -> Place {
        let places = self.cells().iter().flat_map(|(name, cell)| {
            let outputs = cell["connections"].as_object().unwrap().iter();
            let outputs = outputs.filter(|(port, _)| cell["port_directions"][*port] == "output");
            outputs.filter_map(|(port, bits)| {
                let place = bits.as_array().unwrap().iter().position(|bit| *bit == net)?;
                Some((name.clone(), port.clone(), place))
            })
        });
        let places: Vec<Place> = places.collect();
        let [place] = places.try_into().unwrap();
        place
    }

    /// Puts a net of its own at a place; it and the one that was there.
    fn cut(&mut self, (cell, port, bit): &Place) -> (u64, u64) {
        let inner = self.net();
        let place = &mut self.cells()[cell]["connections"][port][*bit];
        let outer = place.as_u64().unwrap();
        *place = json!(inner);
        (inner, outer)
    }

    /// A table of some nets, low ones first.
    fn table(&mut self, inputs: &[Value], output: u64, entry: impl Fn([bool; 4]) -> bool) {
        let bits = (0..16).rev().map(|n| entry([0, 1, 2, 3].map(|bit| n >> bit & 1 == 1)));
        let init: String = bits.map(|bit| if bit { '1' } else { '0' }).collect();
        let input = |n: usize| json!([inputs.get(n).unwrap_or(&json!("0"))]);
        let cell = json!({
            "hide_name": 0,
            "type": "SB_LUT4",
            "parameters": { "LUT_INIT": init },
            "attributes": {},
            "port_directions":
                { "I0": "input", "I1": "input", "I2": "input", "I3": "input", "O": "output" },
            "connections":
                { "I0": input(0), "I1": input(1), "I2": input(2), "I3": input(3), "O": [output] },
        });
        self.cells().insert(format!("fault${output}"), cell);
    }

    /// The wire of one more fault.
    fn fault(&mut self, what: String) -> Value {
        let wire = self.net();
        self.faults.push((what, wire));
        json!(wire)
    }

    /// An entry of the table that makes a bit of a PE's sum is wrong.
    fn flip_an_entry(&mut self) {
        // The table of bit 0 has no carry.
        let (sum, bit) = (format!("{}.kept", self.pe()), 1 + self.below(LOW_BITS - 1));
        let net = self.signal(&sum, bit);
        let (flip_flop, ..) = self.driver(net);
        let data = self.cells()[&flip_flop]["connections"]["D"][0].as_u64().unwrap();
        let place = self.driver(data);
        let cell = self.cells()[&place.0].clone();
        assert_eq!(cell["type"], "SB_LUT4");
        let inputs = ["I0", "I1", "I2", "I3"].map(|port| cell["connections"][port][0].clone());
        assert!(inputs.iter().all(Value::is_u64), "a table of four nets: {cell}");
        let entry = self.below(16);
        let fault = self.fault(format!("{sum}[{bit}], entry {entry} of its table flipped"));
        let (right, output) = self.cut(&place);
        let here = self.net();
        self.table(&inputs, here, |bits| (0..4).all(|n| bits[n] == (entry >> n & 1 == 1)));
        let inputs = [json!(right), json!(here), fault];
        self.table(&inputs, output, |[right, here, fault, _]| right ^ (here && fault));
    }

    /// A flip-flop is stuck.
    fn stick(&mut self, signal: &str, bits: u64, at: bool) {
        let bit = self.below(bits);
        let net = self.signal(signal, bit);
        let place = self.driver(net);
        assert!(self.cells()[&place.0]["type"].as_str().unwrap().starts_with("SB_DFF"));
        let fault = self.fault(format!("{signal}[{bit}], its flip-flop stuck at {}", u8::from(at)));
        let (right, output) = self.cut(&place);
        let inputs = [json!(right), fault];
        self.table(&inputs, output, |[right, fault, ..]| if fault { at } else { right });
    }

    /// Two wires of a product have changed places.
    fn swap_wires(&mut self) {
        let (product, bit) = (format!("{}.product_in", self.pe()), self.below(LOW_BITS - 1));
        let fault = self.fault(format!("{product}[{bit}] and [{}] swapped", bit + 1));
        let [(low, low_net), (high, high_net)] = [bit, bit + 1].map(|bit| {
            let net = self.signal(&product, bit);
            let place = self.driver(net);
            assert_eq!(self.cells()[&place.0]["type"], "SB_MAC16");
            self.cut(&place)
        });
        for (right, wrong, output) in [(low, high, low_net), (high, low, high_net)] {
            let inputs = [json!(right), json!(wrong), fault.clone()];
            self.table(&inputs, output, |[a, b, fault, _]| if fault { b } else { a });
        }
    }

    /// A block RAM whose name begins so is never written.
    fn never_write(&mut self, memory: &str) {
        let prefix = format!("device.accelerator.{memory}");
        let names = self
            .cells()
            .iter()
            .filter(|(name, cell)| cell["type"] == "SB_RAM40_4K" && name.starts_with(&prefix));
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        let name = names[self.below(names.len() as u64)].clone();
        let fault = self.fault(format!("{name}, its write enable tied to 0"));
        let (written, enable) = self.cut(&(name, "WCLKE".into(), 0));
        let inputs = [json!(enable), fault];
        self.table(&inputs, written, |[enable, fault, ..]| enable && !fault);
    }

    /// The netlist as Verilog, with an argument that says which faults are on.
    fn verilog(mut self, of: &Synthesised) -> (Emitted, Vec<String>) {
        let (faults, wires): (Vec<String>, Vec<u64>) =
            std::mem::take(&mut self.faults).into_iter().unzip();
        let port = json!({ "direction": "input", "bits": wires });
        self.board()["ports"].as_object_mut().unwrap().insert(FAULTS.into(), port);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("netlist.json"), self.netlist.to_string()).unwrap();
        let mut gates = verilog(&of.definition, &of.device, folder.path());
        let declared = format!(
            "   reg [{}:0] {FAULTS};\n\
             \x20   initial if (!$value$plusargs(\"{FAULTS}=%d\", {FAULTS})) {FAULTS} = 0;\n\
             \x20   wire led;\n",
            faults.len() - 1
        );
        for (place, text) in [
            ("   wire led;\n", declared),
            (".led(led)\n", format!(".led(led), .{FAULTS}({FAULTS})\n")),
        ] {
            assert!(gates.verilog.contains(place), "{place}");
            gates.verilog = gates.verilog.replacen(place, &text, 1);
        }
        (gates, faults)
    }
}

#[test]
fn the_comparison_sees_every_fault_in_a_netlist_and_says_where() {
    let of = Synthesised::icebreaker();
    let mut planted = Planted::new(&of.netlist, 1);
    planted.flip_an_entry();
    planted.flip_an_entry();
    let (summing, passing) = (planted.pe(), planted.pe());
    planted.stick(&format!("{summing}.kept"), LOW_BITS, false);
    planted.stick(&format!("{passing}.sum_out"), LOW_BITS, true);
    let lane = planted.below(4);
    planted.stick(&format!("a_panels.lane${lane}.operand_out"), 8, false);
    planted.swap_wires();
    planted.never_write("b_panels.");
    planted.never_write("array.heads$");
    let (gates, faults) = planted.verilog(of);
    assert_eq!(faults.len(), FAULTS_PLANTED);
    if std::env::var_os("GEMMINE_LONG").is_none() {
        return;
    }
    check(of, Netlist::new(&gates, of, &[]));
    for (n, fault) in faults.iter().enumerate() {
        let netlist = Netlist::new(&gates, of, &[format!("+{FAULTS}={}", 1 << n)]);
        let Err(seen) = catch_unwind(AssertUnwindSafe(|| check(of, netlist))) else {
            panic!("not seen: {fault}");
        };
        let seen = seen.downcast_ref::<String>().unwrap();
        println!("{fault}: {seen}");
        assert!(seen.starts_with("byte ") && seen.contains(" in cycle "), "{fault}: {seen}");
    }
}
