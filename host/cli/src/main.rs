//! The binary `gemmine`: mine by multiplying matrices, verify offline, multiply exactly.
//!
//! | module | owns |
//! |---|---|
//! | [`args`] | the command line |
//! | [`mine`] | a mining run: operands, passes, hits, shares, summary |
//! | [`matmul`], [`product`], [`quantise`] | exact products of any shape; float32 by way of int7 |
//! | [`verify`] | verdicts on proofs, solutions and receipts |
//! | [`job`], [`receipts`], [`npy`], [`files`] | what is read and written |
//! | [`engine`], [`tools`] | the device and its thread; the tools that some devices need |
//! | [`interrupt`], [`display`] | Ctrl-C; numbers for people |
//!
//! Exit codes: 0 yes, 1 no (a proof is invalid, or a device gave a wrong answer), 2 trouble.

mod args;
mod display;
mod engine;
mod files;
mod interrupt;
mod job;
mod matmul;
mod mine;
mod npy;
mod product;
mod quantise;
mod receipts;
mod tools;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::args::{Cli, Command};

/// A command's answer, if it came to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Yes,
    /// Exit code 1.
    No,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command_or_mine() {
        Command::Mine(args) => mine::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Matmul(args) => matmul::run(&args),
        Command::Tools(command) => tools::run(command),
    };
    match outcome {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) => {
            note(&format!("error: failed to {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Prints to standard output; a reader that went away early is no trouble.
fn print_line(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write standard output"),
    }
}

/// Prints to standard error, where there is one.
fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
