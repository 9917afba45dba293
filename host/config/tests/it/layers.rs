//! Flags over the environment over the file.

use expect_test::{Expect, expect};
use gemmine_config::{Config, Layer};

use crate::{entries, lines};

const FILE: &str = "\
[work]
a = 'A.npy'
b = 'B.npy'
seed = 1
[[source]]
name = 'pool-1'
kind = 'pool'
endpoint = 'tcp://a:1'
wallet = 'w'
password_file = 'p'
[[device]]
device = 'model'
[http]
listen = '127.0.0.1:1'
token_file = 't'
";

/// A file in a folder, variables, and flags; what is given, or what is wrong.
fn check(variables: &[(&str, &str)], flags: impl FnOnce(&mut Layer), expected: Expect) {
    let mut layer = Layer::default();
    flags(&mut layer);
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let file = Layer::file("/etc/g.toml", Some("/etc".as_ref()), FILE);
    let layers = [layer, Layer::environment(variables), file];
    let text = match Config::from_layers(&layers) {
        Ok(config) => entries(&config),
        Err(problems) => lines(&problems),
    };
    expected.assert_eq(&text);
}

#[test]
fn the_file_alone() {
    check(
        &[],
        |_| {},
        expect![[r#"
        work.operands = "/etc/A.npy x /etc/B.npy" (/etc/g.toml:2)
        work.seed = 1 (/etc/g.toml:4)
        source[1].kind = "pool" (/etc/g.toml:7)
        source[1].name = "pool-1" (/etc/g.toml:6)
        source[1].endpoint = "tcp://a:1" (/etc/g.toml:8)
        source[1].wallet = "w" (/etc/g.toml:9)
        source[1].password_file = "/etc/p" (/etc/g.toml:10)
        device[1].device = "model" (/etc/g.toml:12)
        http.listen = "127.0.0.1:1" (/etc/g.toml:14)
        http.token_file = "/etc/t" (/etc/g.toml:15)
    "#]],
    );
}

#[test]
fn the_environment_counts_before_the_file() {
    let variables = [
        ("GEMMINE_WORK_SEED", "2"),
        ("GEMMINE_HTTP_ALLOWED_HOSTS", "a, b.c"),
        ("GEMMINE_HTTP_TOKEN", "hunter2"),
        ("GEMMINE_SOURCE_POOL_1_PASSWORD", "hunter2"),
        ("GEMMINE_SUPERVISION_QUARANTINE_RATE", "0.5"),
        ("GEMMINE_TOOLS_DIR", "/somewhere"),
        ("PATH", "/bin"),
    ];
    check(
        &variables,
        |_| {},
        expect![[r#"
        work.operands = "/etc/A.npy x /etc/B.npy" (/etc/g.toml:2)
        work.seed = 2 (environment GEMMINE_WORK_SEED)
        source[1].kind = "pool" (/etc/g.toml:7)
        source[1].name = "pool-1" (/etc/g.toml:6)
        source[1].endpoint = "tcp://a:1" (/etc/g.toml:8)
        source[1].wallet = "w" (/etc/g.toml:9)
        source[1].password_file = "(not shown)" (environment GEMMINE_SOURCE_POOL_1_PASSWORD)
        device[1].device = "model" (/etc/g.toml:12)
        supervision.quarantine_rate = 0.5 (environment GEMMINE_SUPERVISION_QUARANTINE_RATE)
        http.listen = "127.0.0.1:1" (/etc/g.toml:14)
        http.token_file = "(not shown)" (environment GEMMINE_HTTP_TOKEN)
        http.allowed_hosts = ["a", "b.c"] (environment GEMMINE_HTTP_ALLOWED_HOSTS)
    "#]],
    );
}

#[test]
fn flags_count_before_everything() {
    let flags = |layer: &mut Layer| {
        layer.set("work", "zero_signal", "16x32", "--zero-signal");
        layer.set("work", "seed", "3", "--seed");
        layer.set("http", "token_file", "t2", "--token-file");
        layer.add_source(&[("kind", "gateway"), ("endpoint", "tcp://b")], "--gateway");
        layer.add_device(&[("device", "cpu"), ("threads", "4")], "--device");
        layer.add_device(&[("device", "serial:auto")], "--device");
    };
    let variables = [("GEMMINE_WORK_SEED", "2"), ("GEMMINE_HTTP_TOKEN", "hunter2")];
    check(
        &variables,
        flags,
        expect![[r#"
        work.operands = "16x32 zeros" (flag --zero-signal)
        work.seed = 3 (flag --seed)
        source[1].kind = "gateway" (flag --gateway)
        source[1].endpoint = "tcp://b:8337" (flag --gateway)
        device[1].device = "cpu" (flag --device)
        device[1].threads = 4 (flag --device)
        device[2].device = "serial:auto" (flag --device)
        http.listen = "127.0.0.1:1" (/etc/g.toml:14)
        http.token_file = "t2" (flag --token-file)
    "#]],
    );
}

#[test]
fn wrong_variables_and_flags_are_named() {
    let variables = [
        ("GEMMINE_WORK_SEED", "two"),
        ("GEMMINE_LOG_LEVEL", ""),
        ("GEMMINE_HTTP_LISEN", "127.0.0.1:1"),
        ("GEMMINE_SOURCE_POOL1_PASSWORD", "x"),
        ("GEMMINE_HTTP_TOKEN", "t\u{f6}ken"),
    ];
    let flags = |layer: &mut Layer| {
        layer.set("log", "format", "xml", "--log-format");
        layer.set("log", "colour", "red", "--colour");
    };
    check(
        &variables,
        flags,
        expect![[r#"
            environment GEMMINE_HTTP_LISEN: there is no such variable; did you mean GEMMINE_HTTP_LISTEN?
            flag --colour: log.colour is no key; there are level, format
            environment GEMMINE_WORK_SEED: work.seed is "two": give a whole number from 0 to 18446744073709551615
            environment GEMMINE_SOURCE_POOL1_PASSWORD: no source has that name; there are GEMMINE_SOURCE_POOL_1_PASSWORD
            environment GEMMINE_HTTP_TOKEN: the secret can't be one, it has characters that are not printable ASCII: give 1 to 4096 printable ASCII characters
            environment GEMMINE_LOG_LEVEL: log.level is "": give info, warning or error
            flag --log-format: log.format is "xml": give text or json
        "#]],
    );
}

#[test]
fn what_does_not_count_is_checked_for_its_names_only() {
    let file =
        Layer::file("g.toml", None, "[[device]]\ndevice = 'gpu'\ncuont = 1\n[log]\nlevel = 3");
    let mut flags = Layer::default();
    flags.set("log", "level", "error", "--log-level");
    flags.add_device(&[("device", "cpu")], "--device");
    let problems = Config::from_layers(&[flags, file]).unwrap_err();
    expect![[r#"
        g.toml:3: device.cuont is no key; did you mean `count`?
    "#]]
    .assert_eq(&lines(&problems));
}

#[test]
fn secrets_are_not_shown() {
    let variables = [
        ("GEMMINE_HTTP_TOKEN".to_owned(), "hunter2".to_owned()),
        ("GEMMINE_SOURCE_POOL_1_PASSWORD".to_owned(), "hunter2".to_owned()),
    ];
    let layers = [Layer::environment(variables), Layer::file("", None, FILE)];
    let config = Config::from_layers(&layers).unwrap();
    let token = config.http.as_ref().and_then(|http| http.token.as_ref()).unwrap();
    assert_eq!(token.read().unwrap(), "hunter2");
    for text in [format!("{config:?}"), format!("{layers:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
