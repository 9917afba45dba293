//! Children that hang, die or talk nonsense become errors that say what was waited for.

use std::time::Duration;

use super::*;

/// A child that runs a shell script instead of a simulation.
fn child(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn(command).unwrap()
}

fn failure(process: &mut Process) -> String {
    process.report(7).unwrap_err().to_string()
}

#[test]
fn a_child_that_hangs_is_killed() {
    let mut child = child("exec sleep 1000");
    child.patience = Duration::from_millis(200);
    assert_eq!(
        failure(&mut child),
        "failed to wait for the report of 7 cycles from the Verilated core: timed out after 200 ms; \
         the simulation was killed"
    );
}

#[test]
fn a_child_that_dies_is_reported_with_its_status() {
    let text = failure(&mut child("exit 3"));
    assert!(text.contains("the simulation ended (exit status: 3)"), "{text}");
}

#[test]
fn a_report_that_breaks_off_is_no_report() {
    let text = failure(&mut child("printf '\\001\\000\\000'"));
    assert!(text.contains("the simulation ended"), "{text}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = Process::start(Path::new("/no/such/core")).unwrap_err().to_string();
    assert!(error.starts_with("failed to start /no/such/core: "), "{error}");
}
