//! The finisher, register by register: [`gemmine_hdl::finisher`] in plain Rust.
//!
//! Fold words, ticket and last result come from elsewhere as cycles in which they are due; what is in
//! the ticket comes with the tile's end.

use gemmine_hdl::finisher::TIME_OFFSET;
use gemmine_hdl::registers::{COMPLETION_WORDS, JOB_SLOTS, JOB_WORDS, QUEUE, RESULT_BANKS};

use gemmine_hdl::solution;
use gemmine_hdl::ticket::READ_LATENCY;

use super::counter::{high_half, low_half};
use super::scan::{Kind, SEED_WORDS, Scan};
use super::work::Outcome;

/// Words of a job slot.
pub type Job = [u32; JOB_WORDS as usize];

/// What reaches the finisher in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinisherInputs {
    /// Drop everything.
    pub clear: bool,
    /// A tile runs.
    pub active: bool,
    /// The running tile's, or the last one's, tag.
    pub tag: u32,
    /// Its job slot.
    pub job: usize,
    /// Its results are kept.
    pub want: bool,
    /// What it is.
    pub kind: Kind,
    /// Its last step was taken in the last cycle.
    pub tile_end: bool,
    /// Steps of its last whole chunk or tail are due.
    pub is_final: bool,
    /// The host frees so many completions.
    pub pop: Option<u32>,
    /// The host frees so many banks.
    pub release: Option<u32>,
}

/// What comes out of a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FinisherOutputs {
    /// So many completions were freed.
    pub popped: Option<u32>,
    /// There were not so many completions, or banks.
    pub underflow: bool,
    /// A tile is complete.
    pub tile: bool,
    /// Its ticket is a hit.
    pub hit: bool,
}

/// How many completions, and how many banks, the host frees.
#[derive(Clone, Copy, Debug, Default)]
struct Frees {
    pop: Option<u32>,
    release: Option<u32>,
    /// There were not so many.
    underflow: bool,
}

impl Frees {
    fn any(self) -> bool {
        self.pop.is_some() || self.release.is_some() || self.underflow
    }
}

/// The registers.
#[derive(Clone, Debug)]
pub struct Finisher {
    /// Job slots, as the host wrote them.
    pub jobs: [Job; JOB_SLOTS as usize],
    // Job of the running tile
    loading: bool,
    load_place: u32,
    /// Places whose words are read in the next cycle but one, and in the next.
    places: [Option<u32>; 2],
    loaded: bool,
    /// A scan of Pearl goes on: of its seed only the ticket's job is read again.
    reload: bool,
    job: Job,
    seed: [u32; SEED_WORDS],
    /// Attempts, and which of them is which.
    pub scan: Scan,
    // The tile that is being finished
    pending: bool,
    want: bool,
    kind: Kind,
    outcome: Outcome,
    /// The cycle in which the ticket comes.
    ticket_due: Option<u64>,
    /// The cycle in which the last result comes.
    results_due: Option<u64>,
    ticket_done: bool,
    results_done: bool,
    hashing: bool,
    hold: bool,
    drain: bool,
    // Its completion
    writing: bool,
    place: u32,
    entry: u32,
    completed: u64,
    write: Option<(usize, u32)>,
    queue: Vec<u32>,
    waiting: u32,
    bank: usize,
    banks: u32,
    /// What is freed in this cycle.
    frees: Frees,
    results: [Box<[u32; 256]>; RESULT_BANKS as usize],
}

impl Finisher {
    /// As after power-up.
    pub fn new() -> Self {
        Self {
            jobs: Default::default(),
            loading: false,
            load_place: 0,
            places: [None; 2],
            loaded: false,
            reload: false,
            job: Job::default(),
            seed: [0; SEED_WORDS],
            scan: Scan::default(),
            pending: false,
            want: false,
            kind: Kind::Plain,
            outcome: Outcome::default(),
            ticket_due: None,
            results_due: None,
            ticket_done: false,
            results_done: false,
            hashing: false,
            hold: false,
            drain: false,
            writing: false,
            place: 0,
            entry: 0,
            completed: 0,
            write: None,
            queue: vec![0; (QUEUE * COMPLETION_WORDS) as usize],
            waiting: 0,
            bank: 0,
            banks: 0,
            frees: Frees::default(),
            results: std::array::from_fn(|_| Box::new([0; 256])),
        }
    }

    /// No step may be taken.
    pub fn hold(&self) -> bool {
        self.hold
    }

    /// Because no bank is free.
    pub fn drain(&self) -> bool {
        self.drain
    }

    /// A tile is being finished.
    pub fn pending(&self) -> bool {
        self.pending
    }

    /// Completions in the queue.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// The entry of the oldest completion in the queue.
    pub fn oldest(&self) -> u32 {
        self.entry.wrapping_sub(self.waiting) % QUEUE
    }

    /// The running tile's key and bound.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The seed of the running scan.
    pub fn seed(&self) -> &[u32; SEED_WORDS] {
        &self.seed
    }

    /// The running scan's seed is whole.
    pub fn seeded(&self) -> bool {
        self.loaded && !self.pending
    }

    /// A word of the completion queue, by its address behind the window.
    pub fn completion_word(&self, address: usize) -> u32 {
        self.queue.get(address).copied().unwrap_or(0)
    }

    /// A result, by its address behind the window.
    pub fn result(&self, address: usize) -> u32 {
        self.results.get(address / 256).map_or(0, |bank| bank[address % 256])
    }

    /// The ticket of the tile will come in a cycle.
    pub fn expect_ticket(&mut self, cycle: u64) {
        self.ticket_due = Some(cycle);
    }

    /// The tile's last step was taken: what comes of it, and when its last result does.
    pub fn expect_results(&mut self, cycle: u64, outcome: Outcome) {
        self.results_due = Some(cycle);
        self.outcome = outcome;
    }

    /// How many cycles change nothing.
    pub fn quiet_cycles(&self, now: u64, inputs: &FinisherInputs) -> u64 {
        let reads = self.loading || self.places != [None; 2];
        let loads = reads || (self.would_load(inputs) && !inputs.clear);
        let held = (self.hold, self.drain) == self.next_hold(inputs);
        let frees = self.frees.any();
        let scans = self.hash_starts() || !self.scan.is_quiet(inputs.kind.scans());
        let writes = self.writing || self.write.is_some() || self.is_complete();
        if loads || !held || frees || scans || writes {
            return 0;
        }
        let due = [self.ticket_due, self.results_due].into_iter().flatten().min();
        due.map_or(u64::MAX, |due| due.saturating_sub(now))
    }

    /// A cycle.
    pub fn tick(&mut self, now: u64, inputs: &FinisherInputs) -> FinisherOutputs {
        let mut outputs = FinisherOutputs::default();
        let (hold, drain) = self.next_hold(inputs);
        let (loads, complete) = (self.would_load(inputs), self.is_complete());
        let hash_starts = self.hash_starts();
        self.scan.tick(inputs.kind.scans(), inputs.tile_end);

        // Completion queue
        if let Some((place, word)) = self.write.take() {
            self.queue[place] = word;
        }
        if self.writing {
            self.write = self.entry_word().map(|(word, value)| (self.entry_place(word), value));
        }
        if inputs.tile_end {
            self.write = Some((self.entry_place(0), inputs.tag));
        }
        if complete {
            self.completed = now;
        }

        // Accounts: what the cycle before frees can't be freed again. The RTL is never asked in two cycles in a row;
        // commands of the model's memory link may follow each other that closely.
        outputs.popped = self.frees.pop;
        outputs.underflow = self.frees.underflow;
        self.waiting -= self.frees.pop.unwrap_or(0);
        self.banks -= self.frees.release.unwrap_or(0);
        self.frees = Frees {
            pop: inputs.pop.filter(|&count| count <= self.waiting),
            release: inputs.release.filter(|&count| count <= self.banks),
            underflow: inputs.pop.is_some_and(|count| count > self.waiting)
                || inputs.release.is_some_and(|count| count > self.banks),
        };

        // Job of the running tile
        let [next, place] = self.places;
        self.places = [None, next];
        if let Some(place) = place {
            self.read_job(inputs, place as usize);
        }
        if self.loading {
            let seeds = inputs.kind.scans() && !self.reload;
            let words = if seeds { SEED_WORDS as u32 } else { JOB_WORDS };
            if self.load_place == words {
                self.loading = false;
                self.loaded = true;
                if seeds {
                    self.scan.begin(inputs.kind, &self.seed);
                }
            } else {
                self.places[0] = Some(self.load_place);
            }
            self.load_place += 1;
        } else if loads {
            self.loading = true;
            self.load_place = 0;
        }

        // The tile that is being finished
        self.ticket_done |= self.ticket_due.take_if(|due| *due <= now).is_some();
        if self.results_due.take_if(|due| *due <= now).is_some() {
            self.results_done = true;
            if self.want || self.kind == Kind::Amadeus {
                self.results[self.bank].copy_from_slice(&self.outcome.results[..]);
            }
        }
        if hash_starts {
            self.hashing = true;
            self.ticket_due = Some(now + solution::LATENCY as u64);
        }
        if inputs.tile_end {
            self.pending = true;
            self.want = inputs.want && !inputs.kind.scans();
            self.kind = inputs.kind;
        }
        (self.hold, self.drain) = (hold, drain);

        // Its completion
        if self.writing {
            self.place += 1;
            if self.place == COMPLETION_WORDS + READ_LATENCY as u32 {
                outputs.tile = true;
                outputs.hit = self.outcome.hit;
                self.finish();
            }
        } else if complete && self.kind.scans() && self.scan.more() {
            outputs.tile = true;
            outputs.hit = self.outcome.hit;
            self.scan.attempted(self.outcome.hit);
            if self.kind == Kind::Pearl {
                // The ticket has taken the key's place.
                self.loaded = false;
                self.reload = true;
            }
            self.finish_tile();
        } else if complete {
            self.writing = true;
            self.place = 0;
        }
        if inputs.clear {
            self.clear();
        }
        outputs
    }

    /// A word of the running tile's job, or of its scan's seed, is read.
    fn read_job(&mut self, inputs: &FinisherInputs, place: usize) {
        let scans = inputs.kind.scans();
        let slot = if scans { inputs.job & 2 } else { inputs.job };
        let word = self.jobs.as_flattened()[slot * JOB_WORDS as usize + place];
        if scans && !self.reload {
            self.seed[place] = word;
        }
        // Key and bound of Pearl's tickets are the first half of its seed.
        if inputs.kind != Kind::Amadeus
            && let Some(job) = self.job.get_mut(place)
        {
            *job = word;
        }
    }

    /// The completion's entry is written.
    fn finish(&mut self) {
        self.writing = false;
        self.loaded = false;
        self.reload = false;
        self.scan.end();
        self.finish_tile();
        self.entry = (self.entry + 1) % QUEUE;
        self.waiting += 1;
        if self.want {
            self.bank = (self.bank + 1) % self.results.len();
            self.banks += 1;
        }
    }

    fn finish_tile(&mut self) {
        self.pending = false;
        self.ticket_done = false;
        self.results_done = false;
        self.hashing = false;
    }

    fn clear(&mut self) {
        self.loading = false;
        self.loaded = false;
        self.reload = false;
        self.finish_tile();
        self.scan.end();
        self.ticket_due = None;
        self.results_due = None;
        self.hold = false;
        self.drain = false;
        self.writing = false;
        self.entry = 0;
        self.waiting = 0;
        self.bank = 0;
        self.banks = 0;
        (self.frees.pop, self.frees.release) = (None, None);
    }

    fn would_load(&self, inputs: &FinisherInputs) -> bool {
        inputs.active && !self.pending && !self.loaded && !self.loading
    }

    fn hash_starts(&self) -> bool {
        self.pending && self.kind == Kind::Amadeus && self.results_done && !self.hashing
    }

    fn is_complete(&self) -> bool {
        self.pending && self.ticket_done && self.results_done && !self.writing
    }

    /// The next values of `hold` and `drain`.
    fn next_hold(&self, inputs: &FinisherInputs) -> (bool, bool) {
        let keeps = match inputs.kind {
            Kind::Plain => inputs.want,
            Kind::Amadeus => true,
            Kind::Pearl => false,
        };
        let no_bank = keeps && self.banks >= RESULT_BANKS;
        let free = self.loaded && !self.pending;
        let ends = inputs.is_final && !inputs.clear;
        (ends && (!free || no_bank), ends && free && no_bank)
    }

    /// Where a word of the entry stands in the queue.
    fn entry_place(&self, word: u32) -> usize {
        (self.entry * COMPLETION_WORDS + word) as usize
    }

    /// The word of the entry that is written now, if there is one. The tag was written before.
    fn entry_word(&self) -> Option<(u32, u32)> {
        let time = self.completed + TIME_OFFSET as u64;
        let word = self.place.checked_sub(READ_LATENCY as u32).filter(|&word| word > 0)?;
        let value = match word {
            1 => {
                let bank = if self.want { 2 | (self.bank as u32) << 2 } else { 0 };
                let before = self.kind.scans() && self.scan.hit_before();
                u32::from(self.outcome.hit) | bank | u32::from(before) << 3
            }
            2 => low_half(time),
            3 => high_half(time),
            4 if self.kind.scans() => self.scan.nonce(),
            word @ 8..16 => {
                let (ticket, _) = self.outcome.ticket.as_chunks::<4>();
                u32::from_le_bytes(ticket[word as usize - 8])
            }
            _ => 0,
        };
        Some((word, value))
    }
}
