//! The committed results, the report that is made of them, and the page in a real browser.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod committed;
mod page;

use std::path::{Path, PathBuf};

use gemmine_report::baselines::Baselines;
use gemmine_report::report::{Inputs, Report};
use gemmine_report::result::ResultFile;
use gemmine_report::verify::{Checkout, verify};

/// The root of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The committed result files, by name.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("benches/results")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What they say.
fn results() -> Vec<ResultFile> {
    verify(&files(), &Checkout::at(&root())).unwrap_or_else(|refusals| {
        let lines: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        panic!(
            "{}\nif a board's report or the table of baselines has changed, `gemmine report boards --out benches/results` \
             makes the boards' files again",
            lines.join("\n")
        )
    })
}

/// The committed report.
fn report() -> Report {
    let baselines = Baselines::embedded().unwrap();
    let inputs = Inputs {
        results: &results(),
        baselines: &baselines,
        rerun: gemmine_report::report::committed_commands(),
        link: Some("../".into()),
    };
    Report::of(&inputs).unwrap()
}
