//! What one place says: a file, the environment, or flags. Nothing is understood here yet but TOML itself.

mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use crate::keys;
use crate::origin::{Origin, Problem};
use crate::secret::Secret;
use file::Reader;

/// Longest file: a rig's has a few hundred lines.
pub const LONGEST_FILE: usize = 1 << 18;
/// Most sources, and most devices, that a file can name.
pub const MOST_TABLES: usize = 256;
/// Most problems that are told of at once.
pub const MOST_PROBLEMS: usize = 50;

/// A value as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Quoted in a file.
    Text(String),
    /// A whole number in a file.
    Whole(i128),
    /// Another number in a file.
    Number(f64),
    /// From the environment or a flag: it has no type yet.
    Words(String),
    /// A list in a file.
    List(Vec<Raw>),
    /// Something that no key takes, by what TOML calls it.
    Other(&'static str),
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub raw: Raw,
    /// Where the value is.
    pub origin: Origin,
    /// Where its key is.
    pub key_origin: Origin,
    /// The folder that a relative path in it begins in.
    pub base: Option<Arc<Path>>,
}

/// Keys of one table, with what was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    /// Where the table begins.
    pub origin: Origin,
    pub given: BTreeMap<String, Given>,
}

/// What one place says, and what is wrong with the way in which it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    pub(crate) problems: Vec<Problem>,
    /// It could not be read at all: what is missing in it may only seem to be.
    pub(crate) broken: bool,
    pub(crate) tables: BTreeMap<String, Keys>,
    pub(crate) sources: Vec<Keys>,
    pub(crate) devices: Vec<Keys>,
    /// Secrets, by the names of their variables.
    pub(crate) secrets: BTreeMap<String, Secret>,
}

impl Layer {
    /// A file's text. `file` is its name in messages; paths in it begin in `folder`.
    pub fn file(file: &str, folder: Option<&Path>, text: &str) -> Self {
        let reader = Reader::new(file, folder, text);
        if text.len() > LONGEST_FILE {
            let why = format!("the file has {} bytes: 256 KiB is the most", text.len());
            return Self::broken(vec![Problem::new(&reader.origin(0..0), why)]);
        }
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problem = |error: &toml::de::Error| {
                let origin = reader.origin(error.span().unwrap_or(0..0));
                Problem::new(&origin, format!("this is no TOML: {}", error.message()))
            };
            return Self::broken(errors.iter().take(MOST_PROBLEMS).map(problem).collect());
        }
        reader.layer(document.into_inner())
    }

    /// A layer that could not be read.
    pub(crate) fn broken(problems: Vec<Problem>) -> Self {
        Self { problems, broken: true, ..Self::default() }
    }

    /// Variables of the environment. Others than gemmine's are left alone; of gemmine's, those are refused that look
    /// like keys and are none, since what somebody wanted would not be done. So is an empty one.
    pub fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known: BTreeMap<String, (&str, &str)> = keys::TABLES
            .iter()
            .filter(|table| !table.many)
            .flat_map(|table| table.keys.iter().map(|key| (table.name, key.name)))
            .map(|(table, key)| (keys::variable(table, key), (table, key)))
            .collect();
        let mut layer = Self::default();
        for (name, value) in variables {
            // Whoever starts a process names its variables, in any letters.
            let origin = Origin::Environment(shown(&name).into());
            if let Some((table, key)) = known.get(&name) {
                layer.put(table, key, Raw::Words(value), origin);
            } else if is_secret(&name) {
                layer.secrets.insert(name, Secret::Text(value));
            } else if is_ours(&name) {
                let near = keys::nearest(&name, known.keys().map(String::as_str));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let text = format!("there is no such variable{hint}");
                layer.problems.push(Problem::new(&origin, text));
            }
        }
        layer
    }

    /// Says by a flag what a key says: `set("http", "listen", "127.0.0.1:8647", "--http")`.
    pub fn set(&mut self, table: &str, key: &str, value: impl Into<String>, flag: &str) {
        self.put(table, key, Raw::Words(value.into()), Origin::Flag(flag.into()));
    }

    /// Adds a source by a flag, with these keys. Sources by flags replace those of the file.
    pub fn add_source(&mut self, keys: &[(&str, &str)], flag: &str) {
        self.sources.push(by_flag(keys, flag));
    }

    /// Adds a device by a flag, with these keys. Devices by flags replace those of the file.
    pub fn add_device(&mut self, keys: &[(&str, &str)], flag: &str) {
        self.devices.push(by_flag(keys, flag));
    }

    fn put(&mut self, table: &str, key: &str, raw: Raw, origin: Origin) {
        let begun = Keys { origin: origin.clone(), given: BTreeMap::new() };
        let keys = self.tables.entry(table.to_owned()).or_insert(begun);
        let key_origin = origin.clone();
        keys.given.insert(key.to_owned(), Given { raw, origin, key_origin, base: None });
    }
}

fn by_flag(keys: &[(&str, &str)], flag: &str) -> Keys {
    let origin = Origin::Flag(flag.into());
    let given = keys.iter().map(|(key, value)| {
        let raw = Raw::Words((*value).to_owned());
        let (origin, key_origin) = (origin.clone(), origin.clone());
        ((*key).to_owned(), Given { raw, origin, key_origin, base: None })
    });
    Keys { given: given.collect(), origin }
}

fn is_secret(variable: &str) -> bool {
    let source = keys::variable("source", "");
    *variable == keys::token_variable()
        || variable.strip_prefix(&source).is_some_and(|rest| rest.ends_with("_PASSWORD"))
}

/// Whether a variable begins as one of a table does.
fn is_ours(variable: &str) -> bool {
    let mut prefixes = keys::TABLES.iter().map(|table| keys::variable(table.name, ""));
    prefixes.any(|prefix| variable.starts_with(&prefix))
}

/// Somebody's text for a message: short, and nothing that a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = text.chars().take(LONGEST).collect();
    let escaped: String = short.chars().flat_map(escape).collect();
    if short.len() < text.len() { format!("{escaped}...") } else { escaped }
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let plain = !c.is_control();
    plain.then_some(c).into_iter().chain((!plain).then(|| c.escape_default()).into_iter().flatten())
}

impl Given {
    /// A path in it, from the folder that it begins in.
    pub fn path(&self, text: &str) -> PathBuf {
        match &self.base {
            Some(base) => base.join(text),
            None => text.into(),
        }
    }
}
