//! Watts of a board that nobody has measured at this work, and joules for what it does.
//!
//! Both ways take a board's own rest and what its logic adds at the image's clock, with all inputs at their worst ends
//! at once. Neither knows DSP blocks, block RAM or the PLL, so the ends are an estimate's and no bounds.

use super::inputs::Inputs;
use crate::derive::{Figures, ratio, sum};
use crate::figure::{FigureError, Unit};
use crate::result::names;

/// What no estimate here has.
const LEFT_OUT: &str = "DSP blocks, block RAM and the PLL are left out, for want of a source, so the range is no bound";

pub(super) fn power(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let table = inputs.baselines;
    if let Some([rest, toggling, clock, activity]) = table.board_power_parts(inputs.entry) {
        for (name, figure) in [
            ("rest-power", rest),
            ("toggling-power", toggling),
            ("toggling-clock", clock),
            ("activity", activity),
        ] {
            figures.insert(name.into(), figure);
        }
        let above = sum(
            figures,
            Unit::Watt,
            &["toggling-power"],
            &["rest-power"],
            "what all flip-flops of the chip add, at the clock of the published watts",
        )?;
        figures.insert("toggling-power-above-rest".into(), above);
        let dynamic = ratio(
            figures,
            Unit::Watt,
            &["toggling-power-above-rest", "activity", names::CLOCK],
            &["toggling-clock"],
            "what a device at work adds: dynamic power grows with the clock, and is scaled to the image's",
        )?;
        figures.insert("dynamic-power".into(), dynamic);
        let conditions = format!(
            "estimated from published watts of a board with this chip: from rest to every flip-flop toggling in every \
             cycle at the image's clock; the value is the middle; {LEFT_OUT}"
        );
        let power = sum(figures, Unit::Watt, &["rest-power", "dynamic-power"], &[], conditions)?;
        figures.insert(names::POWER.into(), power);
        return Ok(());
    }
    let family = inputs.entry.cells.as_deref();
    let Some(cells) = table.table.cells.iter().find(|cells| Some(&*cells.family) == family) else {
        return Ok(());
    };
    let [rest, cycle, cell] = table.cells(cells);
    figures.insert("rest-power".into(), rest);
    figures.insert("energy-per-cycle".into(), cycle);
    figures.insert("energy-per-cell-cycle".into(), cell);
    let clock = ratio(
        figures,
        Unit::Watt,
        &["energy-per-cycle", names::CLOCK],
        &[],
        "the clock tree, estimated from the bottom up",
    )?;
    figures.insert("clock-power".into(), clock);
    let logic = ratio(
        figures,
        Unit::Watt,
        &["energy-per-cell-cycle", "cells", names::CLOCK],
        &[],
        "logic, estimated from the bottom up: all cells of the image at the image's clock",
    )?;
    figures.insert("logic-power".into(), logic);
    let power = sum(
        figures,
        Unit::Watt,
        &["rest-power", "clock-power", "logic-power"],
        &[],
        format!(
            "estimated from the bottom up, since nobody has published this board's: at rest, and what clock tree and \
             cells add; all ends at once, so the range is wide; {LEFT_OUT}"
        ),
    )?;
    figures.insert(names::POWER.into(), power);
    Ok(())
}

/// Joules, and work for a watt and a dollar. Work that somebody pays for has new operands for every tile; the same
/// pair again and again shows the array alone, and every figure says which of both it is.
pub(super) fn efficiency(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let rate = [names::THROUGHPUT];
    if let Some(price) = inputs.baselines.board_price(inputs.entry) {
        figures.insert(names::PRICE.into(), price);
        let conditions =
            "operands at hand, the same tiles again and again; the board alone, without a host";
        let figure =
            ratio(figures, Unit::MacPerSecondPerDollar, &rate, &[names::PRICE], conditions)?;
        figures.insert(names::MACS_PER_DOLLAR.into(), figure);
    }
    if !figures.contains_key(names::POWER) {
        return Ok(());
    }
    let conditions = "operands at hand, the same tiles again and again; power of the board at its plug, without a host";
    let power = [names::POWER];
    let energy = ratio(figures, Unit::PicojoulePerMac, &power, &rate, conditions)?;
    figures.insert(names::ENERGY_PER_MAC.into(), energy);
    let fed = ratio(
        figures,
        Unit::PicojoulePerMac,
        &power,
        &[names::THROUGHPUT_FED],
        "the same tiles again and again, as if the link never kept the array waiting; power of the board at its plug, without a host",
    )?;
    figures.insert(names::ENERGY_PER_MAC_FED.into(), fed);
    let inverse = ratio(figures, Unit::MacPerJoule, &rate, &power, conditions)?;
    figures.insert(names::MACS_PER_JOULE.into(), inverse);
    let streamed = ratio(
        figures,
        Unit::PicojoulePerMac,
        &power,
        &[names::THROUGHPUT_STREAMED],
        "new operands over the line for every tile; power of the board at its plug, without a host",
    )?;
    figures.insert(names::ENERGY_PER_MAC_STREAMED.into(), streamed);
    if inputs.native() {
        let [ticket, _] = inputs.baselines.work();
        figures.insert("macs-per-ticket".into(), ticket);
        // Of streamed operands alone: loading is not counted where operands are at hand, and no network pays twice.
        let inputs = [names::ENERGY_PER_MAC_STREAMED, "macs-per-ticket"];
        let conditions =
            "a Pearl ticket of the native tile, new operands over the line for every tile";
        let figure = ratio(figures, Unit::JoulePerTicket, &inputs, &[], conditions)?;
        figures.insert(names::ENERGY_PER_TICKET.into(), figure);
    }
    Ok(())
}
