//! Reads what nextpnr writes of delays: SDF 3.0, the part that it uses of it.
//!
//! The one parser on crates.io has a licence that this project can't use.

use std::collections::BTreeMap;

/// A cell's port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pin {
    pub(crate) cell: String,
    pub(crate) port: String,
}

/// A wire from a cell's output to a cell's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) from: Pin,
    pub(crate) to: Pin,
    pub(crate) picoseconds: i64,
}

/// A way from a port of a cell to another: combinational, or from clock to output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arc {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) picoseconds: i64,
}

/// Setup of an input before the edge of a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) port: String,
    pub(crate) clock: String,
    pub(crate) picoseconds: i64,
}

/// What is known of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) kind: String,
    pub(crate) arcs: Vec<Arc>,
    pub(crate) checks: Vec<Check>,
}

/// All delays of a design, the longest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delays {
    pub(crate) wires: Vec<Wire>,
    pub(crate) cells: BTreeMap<String, Cell>,
}

/// A word, or what is in a pair of parentheses.
#[derive(Debug)]
enum Node<'a> {
    Word(&'a str),
    List(Vec<Self>),
}

impl<'a> Node<'a> {
    fn word(&self) -> Option<&'a str> {
        if let Node::Word(word) = self { Some(word) } else { None }
    }

    fn list(&self) -> &[Self] {
        if let Node::List(list) = self { list } else { &[] }
    }

    /// The list, if its first word is this.
    fn named(&self, name: &str) -> Option<&[Self]> {
        let (first, rest) = self.list().split_first()?;
        (first.word() == Some(name)).then_some(rest)
    }
}

/// Reads delays; says what is wrong with the text otherwise.
pub(crate) fn parse(text: &str) -> Result<Delays, String> {
    let root = tree(text)?;
    let parts = root.named("DELAYFILE").ok_or("it does not begin with DELAYFILE")?;
    let scale = parts.iter().find_map(|part| part.named("TIMESCALE"));
    if scale.and_then(|scale| scale.first()?.word()) != Some("1ps") {
        return Err("its TIMESCALE is not 1ps".into());
    }
    let mut delays = Delays::default();
    for cell in parts.iter().filter_map(|part| part.named("CELL")) {
        let word = |name: &str| cell.iter().find_map(|part| part.named(name)?.first()?.word());
        let kind = word("CELLTYPE").ok_or("a CELL has no CELLTYPE")?.trim_matches('"');
        let mut content = Cell { kind: kind.into(), ..Cell::default() };
        for part in cell {
            for entry in part.named("DELAY").into_iter().flatten().flat_map(Node::list) {
                read_delay(entry, &mut delays.wires, &mut content.arcs)?;
            }
            for check in part.named("TIMINGCHECK").into_iter().flatten() {
                content.checks.extend(read_check(check)?);
            }
        }
        // The design itself is the one without a name.
        if let Some(name) = word("INSTANCE") {
            delays.cells.insert(plain(name), content);
        }
    }
    Ok(delays)
}

fn read_delay(entry: &Node, wires: &mut Vec<Wire>, arcs: &mut Vec<Arc>) -> Result<(), String> {
    if let Some([from, to, rest @ ..]) = entry.named("INTERCONNECT") {
        let (from, to, picoseconds) = (pin(from)?, pin(to)?, longest(rest)?);
        wires.push(Wire { from, to, picoseconds });
    } else if let Some([from, to, rest @ ..]) = entry.named("IOPATH") {
        let (from, to, picoseconds) = (port(from)?, port(to)?, longest(rest)?);
        arcs.push(Arc { from, to, picoseconds });
    } else if entry.word() != Some("ABSOLUTE") {
        return Err(format!("a delay is {entry:?}"));
    }
    Ok(())
}

/// `(SETUPHOLD (posedge D) (posedge CLK) (setup) (hold))`; other checks don't limit a clock.
fn read_check(check: &Node) -> Result<Option<Check>, String> {
    let Some([input, clock, setup, _]) = check.named("SETUPHOLD") else { return Ok(None) };
    let edge = |node: &Node| match node.list() {
        [_, port] => Ok(plain(port.word().unwrap_or_default())),
        _ => Err(format!("a SETUPHOLD is of {node:?}")),
    };
    let picoseconds = longest(std::slice::from_ref(setup))?;
    Ok(Some(Check { port: edge(input)?, clock: edge(clock)?, picoseconds }))
}

/// The longest of delays such as `(30:43:57) (30:43:57)`.
fn longest(values: &[Node]) -> Result<i64, String> {
    let wrong = || format!("a delay is {values:?}");
    let mut longest = None;
    for value in values.iter().flat_map(Node::list) {
        for number in value.word().ok_or_else(wrong)?.split(':') {
            longest = longest.max(Some(number.parse().map_err(|_| wrong())?));
        }
    }
    longest.ok_or_else(wrong)
}

fn port(node: &Node) -> Result<String, String> {
    node.word().map(plain).ok_or_else(|| format!("a port is {node:?}"))
}

/// `cell/port`, where slashes of their own are escaped.
fn pin(node: &Node) -> Result<Pin, String> {
    let split = node.word().and_then(|word| word.rsplit_once('/'));
    let (cell, port) = split.ok_or_else(|| format!("a pin is {node:?}"))?;
    Ok(Pin { cell: plain(cell), port: plain(port) })
}

/// A name without the backslashes that escape what is not a letter.
fn plain(name: &str) -> String {
    let mut characters = name.chars();
    let mut plain = String::with_capacity(name.len());
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

/// The text as nested lists.
fn tree(text: &str) -> Result<Node<'_>, String> {
    let mut open: Vec<Vec<Node>> = vec![Vec::new()];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' => {
                open.push(Vec::new());
                1
            }
            ')' => {
                let list = open.pop().unwrap_or_default();
                let above = open.last_mut().ok_or("it closes more lists than it opens")?;
                above.push(Node::List(list));
                1
            }
            _ => {
                let length = word_length(rest);
                open.last_mut().into_iter().for_each(|list| list.push(Node::Word(&rest[..length])));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    let mut roots = open.pop().unwrap_or_default();
    match (roots.pop(), roots.is_empty() && open.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err("it is not one whole list".into()),
    }
}

/// Bytes of the word or string that a text begins with.
fn word_length(text: &str) -> usize {
    let (mut escaped, mut quoted) = (false, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | ')' if !quoted => return place,
            _ if character.is_whitespace() && !quoted => return place,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_read_with_the_longest_of_each() {
        let text = r#"(DELAYFILE (SDFVERSION "3.0") (DESIGN "a (b)") (TIMESCALE 1ps)
            (CELL (CELLTYPE "top") (INSTANCE ) (DELAY (ABSOLUTE
              (INTERCONNECT a.b\$c/F d\/e/RAD\[0\] (1:2:3) (4:5:6)))))
            (CELL (CELLTYPE "DFF") (INSTANCE d\/e)
              (DELAY (ABSOLUTE (IOPATH CLK Q (333:395:458) (333:395:457))))
              (TIMINGCHECK (SETUPHOLD (posedge D) (posedge CLK) (250:324:399) (0:0:0))
                (PERIOD (posedge CLK) (1:1:1)))))"#;
        let delays = parse(text).unwrap();
        let pin = |cell: &str, port: &str| Pin { cell: cell.into(), port: port.into() };
        let wire = Wire { from: pin("a.b$c", "F"), to: pin("d/e", "RAD[0]"), picoseconds: 6 };
        assert_eq!(delays.wires, [wire]);
        let arc = Arc { from: "CLK".into(), to: "Q".into(), picoseconds: 458 };
        let check = Check { port: "D".into(), clock: "CLK".into(), picoseconds: 399 };
        let cell = Cell { kind: "DFF".into(), arcs: vec![arc], checks: vec![check] };
        assert_eq!(delays.cells, BTreeMap::from([("d/e".to_owned(), cell)]));
    }

    #[test]
    fn what_is_no_sdf_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "not one whole list");
        check("(DELAYFILE", "not one whole list");
        check("(DELAYFILE))", "more lists than it opens");
        check("(NETLIST)", "begin with DELAYFILE");
        check("(DELAYFILE (TIMESCALE 1ns))", "TIMESCALE");
        let cell = |delay: &str| {
            format!(
                "(DELAYFILE (TIMESCALE 1ps) (CELL (CELLTYPE \"t\") (INSTANCE a) (DELAY (ABSOLUTE {delay}))))"
            )
        };
        check(&cell("(IOPATH A F (1:2:x))"), "a delay is");
        check(&cell("(IOPATH A F)"), "a delay is");
        check(&cell("(INTERCONNECT A b/F (1:2:3))"), "a pin is");
    }
}
