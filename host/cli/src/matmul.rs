//! `gemmine matmul`: the exact product of two files, on a device.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use gemmine_driver::DeviceKind;
use serde_json::json;

use crate::args::{DEFAULT_OUT, MatmulArgs};
use crate::device::{DeviceHandle, cycle_kind};
use crate::display::{grouped, si, spinner};
use crate::mine::{self, Operands, Plan, ProductFile};
use crate::npy::{self, Matrix, Operand};
use crate::outcome::Outcome;
use crate::quantise::{self, Quantised};
use crate::{counters, files, print_line, product};

/// What was multiplied, and what the result becomes.
enum Inputs {
    Int8(Matrix<i8>, Matrix<i8>),
    Float32 { a: Matrix<f32>, a_quantised: Quantised, b_quantised: Quantised },
}

impl Inputs {
    fn read(args: &MatmulArgs) -> Result<Self> {
        match (npy::read(&args.a)?, npy::read(&args.b)?) {
            (Operand::Int8(a), Operand::Int8(b)) => {
                product::ensure_shapes((a.rows, a.columns), (b.rows, b.columns))?;
                Ok(Self::Int8(a, b))
            }
            (Operand::Float32(a), Operand::Float32(b)) => {
                product::ensure_shapes((a.rows, a.columns), (b.rows, b.columns))?;
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
    let mut device = DeviceHandle::open(&args.device, args.mining.json)?;
    let started = Instant::now();
    let mut counted = gemmine_driver::Counters::default();
    let spinner = spinner(args.mining.json);
    let product = product::multiply(&mut device, a, b, |report| {
        counted = report.counters;
        let (tiles, cycles) = (grouped(counted.tiles), grouped(counted.cycles));
        spinner.set_message(format!("{tiles} tiles, {cycles} cycles"));
    })?;
    spinner.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let quantised = matches!(inputs, Inputs::Float32 { .. });
    let Some(check) = product::check(a, b, &product) else {
        let error = "the device's product is WRONG: not what the host computes; it is not written";
        crate::note(error);
        if args.mining.json {
            let exit = Outcome::No.code();
            print_line(&json!({ "error": error, "exit": exit, "product": "wrong" }).to_string())?;
        }
        return Ok(Outcome::No);
    };
    let (bytes, error_bound) = inputs.result(&product)?;
    files::replace(&args.output, &bytes)?;
    let identity = device.identity();
    let (m, n, k) = (a.rows, b.columns, a.columns);
    let macs = m * n * k;
    if args.mining.json {
        let mut object = json!({
            "device": identity.name, "geometry": identity.array(),
            "m": m, "n": n, "k": k, "macs": macs, "seconds": seconds,
            "kinds": { "seconds": "measured" },
            "product": if quantised { "quantised" } else { "exact" },
            "product_check": check.description(quantised),
            "error_bound": error_bound, "output": args.output.to_string_lossy(),
            "exit": Outcome::Yes.code(),
        });
        if let serde_json::Value::Object(object) = &mut object {
            if let Some(kinds) = object.get_mut("kinds").and_then(|kinds| kinds.as_object_mut()) {
                kinds.extend(counters::kinds(identity, None));
            }
            object.extend(counters::to_json(identity, &counted));
        }
        print_line(&object.to_string())?;
        return Ok(Outcome::Yes);
    }
    let cycles = match identity.counts_cycles() {
        false => String::new(),
        true => format!(
            "\n{}: {} cycles of the {} array",
            cycle_kind(identity),
            grouped(counted.cycles),
            identity.array()
        ),
    };
    print_line(&format!(
        "{}: {m} x {n} from k = {k}, {} ({})\nmeasured: {seconds:.3} s, {}MAC/s of the product on device \
         {} (host wall time{}){cycles}",
        args.output.display(),
        kind(error_bound),
        check.description(quantised),
        si(macs as f64 / seconds.max(1e-9)),
        identity.name,
        if identity.kind == DeviceKind::Simulation { " of the simulation" } else { "" },
    ))?;
    print_bound(error_bound)?;
    Ok(Outcome::Yes)
}

fn mine_product(args: &MatmulArgs, inputs: &Inputs) -> Result<Outcome> {
    let (a, b) = inputs.integers();
    let operands = Operands::new(a.clone(), b.clone())?;
    let encode = |product: &Matrix<i32>| inputs.result(product);
    let quantised = matches!(inputs, Inputs::Float32 { .. });
    mine::mine(&Plan {
        operands: &operands,
        device: &args.device,
        mining: &args.mining,
        out: args.out.as_deref().unwrap_or(Path::new(DEFAULT_OUT)),
        product_file: ProductFile::Named { path: &args.output, encode: &encode, quantised },
        one_pass: true,
    })
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
