//! The binary `gemmine`: mine by multiplying matrices, verify offline, multiply exactly.
//!
//! | module | owns |
//! |---|---|
//! | [`args`] | the command line |
//! | [`run`] | the miner that goes on: a configuration becomes devices, sources, a log and something to look at |
//! | [`mine`] | a mining run: operands, passes, hits, shares, summary |
//! | [`matmul`], [`product`], [`quantise`] | exact products of any shape; float32 by way of int7 |
//! | [`verify`] | verdicts on proofs, solutions and receipts |
//! | [`job`], [`npy`], [`files`] | what is read and written |
//! | [`receipts`] | receipts as a table, a file, and held against their proofs; the log of `mine` |
//! | [`device`], [`tools`] | the device and its thread; the tools that some devices need |
//! | [`devices`], [`selftest`] | which devices there are, and whether one does what the rule says |
//! | [`board`] | a virtual board behind a pseudo-terminal |
//! | [`amadeus`] | a local Amadeus chain behind HTTP, and the client of a node |
//! | [`build`], [`flash`], [`images`] | images for boards, onto boards, and which image a board has |
//! | [`emit`] | a device's Verilog, for designs of one's own |
//! | [`report`], [`baselines`] | results verified and reported on; what others publish |
//! | [`config`], [`generated`] | the configuration, checked and shown; completions and manual pages |
//! | [`outcome`], [`interrupt`] | exit codes and named errors; Ctrl-C |
//! | [`display`], [`utc`], [`counters`] | numbers and times for people; a device's counters |

mod amadeus;
mod args;
mod baselines;
mod bench;
mod board;
mod build;
mod config;
mod counters;
mod device;
mod devices;
mod display;
mod emit;
mod files;
mod flash;
mod generated;
mod images;
mod interrupt;
mod job;
mod matmul;
mod mine;
mod npy;
mod outcome;
mod product;
mod quantise;
mod receipts;
mod report;
mod run;
mod selftest;
mod sim;
mod tools;
mod utc;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::json;

use crate::args::{Cli, Command};
use crate::outcome::{Named, Outcome};

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command_or_mine(),
        Err(error) => return answer_usage(&error),
    };
    let json = command.json();
    let outcome = match command {
        Command::Mine(args) => mine::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Matmul(args) => matmul::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Selftest(args) => selftest::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Board(args) => board::run(&args),
        Command::Chain(args) => amadeus::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Emit(args) => emit::run(&args),
        Command::Flash(args) => flash::run(&args),
        Command::Receipts(command) => receipts::run(&command),
        Command::Report(args) => report::run(&args),
        Command::Baselines(command) => baselines::run(&command),
        Command::Tools(command) => tools::run(command),
        Command::Config(command) => config::run(&command),
        Command::Completions(args) => generated::completions(args),
        Command::Man(args) => generated::man(&args),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        let text = format!("failed to {error:#}");
        note(&format!("error: {text}"));
        if json {
            let rule = error.downcast_ref::<Named>().map(|named| named.rule);
            print_error(&text, rule);
        }
        Outcome::Trouble
    });
    outcome.into()
}

/// Help goes out as it is; a command line that can't be understood is trouble, in JSON too.
fn answer_usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        print_error(text.lines().next().unwrap_or_default(), None);
    }
    Outcome::Trouble.into()
}

/// The last line of standard output where `--json` met trouble.
fn print_error(text: &str, rule: Option<&str>) {
    let mut object = json!({ "error": text, "exit": Outcome::Trouble.code() });
    if let Some(rule) = rule {
        object["rule"] = rule.into();
    }
    // There is nobody left to tell if this fails too.
    let _ = print_line(&object.to_string());
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
