//! Verilog from a block: rust-hdl's own emission, with equal modules merged and named.
//!
//! rust-hdl writes one module an instance, thousands for a 16x16 core. Here every distinct module
//! stands once: names of instances are replaced bottom-up by the name of their
//! kind, and texts that are then equal become one. That makes the Verilog readable and its
//! compilation several times faster.
//!
//! A constant written as `bits::<5>(3)` is emitted as a 32-bit number cut to five bits, which makes the
//! whole expression 32 bits wide, a lint error and a trap; here it becomes `5'h3`.
//!
//! Names are those of the source, and a field may be called `release` or `final`, which no tool takes as a name
//! in Verilog. They are refused here, where it is still known whose they are.

mod keywords;

use std::collections::{BTreeMap, BTreeSet};

use rust_hdl_core::prelude::*;

use crate::geometry::GeometryError;

/// Why there is no Verilog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmissionError {
    /// No such array or device.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// There is no room for the largest devices.
    #[error(
        "start a thread with a stack of {stack} bytes to write a device: {why}; allow more memory"
    )]
    Stack {
        /// Its bytes.
        stack: usize,
        /// What the system says.
        why: String,
    },
    /// A name is a keyword.
    #[error(
        "the name of {what} {name} in module {module} is a keyword of Verilog (IEEE 1800-2017); choose another"
    )]
    Keyword {
        /// The module, as it would be called in the Verilog.
        module: String,
        /// What is called so.
        what: &'static str,
        /// The name.
        name: String,
    },
}

/// What a declaration begins with.
const DECLARATIONS: [&str; 8] =
    ["input", "output", "inout", "wire", "reg", "integer", "localparam", "parameter"];

/// One module of the emission, before merging.
struct Module<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

/// The Verilog of a block whose top module is called `top`. Deterministic.
///
/// # Errors
/// If a name is a keyword of Verilog.
pub fn verilog<B: Block>(block: &B, top: &str) -> Result<String, EmissionError> {
    let emitted = size_constants(&generate_verilog(block));
    merge(&emitted, top)
}

/// Writes every constant in its own size.
fn size_constants(emitted: &str) -> String {
    let mut text = String::with_capacity(emitted.len());
    let mut rest = emitted;
    while let Some(place) = rest.find("((") {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        match sized_constant(from) {
            Some((constant, length)) => {
                text.push_str(&constant);
                rest = &from[length..];
            }
            None => {
                text.push('(');
                rest = &from[1..];
            }
        }
    }
    text + rest
}

/// `((32'h3) & 5'h1f)` at the start of a text as `5'h3`, and its length in the text.
fn sized_constant(text: &str) -> Option<(String, usize)> {
    let value = text.strip_prefix("((32'h").or_else(|| text.strip_prefix("((64'h"))?;
    let (value, mask) = value.split_once(')')?;
    let (bits, ones) = mask.strip_prefix(" & ")?.split_once("'h")?;
    let (ones, behind) = ones.split_once(')')?;
    let hexadecimal = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let constant = format!("{bits}'h{:x}", hexadecimal(value)? & hexadecimal(ones)?);
    Some((constant, text.len() - behind.len()))
}

fn merge(emitted: &str, top: &str) -> Result<String, EmissionError> {
    let modules = split(emitted);
    let names: BTreeSet<&str> = modules.iter().map(|m| m.name).collect();
    // A child's name is its parent's with one more segment, so longest first is bottom-up.
    let mut order: Vec<&Module> = modules.iter().collect();
    order.sort_by_key(|m| (std::cmp::Reverse(m.name.matches('$').count()), m.name));

    let mut kind_of_instance: BTreeMap<&str, String> = BTreeMap::new();
    let mut kind_of_text: BTreeMap<String, String> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::from([top.to_owned()]);
    let mut merged = Vec::new();
    for module in order {
        let body = body_of(module, &names, &kind_of_instance);
        let kind = match kind_of_text.get(&body) {
            Some(kind) => kind.clone(),
            None => {
                let kind = if module.name == "top" {
                    top.to_owned()
                } else {
                    free_name(&kind_name(module, top), &mut taken)
                };
                check_names(module, &names, &kind)?;
                merged.push(format!("module {kind}{body}\nendmodule\n"));
                kind_of_text.insert(body, kind.clone());
                kind
            }
        };
        kind_of_instance.insert(module.name, kind);
    }
    merged.reverse();
    let text = merged.join("\n");
    Ok(format!("// {top}: written by gemmine, edit its Rust source instead.\n\n{text}"))
}

/// Refuses keywords as the name of a module, and of what is declared and instantiated in it.
fn check_names(module: &Module, names: &BTreeSet<&str>, kind: &str) -> Result<(), EmissionError> {
    let declared = module.lines.iter().flat_map(|line| declared(line));
    let instances = module.lines.iter().filter_map(|line| {
        let (kind, instance) = line.trim().split_once(' ')?;
        names.contains(kind).then(|| ("instance", instance.split('(').next().unwrap_or(instance)))
    });
    let mut all = std::iter::once(("module", kind)).chain(declared).chain(instances);
    match all.find(|(_, name)| keywords::is_keyword(name)) {
        None => Ok(()),
        Some((what, name)) => {
            Err(EmissionError::Keyword { module: kind.to_owned(), what, name: name.to_owned() })
        }
    }
}

/// What a line declares: names of ports, or of signals and constants. Those of `reg [3:0] a[7:0], b;` are a and b.
fn declared(line: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let line = line.trim();
    let first = line.split([' ', '[']).next().unwrap_or_default();
    let is_declaration = DECLARATIONS.contains(&first) && line.contains(';');
    let what = if first.ends_with("put") || first == "inout" { "port" } else { "signal" };
    let text = if is_declaration { line.split(';').next().unwrap_or_default() } else { "" };
    text.split(',').filter_map(move |one| {
        let mut name = one.split('=').next()?.trim_end();
        while let Some((before, _)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('['))
        {
            name = before.trim_end();
        }
        name.rsplit([' ', ']']).next().map(|name| (what, name))
    })
}

/// Cuts the emission at `module .. endmodule`.
fn split(emitted: &str) -> Vec<Module<'_>> {
    let mut modules = Vec::new();
    let mut current: Option<Module> = None;
    for line in emitted.lines() {
        if let Some(rest) = line.strip_prefix("module ") {
            let name = rest.split('(').next().unwrap_or(rest);
            current = Some(Module { name, lines: vec![&rest[name.len()..]] });
        } else if line.starts_with("endmodule") {
            modules.extend(current.take());
        } else if let Some(module) = &mut current {
            module.lines.push(line);
        }
    }
    modules
}

/// Text behind the module's name, with instances named by kind and empty lines at the end dropped.
fn body_of(module: &Module, names: &BTreeSet<&str>, kinds: &BTreeMap<&str, String>) -> String {
    let lines = module.lines.iter().map(|line| {
        let line = line.trim_end();
        let text = line.trim_start();
        let word = text.split(' ').next().unwrap_or_default();
        match kinds.get(word) {
            Some(kind) if names.contains(word) => line.replacen(word, kind, 1),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// A register is named by its width, anything else by its place in the parent without its index.
fn kind_name(module: &Module, top: &str) -> String {
    let prefix = top.split('_').next().unwrap_or(top);
    let ports = module.lines.first().copied().unwrap_or_default();
    if ports.trim_end() == "(d,q,clock);" {
        let declaration = module.lines.iter().find(|l| l.trim_end().ends_with(" d;"));
        let declaration = declaration.copied().unwrap_or_default();
        let width = declaration
            .split_once('[')
            .and_then(|(_, rest)| rest.split(':').next())
            .and_then(|high| high.parse::<usize>().ok())
            .map_or(1, |high| high + 1);
        let sign = if declaration.contains("signed") { "s" } else { "u" };
        return format!("{prefix}_register_{sign}{width}");
    }
    let place = module.name.split('$').rfind(|s| s.parse::<usize>().is_err());
    format!("{prefix}_{}", place.unwrap_or("part"))
}

fn free_name(wish: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{wish}_{n}"));
    let name = std::iter::once(wish.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_else(|| wish.to_owned());
    taken.insert(name.clone());
    name
}

#[cfg(test)]
mod tests;
