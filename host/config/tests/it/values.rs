//! What a good configuration says.

use std::path::Path;
use std::time::Duration;

use expect_test::expect_file;
use gemmine_config::config::{DeviceName, LogFormat, LogLevel, Operands, Protocol, SourceKind};
use gemmine_config::keys::{TABLES, variables};
use gemmine_config::{Config, EXAMPLE, Endpoint, Layer, Secret};

use crate::good;

#[test]
fn without_anything_there_are_defaults() {
    let config = good("");
    assert_eq!(*config.work.protocol, Protocol::Pearl);
    assert_eq!(*config.work.operands, Operands::BuiltIn);
    assert_eq!(*config.work.out, Path::new("gemmine-out"));
    let [source] = &config.sources[..] else { panic!("{:?}", config.sources) };
    assert_eq!((&**source.name, *source.kind), ("local", SourceKind::Local));
    let [device] = &config.devices[..] else { panic!("{:?}", config.devices) };
    assert_eq!((&*device.device, *device.count), (&DeviceName::Cpu, 1));
    assert_eq!(config.http, None);
    assert_eq!((*config.log.level, *config.log.format), (LogLevel::Info, LogFormat::Text));
    assert!(config.entries.iter().all(|entry| entry.origin == "default"), "{:?}", config.entries);
}

#[test]
fn the_example_is_good_and_has_every_key() {
    let config = good(EXAMPLE);
    let kinds: Vec<SourceKind> = config.sources.iter().map(|source| *source.kind).collect();
    assert_eq!(kinds, [SourceKind::Pool, SourceKind::Gateway, SourceKind::Local]);
    for table in TABLES {
        for key in table.keys {
            let (plain, comment) = (format!("\n{} =", key.name), format!("\n# {} =", key.name));
            let found = EXAMPLE.contains(&plain) || EXAMPLE.contains(&comment);
            assert!(found, "{}.{} is not in the example", table.name, key.name);
        }
    }
}

/// What is commented out in the example is good too, where it goes together with the rest.
#[test]
fn the_examples_comments_are_good() {
    let together = ["seed", "password_file", "tls_ca", "share_target", "baud", "token_file"];
    let uncommented: Vec<&str> = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if together.iter().any(|key| rest.starts_with(&format!("{key} ="))) => rest,
            _ => line,
        })
        .collect();
    let config = good(&uncommented.join("\n"));
    assert_eq!(**config.work.seed.as_ref().unwrap(), 0);
    let token = config.http.unwrap().token.unwrap().value;
    assert_eq!(token, Secret::File("gemmine.token".into()));
}

/// Every value of the example with its origin, as `gemmine config show` has it.
#[test]
fn entries_are_complete() {
    let layer = Layer::file("gemmine.toml", None, EXAMPLE);
    let config = Config::from_layers(&[layer]).unwrap();
    let lines = config.entries.iter().map(|e| format!("{} = {} ({})\n", e.key, e.value, e.origin));
    expect_file!["entries.txt"].assert_eq(&lines.collect::<String>());
}

#[test]
fn variables_are_documented() {
    let lines = variables().into_iter().map(|(name, meaning)| format!("{name}  {meaning}\n"));
    expect_file!["variables.txt"].assert_eq(&lines.collect::<String>());
}

#[test]
fn every_kind_of_source() {
    let config = good(
        "[[source]]\nkind = 'gateway'\n[[source]]\nkind = 'pool'\nendpoint = 'tls://[::1]:3333'\n\
         wallet = 'w'\ntls_ca = 'ca.pem'\npriority = 7\n[[source]]\nkind = 'local'\n\
         share_target = '00ff000000000000000000000000000000000000000000000000000000000000'",
    );
    let [gateway, pool, local] = &config.sources[..] else { panic!("{:?}", config.sources) };
    let endpoint = |source: &gemmine_config::config::Source| {
        source.endpoint.as_ref().map(|endpoint| endpoint.to_string())
    };
    assert_eq!(endpoint(gateway).as_deref(), Some("tcp://127.0.0.1:8337"));
    assert_eq!(endpoint(pool).as_deref(), Some("tls://[::1]:3333"));
    assert_eq!(endpoint(local), None);
    assert_eq!([&**gateway.name, &**pool.name, &**local.name], ["gateway1", "pool2", "local3"]);
    assert_eq!([*gateway.priority, *pool.priority, *local.priority], [0, 7, 2]);
    assert_eq!(local.share_target.as_ref().unwrap()[..2], [0, 255]);
    assert_eq!(*gateway.poll, Duration::from_secs(1));

    let config = good(
        "[work]\nprotocol = 'amadeus'\n[[source]]\nkind = 'amadeus'\nendpoint = 'http://[::1]:80/'\n\
         bits = 20\n[[source]]\nkind = 'local'",
    );
    let bits: Vec<Option<u32>> =
        config.sources.iter().map(|source| source.bits.as_ref().map(|bits| **bits)).collect();
    assert_eq!(bits, [Some(20), Some(8)]);
    assert_eq!(endpoint(&config.sources[0]).as_deref(), Some("http://[::1]:80"));
}

#[test]
fn endpoints_are_strict() {
    for good in [
        "tcp://a:1",
        "tls://pool.example.net:65535",
        "unix:///run/g.sock",
        "http://h",
        "https://h:8/p/q",
        "tcp://[fe80::1]:2",
        "tcp://10.0.0.1:3",
    ] {
        assert_eq!(good.parse::<Endpoint>().map(|endpoint| endpoint.to_string()), Ok(good.into()));
    }
    for bad in [
        "",
        "pool:3333",
        "stratum+tcp://a:1",
        "tcp://",
        "tcp://:1",
        "tcp://a",
        "tcp://a:",
        "tcp://a:0",
        "tcp://a:65536",
        "tcp://a:+1",
        "tcp://a:1/path",
        "tcp://u:p@a:1",
        "tcp://[::1",
        "tcp://::1:5",
        "tcp://[::g]:1",
        "tcp://a b:1",
        "tcp://a..b:1",
        "tcp://ä:1",
        "unix://run/g.sock",
        "unix:///",
        "unix:///run/",
        "http://h/{id}",
        "http://h/a\"b",
        "https://h/\u{e4}",
        "https://h/x/api/upow",
        "http://h?q",
        "http://h#f",
        "http://u@h",
        "https://",
        "https://h:70000",
        "tcp://a:1\n",
    ] {
        assert!(bad.parse::<Endpoint>().is_err(), "{bad:?}");
    }
}
