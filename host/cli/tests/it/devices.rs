//! Devices by name: those in this process, and ports that have none.

use super::*;

#[test]
fn the_model_passes_its_selftest() {
    let folder = tempfile::tempdir().unwrap();
    let text = expect(folder.path(), "selftest", 0);
    assert!(text.ends_with("every check passed\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("pass")).count(), 3, "{text}");
    let json = last_json(&expect(folder.path(), "selftest --geometry 4x8 --json", 0));
    assert_eq!((&json["exit"], &json["geometry"]), (&0.into(), &"4x8".into()));
    let names: Vec<&str> =
        json["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["link", "golden vectors", "queue and job slots", "panel memory", "counters"]
    );
}

#[test]
fn ports_without_a_device_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (
            "selftest --device serial:/dev/no-such",
            "open device serial:/dev/no-such: there is no port",
        ),
        ("mine --device serial:/dev/null", "can't be opened as a serial port"),
        ("mine --device serial:/dev/null --geometry 4x4", "--geometry is for simulated devices"),
        ("selftest --baud 9600", "--baud and --max-baud are for devices behind a port"),
    ];
    for (arguments, part) in cases {
        expect_trouble(folder.path(), arguments, part);
    }
    for wrong in ["selftest --device serial:", "mine --device fpga", "devices --baud 7"] {
        assert_eq!(gemmine(folder.path(), wrong).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn devices_lists_what_there_is_and_fails_for_a_port_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = expect(folder.path(), "devices --port /dev/no-such", 1);
    assert!(text.contains("\nmodel  "), "{text}");
    assert!(
        text.contains("serial:/dev/no-such  NOT USABLE: there is no port /dev/no-such"),
        "{text}"
    );
    let json = last_json(&expect(folder.path(), "devices --port /dev/no-such --json", 1));
    let last = json["devices"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["device"], &last["usable"]), (&"serial:/dev/no-such".into(), &false.into()));
    assert_eq!(json["exit"], 1);
}
