//! A file's text into a layer: tables and values by name, with their places.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeArray, DeTable, DeValue};

use super::{Given, Keys, Layer, MOST_PROBLEMS, MOST_TABLES, Raw, shown};
use crate::keys;
use crate::origin::{Origin, Place, Problem};

/// A file on its way into a layer.
pub(super) struct Reader<'a> {
    text: &'a str,
    file: Arc<str>,
    folder: Option<Arc<Path>>,
    /// Where lines begin.
    lines: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub fn new(file: &str, folder: Option<&Path>, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { text, file: file.into(), folder: folder.map(Into::into), lines }
    }

    /// Where a span of bytes is.
    pub fn origin(&self, span: Range<usize>) -> Origin {
        /// So much of a line is counted in characters: counting costs time for every value on it.
        const COUNTED: usize = 4096;
        let floor = |at: usize| self.text.floor_char_boundary(at.min(self.text.len()));
        let (start, end) = (floor(span.start), floor(span.end.max(span.start)));
        let line = self.lines.partition_point(|begin| *begin <= start);
        let begin = self.lines[line - 1];
        let far = start - begin > COUNTED;
        let before = if far { start - begin } else { self.text[begin..start].chars().count() };
        let marked = &self.text[start..floor(end.min(start + COUNTED))];
        Origin::File(Place {
            file: self.file.clone(),
            line,
            column: before + 1,
            width: marked.lines().next().unwrap_or_default().chars().count(),
        })
    }

    /// A document's tables.
    pub fn layer(&self, document: DeTable<'_>) -> Layer {
        let mut layer = Layer::default();
        for (name, value) in document {
            let origin = self.origin(name.span());
            let name = name.into_inner();
            let many = keys::table(&name).map(|table| table.many);
            match (many, value.into_inner()) {
                (Some(false), DeValue::Table(table)) => {
                    layer.tables.insert(name.into_owned(), self.keys(origin, table));
                }
                (Some(true), DeValue::Array(array)) => {
                    let keys = self.array(&name, array, &mut layer.problems);
                    match &*name {
                        "source" => layer.sources = keys,
                        _ => layer.devices = keys,
                    }
                }
                (many, _) => {
                    let text = match many {
                        None => no_table(&name),
                        Some(true) => {
                            format!("{name} is a list of tables: begin each with [[{name}]]")
                        }
                        Some(false) => format!("{name} is a table: begin it with [{name}]"),
                    };
                    // What is missing may be what this was meant to say.
                    layer.broken = true;
                    layer.problems.push(Problem::new(&origin, text));
                }
            }
            layer.problems.truncate(MOST_PROBLEMS);
        }
        layer
    }

    fn array(&self, name: &str, array: DeArray<'_>, problems: &mut Vec<Problem>) -> Vec<Keys> {
        if array.len() > MOST_TABLES {
            let text = format!("there are {} times [[{name}]]: 256 is the most", array.len());
            problems.push(Problem::new(&self.origin(0..0), text));
        }
        let mut tables = Vec::new();
        for value in array.into_iter().take(MOST_TABLES) {
            let origin = self.origin(value.span());
            match value.into_inner() {
                DeValue::Table(table) => tables.push(self.keys(origin, table)),
                _ => {
                    let text = format!("{name} is a list of tables: begin each with [[{name}]]");
                    problems.push(Problem::new(&origin, text));
                }
            }
        }
        tables
    }

    fn keys(&self, origin: Origin, table: DeTable<'_>) -> Keys {
        let given = table.into_iter().map(|(name, value)| {
            let (origin, key_origin) = (self.origin(value.span()), self.origin(name.span()));
            let (raw, base) = (raw(value.into_inner()), self.folder.clone());
            (name.into_inner().into_owned(), Given { raw, origin, key_origin, base })
        });
        Keys { given: given.collect(), origin }
    }
}

fn raw(value: DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.into_owned()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Whole(number),
            Err(_) => Raw::Other("a number beyond 64 bits"),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Raw::Number(number),
            Err(_) => Raw::Other("a number that is none"),
        },
        DeValue::Boolean(_) => Raw::Other("true or false"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(array) => {
            Raw::List(array.into_iter().map(|value| raw(value.into_inner())).collect())
        }
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

fn no_table(name: &str) -> String {
    let near = keys::nearest(name, keys::TABLES.iter().map(|table| table.name));
    let holder = keys::TABLES.iter().find(|table| table.has(name));
    match (near, holder) {
        (Some(near), _) => format!("{} is no table; did you mean `{near}`?", shown(name)),
        (None, Some(table)) => {
            format!("{name} is a key of [{}]: put it behind that line", table.name)
        }
        (None, None) => {
            let names: Vec<&str> = keys::TABLES.iter().map(|table| table.name).collect();
            format!("{} is no table; there are {}", shown(name), names.join(", "))
        }
    }
}
