//! What a command asks for.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::DmaError;

/// Words of a command.
pub type Words = [u32; map::COMMAND_WORDS as usize];

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// From host memory to the bus.
    Write {
        /// Byte address of the first word.
        host: u64,
    },
    /// From the bus to host memory.
    Read {
        /// Byte address of the first word.
        host: u64,
    },
    /// Its own words to the bus.
    Immediate {
        /// The words.
        payload: [u32; map::IMMEDIATE_WORDS as usize],
    },
}

/// A command that may be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub action: Action,
    /// First word on the bus.
    pub bus: u32,
    /// How many words.
    pub words: u32,
    /// What an entry of kind 2 says when it is done, if there is to be one.
    pub notify: Option<u16>,
}

impl Command {
    /// Of the words of an entry of the command ring.
    ///
    /// # Errors
    /// Why it halts the link.
    pub fn decode(words: &Words) -> Result<Self, DmaError> {
        let [opcode, notify, tag, bus, count, host, payload] =
            map::COMMAND_FIELDS.each_ref().map(|field| field.get(words));
        let (tag, first) = (tag as u16, map::COMMAND_FIELDS[6].word as usize);
        let immediate = opcode == map::IMMEDIATE;
        let host = u64::from(host) | u64::from(words[first + 1]) << 32;
        let action = match opcode {
            map::WRITE => Action::Write { host },
            map::READ => Action::Read { host },
            map::IMMEDIATE => Action::Immediate {
                payload: [payload, words[first + 1], words[first + 2], words[first + 3]],
            },
            _ => return Err(DmaError::Opcode),
        };
        // Bits without a field are outside of every part.
        let outside = words[1] != bus || words[2] != count;
        let crosses = bus % map::BUS_PART_WORDS + count > map::BUS_PART_WORDS;
        let most = if immediate { map::IMMEDIATE_WORDS } else { u32::MAX };
        let aligned = immediate || host.is_multiple_of(map::TRANSFER_ALIGN);
        if outside || crosses || count == 0 || count > most || !aligned {
            return Err(DmaError::Range);
        }
        Ok(Self { action, bus, words: count, notify: (notify == 1).then_some(tag) })
    }
}
