//! Everything behind the bus: [`gemmine_hdl::accelerator`] in plain Rust, products by SIMD, whatever the
//! link in front of it.
//!
//! | module | owns | in the RTL |
//! |---|---|---|
//! | `queue`, `sequencer`, `finisher` | descriptor to completion | the same |
//! | `scan` | tiles of a scan; when operands of Amadeus are grown | `scan`, `xof_source` |
//! | `noise` | when the noise of Pearl is, and what it is | `noise_source` |
//! | `panels`, `work` | what a tile reads, and what comes of it | panel memory and array |
//! | `counter`, `read` | counters and registers as of a cycle | `counter`, `registers` |
//!
//! A cycle in which some register decides something is run as the RTL runs it ([`tick`]); cycles in
//! which nothing but counts changes pass at once ([`advance`]). So a tile costs about a hundred
//! cycles of this, however long it is.
//!
//! [`tick`]: Accelerator::tick
//! [`advance`]: Accelerator::advance

mod config;
pub(crate) mod counter;
mod finisher;
mod noise;
mod panels;
mod queue;
mod read;
mod scan;
mod sequencer;
mod work;

use gemmine_hdl::registers as map;
use gemmine_hdl::sequencer::token_latency;
use gemmine_hdl::{accelerator::OPERAND_LATENCY, head, ticket};

pub use config::AcceleratorConfig;
use counter::Counter;
use finisher::{Finisher, FinisherInputs};
use noise::{Noise, NoiseInputs, NoiseSource};
use panels::PanelMemory;
use queue::{Descriptor, Queue, QueueInputs};
pub(crate) use read::LinkCounters;
use scan::{Kind, Source};
use sequencer::Sequencer;

/// Sticky bits of the register ERROR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// A descriptor was lost.
    pub overflow: bool,
    /// More was freed than there was.
    pub underflow: bool,
    /// The watchdog reset the device.
    pub watchdog: bool,
}

/// Counters around the array.
#[derive(Clone, Debug, Default)]
pub struct Stalls {
    /// No descriptor.
    pub link: Counter,
    /// A panel was not committed.
    pub panel: Counter,
    /// No result bank was free.
    pub drain: Counter,
    /// The ticket before was not ready.
    pub hash: Counter,
    /// Tiles completed.
    pub tiles: Counter,
    /// Tickets that met their bound.
    pub hits: Counter,
}

/// The registers, memories and counters.
#[derive(Clone, Debug)]
pub struct Accelerator {
    config: AcceleratorConfig,
    /// The cycle whose registers these are.
    now: u64,
    /// First cycle behind the last one in which something would have happened without the host.
    idle_from: u64,
    reset: bool,
    queue: Queue,
    sequencer: Sequencer,
    finisher: Finisher,
    panels: [PanelMemory; 2],
    /// Of a device with engines.
    source: Option<Source>,
    attempts: work::Attempts,
    /// Of a device with a source of noise.
    noise_source: Option<NoiseSource>,
    noise: Noise,
    stalls: Stalls,
    errors: Errors,
    scratch: u32,
    commits: [u8; 2],
}

impl Accelerator {
    /// As after power-up.
    pub fn new(config: AcceleratorConfig) -> Self {
        let geometry = config.geometry;
        let sides = [geometry.rows(), geometry.columns()];
        Self {
            config,
            now: 0,
            idle_from: 0,
            reset: false,
            queue: Queue::new(),
            sequencer: Sequencer::new(geometry),
            finisher: Finisher::new(),
            panels: sides.map(|width| PanelMemory::new(config.panel_word_bits, width)),
            source: (config.engines > 0)
                .then(|| Source::new(config.engines, config.panel_word_bits)),
            attempts: work::Attempts::default(),
            noise_source: config.noise.then(|| NoiseSource::new(config.panel_word_bits)),
            noise: Noise::default(),
            stalls: Stalls::default(),
            errors: Errors::default(),
            scratch: 0,
            commits: [0; 2],
        }
    }

    /// The cycle whose registers these are.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Completions in the queue.
    pub fn waiting(&self) -> u32 {
        self.finisher.waiting()
    }

    /// Descriptors from push to pop.
    pub fn outstanding(&self) -> u32 {
        self.queue.outstanding()
    }

    /// The first cycle from which on nothing happens without the host; `None` if something will.
    pub fn idle_from(&self) -> Option<u64> {
        (!self.busy()).then_some(self.idle_from)
    }

    /// Whether something will happen without the host.
    fn busy(&self) -> bool {
        let drains = self.queue.active() && self.finisher.hold() && self.finisher.drain();
        let stuck = self.queue.fenced_out() || drains;
        let unfinished = self.queue.outstanding() != self.finisher.waiting();
        !self.sequencer.running() || self.finisher.pending() || (unfinished && !stuck)
    }

    /// Lets cycles pass until the registers are those of cycle `to`.
    pub fn advance(&mut self, to: u64) {
        while self.now < to {
            self.pass(to);
        }
    }

    /// Lets cycles pass until nothing happens without the host any more, or up to cycle `to`; says
    /// which cycle that is.
    pub fn advance_to_idle(&mut self, to: u64) -> u64 {
        while self.now < to && self.busy() {
            self.pass(to);
        }
        self.now
    }

    /// Lets cycles pass until a completion waits or nothing happens without the host any more, or up to cycle `to`;
    /// says which cycle that is.
    pub fn advance_to_completion(&mut self, to: u64) -> u64 {
        while self.now < to && self.busy() && self.waiting() == 0 {
            self.pass(to);
        }
        self.now
    }

    /// The entry of the oldest completion in the queue, if there is one.
    pub fn oldest(&self) -> u32 {
        self.finisher.oldest()
    }

    /// Writes words in this cycle and those behind it: one word, or some that are all in panel memory,
    /// which changes nothing for anybody else.
    pub fn write(&mut self, address: u32, words: &[u32]) {
        if address >= map::PANELS_A {
            let tile = self.queue.active().then(|| self.queue.running());
            for (side, panels) in self.panels.iter_mut().enumerate() {
                panels.forget_before(self.now, tile.map(|tile| (tile.first_words[side], tile)));
            }
            for ((cycle, address), &word) in (self.now..).zip(address..).zip(words) {
                let side = usize::from(address >= map::PANELS_B);
                self.panels[side].write(cycle, address & (map::PANELS_B - map::PANELS_A - 1), word);
            }
        } else if let Some(&word) = words.first() {
            self.tick(Some((address, word)), false);
        }
    }

    /// The link drops all work in this cycle, and the cycle ends.
    pub fn watchdog(&mut self) {
        self.tick(None, true);
    }

    /// Passes one cycle, or as many quiet ones as there are up to `to`.
    fn pass(&mut self, to: u64) {
        let cycles = self.quiet_cycles().min(to - self.now);
        if cycles == 0 {
            return self.tick(None, false);
        }
        if self.busy() {
            self.idle_from = self.now + cycles;
        }
        let stepping = self.stepping();
        self.count(cycles);
        self.sequencer.pass(self.now, cycles, self.queue.running(), stepping, false);
        self.now += cycles;
    }

    fn quiet_cycles(&self) -> u64 {
        if self.reset || !self.queue.is_quiet(self.commits, self.finisher.scan.again()) {
            return 0;
        }
        let tile = self.queue.running();
        let by_sequencer = self.sequencer.quiet_cycles(self.now, tile, self.stepping());
        let by_finisher = self.finisher.quiet_cycles(self.now, &self.finisher_inputs());
        let seeded = self.finisher.seeded();
        let by_source = self.source.as_ref().map_or(u64::MAX, |source| {
            source.quiet_cycles(self.now, self.grows(Kind::Amadeus), seeded)
        });
        let by_noise = self.noise_source.as_ref().map_or(u64::MAX, |source| {
            source.quiet_cycles(self.now, self.grows(Kind::Pearl), seeded)
        });
        by_sequencer.min(by_finisher).min(by_source).min(by_noise)
    }

    /// What a descriptor is run as: of a scan only with what grows its operands.
    fn kind(&self, tile: &Descriptor) -> Kind {
        match (tile.scan, tile.noise) {
            (true, false) if self.source.is_some() => Kind::Amadeus,
            (true, true) if self.noise_source.is_some() => Kind::Pearl,
            _ => Kind::Plain,
        }
    }

    /// Whether a scan of a kind runs, or will in the next cycle.
    fn grows(&self, kind: Kind) -> bool {
        self.queue.scans() && self.kind(self.queue.shown()) == kind
    }

    /// Whether this cycle takes a step.
    fn stepping(&self) -> bool {
        let held = self.finisher.hold() || self.source_holds();
        self.sequencer.running() && self.queue.active() && !held && !self.reset
    }

    /// Whether operands are not grown yet.
    fn source_holds(&self) -> bool {
        if self.queue.shown().noise {
            self.noise_source.as_ref().is_some_and(NoiseSource::hold)
        } else {
            self.source.as_ref().is_some_and(Source::hold)
        }
    }

    fn finisher_inputs(&self) -> FinisherInputs {
        let tile = self.queue.shown();
        FinisherInputs {
            clear: self.reset || !self.sequencer.running(),
            active: self.queue.active(),
            tag: tile.tag,
            job: tile.job,
            want: tile.want_tile,
            kind: self.kind(tile),
            tile_end: self.sequencer.tile_ended(),
            is_final: self.sequencer.final_out(self.queue.running()),
            pop: None,
            release: None,
        }
    }

    /// Counts what so many cycles from now on are used for.
    fn count(&mut self, cycles: u64) {
        if !self.sequencer.running() || self.reset {
            return;
        }
        let source_holds = self.source_holds();
        let stalls = &mut self.stalls;
        let counter = match (self.queue.active(), self.finisher.hold()) {
            (false, _) if self.queue.fenced_out() => &mut stalls.panel,
            (false, _) => &mut stalls.link,
            (true, true) if self.finisher.drain() => &mut stalls.drain,
            (true, true) => &mut stalls.hash,
            (true, false) if source_holds => &mut stalls.panel,
            (true, false) => return,
        };
        counter.add(self.now, self.now + cycles);
    }

    /// A cycle, perhaps with a word written outside of panel memory, or with a reset by the link.
    fn tick(&mut self, write: Option<(u32, u32)>, reset_in: bool) {
        let now = self.now;
        if self.busy() {
            self.idle_from = now + 1;
        }
        let register = write.filter(|(address, _)| *address < map::DESCRIPTORS);
        let written = |which| register.and_then(|(at, word)| (at == which).then_some(word));
        let stepping = self.stepping();
        let tile = *self.queue.running();
        let tile_end = stepping && self.sequencer.at_tile_end(&tile);
        let pass_end = stepping && self.sequencer.at_pass_end(&tile);
        let again = self.finisher.scan.again();
        let kind = self.kind(&tile);
        self.count(1);

        self.tick_sources(pass_end);
        let mut inputs = self.finisher_inputs();
        inputs.pop = written(map::POP).map(|word| word & 0x1f);
        inputs.release = written(map::RELEASE).map(|word| word & 0x1f);
        let finished = self.finisher.tick(now, &inputs);
        if let Some((address, word)) = write
            && let map::JOBS..JOBS_END = address
        {
            let at = (address - map::JOBS) as usize;
            self.finisher.jobs.as_flattened_mut()[at] = word;
        }
        if finished.tile {
            self.stalls.tiles.event(now);
        }
        if finished.hit {
            self.stalls.hits.event(now);
        }

        if stepping && self.sequencer.at_last_fold(&tile) && kind != Kind::Amadeus {
            let latency = ticket::LATENCY as u64;
            self.finisher.expect_ticket(now + self.sequencer.settle() + latency);
        }
        if tile_end {
            // Its last step is one of those that count.
            self.sequencer.pass(now, 1, &tile, stepping, self.reset);
            let geometry = self.config.geometry;
            let (seed, job) = (self.finisher.seed(), self.finisher.job());
            let nonce = self.finisher.scan.nonce();
            let outcome = match kind {
                Kind::Amadeus => self.attempts.compute(geometry, &tile, seed, nonce),
                Kind::Pearl => work::compute_noise(&mut self.noise, &tile, seed, nonce, job),
                Kind::Plain => {
                    let steps = self.sequencer.steps();
                    work::compute(geometry, &tile, &self.panels, steps, job)
                }
            };
            self.finisher.expect_results(now + self.last_result_latency(), outcome);
        } else {
            self.sequencer.pass(now, 1, &tile, stepping, self.reset);
        }

        let overflow = self.queue.tick(QueueInputs {
            reset: self.reset,
            write: write.and_then(|(address, word)| match address {
                map::DESCRIPTORS..map::JOBS => {
                    Some(((address % map::DESCRIPTOR_WORDS) as usize, word))
                }
                _ => None,
            }),
            popped: finished.popped,
            commits: self.commits,
            tile_end,
            again,
        });

        if written(map::ERROR_CLEAR).is_some() {
            self.errors = Errors::default();
        }
        self.errors.overflow |= overflow;
        self.errors.underflow |= finished.underflow;
        self.errors.watchdog |= reset_in;
        self.scratch = written(map::SCRATCH_SET).unwrap_or(self.scratch);
        if let Some(word) = written(map::COMMIT) {
            let [a, b, ..] = word.to_le_bytes();
            self.commits = [self.commits[0].wrapping_add(a), self.commits[1].wrapping_add(b)];
        }
        if self.reset {
            self.commits = [0; 2];
        }
        self.reset = reset_in || written(map::RESET).is_some();
        self.now += 1;
    }

    /// A cycle of what grows operands, with a step that is perhaps a chunk's last.
    fn tick_sources(&mut self, pass_end: bool) {
        let (attempts, noise) = (self.grows(Kind::Amadeus), self.grows(Kind::Pearl));
        let seeded = self.finisher.seeded();
        if let Some(source) = &mut self.source {
            source.tick(self.now, attempts, seeded, pass_end && attempts);
        }
        if let Some(source) = &mut self.noise_source {
            let (chunks, columns_last) =
                (self.queue.shown().chunks, noise::columns_last(self.finisher.seed()));
            let inputs = NoiseInputs { scans: noise, seeded, chunks, columns_last, pass_end };
            source.tick(self.now, &inputs);
        }
    }

    /// Cycles from a tile's last step to its last result.
    fn last_result_latency(&self) -> u64 {
        let (rows, columns) = (self.config.geometry.rows(), self.config.geometry.columns());
        let last_token = 1 + token_latency(OPERAND_LATENCY) + 2 * (rows - 1) + (columns - 1);
        (last_token + head::RESULT_LATENCY) as u64
    }
}

/// One past the last word of the job slots.
const JOBS_END: u32 = map::JOBS + map::JOB_SLOTS * map::JOB_WORDS;
