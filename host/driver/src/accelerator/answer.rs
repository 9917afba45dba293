//! What the accelerator answers: completions and product tiles.

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::{COMPLETION_FIELDS, COMPLETION_WORDS, RESULT_BANKS, result_address};

use super::scan;
use super::shadow::{Outstanding, Task};
use crate::device::Completion;
use crate::error::DeviceError;
use crate::link_error::LinkError;

/// A product tile.
pub type Tile = Box<[[i32; 16]; 16]>;
/// Words of a product tile.
pub const TILE_WORDS: usize = 256;

const _: () = assert!(RESULT_BANKS == 2);

/// Why an entry is not the completion that is due.
#[derive(Debug)]
pub enum Wrong {
    /// Another descriptor's.
    Tag(DeviceError),
    /// It contradicts its descriptor.
    Link(LinkError),
}

/// The completion that an entry of the queue is, without its tile, and the bank in which that waits.
///
/// # Errors
/// If it is not that of the descriptor, or can't be.
pub fn completion(
    entry: &[u32; COMPLETION_WORDS as usize],
    due: &Outstanding,
) -> Result<(Completion, Option<usize>), Wrong> {
    let [tag, hit, kept, bank, _, cycle_low, cycle_high, _, ticket_words] = COMPLETION_FIELDS;
    let got = tag.get(entry);
    if got != due.tag {
        return Err(Wrong::Tag(DeviceError::Tag { expected: due.tag, got }));
    }
    let kept = kept.get(entry) == 1;
    if kept != matches!(due.task, Task::Tile { want_tile: true, .. }) {
        let flags = entry[1];
        let text = format!("completion {got} has flags {flags:#x}; a tile was not agreed on");
        return Err(Wrong::Link(LinkError::Protocol(text)));
    }
    let mut ticket = [0; 32];
    let words = &entry[ticket_words.word as usize..][..ticket_words.words as usize];
    for (bytes, word) in ticket.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    let mut completion = Completion {
        tag: got,
        cycle: u64::from(cycle_high.get(entry)) << 24 | u64::from(cycle_low.get(entry)),
        ticket,
        hit: hit.get(entry) == 1,
        tile: None,
        scan: None,
    };
    if let Task::Scan { numbers, unit } = &due.task {
        completion.scan = Some(scan::end(&completion, entry, numbers, unit).map_err(Wrong::Link)?);
    }
    Ok((completion, kept.then(|| bank.get(entry) as usize)))
}

/// A product tile, of the words of its bank.
pub fn tile(geometry: Geometry, words: impl Fn(usize) -> u32) -> Tile {
    let mut tile = Tile::default();
    for (row, line) in tile.iter_mut().enumerate() {
        for (column, value) in line.iter_mut().enumerate() {
            *value = words(result_address(geometry, 0, row, column) as usize).cast_signed();
        }
    }
    tile
}
