//! `gemmine matmul`: the exact product of two files, on a device.

use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::json;

use crate::args::MatmulArgs;
use crate::display::{rate, si};
use crate::engine::Engine;
use crate::mine::{self, Operands, Plan};
use crate::npy::{self, Matrix, Operand};
use crate::quantise::{self, Quantised};
use crate::{Outcome, files, print_line, product};

/// What was multiplied, and what the result becomes.
enum Inputs {
    Int8(Matrix<i8>, Matrix<i8>),
    Float32 { a: Matrix<f32>, a_quantised: Quantised, b_quantised: Quantised },
}

impl Inputs {
    fn read(args: &MatmulArgs) -> Result<Self> {
        match (npy::read(&args.a)?, npy::read(&args.b)?) {
            (Operand::Int8(a), Operand::Int8(b)) => {
                product::ensure_shapes(&a, &b)?;
                Ok(Self::Int8(a, b))
            }
            (Operand::Float32(a), Operand::Float32(b)) => {
                product::ensure_shapes(&a, &b)?;
                let a_quantised = quantise::quantise("A", &a)?;
                let b_quantised = quantise::quantise("B", &b)?;
                Ok(Self::Float32 { a, a_quantised, b_quantised })
            }
            (a, b) => bail!(
                "multiply: A is {} and B is {}; convert one, both must be of the same type",
                a.type_name(),
                b.type_name()
            ),
        }
    }

    fn integers(&self) -> (&Matrix<i8>, &Matrix<i8>) {
        match self {
            Self::Int8(a, b) => (a, b),
            Self::Float32 { a_quantised, b_quantised, .. } => {
                (&a_quantised.integers, &b_quantised.integers)
            }
        }
    }

    /// The result's file, and the bound on its error if it has one.
    fn result(&self, product: &Matrix<i32>) -> Result<(Vec<u8>, Option<f64>)> {
        match self {
            Self::Int8(..) => Ok((npy::to_bytes(product)?, None)),
            Self::Float32 { a, a_quantised, b_quantised } => {
                let result = quantise::dequantise(product, (a, a_quantised), b_quantised)?;
                Ok((npy::to_bytes(&result.values)?, Some(result.error_bound)))
            }
        }
    }
}

/// Runs the command.
pub fn run(args: &MatmulArgs) -> Result<Outcome> {
    args.check()?;
    files::check_writable(&args.output)?;
    let inputs = Inputs::read(args)?;
    if args.mine { mine_product(args, &inputs) } else { multiply(args, &inputs) }
}

fn multiply(args: &MatmulArgs, inputs: &Inputs) -> Result<Outcome> {
    let (a, b) = inputs.integers();
    let mut engine = Engine::open(&args.device)?;
    let started = Instant::now();
    let mut counters = gemmine_driver::Counters::default();
    let product = product::multiply(&mut engine, a, b, |report| counters = report.counters)?;
    let seconds = started.elapsed().as_secs_f64();
    let (shape, macs) = ((a.rows, b.columns, a.columns), a.rows * b.columns * a.columns);
    let Some(check) = product::check(a, b, &product) else {
        crate::note("the device's product is WRONG: not what the host computes; it is not written");
        return Ok(Outcome::No);
    };
    let (bytes, error_bound) = inputs.result(&product)?;
    files::replace(&args.output, &bytes)?;
    let identity = engine.identity();
    if args.mining.json {
        let kinds = json!({ "seconds": "measured", "simulated_cycles": "modelled" });
        let object = json!({
            "device": identity.name, "geometry": identity.geometry.to_string(),
            "m": shape.0, "n": shape.1, "k": shape.2, "macs": macs,
            "simulated_cycles": counters.cycles, "mac_cycles": counters.full_mac_cycles,
            "seconds": seconds, "kinds": kinds, "product_check": check.description(),
            "error_bound": error_bound, "output": args.output,
        });
        print_line(&object.to_string())?;
        return Ok(Outcome::Yes);
    }
    print_line(&format!(
        "{}: {} x {} from k = {}, {} ({})\nmeasured: {seconds:.3} s, {}MAC/s of the product on device \
         {} (host wall time of the simulation)\nmodelled: {} cycles of the {} array",
        args.output.display(),
        shape.0,
        shape.1,
        shape.2,
        kind(error_bound),
        check.description(),
        si(macs as f64 / seconds.max(1e-9)),
        identity.name,
        rate(counters.cycles as f64),
        identity.geometry,
    ))?;
    print_bound(error_bound)?;
    Ok(Outcome::Yes)
}

fn mine_product(args: &MatmulArgs, inputs: &Inputs) -> Result<Outcome> {
    let (a, b) = inputs.integers();
    let operands = Operands::new(a.clone(), b.clone())?;
    let plan = Plan {
        operands: &operands,
        device: &args.device,
        mining: &args.mining,
        out: &args.out,
        one_pass: true,
    };
    let (mut summary, product) = mine::mine(&plan)?;
    let mut error_bound = None;
    if let Some(product) = &product {
        let (bytes, bound) = inputs.result(product)?;
        files::replace(&args.output, &bytes)?;
        error_bound = bound;
        summary.product_file = Some(args.output.clone());
    }
    summary.error_bound = error_bound;
    mine::report(&summary, args.mining.json)
}

/// What the file holds.
fn kind(error_bound: Option<f64>) -> &'static str {
    match error_bound {
        None => "exact int32",
        Some(_) => "float32 by way of int7",
    }
}

fn print_bound(error_bound: Option<f64>) -> Result<()> {
    match error_bound {
        None => Ok(()),
        Some(bound) => print_line(&quantise::bound_text(bound)),
    }
}
