//! A configuration: a file, variables of the environment and flags, with a zero byte between them.
//!
//! What is wrong is said with places that there are, and nothing of it harms a terminal. What is right has endpoints
//! that the sources take, and shows no secret. Flags count before the environment, and that before the file.

use std::path::Path;

use gemmine_config::layer::MOST_PROBLEMS;
use gemmine_config::{Config, Layer, Problem, keys};

use super::endpoint;
use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let file = parts.next().unwrap_or_default();
    let pairs = |part: Option<&str>| -> Vec<(String, String)> {
        let lines = part.unwrap_or_default().lines().filter_map(|line| line.split_once('='));
        lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let variables = pairs(parts.next());
    let flags = pairs(parts.next());

    alone(file);

    let mut by_flag = Layer::default();
    for (name, value) in &flags {
        let Some((table, key)) = name.split_once('.') else { continue };
        match table {
            "source" => by_flag.add_source(&[(key, value.as_str())], "--flag"),
            "device" => by_flag.add_device(&[(key, value.as_str())], "--flag"),
            _ => by_flag.set(table, key, value.clone(), "--flag"),
        }
    }
    let layers = [
        by_flag,
        Layer::environment(variables.clone()),
        Layer::file("gemmine.toml", Some(Path::new("/etc/gemmine")), file),
    ];
    match Config::from_layers(&layers) {
        Ok(config) => {
            right(&config);
            origins(&config, &flags, &variables);
            for (name, value) in &variables {
                // A secret that stands nowhere else.
                if is_secret(name) && value.len() >= 8 && text.matches(value.as_str()).count() == 1
                {
                    let shown = format!("{config:?}");
                    assert!(!shown.contains(value.as_str()), "{name} is shown: {shown}");
                }
            }
        }
        Err(problems) => problems_are_told(&problems),
    }
}

/// The file, without anything else.
fn alone(file: &str) {
    match Config::parse(file) {
        Ok(config) => right(&config),
        Err(problems) => {
            problems_are_told(&problems);
            let lines = file.split('\n').count();
            for problem in &problems {
                let line = problem.line().expect("a file's problem has a line");
                assert!((1..=lines).contains(&line), "{problem}: {lines} lines");
                let _ = problem.picture(file);
            }
        }
    }
}

fn problems_are_told(problems: &[Problem]) {
    assert!((1..=MOST_PROBLEMS).contains(&problems.len()), "{} problems", problems.len());
    problems.iter().for_each(plain::message);
}

fn right(config: &Config) {
    assert!(!config.entries.is_empty());
    for entry in &config.entries {
        assert!(!entry.key.is_empty() && !entry.origin.is_empty(), "{entry:?}");
        plain::words(&entry.key);
    }
    for source in &config.sources {
        source.endpoint.iter().for_each(|endpoint| endpoint::configured(&endpoint.value));
    }
}

/// What a flag says counts, and what the environment says where no flag does.
fn origins(config: &Config, flags: &[(String, String)], variables: &[(String, String)]) {
    for entry in &config.entries {
        let Some((table, key)) = entry.key.split_once('.') else { continue };
        let known = keys::table(table).is_some_and(|table| table.has(key));
        // A token out of the environment counts more than the file of one.
        if !known || key == "token_file" {
            continue;
        }
        let variable = keys::variable(table, key);
        if flags.iter().any(|(name, _)| *name == entry.key) {
            assert_eq!(entry.origin, "flag --flag", "{entry:?}");
        } else if variables.iter().any(|(name, _)| *name == variable) {
            assert!(entry.origin.contains(&variable), "{entry:?}");
        }
    }
}

fn is_secret(variable: &str) -> bool {
    variable == keys::token_variable() || variable.ends_with("_PASSWORD")
}
