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
