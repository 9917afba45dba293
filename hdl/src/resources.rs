//! What a block takes, counted in its Verilog: flip-flops, memories, multipliers. No synthesis.
//!
//! A flip-flop is a bit that a clocked assignment gives a value to. The register behind the read port
//! of a memory belongs to the memory, and those around a multiplication are counted apart, since block
//! RAMs and DSP blocks have them built in. Synthesis may take less, where a bit is always the same, or
//! more, where it copies one; what it makes of the logic between depends on the part.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::multiplier_pair::BLOCKS;

/// What a module and all below it take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Flip-flops.
    pub flip_flops: usize,
    /// Memories, by words and bits of a word.
    pub memories: BTreeMap<(usize, usize), usize>,
    /// Products a cycle of multiplications and DSP blocks. Those of rows in logic cells are not seen.
    pub multipliers: usize,
    /// Flip-flops around multiplications.
    pub multiplier_flip_flops: usize,
}

impl Resources {
    /// Bits of all memories.
    pub fn memory_bits(&self) -> usize {
        self.memories.iter().map(|((words, bits), count)| words * bits * count).sum()
    }
}

impl AddAssign<&Self> for Resources {
    fn add_assign(&mut self, other: &Self) {
        self.flip_flops += other.flip_flops;
        self.multipliers += other.multipliers;
        self.multiplier_flip_flops += other.multiplier_flip_flops;
        for (shape, count) in &other.memories {
            *self.memories.entry(*shape).or_default() += count;
        }
    }
}

/// What a module has itself, and its instances: their names and kinds.
struct Module<'a> {
    own: Resources,
    instances: Vec<(&'a str, &'a str)>,
}

/// The modules of an emission, by name.
pub struct Modules<'a> {
    modules: BTreeMap<&'a str, Module<'a>>,
}

impl<'a> Modules<'a> {
    /// Reads Verilog as [`emit`](crate::emit) writes it.
    pub fn new(verilog: &'a str) -> Self {
        let texts = verilog.split("\nmodule ").skip(1).filter_map(|text| {
            let (name, body) = text.split_once('(')?;
            Some((name, body.split("\nendmodule").next().unwrap_or(body)))
        });
        let texts: BTreeMap<&str, &str> = texts.collect();
        let modules = texts.iter().map(|(name, body)| {
            let instances = body.lines().filter_map(|line| {
                let (kind, instance) = line.trim().strip_suffix('(')?.trim_end().split_once(' ')?;
                texts.contains_key(kind).then_some((instance, kind))
            });
            (*name, Module { own: own(body), instances: instances.collect() })
        });
        Self { modules: modules.collect() }
    }

    /// The kind of an instance somewhere below a module, by its path, such as `accelerator.results.memory$0`.
    pub fn kind(&self, module: &str, path: &str) -> Option<&'a str> {
        let mut found = None;
        for part in path.split('.') {
            let instances = &self.modules.get(found.unwrap_or(module))?.instances;
            let (_, kind) = instances.iter().find(|(instance, _)| *instance == part)?;
            found = Some(*kind);
        }
        found
    }

    /// What a module and all below it take; nothing, if there is no such module.
    pub fn resources(&self, module: &str) -> Resources {
        self.count(module, &mut BTreeMap::new())
    }

    fn count<'b>(&'b self, module: &'b str, known: &mut BTreeMap<&'b str, Resources>) -> Resources {
        if let Some(resources) = known.get(module) {
            return resources.clone();
        }
        let Some(Module { own, instances }) = self.modules.get(module) else {
            return Resources::default();
        };
        let mut resources = own.clone();
        for (_, kind) in instances {
            resources += &self.count(kind, known);
        }
        known.insert(module, resources.clone());
        resources
    }

    /// The parts of a module, and what each takes. What is in the module itself, and the registers
    /// that are its instances, stand last, as the part without a name.
    pub fn parts(&self, module: &str) -> Vec<(&'a str, Resources)> {
        let Some(Module { own, instances }) = self.modules.get(module) else {
            return Vec::new();
        };
        let mut rest = own.clone();
        let mut parts = Vec::new();
        for (instance, kind) in instances {
            let resources = self.resources(kind);
            let is_leaf = self.modules.get(kind).is_none_or(|kind| kind.instances.is_empty());
            if is_leaf {
                rest += &resources;
            } else {
                parts.push((*instance, resources));
            }
        }
        parts.push(("", rest));
        parts
    }
}

/// What a module's own text takes.
fn own(body: &str) -> Resources {
    let mut resources = Resources::default();
    let multiplies = body.contains(" * ");
    for (block, products) in BLOCKS {
        resources.multipliers += products * body.matches(&format!("    {block} #(")).count();
    }
    let memory = body.lines().find_map(memory);
    if let Some(shape) = memory {
        resources.memories.insert(shape, 1);
    }
    for line in body.lines() {
        let Some((target, value)) = line.trim().split_once(" <= ") else { continue };
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        // A comparison stands in an expression; a memory's own register and words are in the memory.
        if !target.chars().all(is_name) || memory.is_some() {
            continue;
        }
        let bits = bits_of(body, target);
        if multiplies {
            resources.multipliers += usize::from(value.contains(" * "));
            resources.multiplier_flip_flops += bits;
        } else {
            resources.flip_flops += bits;
        }
    }
    resources
}

/// Words and bits of a word of the memory that a line declares, such as `reg[31:0] mem[63:0];`.
fn memory(line: &str) -> Option<(usize, usize)> {
    let (word, words) = line.trim().strip_prefix("reg[")?.split_once(" mem[")?;
    let count = |range: &str| Some(range.split(':').next()?.parse::<usize>().ok()? + 1);
    Some((count(words)?, count(word)?))
}

/// Bits of a variable that a module declares.
fn bits_of(body: &str, name: &str) -> usize {
    let declaration = body.lines().find(|line| {
        let line = line.trim();
        line.contains("reg ")
            && line.strip_suffix(';').is_some_and(|line| line.ends_with(&format!(" {name}")))
    });
    declaration
        .and_then(|line| line.split_once('[')?.1.split(':').next()?.parse::<usize>().ok())
        .map_or(1, |high| high + 1)
}

#[cfg(test)]
mod tests;
