//! A module's ports, listed once: raw values go in, raw values come out.

use gemmine_hdl::bits::{signed_bits, unsigned_bits};
use gemmine_sim::verilator::modules;
use rust_hdl_core::prelude::*;

use crate::stimulus::Random;

/// Raw bits of some ports in one cycle, in the order of the module's declaration.
pub type Values = Vec<u64>;

/// A module that rust-hdl's simulator can run by raw values. [`module!`] implements it.
pub trait Module: Block + Default {
    /// All inputs but the clock, then all outputs.
    fn ports(&self) -> Vec<modules::Port>;
    /// Sets the inputs.
    fn drive(&mut self, inputs: &[u64]);
    /// Sets the clock, if there is one.
    fn clock(&mut self, high: bool);
    /// What is on the outputs.
    fn outputs(&self) -> Values;
}

/// A value of a port, to and from raw bits.
pub trait Word: Synth {
    /// The value of these bits.
    fn from_raw(raw: u64) -> Self;
    /// The bits of this value.
    fn raw(self) -> u64;
}

impl Word for Bit {
    fn from_raw(raw: u64) -> Self {
        raw & 1 == 1
    }

    fn raw(self) -> u64 {
        self.into()
    }
}

impl<const N: usize> Word for Bits<N> {
    fn from_raw(raw: u64) -> Self {
        unsigned_bits(raw)
    }

    fn raw(self) -> u64 {
        self.to_u64()
    }
}

impl<const N: usize> Word for Signed<N> {
    fn from_raw(raw: u64) -> Self {
        signed_bits(raw as i64)
    }

    fn raw(self) -> u64 {
        self.inner().to_u64()
    }
}

/// An input, or an array of inputs.
pub trait Input {
    /// Appends name and width.
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>);
    /// Takes its values.
    fn drive(&mut self, values: &mut impl Iterator<Item = u64>);
}

/// An output, or an array of outputs.
pub trait Output {
    /// Appends name and width.
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>);
    /// Appends its values.
    fn sample(&self, values: &mut Values);
}

impl<T: Word> Input for Signal<In, T> {
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>) {
        ports.push(modules::Port { name: name.into(), bits: T::BITS as u32, input: true });
    }

    fn drive(&mut self, values: &mut impl Iterator<Item = u64>) {
        self.next = T::from_raw(values.next().unwrap());
    }
}

impl<T: Word> Output for Signal<Out, T> {
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>) {
        ports.push(modules::Port { name: name.into(), bits: T::BITS as u32, input: false });
    }

    fn sample(&self, values: &mut Values) {
        values.push(self.val().raw());
    }
}

impl<I: Input, const N: usize> Input for [I; N] {
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>) {
        for (n, port) in self.iter().enumerate() {
            port.declare(&format!("{name}${n}"), ports);
        }
    }

    fn drive(&mut self, values: &mut impl Iterator<Item = u64>) {
        for port in self {
            port.drive(values);
        }
    }
}

impl<I: Input> Input for Vec<I> {
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>) {
        for (n, port) in self.iter().enumerate() {
            port.declare(&format!("{name}${n}"), ports);
        }
    }

    fn drive(&mut self, values: &mut impl Iterator<Item = u64>) {
        for port in self {
            port.drive(values);
        }
    }
}

impl<O: Output, const N: usize> Output for [O; N] {
    fn declare(&self, name: &str, ports: &mut Vec<modules::Port>) {
        for (n, port) in self.iter().enumerate() {
            port.declare(&format!("{name}${n}"), ports);
        }
    }

    fn sample(&self, values: &mut Values) {
        for port in self {
            port.sample(values);
        }
    }
}

/// Implements [`Module`]: `module!([generics] Type: clock, (inputs) -> (outputs))`.
macro_rules! module {
    ([$($generics:tt)*] $type:ty: $($clock:ident,)? ($($input:ident),*) -> ($($output:ident),*)) => {
        impl<$($generics)*> $crate::modules::port::Module for $type {
            fn ports(&self) -> Vec<gemmine_sim::verilator::modules::Port> {
                use $crate::modules::port::{Input, Output};
                let mut ports = Vec::new();
                $(Input::declare(&self.$input, stringify!($input), &mut ports);)*
                $(Output::declare(&self.$output, stringify!($output), &mut ports);)*
                ports
            }

            fn drive(&mut self, inputs: &[u64]) {
                use $crate::modules::port::Input;
                let mut values = inputs.iter().copied();
                $(self.$input.drive(&mut values);)*
                assert_eq!(values.next(), None, "a value that no input takes");
            }

            fn clock(&mut self, high: bool) {
                let _ = high;
                $(self.$clock.next = rust_hdl_core::prelude::Clock { clk: high };)?
            }

            fn outputs(&self) -> Vec<u64> {
                use $crate::modules::port::Output;
                let mut values = Vec::new();
                $(self.$output.sample(&mut values);)*
                values
            }
        }
    };
}
pub(super) use module;

/// Random inputs: one-bit ports at random, wider ones with every third value an extreme.
pub fn random_inputs<M: Module>(random: &mut Random, cycles: usize) -> Vec<Values> {
    let ports = M::default().ports();
    let inputs: Vec<u32> = ports.iter().filter(|port| port.input).map(|port| port.bits).collect();
    let mut value = |bits: u32| {
        let ones = u64::MAX >> (64 - bits);
        let sign = 1 << (bits - 1);
        match random.below(18) {
            0 => 0,
            1 => 1,
            2 => ones,
            3 => sign,
            4 => sign - 1,
            5 => (sign + 1) & ones,
            _ => random.next() & ones,
        }
    };
    (0..cycles).map(|_| inputs.iter().map(|&bits| value(bits)).collect()).collect()
}
