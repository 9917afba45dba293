//! The configuration, as a program uses it.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod files;
mod fuzz;
mod layers;
mod problems;
mod values;

use gemmine_config::{Config, Problem};

/// A configuration that is as it should be.
fn good(text: &str) -> Config {
    match Config::parse(text) {
        Ok(config) => config,
        Err(problems) => panic!("{text}\n{}", lines(&problems)),
    }
}

/// Everything that is wrong with a text, a line a problem.
fn bad(text: &str) -> String {
    lines(&Config::parse(text).unwrap_err())
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// Every value that somebody asked for, with its origin.
fn entries(config: &Config) -> String {
    let given = config.entries.iter().filter(|entry| entry.origin != "default");
    given.map(|entry| format!("{} = {} ({})\n", entry.key, entry.value, entry.origin)).collect()
}
