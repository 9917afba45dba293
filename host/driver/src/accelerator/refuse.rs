//! Work that an accelerator can't do, refused before a byte is sent.

use gemmine_hdl::registers::SHAPE_FIELDS;
use gemmine_pouw::panel::Panel;

use crate::device::{Descriptor, Identity};
use crate::error::DeviceError;
use crate::scan::{
    self, AmadeusScan, PANELS_MAX, PearlScan, SCAN_ATTEMPTS_MAX, SCAN_BITS_MAX, SCAN_CHUNK,
    SCAN_STEPS_MAX, TILE_CHUNK, TILE_COLUMNS_MAX, TILE_STEPS_MAX, TILES_MAX, Work,
};

/// Most whole chunks of a tile, as far as the descriptor counts.
const CHUNKS_MAX: usize = 2048;

/// Refuses panels that don't fit.
///
/// # Errors
/// Names the quantity, the limit and a remedy.
pub fn panel(identity: &Identity, place: usize, panel: &Panel) -> Result<(), DeviceError> {
    let limits = &identity.limits;
    let last = limits.panels - 1;
    within(identity, "panel", place, (0, last), "choose one of those")?;
    let remedy = "choose a shorter k, or a device with more panel memory";
    within(identity, "panel length", panel.k(), (1, limits.panel_steps), remedy)?;
    multiple(identity, "panel length", panel.k())
}

/// Refuses tiles that don't fit.
///
/// # Errors
/// Names the quantity, the limit and a remedy.
pub fn tile(identity: &Identity, descriptor: &Descriptor) -> Result<(), DeviceError> {
    let limits = &identity.limits;
    let Descriptor { steps, chunk_steps, .. } = *descriptor;
    let chunk = (limits.chunk_steps_min, limits.chunk_steps_max);
    within(identity, "chunk length", chunk_steps, chunk, "choose another rank r")?;
    multiple(identity, "chunk length", chunk_steps)?;
    let remedy = "choose another k or rank r";
    within(identity, "whole chunks of a tile", steps / chunk_steps, (1, CHUNKS_MAX), remedy)?;
    multiple(identity, "steps of a tile", steps)?;
    if !steps.is_multiple_of(chunk_steps) {
        within(identity, "tail length", steps % chunk_steps, chunk, remedy)?;
    }
    Ok(())
}

/// Refuses scans that the device can't do.
///
/// # Errors
/// Names the quantity, the limit and a remedy.
pub fn scan(identity: &Identity, work: &Work) -> Result<(), DeviceError> {
    match work {
        Work::Amadeus(scan) if identity.engines > 0 => amadeus(identity, scan),
        Work::Pearl(scan) if identity.noise => pearl(identity, scan),
        Work::Amadeus(_) | Work::Pearl(_) => Err(scan::refuse(identity, work)),
    }
}

fn amadeus(identity: &Identity, scan: &AmadeusScan) -> Result<(), DeviceError> {
    let attempts = (1, SCAN_ATTEMPTS_MAX as usize);
    let remedy = "make several scans of it";
    within(identity, "attempts of a scan", scan.attempts as usize, attempts, remedy)?;
    let remedy = "end at the last, and go on above the nonce's four low bytes";
    let nonces = (0, u32::MAX as usize);
    within(identity, "last nonce word of a scan", scan.last() as usize, nonces, remedy)?;
    let bits = (1, SCAN_BITS_MAX as usize);
    let remedy = "choose another difficulty";
    within(identity, "leading zero bits of a scan", scan.bits as usize, bits, remedy)?;
    let steps = (SCAN_CHUNK, SCAN_STEPS_MAX);
    let remedy = "choose another k; the network's is 50240";
    within(identity, "steps of an attempt", scan.steps, steps, remedy)?;
    multiple_of(identity, "steps of an attempt", scan.steps, (SCAN_CHUNK, remedy))
}

fn pearl(identity: &Identity, scan: &PearlScan) -> Result<(), DeviceError> {
    let remedy = "make several scans of it";
    let tiles = (1, TILES_MAX as usize);
    within(identity, "tiles of a scan", scan.tiles as usize, tiles, remedy)?;
    let columns = (1, TILE_COLUMNS_MAX as usize);
    within(identity, "column panels of a scan", scan.columns as usize, columns, remedy)?;
    let panels = (0, PANELS_MAX as usize - 1);
    let remedy = "choose panels that a matrix of Pearl can have";
    let (row, column) = (scan.last_row_panel() as usize, scan.last_column_panel() as usize);
    within(identity, "last row panel of a scan", row, panels, remedy)?;
    within(identity, "last column panel of a scan", column, panels, remedy)?;
    let steps = (TILE_CHUNK, TILE_STEPS_MAX.min(identity.limits.panel_steps));
    let remedy = "choose another k, or load panels";
    within(identity, "steps of a scan's tile", scan.steps, steps, remedy)?;
    multiple_of(identity, "steps of a scan's tile", scan.steps, (TILE_CHUNK, remedy))
}

/// Refuses a tile that is not as long as a panel.
///
/// # Errors
/// Says how long the panel is.
pub fn length(identity: &Identity, steps: usize, panel_steps: usize) -> Result<(), DeviceError> {
    let remedy = "push tiles as long as their panels";
    within(identity, "steps of a tile", steps, (panel_steps, panel_steps), remedy)
}

fn within(
    identity: &Identity,
    what: &'static str,
    value: usize,
    (min, max): (usize, usize),
    remedy: &'static str,
) -> Result<(), DeviceError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let limit = if min == max { format!("exactly {max}") } else { format!("{min} to {max}") };
    Err(DeviceError::Unsupported { device: identity.name.clone(), what, value, limit, remedy })
}

fn multiple(identity: &Identity, what: &'static str, value: usize) -> Result<(), DeviceError> {
    multiple_of(identity, what, value, (identity.limits.steps_multiple, "pad with zero steps"))
}

fn multiple_of(
    identity: &Identity,
    what: &'static str,
    value: usize,
    (multiple, remedy): (usize, &'static str),
) -> Result<(), DeviceError> {
    if value.is_multiple_of(multiple) {
        return Ok(());
    }
    let limit = format!("multiples of {multiple}");
    Err(DeviceError::Unsupported { device: identity.name.clone(), what, value, limit, remedy })
}

/// The third and fourth word of a tile's descriptor.
pub fn shape_words(descriptor: &Descriptor, job_slot: usize, commits: [u8; 2]) -> [u32; 2] {
    let Descriptor { steps, chunk_steps, .. } = *descriptor;
    let tail = steps % chunk_steps;
    let values = [
        chunk_steps - 1,
        usize::from(tail > 0),
        tail.saturating_sub(1),
        usize::from(descriptor.unsigned_a),
        usize::from(descriptor.want_tile),
    ];
    let fields = SHAPE_FIELDS.iter().zip(values);
    let shape = fields.fold(0, |word, ((_, shift, _), value)| word | (value as u32) << shift);
    let chunks = (steps / chunk_steps - 1) as u32 | (job_slot as u32) << 12;
    [shape, chunks | u32::from(commits[0]) << 16 | u32::from(commits[1]) << 24]
}
