//! Panel memory on the card: one buffer a side, cut into places of one panel's size, filled in turn.
//!
//! A panel that is there already is not sent again. A place may be overwritten as soon as the dispatches that read it
//! are submitted, since a queue does its writes and dispatches in order; so nothing here waits.

use std::collections::HashMap;
use std::sync::Arc;

use gemmine_pouw::panel::Panel;

/// Where the panels of one side are.
#[derive(Debug)]
pub struct PanelMemory {
    bytes: u64,
    /// Bytes of a panel now.
    panel_bytes: u64,
    /// What is in each place, and the batch that used it last. A panel that is held here keeps its address.
    places: Vec<Option<(Arc<Panel>, u64)>>,
    by_address: HashMap<usize, usize>,
    next: usize,
}

/// A panel's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where the panel begins, in bytes.
    pub offset: u64,
    /// It has to be sent.
    pub is_new: bool,
}

impl PanelMemory {
    pub fn new(bytes: u64) -> Self {
        Self { bytes, panel_bytes: 0, places: Vec::new(), by_address: HashMap::new(), next: 0 }
    }

    /// How many panels of so many steps there is room for.
    pub fn room(&self, steps: usize) -> usize {
        usize::try_from(self.bytes / panel_bytes(steps)).unwrap_or(usize::MAX)
    }

    /// The place of a panel for a batch, which no other panel of the same batch takes away. `None` if all places are
    /// taken by this batch. Batches are numbered from 1 on.
    pub fn place(&mut self, panel: &Arc<Panel>, batch: u64) -> Option<Placed> {
        self.cut(panel_bytes(panel.k()));
        if let Some(&index) = self.by_address.get(&address(panel)) {
            if let Some((_, last)) = &mut self.places[index] {
                *last = batch;
            }
            return Some(Placed { offset: index as u64 * self.panel_bytes, is_new: false });
        }
        let count = self.places.len();
        let free = (0..count)
            .map(|turn| (self.next + turn) % count)
            .find(|&index| self.places[index].as_ref().is_none_or(|(_, last)| *last != batch))?;
        self.next = free + 1;
        if let Some((before, _)) = self.places[free].replace((Arc::clone(panel), batch)) {
            self.by_address.remove(&address(&before));
        }
        self.by_address.insert(address(panel), free);
        Some(Placed { offset: free as u64 * self.panel_bytes, is_new: true })
    }

    /// Makes the places that large. All of them are empty then.
    fn cut(&mut self, panel_bytes: u64) {
        if panel_bytes == self.panel_bytes {
            return;
        }
        self.panel_bytes = panel_bytes;
        self.by_address.clear();
        self.next = 0;
        self.places = vec![None; usize::try_from(self.bytes / panel_bytes).unwrap_or(0)];
    }
}

/// What tells panels that are held from each other.
pub fn address(panel: &Arc<Panel>) -> usize {
    Arc::as_ptr(panel).addr()
}

/// Bytes of a panel of so many steps on the card.
pub fn panel_bytes(steps: usize) -> u64 {
    64 * steps.div_ceil(4).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(steps: usize) -> Arc<Panel> {
        Arc::new(Panel::zero(steps))
    }

    #[test]
    fn a_panel_is_sent_once_and_the_oldest_makes_room() {
        let mut memory = PanelMemory::new(4 * panel_bytes(8));
        let panels: Vec<_> = (0..6).map(|_| panel(8)).collect();
        for (index, panel) in panels[..4].iter().enumerate() {
            let placed = memory.place(panel, 1).unwrap();
            assert_eq!(placed, Placed { offset: 128 * index as u64, is_new: true });
        }
        assert!(!memory.place(&panels[2], 2).unwrap().is_new);
        // The first ones go, and not the one that this batch has.
        let mut taken = vec![memory.place(&panels[2], 2).unwrap().offset];
        for panel in [&panels[4], &panels[5], &panels[0]] {
            let placed = memory.place(panel, 2).unwrap();
            assert!(placed.is_new && !taken.contains(&placed.offset), "{placed:?} {taken:?}");
            taken.push(placed.offset);
        }
        assert_eq!(memory.place(&panels[1], 2), None);
        assert!(memory.place(&panels[1], 3).unwrap().is_new);
    }

    #[test]
    fn another_length_empties_it() {
        let mut memory = PanelMemory::new(1 << 10);
        let (short, long) = (panel(4), panel(64));
        assert_eq!((memory.room(4), memory.room(64), memory.room(65)), (16, 1, 0));
        assert!(memory.place(&short, 1).unwrap().is_new);
        assert!(memory.place(&long, 2).unwrap().is_new);
        assert!(memory.place(&short, 3).unwrap().is_new);
        assert_eq!(memory.place(&panel(1000), 4), None);
    }
}
