//! The command line: sound, and strict.

use clap::CommandFactory;

use super::*;

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn verify_wants_exactly_one_thing() {
    for bad in [
        &["gemmine", "verify"][..],
        &["gemmine", "verify", "proof"],
        &["gemmine", "verify", "--job", "j"],
        &["gemmine", "verify", "--amadeus", "s"],
        &["gemmine", "verify", "--amadeus", "s", "--bits", "8", "--job", "j", "p"],
        &["gemmine", "verify", "--job", "j", "p", "--target", "ff"],
        &["gemmine", "verify", "--job", "j", "p", "--bits", "8"],
    ] {
        assert!(Cli::try_parse_from(bad).is_err(), "{bad:?}");
    }
    Cli::try_parse_from(["gemmine", "verify", "--job", "j", "-"]).unwrap();
    Cli::try_parse_from(["gemmine", "verify", "--receipts", "d", "--json"]).unwrap();
}

#[test]
fn a_bare_call_has_no_command() {
    assert!(Cli::try_parse_from(["gemmine"]).unwrap().command.is_none());
}

/// The unit that is shipped, by its lines.
const UNIT: &str = include_str!("../../../../packaging/systemd/gemmine.service");

/// Arguments of a unit's command.
fn unit_command(key: &str) -> Vec<&'static str> {
    let line = UNIT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("the unit has no {key}")).split_whitespace().collect()
}

#[test]
fn the_unit_checks_its_configuration_first() {
    let command = unit_command("ExecStartPre");
    assert_eq!(command[0], "/usr/bin/gemmine");
    let command = Cli::try_parse_from(command).unwrap().command;
    let Some(Command::Config(ConfigCommand::Check(args))) = command else { panic!("{command:?}") };
    // The same file that is run.
    let file = args.file.unwrap();
    let run = unit_command("ExecStart");
    let at = run.iter().position(|argument| *argument == "--config").unwrap();
    assert_eq!(std::path::Path::new(run[at + 1]), file);
    // A program without `run` knows no such command; one that has it knows these flags.
    if let Err(error) = Cli::try_parse_from(run) {
        assert_eq!(error.kind(), clap::error::ErrorKind::InvalidSubcommand, "{error}");
    }
    // What it sets by the environment is a key.
    let set = UNIT.lines().filter_map(|line| line.strip_prefix("Environment="));
    let known = gemmine_config::keys::variables();
    for name in set.filter_map(|line| line.split('=').next()) {
        assert!(known.iter().any(|(variable, _)| variable == name), "{name}");
    }
}
