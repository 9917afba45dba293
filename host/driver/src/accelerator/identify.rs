//! What an accelerator is, by its first registers.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::PAYLOAD_WORDS_MAX;
use gemmine_hdl::identity::{SCANS_AMADEUS, SCANS_PEARL};
use gemmine_hdl::pe::CHUNK_STEPS_MAX;
use gemmine_hdl::registers::{
    BUILD, CLOCK_HZ, GEOMETRY, ID, ID_VALUE, LIMITS, PROTOCOLS, QUEUE, VERSION, VERSION_VALUE,
};
use gemmine_hdl::sequencer::CHUNK_STEPS_MIN;

use crate::device::{DeviceKind, Identity, Limits};
use crate::link_error::LinkError;
use crate::scan::TILE_CHUNK;

/// Steps that a word of panel memory holds.
pub const WORD_STEPS: usize = 4;
/// Names for panels: more than descriptors that name them, so that one can be loaded meanwhile.
const SPARE_PLACES: usize = 2;
/// Bits of a word's address in a lane, at most: 16 lanes of it fill a side's window.
const WORD_BITS_MAX: u32 = 14;

/// What only the driver needs to know of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The array.
    pub geometry: Geometry,
    /// Bits of a word's address in a lane of panel memory.
    pub word_bits: usize,
    /// Job slots.
    pub job_slots: usize,
    /// Words that a frame of the serial link may have.
    pub payload: usize,
}

impl Layout {
    /// Words of a lane.
    pub fn lane_words(&self) -> usize {
        1 << self.word_bits
    }
}

/// Registers that say what the device is, from the first on.
pub const REGISTERS: usize = CLOCK_HZ as usize + 1;

/// Reads what the device is from its first [`REGISTERS`].
///
/// # Errors
/// If it is no gemmine device, one of another version, or one with registers that make no sense.
pub fn identify(words: &[u32; REGISTERS], name: &str) -> Result<(Identity, Layout), LinkError> {
    let register = |address: u32| words[address as usize];
    if register(ID) != ID_VALUE {
        return Err(LinkError::NoDevice(register(ID)));
    }
    if register(VERSION) != VERSION_VALUE {
        return Err(LinkError::Version(register(VERSION)));
    }
    let nonsense = |name, address| LinkError::Register { register: name, value: register(address) };
    let field = |address: u32, byte: u32| register(address) >> (8 * byte) & 0xff;
    let rows = field(GEOMETRY, 0) as usize;
    let columns = field(GEOMETRY, 1) as usize;
    let geometry = Geometry::try_new(rows, columns).map_err(|_| nonsense("GEOMETRY", GEOMETRY))?;
    let word_bits = field(GEOMETRY, 3);
    // A chunk of the shortest kind must fit.
    let lane_steps = WORD_STEPS << word_bits.min(WORD_BITS_MAX);
    if word_bits > WORD_BITS_MAX || lane_steps < CHUNK_STEPS_MIN {
        return Err(nonsense("GEOMETRY", GEOMETRY));
    }
    let (queue, job_slots) = (field(LIMITS, 0) as usize, field(LIMITS, 1) as usize);
    let payload = field(LIMITS, 3) as usize + 1;
    // Without scans the field means nothing: older devices have other things there.
    let scans = register(PROTOCOLS) & SCANS_AMADEUS != 0;
    let engines = if scans { field(GEOMETRY, 2) as usize } else { 0 };
    if scans && engines == 0 {
        return Err(nonsense("GEOMETRY", GEOMETRY));
    }
    let noise = register(PROTOCOLS) & SCANS_PEARL != 0;
    // A panel that the source of noise writes has a chunk at least.
    if noise && lane_steps < TILE_CHUNK {
        return Err(nonsense("GEOMETRY", GEOMETRY));
    }
    // A scan's seed takes a pair of job slots.
    if (scans || noise) && job_slots < 2 {
        return Err(nonsense("LIMITS", LIMITS));
    }
    // Descriptors and completions are pushed and read by fours and sixteens of words.
    if !(1..=QUEUE as usize).contains(&queue) || !(1..=4).contains(&job_slots) || payload < 16 {
        return Err(nonsense("LIMITS", LIMITS));
    }
    let clock_hz = u64::from(register(CLOCK_HZ));
    let limits = Limits {
        panels: queue + SPARE_PLACES,
        panel_steps: lane_steps,
        memory_steps: lane_steps,
        steps_multiple: WORD_STEPS,
        chunk_steps_min: CHUNK_STEPS_MIN.next_multiple_of(WORD_STEPS),
        chunk_steps_max: CHUNK_STEPS_MAX,
        queue,
    };
    let clock = match clock_hz {
        0 => "an unknown clock".to_owned(),
        hertz => format!("{} MHz", hertz as f64 / 1e6),
    };
    let identity = Identity {
        name: name.to_owned(),
        description: format!(
            "{geometry} array at {clock}, {}{}panels of up to {lane_steps} steps, build {:08x}",
            match engines {
                0 => String::new(),
                1 => "1 engine for Amadeus, ".into(),
                engines => format!("{engines} engines for Amadeus, "),
            },
            if noise { "source of Pearl's noise, " } else { "" },
            register(BUILD)
        ),
        kind: DeviceKind::External,
        geometry: Some(geometry),
        cert_versions: (0..16).filter(|n| register(PROTOCOLS) >> n & 1 == 1).collect(),
        engines,
        noise,
        version: register(VERSION),
        build: register(BUILD),
        clock_hz: (clock_hz > 0).then_some(clock_hz),
        limits,
    };
    Ok((
        identity,
        Layout {
            geometry,
            word_bits: word_bits as usize,
            job_slots,
            payload: payload.min(PAYLOAD_WORDS_MAX),
        },
    ))
}
