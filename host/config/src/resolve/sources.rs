//! The tables `[[source]]`.

use std::time::Duration;

use crate::config::{Choice, Protocol, Source, SourceKind};
use crate::endpoint::{Endpoint, GATEWAY_PORT, Host};
use crate::keys;
use crate::layer::Keys;
use crate::origin::{Origin, Problem, Setting};
use crate::secret::Secret;

use super::section::{Reading, Section, choice, parsed, path, seconds, text, whole32};
use super::{Resolver, duplicates, many, secret, secs};

/// Leading zero bits on a local Amadeus network.
const LOCAL_BITS: u32 = 8;

/// Reads them; without any there is one that is local.
pub(super) fn sources(resolver: &mut Resolver<'_>, protocol: Protocol) -> Vec<Source> {
    let layers = resolver.layers;
    let given = many(layers, |layer| &layer.sources);
    let local = Keys { origin: Origin::Default, given: Default::default() };
    let sources: Vec<Source> = match given {
        [] => vec![source(resolver, &local, 0, protocol)],
        given => {
            let numbered = given.iter().enumerate();
            numbered.map(|(index, keys)| source(resolver, keys, index, protocol)).collect()
        }
    };
    let named = sources.iter().map(|source| {
        // By the variable of its password: two sources with one would have one password.
        let text = format!("source.name \"{}\"", *source.name);
        (keys::password_variable(&source.name), source.name.origin.clone(), text)
    });
    duplicates(resolver.report, named, "give each source a name that differs in letters or digits");
    unused_passwords(resolver, &sources);
    sources
}

/// A password that no source asks for is a source with another name.
fn unused_passwords(resolver: &mut Resolver<'_>, sources: &[Source]) {
    let wanted: Vec<String> =
        sources.iter().map(|source| keys::password_variable(&source.name)).collect();
    let given = resolver.layers.iter().flat_map(|layer| layer.secrets.keys());
    for variable in given.filter(|name| **name != keys::token_variable()) {
        if !wanted.contains(variable) {
            let text = format!("no source has that name; there are {}", wanted.join(", "));
            let origin = Origin::Environment(variable.as_str().into());
            resolver.report.problems.push(Problem::new(&origin, text));
        }
    }
}

fn source(resolver: &mut Resolver<'_>, keys: &Keys, index: usize, protocol: Protocol) -> Source {
    let default = keys.given.is_empty() && keys.origin == Origin::Default;
    let section_name = format!("source[{}]", index + 1);
    let mut section =
        Section { name: section_name.clone(), layers: vec![keys], report: resolver.report };
    let kind = kind(&mut section, protocol, default);
    let name = section.or("name", default_name(*kind, index, default), parsed(source_name));
    let endpoint = endpoint(&mut section, *kind);
    let fits = fitting(*kind, endpoint.as_deref());
    refuse_others(&mut section, *kind, &fits);
    let share = share(&mut section, *kind, protocol);
    let text_password = resolver.secret(&keys::password_variable(&name));
    let mut section = Section { name: section_name, layers: vec![keys], report: resolver.report };
    let pool = pool(&mut section, *kind, text_password);
    Source {
        priority: section.or(
            "priority",
            u32::try_from(index).unwrap_or(u32::MAX),
            whole32(0..=1_000_000),
        ),
        tls_ca: fits.contains(&"tls_ca").then(|| section.optional("tls_ca", path)).flatten(),
        job_timeout: time(&mut section, &fits, "job_timeout_s", 120, 1.0),
        notify_timeout: time(&mut section, &fits, "notify_timeout_s", 600, 1.0),
        poll: time(&mut section, &fits, "poll_s", 1, 0.05),
        wallet: pool.wallet,
        worker: pool.worker,
        password: pool.password,
        bits: share.bits,
        share_target: share.target,
        interval: share.interval,
        name,
        kind,
        endpoint,
    }
}

/// A time of `least` seconds to a day, where it means something.
fn time(
    section: &mut Section<'_>,
    fits: &[&str],
    key: &str,
    default: u64,
    least: f64,
) -> Setting<Duration> {
    match fits.contains(&key) {
        true => section.or(key, secs(default), seconds(least..=86_400.0)),
        false => Setting::default_of(secs(default)),
    }
}

fn kind(section: &mut Section<'_>, protocol: Protocol, default: bool) -> Setting<SourceKind> {
    if section.given("kind").is_none() && !default {
        section.wrong("kind", "is missing: give gateway, pool, amadeus or local");
    }
    let kind = section.or("kind", SourceKind::Local, choice);
    let other = match (*kind, protocol) {
        (SourceKind::Gateway | SourceKind::Pool, Protocol::Amadeus) => Protocol::Pearl,
        (SourceKind::Amadeus, Protocol::Pearl) => Protocol::Amadeus,
        _ => return kind,
    };
    let (word, other) = (kind.word(), other.word());
    let text = format!(
        "is {word}, which has jobs of {other}, and work.protocol is {}: give another kind or \
         protocol = \"{other}\"",
        protocol.word()
    );
    section.wrong("kind", text);
    kind
}

fn default_name(kind: SourceKind, index: usize, default: bool) -> String {
    if default { "local".into() } else { format!("{}{}", kind.word(), index + 1) }
}

fn source_name(text: &str) -> Result<String, &'static str> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.len() <= 32 && text.bytes().all(known) {
        Ok(text.to_owned())
    } else {
        Err("give 1 to 32 letters, digits, `-` and `_`")
    }
}

fn endpoint(section: &mut Section<'_>, kind: SourceKind) -> Option<Setting<Endpoint>> {
    if kind == SourceKind::Local {
        return None;
    }
    let read = parsed(|text: &str| endpoint_of(kind, text));
    if kind == SourceKind::Gateway {
        let host = Host { name: "127.0.0.1".into(), port: GATEWAY_PORT };
        return Some(section.or("endpoint", Endpoint::Tcp(host), read));
    }
    if section.given("endpoint").is_none() {
        section
            .wrong("endpoint", format!("is missing: a source of kind {} needs one", kind.word()));
    }
    section.optional("endpoint", read)
}

/// An endpoint that a kind of source can have.
fn endpoint_of(kind: SourceKind, text: &str) -> Reading<Endpoint> {
    let port = (kind == SourceKind::Gateway).then_some(GATEWAY_PORT);
    let endpoint = Endpoint::parse(text, port).map_err(|error| error.to_string())?;
    let schemes: &[&str] = match kind {
        SourceKind::Amadeus => &["http", "https"],
        _ => &["tcp", "tls", "unix"],
    };
    match schemes.contains(&endpoint.scheme()) {
        true => Ok(endpoint),
        false => Err(format!("a source of kind {} takes {}", kind.word(), schemes.join(", "))),
    }
}

/// Keys that mean something for a source, beside name, kind and priority.
fn fitting(kind: SourceKind, endpoint: Option<&Endpoint>) -> Vec<&'static str> {
    let mut keys = match kind {
        SourceKind::Gateway => vec!["endpoint", "job_timeout_s", "poll_s"],
        SourceKind::Pool => vec![
            "endpoint",
            "job_timeout_s",
            "notify_timeout_s",
            "wallet",
            "worker",
            "password_file",
        ],
        SourceKind::Amadeus => vec!["endpoint", "job_timeout_s", "poll_s", "bits"],
        SourceKind::Local => vec!["bits", "share_target", "interval_s"],
    };
    // An endpoint that is wrong may have been meant to be encrypted.
    if kind != SourceKind::Local && endpoint.is_none_or(Endpoint::is_tls) {
        keys.push("tls_ca");
    }
    keys
}

fn refuse_others(section: &mut Section<'_>, kind: SourceKind, fits: &[&str]) {
    let always = ["name", "kind", "priority"];
    let all = keys::SOURCE.keys.iter().map(|key| key.name);
    let (tls, others): (Vec<&str>, Vec<&str>) = all
        .filter(|key| !always.contains(key) && !fits.contains(key))
        .partition(|key| *key == "tls_ca" && kind != SourceKind::Local);
    section.refuse(&others, format!("means nothing for a source of kind {}", kind.word()));
    section.refuse(&tls, "means nothing without tls:// or https://");
}

/// What a share must be.
struct Share {
    bits: Option<Setting<u32>>,
    target: Option<Setting<[u8; 32]>>,
    interval: Option<Setting<Duration>>,
}

fn share(section: &mut Section<'_>, kind: SourceKind, protocol: Protocol) -> Share {
    let range = whole32(0..=64);
    let bits = match (kind, protocol) {
        (SourceKind::Local, Protocol::Amadeus) => Some(section.or("bits", LOCAL_BITS, range)),
        (SourceKind::Local, Protocol::Pearl) => {
            section.refuse(&["bits"], "is for amadeus; a share of pearl has share_target");
            None
        }
        (SourceKind::Amadeus, _) => {
            if section.given("bits").is_none() {
                section
                    .wrong("bits", "is missing: a node does not tell how many bits a share needs");
            }
            section.optional("bits", range)
        }
        _ => None,
    };
    if kind != SourceKind::Local {
        return Share { bits, target: None, interval: None };
    }
    if protocol == Protocol::Amadeus {
        section.refuse(&["share_target"], "is for pearl; a share of amadeus has bits");
    }
    let target = section.optional("share_target", parsed(target));
    Share { bits, target, interval: section.optional("interval_s", seconds(0.01..=86_400.0)) }
}

/// 64 hex digits, not all of them 0.
fn target(text: &str) -> Result<[u8; 32], &'static str> {
    let remedy = "give 64 hex digits, big endian, not all of them 0";
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(remedy);
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = str::from_utf8(digits).map_err(|_| remedy)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| remedy)?;
    }
    if bytes == [0; 32] { Err(remedy) } else { Ok(bytes) }
}

/// What a pool wants to know.
struct Pool {
    wallet: Option<Setting<String>>,
    worker: Setting<String>,
    password: Option<Setting<Secret>>,
}

fn pool(section: &mut Section<'_>, kind: SourceKind, text: Option<Setting<Secret>>) -> Pool {
    const WORKER: &str = "gemmine";
    if kind != SourceKind::Pool {
        if let Some(text) = text {
            let why = "no password is asked for by this kind of source; unset it".to_owned();
            section.report.problems.push(Problem::new(&text.origin, why));
        }
        return Pool { wallet: None, worker: Setting::default_of(WORKER.into()), password: None };
    }
    if section.given("wallet").is_none() {
        section.wrong("wallet", "is missing: a pool must know whom to pay");
    }
    Pool {
        wallet: section.optional("wallet", word),
        worker: section.or("worker", WORKER.into(), word),
        password: secret(section, "password_file", text),
    }
}

/// A word for a pool.
fn word(given: &crate::layer::Given) -> Reading<String> {
    let text = text(given)?;
    match text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err("give at most 128 printable ASCII characters without blanks".into()),
    }
}
