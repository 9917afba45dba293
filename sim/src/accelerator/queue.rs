//! The descriptor queue, register by register: [`gemmine_hdl::queue`] in plain Rust.

use gemmine_hdl::registers::{DESCRIPTOR_WORDS, QUEUE, SHAPE_FIELDS};
use gemmine_pouw::panel::STEPS;

/// A descriptor, by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// Chosen by the host.
    pub tag: u32,
    /// First words of the panels of A and B in their lanes.
    pub first_words: [usize; 2],
    /// Steps of a chunk, a multiple of four.
    pub chunk_steps: usize,
    /// Whole chunks.
    pub chunks: usize,
    /// Steps of the tail, a multiple of four; 0 without one.
    pub tail_steps: usize,
    /// Bytes of A are unsigned.
    pub unsigned_a: bool,
    /// Keep the product tile.
    pub want_tile: bool,
    /// A scan, tile after tile.
    pub scan: bool,
    /// With `scan`: of Pearl, not of Amadeus.
    pub noise: bool,
    /// Job slot.
    pub job: usize,
    /// Commits of A and of B that the tile waits for.
    pub fences: [u8; 2],
}

impl Descriptor {
    /// From its words.
    pub fn from_words(words: [u32; DESCRIPTOR_WORDS as usize]) -> Self {
        let [tag, panels, shape, rest] = words;
        let field = |nth: usize| {
            let (_, low, bits) = SHAPE_FIELDS[nth];
            shape >> low & ((1 << bits) - 1)
        };
        let has_tail = field(1) == 1;
        // Whole words of panel memory.
        let steps = |last: u32| (last as usize + 1).next_multiple_of(STEPS);
        Self {
            tag,
            first_words: [panels as u16, (panels >> 16) as u16].map(usize::from),
            chunk_steps: steps(field(0)),
            chunks: (rest & 0x7ff) as usize + 1,
            tail_steps: if has_tail { steps(field(2)) } else { 0 },
            unsigned_a: field(3) == 1,
            want_tile: field(4) == 1,
            scan: field(5) == 1,
            noise: field(6) == 1,
            job: (rest >> 12 & 3) as usize,
            fences: [(rest >> 16) as u8, (rest >> 24) as u8],
        }
    }
}

/// What reaches the queue in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueInputs {
    /// Drop all descriptors.
    pub reset: bool,
    /// A word of the window: which one, and the word.
    pub write: Option<(usize, u32)>,
    /// Completions popped.
    pub popped: Option<u32>,
    /// Commits so far.
    pub commits: [u8; 2],
    /// The running tile's last step is taken.
    pub tile_end: bool,
    /// It begins again then.
    pub again: bool,
}

/// The registers.
#[derive(Clone, Debug)]
pub struct Queue {
    memory: [[u32; DESCRIPTOR_WORDS as usize]; QUEUE as usize],
    head: usize,
    tail: usize,
    waiting: u32,
    outstanding: u32,
    fetching: bool,
    place: u32,
    next: Option<Descriptor>,
    fenced: bool,
    ready: bool,
    /// Ready to follow the running one without a cycle between.
    follows: bool,
    /// Something follows the running one, be it itself.
    goes_on: bool,
    loaded: bool,
    arming: [bool; 2],
    armed: bool,
    active: bool,
    running: Descriptor,
    /// The same, as its fields show.
    shown: Descriptor,
}

impl Queue {
    /// As after power-up.
    pub fn new() -> Self {
        Self {
            memory: Default::default(),
            head: 0,
            tail: 0,
            waiting: 0,
            outstanding: 0,
            fetching: false,
            place: 0,
            next: None,
            fenced: false,
            ready: false,
            follows: false,
            goes_on: false,
            loaded: false,
            arming: [false; 2],
            armed: false,
            active: false,
            running: Descriptor::from_words([0; DESCRIPTOR_WORDS as usize]),
            shown: Descriptor::from_words([0; DESCRIPTOR_WORDS as usize]),
        }
    }

    /// A tile runs.
    pub fn active(&self) -> bool {
        self.active
    }

    /// Its descriptor, or the last one's.
    pub fn running(&self) -> &Descriptor {
        &self.running
    }

    /// The same, as its fields say: a cycle after its first step they are still those of the one before.
    pub fn shown(&self) -> &Descriptor {
        &self.shown
    }

    /// A scan's tile runs, or will in the next cycle.
    pub fn scans(&self) -> bool {
        self.shown.scan && (self.armed || self.active)
    }

    /// Descriptors from push to pop.
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// No tile runs, for the next one's panels are not committed.
    pub fn fenced_out(&self) -> bool {
        self.fenced && self.idle()
    }

    /// Whether a word of the window would be lost.
    fn full(&self) -> bool {
        self.outstanding & QUEUE != 0
    }

    fn idle(&self) -> bool {
        !self.active && self.arming == [false; 2] && !self.armed
    }

    /// Whether the next descriptor's panels are there, if there is one.
    fn fences_met(&self, commits: [u8; 2]) -> Option<bool> {
        let fences = self.next?.fences;
        let met = |side: usize| commits[side].wrapping_sub(fences[side]) < 128;
        Some(met(0) && met(1))
    }

    /// Whether the next one follows the running one at its end, and whether anything does.
    fn at_end(&self, ready: bool, again: bool) -> (bool, bool) {
        let behind = ready && self.next.is_some_and(|next| !next.scan);
        (behind && !again, behind || again)
    }

    /// Whether a cycle changes nothing, if nothing reaches the queue but these commits and whether the running one
    /// begins again.
    pub fn is_quiet(&self, commits: [u8; 2], again: bool) -> bool {
        let met = self.fences_met(commits);
        let at_end = self.at_end(met == Some(true), again);
        let fetches = self.fetching || (self.next.is_none() && self.waiting > 0);
        let settled = self.ready == (met == Some(true))
            && self.fenced == (met == Some(false))
            && (self.follows, self.goes_on) == at_end;
        let starts = self.idle() && self.ready;
        let arms = self.loaded || self.arming != [false; 2] || self.armed;
        !fetches && settled && !starts && !arms
    }

    /// A cycle. Whether a push was lost.
    pub fn tick(&mut self, inputs: QueueInputs) -> bool {
        let before = self.clone_flags();
        let word_three = DESCRIPTOR_WORDS as usize - 1;
        let writes_last = inputs.write.is_some_and(|(word, _)| word == word_three);
        let push = writes_last && !before.full;
        let overflow = writes_last && before.full;
        let swap = (before.ready && before.idle) || (self.follows && inputs.tile_end);
        let met = self.fences_met(inputs.commits);
        let ready = met == Some(true);
        let (follows, goes_on) = self.at_end(ready, inputs.again);
        let ends = inputs.tile_end && !self.goes_on;

        // Fetch
        let fetched = self.fetching && self.place == DESCRIPTOR_WORDS;
        if self.fetching {
            self.place += 1;
        }
        if !self.fetching && self.next.is_none() && self.waiting > 0 {
            self.fetching = true;
            self.place = 0;
        }
        if self.loaded {
            self.next = None;
            self.shown = self.running;
        }
        self.loaded = swap;
        if swap {
            self.running = self.next.unwrap_or(self.running);
        }
        if fetched {
            self.fetching = false;
            self.next = Some(Descriptor::from_words(self.memory[self.head]));
            self.head = (self.head + 1) % self.memory.len();
        }
        self.waiting = self.waiting + u32::from(push) - u32::from(fetched);

        // Push
        if let Some((word, data)) = inputs.write
            && !before.full
        {
            self.memory[self.tail][word] = data;
        }
        if push {
            self.tail = (self.tail + 1) % self.memory.len();
            self.outstanding += 1;
        }
        if let Some(count) = inputs.popped {
            self.outstanding = self.outstanding.wrapping_sub(count) & 0x1f;
        }

        // Fences, and the running one
        self.fenced = met == Some(false);
        self.ready = ready;
        (self.follows, self.goes_on) = (follows, goes_on);
        self.active |= before.armed;
        self.armed = self.arming[1];
        self.arming = [swap && before.idle, self.arming[0]];
        if ends {
            self.active = false;
        }
        if inputs.reset {
            let memory = self.memory;
            *self = Self {
                memory,
                loaded: self.loaded,
                running: self.running,
                shown: self.shown,
                place: self.place,
                ..Self::new()
            };
        }
        overflow
    }

    fn clone_flags(&self) -> Flags {
        Flags { full: self.full(), idle: self.idle(), ready: self.ready, armed: self.armed }
    }
}

/// Flags as they stood before a cycle.
struct Flags {
    full: bool,
    idle: bool,
    ready: bool,
    armed: bool,
}
