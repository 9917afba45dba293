//! What the report says in sentences: the answer, what would change it, the race.

use super::facts::TIMES;
use super::provenance::{RACE, cell};
use super::{Cell, Sentence};
use crate::derive::Figures;
use crate::figure::Figure;
use crate::race::{Race, names as race_names};
use crate::result::{Class, ResultFile, names};

/// What is often told of how far Bitcoin's chips are ahead.
const OFTEN_TOLD: f64 = 100_000.0;

/// A result with the ratios to graphics processors.
pub(super) struct Contender<'a> {
    /// What its sources are called.
    pub(super) of: String,
    pub(super) result: &'a ResultFile,
    pub(super) figures: Figures,
}

impl Contender<'_> {
    fn cell(&self, name: &str) -> Cell {
        cell(&self.of, name, &self.figures)
    }

    /// Whether it is what the question is about: an FPGA, or a chip for this alone.
    fn is_hardware(&self) -> bool {
        matches!(self.result.device.class, Class::Fpga | Class::Asic)
    }
}

/// The figure of pJ/MAC that is of work that somebody pays for: new operands for every tile where a result knows
/// those, else of a board what was counted. Zeros or products alone, on a computer, are no such work.
pub(super) fn useful(result: &ResultFile) -> Option<&'static str> {
    let is_board = matches!(result.device.class, Class::Fpga | Class::Asic);
    let all = [names::ENERGY_PER_MAC_STREAMED, names::ENERGY_PER_MAC];
    let all = if is_board || result.works_on_new_operands() { &all[..] } else { &all[..1] };
    all.iter().copied().find(|name| result.figures.contains_key(*name))
}

/// The contender with the least of a figure.
fn least<'a, 'b>(
    all: &'a [&'a Contender<'b>],
    name: impl Fn(&Contender<'b>) -> Option<&'static str>,
) -> Option<(&'a Contender<'b>, &'static str)> {
    let with = all.iter().filter_map(|one| Some((*one, name(one)?)));
    with.filter(|(one, name)| one.figures.contains_key(*name))
        .min_by(|a, b| a.0.figures[a.1].value.total_cmp(&b.0.figures[b.1].value))
}

/// The lowest and the highest end of a figure among all that have it.
fn ends(all: &[&Contender<'_>], names: &[&str]) -> Option<[f64; 2]> {
    let found =
        || all.iter().flat_map(|one| names.iter().filter_map(|name| one.figures.get(*name)));
    found().next()?;
    Some([
        found().map(Figure::low).fold(f64::INFINITY, f64::min),
        found().map(Figure::high).fold(0.0, f64::max),
    ])
}

/// The answer. Only hardware for this is held against graphics processors; a processor has its own sentence, and one
/// that plays a graphics processor none.
pub(super) fn headline(all: &[Contender<'_>], race: &Race) -> Vec<Sentence> {
    let hardware: Vec<&Contender<'_>> = all.iter().filter(|one| one.is_hardware()).collect();
    let mut said = Vec::new();
    let Some((first, name)) = least(&hardware, |one| useful(one.result)) else {
        said.push(Sentence::new(
            "None of these results is of an FPGA or a chip with both a throughput and a power, so nothing can be said of energy.",
        ));
        said.extend(processor(all, race));
        return said;
    };
    let best = &race.figures[race_names::GPU];
    let energy = &first.figures[name];
    // The most favourable reading of all: the low end, and no link that holds anything up.
    let favourable = [name, names::ENERGY_PER_MAC, names::ENERGY_PER_MAC_FED];
    let lowest = ends(&hardware, &favourable).map_or(f64::INFINITY, |[low, _]| low);
    let verdict = match lowest > best.high() {
        true => "No: not for energy, at either end of the ranges below.",
        false if energy.high() < best.low() => "Yes, for energy, at either end of the range.",
        false => {
            "Nobody can tell yet: the ranges of the device's energy reach across the graphics processor's."
        }
    };
    said.push(Sentence::new(format!(
        "Is this hardware better than a graphics processor? {verdict}"
    )));
    let streamed = name == names::ENERGY_PER_MAC_STREAMED;
    let how = if streamed {
        "with new operands over its line for every tile"
    } else {
        "as its file has it"
    };
    said.push(
        Sentence::new(format!("At work that somebody pays for, {how}, the best device here, {}, takes ", first.of))
            .number(first.cell(name))
            .words(format!(
                " for a multiply-accumulate. The graphics processor that mines with the fewest joules by its miner's own report, {}, takes ",
                race.gpu
            ))
            .number(cell(RACE, race_names::GPU, &race.figures))
            .words(": the device's energy is ")
            .number(first.cell(TIMES[0][usize::from(!streamed)]))
            .words(format!(" times that, and times that of the best data sheet, {}'s, ", race.gpu_peak))
            .number(first.cell(TIMES[1][usize::from(!streamed)]))
            .words("."),
    );
    if streamed {
        for (name, times, words) in [
            (
                names::ENERGY_PER_MAC,
                TIMES[0][1],
                "The array alone is faster. On operands at hand, the same tiles again and again, which no network pays for twice,",
            ),
            (
                names::ENERGY_PER_MAC_FED,
                TIMES[0][2],
                "If no link ever kept an array waiting on those same tiles,",
            ),
        ] {
            if let Some((one, _)) = least(&hardware, |_| Some(name)) {
                said.push(
                    Sentence::new(format!("{words} {} would take ", one.of))
                        .number(one.cell(name))
                        .words(": times the mining graphics processor, ")
                        .number(one.cell(times))
                        .words("."),
                );
            }
        }
    }
    for (name, unit) in [
        (names::ENERGY_PER_TICKET, "a Pearl ticket of the native tile"),
        (names::ENERGY_PER_ATTEMPT, "an Amadeus attempt, whose operands grow on the device"),
    ] {
        if let Some((one, _)) = least(&hardware, |_| Some(name)) {
            said.push(
                Sentence::new(format!("For one unit of accepted work, {unit}, {} takes ", one.of))
                    .number(one.cell(name))
                    .words("."),
            );
        }
    }
    for one in hardware.iter().filter(|one| one.figures.contains_key(names::TICKETS)) {
        let energy = one.cell(names::ENERGY_PER_ZERO_TICKET);
        let sentence = Sentence::new(format!("No useful work: {} makes ", one.of))
            .number(one.cell(names::TICKETS))
            .words(" of a signal of zeros, where nothing but noise, which grows on the device, is multiplied");
        said.push(match energy.text.is_empty() {
            true => sentence.words("."),
            false => sentence.words(", for ").number(energy).words(" each."),
        });
    }
    said.extend(processor(all, race));
    if hardware.iter().all(|one| one.result.started.is_none()) {
        said.push(Sentence::new(
            "No hardware for this has been measured: cycles are simulated, clocks are place and route's, watts are \
             estimates from published ranges of other designs. Every number below says which it is.",
        ));
    }
    said
}

/// What a processor takes: a ratio of its own.
fn processor(all: &[Contender<'_>], race: &Race) -> Option<Sentence> {
    let cpus: Vec<&Contender<'_>> =
        all.iter().filter(|one| one.result.device.class == Class::Cpu).collect();
    let (one, name) = least(&cpus, |one| useful(one.result))?;
    let times = TIMES[0][usize::from(name != names::ENERGY_PER_MAC_STREAMED)];
    Some(
        Sentence::new(format!(
            "No hardware for this alone, but to compare: the processor {} takes ",
            one.of
        ))
        .number(one.cell(name))
        .words(format!(", times {}, ", race.gpu))
        .number(one.cell(times))
        .words("."),
    )
}

/// What would change the answer.
pub(super) fn changes(all: &[Contender<'_>], race: &Race) -> Vec<Sentence> {
    let hardware: Vec<&Contender<'_>> = all.iter().filter(|one| one.is_hardware()).collect();
    let mut said = Vec::new();
    let best = &race.figures[race_names::GPU];
    let low = |names: &[&str]| ends(&hardware, names).map(|[low, _]| low);
    let with = low(&[names::ENERGY_PER_MAC_STREAMED]);
    let without = low(&[names::ENERGY_PER_MAC_FED]).or_else(|| low(&[names::ENERGY_PER_MAC]));
    if let Some(without) = without {
        let unit = |value| format!("{} pJ/MAC", crate::format::number(value));
        let link = with.map_or_else(String::new, |with| {
            format!("{} with new operands over the line, ", unit(with))
        });
        // The low end is estimated, so it says what the estimate says and no more.
        let verdict =
            if without > best.value { "are behind" } else { "reach the graphics processor" };
        said.push(
            Sentence::new(format!(
                "A meter at the plug: most of each range is that nobody has measured these boards at this work. The low ends of \
                 the estimates {verdict}: {link}{} if no link held an array up, against ",
                unit(without)
            ))
            .number(cell(RACE, race_names::GPU, &race.figures))
            .words("."),
        );
    }
    said.push(Sentence::new("A faster link: with new operands for every tile a serial line leaves the arrays idle nearly all of the time. Reuse of operands, operands that grow on the device, or PCIe change that; a larger array does not."));
    said.push(Sentence::new("A chip of its own: the same array in hard logic, without the switches and long wires of an FPGA. What that could win at most is in the section on the race."));
    said
}

/// The race in words.
pub(super) fn race(race: &Race) -> Vec<Sentence> {
    let get = |name: &str| cell(RACE, name, &race.figures);
    let ratio = race.figures[race_names::PER_JOULE].value;
    let told = if ratio < OFTEN_TOLD / 2.0 {
        " times as much energy, and not the hundred thousand times that are often told. A whole machine is "
    } else {
        " times as much energy. A whole machine is "
    };
    let mut said = vec![
        Sentence::new("Bitcoin is mined by chips that can do nothing else. The best of them in the table takes ")
            .number(get(race_names::HASH_ASIC))
            .words(" for a million million hashes; a graphics processor takes ")
            .number(get(race_names::HASH_GPU))
            .words(". That is ")
            .number(get(race_names::PER_JOULE))
            .words(told)
            .number(get(race_names::PER_DEVICE))
            .words(" times as fast as a card, but it also takes ")
            .number(get(race_names::PER_WATT))
            .words(" times the watts: who compares devices and not joules gets another answer."),
        Sentence::new(
            "Why so far? A graphics processor has no circuit for that hash. It runs it as a program, and fetching, decoding and \
             moving data costs far more than the few gates that matter.",
        ),
        Sentence::new(format!(
            "Multiplying small whole numbers is another matter. Graphics processors have circuits for just that: {} mines at ",
            race.gpu
        ))
        .number(get(race_names::GPU))
        .words(format!(", and by its data sheet {} takes ", race.gpu_peak))
        .number(get(race_names::GPU_PEAK))
        .words(
            ". (A picojoule is a millionth of a millionth of a joule; a kettle takes a hundred thousand joules for a cup of tea.)",
        ),
    ];
    let Some(node) = race.nodes_nm.last() else { return said };
    said.push(
        Sentence::new("The arithmetic alone, one multiplication and one addition and nothing else, would take ")
            .number(get(&race_names::floor(*node)))
            .words(format!(
                " at {node} nm, on the chips of today, depending on whose figures one believes. If everything else were free, a \
                 chip for this alone could take at the very most "
            ))
            .number(get(&race_names::most_ahead(*node)))
            .words(" times less energy than that graphics processor, where Bitcoin's chips take ")
            .number(get(race_names::PER_JOULE))
            .words(" times less."),
    );
    let mut sentence =
        Sentence::new("It is not free: operands have to be stored, moved and clocked.");
    for (n, what) in
        race.operations.iter().enumerate().filter(|(_, what)| what.contains("bits from"))
    {
        sentence = sentence
            .words(format!(" To read {what} takes "))
            .number(get(&race_names::operation(n)))
            .words(".");
    }
    said.push(sentence);
    said
}
