//! Layers into a configuration: what counts, whether it can be, and whether it goes together.

mod devices;
mod section;
mod sources;
mod work;

use std::collections::BTreeMap;

use crate::config::{Config, Failover, Http, Log, LogFormat, LogLevel, Shown, Supervision};
use crate::keys;
use crate::layer::{Keys, Layer, MOST_PROBLEMS, shown};
use crate::origin::{Origin, Problem, Setting};
use crate::secret::{self, Secret};
use section::{Report, Section, address, choice, number, path, seconds, texts, whole32};

/// Everything, or everything that is wrong.
pub(crate) fn resolve(layers: &[Layer]) -> Result<Config, Vec<Problem>> {
    let mut report = Report::default();
    report.problems.extend(layers.iter().flat_map(|layer| layer.problems.iter().cloned()));
    layers.iter().for_each(|layer| unknown_keys(layer, &mut report.problems));
    let broken = layers.iter().any(|layer| layer.broken);
    let config = (!broken).then(|| Resolver { layers, report: &mut report }.config());
    let Report { mut problems, entries } = report;
    match config {
        Some(config) if problems.is_empty() => Ok(Config { entries, ..config }),
        _ => {
            sort(&mut problems);
            problems.truncate(MOST_PROBLEMS);
            Err(problems)
        }
    }
}

/// By place, as somebody goes through a file.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by_key(|problem| problem.line().unwrap_or(usize::MAX));
}

/// Refuses keys that nobody knows, in tables that count and in tables that don't.
fn unknown_keys(layer: &Layer, problems: &mut Vec<Problem>) {
    let single = layer.tables.iter().map(|(name, keys)| (name.as_str(), keys));
    let sources = layer.sources.iter().map(|keys| ("source", keys));
    let devices = layer.devices.iter().map(|keys| ("device", keys));
    for (name, keys) in single.chain(sources).chain(devices) {
        let Some(table) = keys::table(name) else { continue };
        let unknown = keys.given.iter().filter(|(key, _)| !table.has(key));
        for (key, given) in unknown.take(MOST_PROBLEMS) {
            problems.push(Problem::new(&given.key_origin, unknown_key(table, key)));
        }
    }
}

fn unknown_key(table: &keys::Table, key: &str) -> String {
    let name = format!("{}.{}", table.name, shown(key));
    let is_secret = |(of, secret, _): &&(&str, &str, &str)| *of == table.name && *secret == key;
    if let Some((_, _, file)) = keys::SECRETS.iter().find(is_secret) {
        let variable = match table.name {
            "source" => "GEMMINE_SOURCE_<NAME>_PASSWORD".to_owned(),
            _ => keys::token_variable(),
        };
        return format!(
            "{name} would put a secret into this file; write it into a file of its own and name that \
             by `{file}`, or give it by the environment, {variable}"
        );
    }
    let other = || keys::TABLES.iter().find(|other| other.has(key));
    match keys::nearest(key, table.keys.iter().map(|key| key.name)) {
        Some(near) => format!("{name} is no key; did you mean `{near}`?"),
        None => match other() {
            Some(other) => format!("{name} is no key; `{key}` is one of [{}]", other.name),
            None => {
                let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
                format!("{name} is no key; there are {}", names.join(", "))
            }
        },
    }
}

/// Layers on their way.
struct Resolver<'a> {
    layers: &'a [Layer],
    report: &'a mut Report,
}

impl<'a> Resolver<'a> {
    fn config(mut self) -> Config {
        let work = work::work(&mut self.single("work"));
        let sources = sources::sources(&mut self, *work.protocol);
        let devices = devices::devices(&mut self);
        Config {
            failover: failover(&mut self.single("failover")),
            supervision: supervision(&mut self.single("supervision")),
            http: self.http(),
            log: log(&mut self.single("log")),
            entries: Vec::new(),
            work,
            sources,
            devices,
        }
    }

    /// A table that there is one of.
    fn single(&mut self, name: &str) -> Section<'_> {
        let layers = self.layers.iter().filter_map(|layer| layer.tables.get(name)).collect();
        Section { name: name.to_owned(), layers, report: self.report }
    }

    /// A secret out of the environment, by its variable.
    fn secret(&mut self, variable: &str) -> Option<Setting<Secret>> {
        let value = self.layers.iter().find_map(|layer| layer.secrets.get(variable))?.clone();
        let origin = Origin::Environment(variable.into());
        if let Secret::Text(text) = &value
            && let Err(seen) = secret::check_text(text)
        {
            let remedy = "give 1 to 4096 printable ASCII characters";
            let text = format!("the secret can't be one, {seen}: {remedy}");
            self.report.problems.push(Problem::new(&origin, text));
        }
        Some(Setting { value, origin })
    }

    fn http(&mut self) -> Option<Http> {
        let text = self.secret(&keys::token_variable());
        let mut section = self.single("http");
        let listen = section.optional("listen", address);
        let token = secret(&mut section, "token_file", text);
        let allowed_hosts = section.or("allowed_hosts", Vec::new(), hosts);
        if listen.is_none() && section.given("listen").is_none() {
            section.refuse(&["token_file", "allowed_hosts"], "means nothing without http.listen");
        }
        Some(Http { listen: listen?, token, allowed_hosts })
    }
}

/// A secret by the environment or by a file; a flag's file counts more than the environment.
fn secret(
    section: &mut Section<'_>,
    key: &str,
    text: Option<Setting<Secret>>,
) -> Option<Setting<Secret>> {
    let by_flag = section.given(key).is_some_and(|given| matches!(given.origin, Origin::Flag(_)));
    match text {
        Some(text) if !by_flag => {
            section.note(key, Shown::Text("(not shown)".into()), &text.origin);
            Some(text)
        }
        _ => {
            let file = section.optional(key, path)?;
            Some(Setting { value: Secret::File(file.value), origin: file.origin })
        }
    }
}

/// Names of hosts, without ports.
fn hosts(given: &crate::layer::Given) -> Result<Vec<String>, String> {
    let hosts = texts(given)?;
    let can_be = |host: &String| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        (1..=253).contains(&host.len()) && host.bytes().all(known)
    };
    match hosts.iter().find(|host| !can_be(host)) {
        Some(host) => Err(format!("\"{}\" is no host name; give names without ports", shown(host))),
        None if hosts.len() > 64 => Err("give 64 names at most".into()),
        None => Ok(hosts),
    }
}

fn failover(section: &mut Section<'_>) -> Failover {
    Failover {
        patience: section.or("patience_s", secs(3), seconds(0.0..=3600.0)),
        stable: section.or("stable_s", secs(10), seconds(0.0..=86_400.0)),
    }
}

fn supervision(section: &mut Section<'_>) -> Supervision {
    let supervision = Supervision {
        restart_min: section.or("restart_min_s", secs(1), seconds(0.1..=3600.0)),
        restart_max: section.or("restart_max_s", secs(60), seconds(0.1..=86_400.0)),
        quarantine_errors: section.or("quarantine_errors", 3, whole32(1..=200)),
        quarantine_rate: section.or("quarantine_rate", 0.05, number(0.0..=1.0)),
    };
    let (least, most) = (supervision.restart_min.value, supervision.restart_max.value);
    if most < least {
        let text = format!(
            "is {}, less than restart_min_s, {}: give at least as much",
            most.as_secs_f64(),
            least.as_secs_f64()
        );
        section.wrong("restart_max_s", text);
    }
    supervision
}

fn log(section: &mut Section<'_>) -> Log {
    Log {
        level: section.or("level", LogLevel::Info, choice),
        format: section.or("format", LogFormat::Text, choice),
    }
}

fn secs(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

/// Tables of the layer that counts: the first that has any.
fn many<'a>(layers: &'a [Layer], of: impl Fn(&'a Layer) -> &'a [Keys]) -> &'a [Keys] {
    layers.iter().map(of).find(|tables| !tables.is_empty()).unwrap_or_default()
}

/// Reports every name that is there twice, at the place of the second.
fn duplicates<K: Ord>(
    report: &mut Report,
    named: impl IntoIterator<Item = (K, Origin, String)>,
    remedy: &str,
) {
    let mut first: BTreeMap<K, Origin> = BTreeMap::new();
    for (name, origin, text) in named {
        match first.get(&name) {
            Some(before) => {
                let text = format!("{text} is there twice, first at {before}: {remedy}");
                report.problems.push(Problem::new(&origin, text));
            }
            None => {
                first.insert(name, origin);
            }
        }
    }
}
