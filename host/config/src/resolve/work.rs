//! The table `[work]`.

use crate::config::{Operands, Protocol, Shown, Work};
use crate::origin::Setting;

use super::section::{Section, choice, parsed, path, whole};

/// Keys that say what is multiplied; one layer decides over all of them.
const OPERANDS: [&str; 3] = ["a", "b", "zero_signal"];

/// Reads it.
pub(super) fn work(section: &mut Section<'_>) -> Work {
    let protocol = section.or("protocol", Protocol::Pearl, choice);
    let operands = operands(section);
    if *protocol == Protocol::Amadeus {
        section.refuse(&OPERANDS, "means nothing for amadeus, which grows operands from a seed");
    }
    Work {
        protocol,
        operands,
        out: section.or("out", "gemmine-out".into(), path),
        seed: section.optional("seed", whole(0..=u64::MAX)),
    }
}

fn operands(section: &mut Section<'_>) -> Setting<Operands> {
    let says =
        |keys: &&&crate::layer::Keys| OPERANDS.iter().any(|key| keys.given.contains_key(*key));
    let deciding = section.layers.iter().find(says).copied();
    let mut section = Section {
        name: section.name.clone(),
        layers: deciding.into_iter().collect(),
        report: section.report,
    };
    if section.given("zero_signal").is_some() {
        section.refuse(&["a", "b"], "does not go together with zero_signal");
    }
    for (key, other) in [("a", "b"), ("b", "a")] {
        if section.given(key).is_some() && section.given(other).is_none() {
            section.wrong(key, format!("needs work.{other}: give both operands, or neither"));
        }
    }
    let zero_signal = section.read("zero_signal", parsed(extents));
    let (a, b) = (section.read("a", path), section.read("b", path));
    let setting = match (zero_signal, a, b) {
        (Some(zeros), _, _) => {
            let (rows, columns) = zeros.value;
            Setting { value: Operands::ZeroSignal { rows, columns }, origin: zeros.origin }
        }
        (None, Some(a), Some(b)) => {
            Setting { value: Operands::Files { a: a.value, b: b.value }, origin: a.origin }
        }
        _ => Setting::default_of(Operands::BuiltIn),
    };
    section.note("operands", Shown::Text(setting.to_string()), &setting.origin);
    setting
}

/// `MxN`.
fn extents(text: &str) -> Result<(usize, usize), &'static str> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=1 << 24).contains(side));
    let sides = text.split_once('x').and_then(|(m, n)| Some((side(m)?, side(n)?)));
    sides.ok_or("give rows and columns from 1 to 16777216, such as 4096x8192")
}
