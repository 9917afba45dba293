//! Entries of the table as figures, each with its line.

use toml::Spanned;

use super::{
    Accelerator, Amadeus, Arithmetic, Baselines, Board, Cells, Number, OneOrRange, Operation,
    Sha256d,
};
use crate::derive::{Figures, ratio};
use crate::figure::{Boundary, Figure, FigureError, Kind, Range, Source, Unit};
use crate::result::names;

/// Names of an accelerator's figures.
pub mod accelerator {
    /// TOPS that the maker says.
    pub const PEAK: &str = "peak-rate";
    /// Watts that the maker says.
    pub const PEAK_POWER: &str = "peak-power";
    /// pJ/MAC of the two.
    pub const PEAK_ENERGY: &str = "peak-energy-per-mac";
    /// TMAC/s that the miner's publisher says.
    pub const MINING: &str = "mining-rate";
    /// Watts that the miner's publisher says.
    pub const MINING_POWER: &str = "mining-power";
    /// pJ/MAC of the two.
    pub const MINING_ENERGY: &str = "mining-energy-per-mac";
    /// MAC/J of the two.
    pub const MINING_MACS_PER_JOULE: &str = "mining-macs-per-joule";
    /// MAC/s a dollar of the miner's rate.
    pub const MINING_MACS_PER_DOLLAR: &str = "mining-macs-per-dollar";
    /// MAC/J of the maker's figures.
    pub const PEAK_MACS_PER_JOULE: &str = "peak-macs-per-joule";
    /// Dollars.
    pub const PRICE: &str = super::names::PRICE;
}

/// What a number of the table is.
struct Entry<'a> {
    unit: Unit,
    kind: Kind,
    boundary: Boundary,
    conditions: &'a str,
    title: &'a str,
}

/// Of a number that is put together from what others publish, of a board.
const fn published<'a>(title: &'a str, unit: Unit, conditions: &'a str) -> Entry<'a> {
    Entry { unit, kind: Kind::Estimate, boundary: Boundary::Board, conditions, title }
}

impl Baselines {
    fn figure<T>(
        &self,
        number: &Spanned<T>,
        (value, ends): (f64, Option<[f64; 2]>),
        entry: &Entry<'_>,
    ) -> Figure {
        let Entry { unit, kind, boundary, conditions, title } = *entry;
        let source =
            Source::Line { file: self.file.clone(), line: self.line(number), title: title.into() };
        let uncertainty = ends.map(|[low, high]| Range { low, high });
        Figure { value, unit, kind, boundary, conditions: conditions.into(), uncertainty, source }
    }

    fn exact(&self, number: &Number, entry: &Entry<'_>) -> Figure {
        self.figure(number, (*number.get_ref(), None), entry)
    }

    fn range(&self, range: &Spanned<[f64; 2]>, entry: &Entry<'_>) -> Figure {
        let [low, high] = *range.get_ref();
        self.figure(range, (f64::midpoint(low, high), Some([low, high])), entry)
    }

    /// What is published of an accelerator, and pJ/MAC where there are watts.
    ///
    /// # Errors
    /// If an entry has a zero, which [`Baselines::check`] names.
    pub fn accelerator(&self, entry: &Accelerator) -> Result<Figures, FigureError> {
        use accelerator as name;
        let mut all = Figures::new();
        let board = Boundary::Board;
        if let Some(price) = &entry.price {
            let (conditions, title) = ("one card, without tax and shipping", &*price.source);
            let entry = Entry {
                unit: Unit::Dollar,
                kind: Kind::Vendor,
                boundary: board,
                conditions,
                title,
            };
            all.insert(name::PRICE.into(), self.exact(&price.usd, &entry));
        }
        if let Some(peak) = &entry.peak {
            let of = |unit, conditions| Entry {
                unit,
                kind: peak.kind,
                boundary: board,
                conditions,
                title: &peak.source,
            };
            let dense = "dense int8, every unit at work in every cycle";
            all.insert(name::PEAK.into(), self.exact(&peak.tops, &of(Unit::Tops, dense)));
            if let (Some(watts), Some(meaning)) = (&peak.watts, peak.watts_are) {
                let figure = self.exact(watts, &of(Unit::Watt, meaning.words()));
                all.insert(name::PEAK_POWER.into(), figure);
                let conditions =
                    format!("{dense}; watts are {}: {}", meaning.name(), meaning.words());
                let (watts, rate) = ([name::PEAK_POWER], [name::PEAK]);
                let energy = ratio(&all, Unit::PicojoulePerMac, &watts, &rate, &*conditions)?;
                let inverse = ratio(&all, Unit::MacPerJoule, &rate, &watts, &*conditions)?;
                all.insert(name::PEAK_ENERGY.into(), energy);
                all.insert(name::PEAK_MACS_PER_JOULE.into(), inverse);
            }
        }
        if let Some(mining) = &entry.mining {
            let of = |unit, conditions| Entry {
                unit,
                kind: mining.kind,
                boundary: board,
                conditions,
                title: &mining.source,
            };
            let value = match *mining.tmac_s.get_ref() {
                OneOrRange::One(value) => (value, None),
                OneOrRange::Range([low, high]) => (f64::midpoint(low, high), Some([low, high])),
            };
            let pearl = "mining Pearl, as the program's publisher reports it";
            let figure = self.figure(&mining.tmac_s, value, &of(Unit::TeramacPerSecond, pearl));
            all.insert(name::MINING.into(), figure);
            if all.contains_key(name::PRICE) {
                let (rate, price) = ([name::MINING], [name::PRICE]);
                let figure = ratio(&all, Unit::MacPerSecondPerDollar, &rate, &price, pearl)?;
                all.insert(name::MINING_MACS_PER_DOLLAR.into(), figure);
            }
            if let (Some(watts), Some(meaning)) = (&mining.watts, mining.watts_are) {
                let figure = self.exact(watts, &of(Unit::Watt, meaning.words()));
                all.insert(name::MINING_POWER.into(), figure);
                let conditions =
                    format!("{pearl}; watts are {}: {}", meaning.name(), meaning.words());
                let (watts, rate) = ([name::MINING_POWER], [name::MINING]);
                let energy = ratio(&all, Unit::PicojoulePerMac, &watts, &rate, &*conditions)?;
                let inverse = ratio(&all, Unit::MacPerJoule, &rate, &watts, &*conditions)?;
                all.insert(name::MINING_ENERGY.into(), energy);
                all.insert(name::MINING_MACS_PER_JOULE.into(), inverse);
            }
        }
        Ok(all)
    }

    /// Attempts a second that somebody reports.
    pub fn attempts(&self, entry: &Amadeus) -> Figure {
        self.exact(
            &entry.attempts_s,
            &Entry {
                unit: Unit::AttemptPerSecond,
                kind: entry.kind,
                boundary: Boundary::Board,
                conditions: "mining Amadeus, as the program's publisher reports it",
                title: &entry.source,
            },
        )
    }

    /// Rate and watts of a Bitcoin miner.
    pub fn sha256d(&self, entry: &Sha256d) -> [Figure; 2] {
        let conditions = "mining Bitcoin";
        let of = |unit| Entry {
            unit,
            kind: entry.kind,
            boundary: Boundary::Board,
            conditions,
            title: &entry.source,
        };
        [self.exact(&entry.th_s, &of(Unit::Terahash)), self.exact(&entry.watts, &of(Unit::Watt))]
    }

    /// What a board took at its plug with other designs, at the publisher's clock; none where nobody published it.
    pub fn board_power(&self, board: &Board) -> Option<Figure> {
        let watts = board.watts.as_ref()?;
        let conditions = format!(
            "at the USB plug, from idle to every flip-flop toggling at {} MHz, measured by others with a chain of flip-flops; \
             the value is the middle; DSP blocks, block RAM and a PLL are in neither end",
            watts.clock_mhz.get_ref()
        );
        Some(self.range(&watts.range, &published(&watts.source, Unit::Watt, &conditions)))
    }

    /// What a board's power at another clock is calculated from: watts at rest, watts with every flip-flop toggling,
    /// the clock of those, the share of the difference that a device at work takes.
    pub fn board_power_parts(&self, board: &Board) -> Option<[Figure; 4]> {
        let watts = board.watts.as_ref()?;
        let [rest, toggling] = *watts.range.get_ref();
        let of = |unit, conditions| published(&watts.source, unit, conditions);
        let activity = &self.table.activity;
        Some([
            self.figure(&watts.range, (rest, None), &of(Unit::Watt, "at the USB plug, at rest")),
            self.figure(&watts.range, (toggling, None), &of(
                Unit::Watt,
                "at the USB plug, every flip-flop toggling in every cycle; no DSP block, block RAM or PLL is in use",
            )),
            self.exact(&watts.clock_mhz, &of(Unit::Megahertz, "the clock of the published watts")),
            self.range(&activity.share, &published(
                &activity.source,
                Unit::One,
                "how much a device at work takes of what all flip-flops toggling take; nobody has measured it, so the value is the middle",
            )),
        ])
    }

    /// What a board costs.
    pub fn board_price(&self, board: &Board) -> Option<Figure> {
        let price = board.price.as_ref()?;
        Some(self.exact(
            &price.usd,
            &Entry {
                unit: Unit::Dollar,
                kind: price.kind,
                boundary: Boundary::Board,
                conditions: "one board, without tax and shipping",
                title: &price.source(),
            },
        ))
    }

    /// The three parts of an estimated power: at rest, of the clock tree in a cycle, of a cell in a cycle.
    pub fn cells(&self, cells: &Cells) -> [Figure; 3] {
        let of = |unit, conditions| Entry {
            unit,
            kind: Kind::Estimate,
            boundary: Boundary::Board,
            conditions,
            title: &cells.source,
        };
        [
            self.range(&cells.rest_w, &of(Unit::Watt, "a board at rest, USB bridge and regulators included; the value is the middle")),
            self.exact(&cells.per_cycle_pj, &of(Unit::PicojoulePerCycle, "the clock tree")),
            self.range(&cells.per_cell_cycle_pj, &of(Unit::PicojoulePerCellCycle, "a cell in use, from ordinary activity to toggling in every cycle; the value is the middle")),
        ]
    }

    /// Energy of a multiplication and of an addition.
    pub fn arithmetic(&self, entry: &Arithmetic) -> [Figure; 2] {
        let of = |conditions| Entry {
            unit: Unit::PicojoulePerMac,
            kind: Kind::Estimate,
            boundary: Boundary::Core,
            conditions,
            title: &entry.source,
        };
        [
            self.exact(&entry.mul_int8_pj, &of("an int8 multiplication alone")),
            self.exact(&entry.add_int32_pj, &of("an int32 addition alone")),
        ]
    }

    /// Energy of another operation.
    pub fn operation(&self, entry: &Operation) -> Figure {
        let [low, high] = entry.pj.get_ref().ends();
        let range = (low < high).then_some([low, high]);
        let conditions = format!("{} at {} nm", entry.what, entry.node_nm);
        self.figure(
            &entry.pj,
            (f64::midpoint(low, high), range),
            &Entry {
                boundary: Boundary::Core,
                ..published(&entry.source, Unit::Picojoule, &conditions)
            },
        )
    }

    /// How many times more another source of energy has.
    pub fn spread(&self) -> Figure {
        let spread = &self.table.spread;
        self.range(&spread.factor, &Entry {
            unit: Unit::One,
            kind: Kind::Estimate,
            boundary: Boundary::Core,
            conditions: "from 1 to how many times more another source has for the same operation; the value is the middle",
            title: &spread.source,
        })
    }

    /// What a later node takes over an earlier one: the range, and its low end alone.
    pub fn scaling(&self) -> [Figure; 2] {
        let scaling = &self.table.scaling;
        let of = |conditions| Entry {
            boundary: Boundary::Core,
            ..published(&scaling.source, Unit::One, conditions)
        };
        let range = of(
            "energy of the same logic at a later node over that at an earlier one; the value is the middle",
        );
        let least = of("the low end of what a later node takes over an earlier one");
        let [low, _] = *scaling.factor.get_ref();
        [self.range(&scaling.factor, &range), self.figure(&scaling.factor, (low, None), &least)]
    }

    /// MACs of a ticket and of an attempt.
    pub fn work(&self) -> [Figure; 2] {
        let work = &self.table.work;
        let of = |unit| Entry {
            unit,
            kind: Kind::Definition,
            boundary: Boundary::Core,
            conditions: "by the network's rule",
            title: &work.source,
        };
        [
            self.exact(&work.pearl_ticket_macs, &of(Unit::MacPerTicket)),
            self.exact(&work.amadeus_attempt_macs, &of(Unit::MacPerAttempt)),
        ]
    }
}
