//! The checks of a self-test, each of them a question to the device whose answer is known.

use std::time::Duration;

use gemmine_driver::{
    Completion, Counters, Descriptor, Device, DeviceError, PearlScan, Scan, ScanEnd, Side,
    TILE_CHUNK, TILE_STEPS_MAX,
};

use super::vectors::{KEY, Vector, golden_vectors, memory_vectors, noise_ticket};
use crate::device::link_error;
use crate::display::grouped;

/// Time that one tile may take: rust-hdl's simulator needs minutes for a long one. A board gives up by
/// its own clock long before.
const TILE_PATIENCE: Duration = Duration::from_secs(3600);
/// Full frames each way that the link is tried with.
const LINK_FRAMES: u32 = 200;

/// What a check found.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it saw, or what is wrong; `None` if the device has nothing to check there.
    pub found: Option<Result<String, String>>,
}

/// Why a check failed: the device did something wrong, or can't be asked any more.
enum Failure {
    Wrong(String),
    Device(DeviceError),
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Wrong(text)
    }
}

type Found = Result<Option<String>, Failure>;

/// Runs all checks; `begin` hears each one's name before it runs. A lost device ends them.
pub fn run(device: &mut dyn Device, mut begin: impl FnMut(&'static str)) -> Vec<Check> {
    type Question = fn(&mut dyn Device) -> Found;
    let mut questions: Vec<(&'static str, Question)> = vec![
        ("link", link),
        ("golden vectors", vectors),
        ("queue and job slots", queue),
        ("panel memory", memory),
        ("counters", counters),
    ];
    if device.identity().noise {
        questions.push(("scans", scans));
    }
    let mut checks = Vec::new();
    for (name, question) in questions {
        begin(name);
        let (found, lost) = match question(device) {
            Ok(detail) => (detail.map(Ok), false),
            Err(Failure::Wrong(why)) => (Some(Err(why)), false),
            Err(Failure::Device(error)) => {
                let lost = error.is_lost();
                (Some(Err(link_error(error).to_string())), lost)
            }
        };
        let failed = matches!(found, Some(Err(_)));
        checks.push(Check { name, found });
        // What is still under way must not answer the next question.
        if lost || failed && device.reset().is_err() {
            break;
        }
    }
    checks
}

fn link(device: &mut dyn Device) -> Found {
    let Some(check) = device.check_link(LINK_FRAMES)? else { return Ok(None) };
    let damaged = u64::from(check.device.frames_bad) + check.host.responses_damaged;
    let text = format!(
        "{} full frames each way at {} baud: {} damaged on the way to the device ({} bytes without a stop \
         bit), {} on the way back, {} frames sent again, {} timeouts",
        check.frames,
        grouped(check.baud.into()),
        check.device.frames_bad,
        check.device.line_errors,
        check.host.responses_damaged,
        check.host.frames_resent,
        check.host.timeouts
    );
    if damaged + u64::from(check.device.line_errors) + check.host.timeouts > 0 {
        return Err(Failure::Wrong(format!("{text}; shorten the cable, or lower --max-baud")));
    }
    Ok(Some(text))
}

/// Loads a vector's panels and pushes its tile.
fn push(device: &mut dyn Device, tag: u32, vector: &Vector) -> Result<(), DeviceError> {
    let (a, b) = vector.panels();
    device.load_panel(Side::A, 0, a)?;
    device.load_panel(Side::B, 0, b)?;
    device.push(descriptor(tag, vector))
}

fn descriptor(tag: u32, vector: &Vector) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: vector.unsigned_a,
        steps: vector.steps(),
        chunk_steps: vector.chunk_steps,
        ticket_key: KEY,
        // Inclusive: the tile is a hit.
        bound_le: vector.ticket,
        want_tile: true,
    }
}

/// The next completion, which must be the one with this tag.
fn take(device: &mut dyn Device, tag: u32) -> Result<Completion, DeviceError> {
    let completion = device.wait(TILE_PATIENCE)?;
    if completion.tag != tag {
        return Err(DeviceError::Tag { expected: tag, got: completion.tag });
    }
    Ok(completion)
}

fn prove(device: &mut dyn Device, tag: u32, vector: &Vector) -> Result<(), Failure> {
    push(device, tag, vector)?;
    let completion = take(device, tag)?;
    if let Some(complaint) = vector.complain(&completion) {
        return Err(Failure::Wrong(complaint));
    }
    if completion.tile.is_none() {
        return Err(Failure::Wrong(format!("{}: no product tile came", vector.name)));
    }
    if !completion.hit {
        let why = format!("{}: the ticket equals the bound and was no hit", vector.name);
        return Err(Failure::Wrong(why));
    }
    Ok(())
}

fn vectors(device: &mut dyn Device) -> Found {
    let vectors = golden_vectors(&device.identity().limits);
    for (tag, vector) in (0..).zip(&vectors) {
        prove(device, tag, vector)?;
    }
    Ok(Some(format!("{} tiles: products, tickets and hits as the rule has them", vectors.len())))
}

/// A full queue of one tile under four keys and two bounds each, some with their products.
fn queue(device: &mut dyn Device) -> Found {
    let vectors = golden_vectors(&device.identity().limits);
    let Some(vector) = vectors.last() else { return Ok(None) };
    let (a, b) = vector.panels();
    device.load_panel(Side::A, 0, a)?;
    device.load_panel(Side::B, 0, b)?;
    let depth = device.identity().limits.queue as u32;
    let mut seen = [None; 4];
    for tag in 0..depth {
        let mut ticket_key = KEY;
        ticket_key[0] = tag as u8 % 4;
        // No ticket is zero, and none is above the highest number.
        let bound_le = if tag % 4 < 2 { [0; 32] } else { [0xff; 32] };
        let want_tile = tag % 3 == 0;
        device.push(Descriptor { ticket_key, bound_le, want_tile, ..descriptor(tag, vector) })?;
    }
    for tag in 0..depth {
        let completion = take(device, tag)?;
        let first = *seen[tag as usize % 4].get_or_insert(completion.ticket);
        let same_key = completion.ticket == first;
        let others = (0..4).filter(|n| *n != tag as usize % 4);
        let unique = others.into_iter().all(|n| seen[n] != Some(first));
        let product = completion.tile.as_ref();
        let tile_right =
            product.is_none_or(|tile| tile.as_flattened() == vector.product.as_slice());
        let right = same_key
            && unique
            && tile_right
            && completion.hit == (tag % 4 >= 2)
            && completion.tile.is_some() == (tag % 3 == 0);
        if !right {
            return Err(Failure::Wrong(format!(
                "tile {tag} of a full queue of {depth}: ticket, hit or product is wrong"
            )));
        }
    }
    Ok(Some(format!("{depth} tiles at once under 4 keys, in their order, one completion each")))
}

fn memory(device: &mut dyn Device) -> Found {
    // A device in this process keeps panels in the host's memory.
    if !device.identity().is_external() {
        return Ok(None);
    }
    let steps = device.identity().limits.panel_steps;
    for (tag, vector) in (0..).zip(&memory_vectors(&device.identity().limits)) {
        prove(device, tag, vector)?;
    }
    let words = grouped(16 * steps as u64 / 4);
    Ok(Some(format!("{words} words a side, every bit as 0 and as 1, by two tiles")))
}

/// Scans of a few tiles without a signal, of the shortest and the longest k, two at once; one of them ends at a hit.
fn scans(device: &mut dyn Device) -> Found {
    const TILES: u32 = 6;
    let most = device.identity().limits.panel_steps.min(TILE_STEPS_MAX);
    let base = PearlScan {
        a_seed: KEY,
        b_seed: *b"gemmine selftest: B's noise seed",
        bound_le: [0; 32],
        row_panel: 3,
        column_panel: 1000,
        columns: 4,
        tiles: TILES,
        steps: TILE_CHUNK,
    };
    let asked = [
        (base, TILES - 1),
        (PearlScan { steps: most / TILE_CHUNK * TILE_CHUNK, ..base }, TILES - 1),
        // Its first tile is one, and the second runs by then.
        (PearlScan { bound_le: [0xff; 32], ..base }, 1),
    ];
    for (tag, (work, _)) in (0..).zip(&asked[..2]) {
        device.scan(Scan { tag, work: (*work).into() })?;
    }
    for (tag, (work, nonce)) in (0..).zip(&asked) {
        let completion = take(device, tag)?;
        let hit = work.bound_le != [0; 32];
        let end = ScanEnd { nonce: *nonce, hit_before: hit };
        if (completion.scan, completion.hit) != (Some(end), hit) {
            return Err(Failure::Wrong(format!(
                "a scan of {TILES} tiles of {} steps ended as {:?}, not {end:?}",
                work.steps, completion.scan
            )));
        }
        let want = noise_ticket(work, *nonce);
        if completion.ticket != want {
            let (got, want) = (hex::encode(completion.ticket), hex::encode(want));
            let steps = work.steps;
            return Err(Failure::Wrong(format!(
                "a scan's tile of {steps} steps: ticket {got}, not {want}"
            )));
        }
        if let (0, Some((work, _))) = (tag, asked.get(2)) {
            device.scan(Scan { tag: 2, work: (*work).into() })?;
        }
    }
    let steps = asked[1].0.steps;
    Ok(Some(format!(
        "tiles of {TILE_CHUNK} and {steps} steps, grown on the device: ends and tickets as the rule has them"
    )))
}

/// Tiles, hits and steps go up by what was done; every cycle is one with a step or has a reason.
fn counters(device: &mut dyn Device) -> Found {
    const TILES: u64 = 4;
    let Some(geometry) = device.identity().geometry else { return Ok(None) };
    let vectors = golden_vectors(&device.identity().limits);
    let Some(vector) = vectors.last() else { return Ok(None) };
    let before = [device.counters()?, device.counters()?];
    for tag in 0..TILES as u32 {
        prove(device, tag, vector)?;
    }
    let [first, after] = [before[0], device.counters()?];
    let macs = TILES * (vector.steps() * geometry.slots()) as u64;
    let expected = [
        ("tiles", after.tiles - first.tiles, TILES),
        ("hits", after.hits - first.hits, TILES),
        ("cycles with a step", after.mac_cycles - first.mac_cycles, macs),
    ];
    for (name, counted, want) in expected {
        if counted != want {
            return Err(Failure::Wrong(format!("{name} went up by {counted}, not by {want}")));
        }
    }
    if after.full_mac_cycles > after.mac_cycles || after.mac_cycles > after.cycles {
        return Err(Failure::Wrong(format!(
            "{} cycles with all PEs at work, {} with a step, {} busy: each should be at most the next",
            after.full_mac_cycles, after.mac_cycles, after.cycles
        )));
    }
    let reasons = account(&before, &[after, device.counters()?])?;
    Ok(Some(format!("{TILES} tiles, as many hits, {} cycles with a step{reasons}", grouped(macs))))
}

/// Between resets, time is cycles with a step and without one, by cause. Time is read before the rest of
/// a reading, so what the rest adds up to is that of a moment before the time of the next reading.
fn account(before: &[Counters; 2], after: &[Counters; 2]) -> Result<String, Failure> {
    let [begin, begun, end, ended] = [before[0], before[1], after[0], after[1]].map(|c| c.time);
    let sum = |c: &Counters| c.mac_cycles + c.stalls.map_or(0, |stalls| stalls.total());
    let (Some(begin), Some(begun), Some(end), Some(ended), Some(stalls)) =
        (begin, begun, end, ended, after[0].stalls)
    else {
        return Ok(String::new());
    };
    let passed = sum(&after[0]) - sum(&before[0]);
    let (least, most) = (end - begun, ended - begin);
    if !(least..=most).contains(&passed) {
        return Err(Failure::Wrong(format!(
            "cycles with a step and stalls add up to {passed}, outside of {least} to {most} that passed by \
             the device's clock"
        )));
    }
    Ok(format!(
        "; every cycle accounted for, since power-up {} stalled by the link, {} by panels, {} by the drain, {} by \
         the hash",
        grouped(stalls.link),
        grouped(stalls.panel),
        grouped(stalls.drain),
        grouped(stalls.hash)
    ))
}
