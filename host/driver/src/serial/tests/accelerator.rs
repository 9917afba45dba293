//! A double of what the registers do: panels, jobs, descriptors, completions, by the plain rule.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::*;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::{engines, noise};

/// Clock of the double.
pub const CLOCK_HZ: u64 = 48_000_000;
/// Its array.
pub const GEOMETRY: Geometry = Geometry::new(8, 4);

/// Whether a descriptor is one of a scan.
fn is_scan(descriptor: &[u32; 4]) -> bool {
    descriptor[2] >> 23 & 1 == 1
}

struct Finished {
    entry: [u32; 16],
}

/// The double.
pub struct Accelerator {
    pub word_bits: usize,
    /// What was written and has no meaning here.
    pub words: HashMap<u32, u32>,
    /// Every word written, where somebody wants to know.
    pub log: Option<Vec<(u32, u32)>>,
    /// How long a tile takes.
    pub tile_time: Duration,
    /// Tiles are never finished.
    pub stuck: bool,
    /// XORed into the tag of every completion.
    pub wrong_tag: u32,
    pub version: u32,
    /// Engines for scans.
    pub engines: u32,
    /// A source of noise for scans.
    pub noise: bool,
    /// XORed into the nonce word of a scan's completion.
    pub wrong_nonce: u32,
    /// XORed into the first word of a scan's hash.
    pub wrong_hash: u32,
    panels: [Vec<u32>; 2],
    jobs: [u32; 64],
    descriptor: Vec<u32>,
    queue: VecDeque<[u32; 4]>,
    done_at: Option<Duration>,
    entries: [[u32; 16]; 16],
    finished: usize,
    popped: usize,
    results: [[u32; 256]; 2],
    kept: usize,
    released: usize,
    commits: [u8; 2],
    time: u64,
    pub tiles: u64,
    hits: u64,
    mac_cycles: u64,
    pub errors: u32,
    pub jobs_written: u32,
    pub resets: u32,
    /// Attempts and tiles of scans.
    pub attempts: u64,
}

impl Accelerator {
    pub fn new(word_bits: usize) -> Self {
        Self {
            word_bits,
            words: HashMap::new(),
            log: None,
            tile_time: Duration::ZERO,
            stuck: false,
            wrong_tag: 0,
            version: VERSION_VALUE,
            engines: 0,
            noise: false,
            wrong_nonce: 0,
            wrong_hash: 0,
            panels: [vec![0; 16 << word_bits], vec![0; 16 << word_bits]],
            jobs: [0; 64],
            descriptor: Vec::new(),
            queue: VecDeque::new(),
            done_at: None,
            entries: [[0; 16]; 16],
            finished: 0,
            popped: 0,
            results: [[0; 256]; 2],
            kept: 0,
            released: 0,
            commits: [0; 2],
            time: 0,
            tiles: 0,
            hits: 0,
            mac_cycles: 0,
            errors: 0,
            jobs_written: 0,
            resets: 0,
            attempts: 0,
        }
    }

    pub fn waiting(&self) -> u8 {
        (self.finished - self.popped) as u8
    }

    pub fn due(&self) -> Option<Duration> {
        self.done_at
    }

    /// Finishes tiles whose time has come, and begins those that can.
    pub fn pass(&mut self, now: Duration) {
        self.time = (now.as_secs_f64() * CLOCK_HZ as f64) as u64;
        loop {
            if self.done_at.is_none() && self.can_begin() {
                self.done_at = Some(now + self.tile_time);
            }
            if self.done_at.is_none_or(|at| at > now) {
                return;
            }
            self.done_at = None;
            if let Some(descriptor) = self.queue.pop_front() {
                let finished = self.compute(descriptor);
                self.entries[self.finished % 16] = finished.entry;
                self.finished += 1;
            }
        }
    }

    fn can_begin(&self) -> bool {
        let Some(descriptor) = self.queue.front() else { return false };
        let committed = |side: usize| {
            let wanted = (descriptor[3] >> (16 + 8 * side)) as u8;
            self.commits[side].wrapping_sub(wanted) < 128
        };
        let bank = descriptor[2] >> 22 & 1 == 0 || self.kept - self.released < 2;
        committed(0) && committed(1) && bank && !self.stuck
    }

    fn value(&self, side: usize, lane: usize, start: u32, step: usize, unsigned: bool) -> i32 {
        let width = if side == 0 { GEOMETRY.rows() } else { GEOMETRY.columns() };
        let first = panel_address(width, self.word_bits, lane);
        let word = self.panels[side][first as usize + start as usize + step / 4];
        let byte = word.to_le_bytes()[step % 4];
        if unsigned { byte.into() } else { byte.cast_signed().into() }
    }

    fn compute(&mut self, descriptor: [u32; 4]) -> Finished {
        if is_scan(&descriptor) {
            return self.scan(descriptor);
        }
        let [tag, starts, shape, rest] = descriptor;
        let chunk = (shape & 0x3ff) as usize + 1;
        let tail = if shape >> 10 & 1 == 1 { (shape >> 11 & 0x3ff) as usize + 1 } else { 0 };
        let steps = ((rest & 0x7ff) as usize + 1) * chunk + tail;
        let unsigned = shape >> 21 & 1 == 1;
        let operand = |side: usize, start: u32, unsigned| -> Vec<Vec<i32>> {
            let value = |lane, step| self.value(side, lane, start, step, unsigned);
            (0..16).map(|lane| (0..steps).map(|step| value(lane, step)).collect()).collect()
        };
        let (a, b) = (operand(0, starts & 0xffff, unsigned), operand(1, starts >> 16, false));
        let mut sums = [[0_i32; 16]; 16];
        let mut words = Vec::new();
        for step in 0..steps {
            for (sums, a) in sums.iter_mut().zip(&a) {
                for (sum, b) in sums.iter_mut().zip(&b) {
                    *sum += a[step] * b[step];
                }
            }
            if (step + 1) % chunk == 0 {
                words.push(sums.as_flattened().iter().fold(0, |word, sum| word ^ *sum as u32));
            }
        }
        let job = &self.jobs[(rest >> 12 & 3) as usize * 16..][..16];
        let bytes = |words: &[u32]| -> [u8; 32] {
            std::array::from_fn(|byte| words[byte / 4].to_le_bytes()[byte % 4])
        };
        let ticket = ticket(&bytes(&job[..8]), &fold_register(&words));
        let hit = meets(&ticket, U256::from_little_endian(&bytes(&job[8..])));
        let mut flags = u32::from(hit);
        if shape >> 22 & 1 == 1 {
            let bank = self.kept % 2;
            for (row, sums) in sums.iter().enumerate() {
                for (column, sum) in sums.iter().enumerate() {
                    let address = result_address(GEOMETRY, 0, row, column);
                    self.results[bank][address as usize] = *sum as u32;
                }
            }
            flags |= 2 | (bank as u32) << 2;
            self.kept += 1;
        }
        self.tiles += 1;
        self.hits += u64::from(hit);
        self.mac_cycles += (steps * GEOMETRY.slots()) as u64;
        let mut finished = self.finished(tag, flags);
        for (word, bytes) in finished.entry[8..].iter_mut().zip(ticket.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        finished
    }

    fn scan(&mut self, [tag, starts, shape, rest]: [u32; 4]) -> Finished {
        let (slot, chunks) = ((rest >> 12 & 3) as usize, (rest & 0x7ff) as usize + 1);
        assert!(slot.is_multiple_of(2) && starts == 0);
        let seed = &self.jobs[16 * slot..][..32];
        let ended = if shape >> 24 == 1 {
            assert!(
                self.noise && 128 * chunks <= (4 << self.word_bits).min(2048),
                "{tag}: no scan"
            );
            assert_eq!(shape, 127 | 1 << 23 | 1 << 24, "i8 in chunks of 128, no tail, no tile");
            noise::run(seed, chunks)
        } else {
            assert!(self.engines > 0, "{tag}: no scan");
            assert_eq!(shape, 63 | 1 << 21 | 1 << 23, "u8 in chunks of 64, no tail, no tile");
            engines::run(seed, chunks)
        };
        // Nothing is left of what a host put there.
        self.panels.iter_mut().for_each(|words| words.fill(0x5a5a_5a5a));
        self.attempts += u64::from(ended.attempts);
        self.hits += u64::from(ended.hit) + u64::from(ended.hit_before);
        let flags = u32::from(ended.hit) | u32::from(ended.hit_before) << 3;
        let mut finished = self.finished(tag, flags);
        finished.entry[4] = ended.nonce ^ self.wrong_nonce;
        finished.entry[8..].copy_from_slice(&ended.hash);
        finished.entry[8] ^= self.wrong_hash;
        finished
    }

    fn finished(&self, tag: u32, flags: u32) -> Finished {
        let mut entry = [0; 16];
        entry[0] = tag ^ self.wrong_tag;
        entry[1] = flags;
        entry[2] = self.time as u32 & 0xff_ffff;
        entry[3] = (self.time >> 24) as u32;
        Finished { entry }
    }

    /// A scan that is not done would not bear a write to panel memory, nor to the slots of its seed.
    fn check_write(&self, address: u32) {
        for scan in self.queue.iter().filter(|descriptor| is_scan(descriptor)) {
            let seed = JOBS + JOB_WORDS * (scan[3] >> 12 & 3);
            let harms = address >= PANELS_A || (seed..seed + 2 * JOB_WORDS).contains(&address);
            assert!(!harms, "word {address:#x} is written in a scan");
        }
    }

    pub fn write(&mut self, address: u32, word: u32, now: Duration) {
        if let Some(log) = &mut self.log {
            log.push((address, word));
        }
        self.check_write(address);
        match address {
            COMMIT => {
                self.commits[0] = self.commits[0].wrapping_add(word as u8);
                self.commits[1] = self.commits[1].wrapping_add((word >> 8) as u8);
            }
            POP => self.popped += word as usize,
            RELEASE => self.released += word as usize,
            RESET => {
                (self.finished, self.popped, self.kept, self.released) = (0, 0, 0, 0);
                self.queue.clear();
                self.descriptor.clear();
                self.done_at = None;
                self.commits = [0; 2];
                self.resets += 1;
            }
            ERROR_CLEAR => self.errors = 0,
            DESCRIPTORS..JOBS => {
                self.descriptor.push(word);
                if self.descriptor.len() == 4 {
                    let outstanding = self.queue.len() + self.finished - self.popped;
                    if outstanding < QUEUE as usize {
                        self.queue.push_back(std::array::from_fn(|n| self.descriptor[n]));
                    } else {
                        self.errors |= 1;
                    }
                    self.descriptor.clear();
                }
            }
            JOBS..192 => {
                self.jobs[(address - JOBS) as usize] = word;
                self.jobs_written += 1;
            }
            PANELS_A.. => {
                let side = usize::from(address >= PANELS_B);
                let offset = (address & 0x3_ffff) as usize;
                if let Some(held) = self.panels[side].get_mut(offset) {
                    *held = word;
                }
            }
            _ => drop(self.words.insert(address, word)),
        }
        self.pass(now);
    }

    pub fn read(&self, address: u32, now: Duration) -> u32 {
        let time = (now.as_secs_f64() * CLOCK_HZ as f64) as u64;
        let halves = |value: u64, low: u32| (value >> (24 * (address - low)) & 0xff_ffff) as u32;
        match address {
            ID => ID_VALUE,
            VERSION => self.version,
            BUILD => 0x1234_5678,
            gemmine_hdl::registers::GEOMETRY => {
                // One without engines has something else in their place.
                8 | 4 << 8 | self.engines.max(1) << 16 | (self.word_bits as u32) << 24
            }
            PROTOCOLS => 1 << 3 | u32::from(self.engines > 0) << 16 | u32::from(self.noise) << 17,
            LIMITS => 16 | 4 << 8 | 2 << 16 | 123 << 24,
            gemmine_hdl::registers::CLOCK_HZ => CLOCK_HZ as u32,
            STATUS => u32::from(self.waiting()) << 8 | (self.queue.len() as u32) << 16,
            ERROR => self.errors,
            COMMITS => u32::from(self.commits[0]) | u32::from(self.commits[1]) << 8,
            TIME_LOW | TIME_HIGH => halves(time, TIME_LOW),
            BUSY_LOW | BUSY_HIGH => halves(self.mac_cycles, BUSY_LOW),
            MAC_LOW | MAC_HIGH => halves(self.mac_cycles, MAC_LOW),
            STALL_LINK_LOW | STALL_LINK_HIGH => halves(time - self.mac_cycles, STALL_LINK_LOW),
            TILES_LOW | TILES_HIGH => halves(self.tiles, TILES_LOW),
            HITS_LOW | HITS_HIGH => halves(self.hits, HITS_LOW),
            COMPLETIONS..512 => {
                let offset = (address - COMPLETIONS) as usize;
                self.entries[offset / 16][offset % 16]
            }
            RESULTS..PANELS_A => {
                let offset = (address - RESULTS) as usize;
                self.results.get(offset / 256).map_or(0, |bank| bank[offset % 256])
            }
            _ => self.words.get(&address).copied().unwrap_or(0),
        }
    }
}
