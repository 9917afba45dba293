//! Host memory behind AXI4: answers late, in order, and with errors now and then.

use std::collections::{BTreeMap, VecDeque};

use gemmine_hdl::dma_registers::{BURST_BYTES, READS_IN_FLIGHT};

use crate::modules::driven::{Covered, Pace, Wires};
use crate::stimulus::Random;

/// A burst that is read.
struct Read {
    due: u64,
    address: u64,
    beats: u64,
    fails: bool,
}

/// The burst that is written: its address and beats, in whichever order they come.
#[derive(Default)]
struct Written {
    address: Option<(u64, u64)>,
    beats: Vec<(u64, u64)>,
    whole: bool,
    /// When it is answered, and whether by an error.
    due: Option<(u64, bool)>,
}

/// Host memory, by word.
pub struct Memory {
    pub words: BTreeMap<u64, u32>,
    /// One burst in so many fails.
    pub fails_in: u64,
    cycle: u64,
    ready: Pace,
    data: Pace,
    latency: Pace,
    reads: VecDeque<Read>,
    written: Written,
    /// What AXI showed and nobody took: it must stand.
    held: [Option<[u64; 3]>; 3],
}

impl Memory {
    pub fn new(fails_in: u64) -> Self {
        Self {
            words: BTreeMap::new(),
            fails_in,
            cycle: 0,
            ready: Pace::new(&[1, 1, 2, 6]),
            data: Pace::new(&[1, 1, 2, 6]),
            latency: Pace::new(&[2, 60]),
            reads: VecDeque::new(),
            written: Written::default(),
            held: [None; 3],
        }
    }

    /// The word at an address.
    pub fn word(&self, address: u64) -> u32 {
        self.words.get(&address).copied().unwrap_or(0)
    }

    /// Whether nothing is in flight.
    pub fn idle(&self) -> bool {
        let Written { address, beats, .. } = &self.written;
        self.reads.is_empty() && address.is_none() && beats.is_empty()
    }

    /// Forgets what is in flight.
    pub fn reset(&mut self) {
        (self.reads, self.written, self.held) = (VecDeque::new(), Written::default(), [None; 3]);
    }

    pub fn drive(&mut self, random: &mut Random, wires: &mut Wires) {
        self.cycle += 1;
        for ready in ["host_arready_in", "host_awready_in", "host_wready_in"] {
            wires.set(ready, self.ready.goes(random));
        }
        let read = self.reads.front().filter(|read| read.due <= self.cycle);
        let read = read.filter(|_| self.data.goes(random));
        let beat = read.map(|read| {
            u64::from(self.word(read.address)) | u64::from(self.word(read.address + 4)) << 32
        });
        wires.set("host_rvalid_in", read.is_some());
        wires.set("host_rdata_in", beat.unwrap_or(random.next()));
        let response = read.map(|read| 2 * u64::from(read.fails));
        wires.set("host_rresp_in", response.unwrap_or(random.below(4)));
        let last = read.map(|read| read.beats == 1);
        wires.set("host_rlast_in", last.unwrap_or(random.one_in(2)));
        let done = self.written.due.filter(|&(due, _)| due <= self.cycle);
        wires.set("host_bvalid_in", done.is_some());
        let response = done.map(|(_, fails)| 3 * u64::from(fails));
        wires.set("host_bresp_in", response.unwrap_or(random.below(4)));
    }

    fn stands(&mut self, channel: usize, wires: &Wires, names: [&str; 2], says: [u64; 3]) -> bool {
        let [valid, ready] = names;
        if let Some(said) = self.held[channel] {
            assert!(wires.is(valid) && says == said, "{valid} does not stand");
        }
        self.held[channel] = (wires.is(valid) && !wires.is(ready)).then_some(says);
        wires.both(valid, ready)
    }

    /// The words of a burst that was whole in this cycle; one that fails changes none.
    pub fn see(
        &mut self,
        random: &mut Random,
        wires: &Wires,
        covered: &mut Covered,
    ) -> Option<Vec<(u64, u32)>> {
        let wait = |pace: &mut Pace, random: &mut Random| {
            if pace.goes(random) { random.below(4) } else { random.below(80) }
        };
        if wires.is("host_rvalid_in") {
            assert!(wires.is("host_rready_out"));
            let read = self.reads.front_mut().expect("a read");
            (read.address, read.beats) = (read.address + 8, read.beats - 1);
            if read.beats == 0 {
                self.reads.pop_front();
            }
        }
        let [address, length] = ["host_araddr_out", "host_arlen_out"].map(|name| wires.get(name));
        if self.stands(0, wires, ["host_arvalid_out", "host_arready_in"], [address, length, 0]) {
            check_burst(address, length + 1);
            assert!(self.reads.len() < READS_IN_FLIGHT, "reads in flight");
            let due = self.cycle + 1 + wait(&mut self.latency, random);
            let fails = random.one_in(self.fails_in);
            covered.count("reads that fail", fails);
            self.reads.push_back(Read { due, address, beats: length + 1, fails });
        }
        if wires.both("host_bvalid_in", "host_bready_out") {
            self.written = Written::default();
        }
        let [address, length] = ["host_awaddr_out", "host_awlen_out"].map(|name| wires.get(name));
        if self.stands(1, wires, ["host_awvalid_out", "host_awready_in"], [address, length, 0]) {
            check_burst(address, length + 1);
            assert!(self.written.address.is_none(), "writes in flight");
            self.written.address = Some((address, length + 1));
        }
        let says = ["host_wdata_out", "host_wstrb_out", "host_wlast_out"].map(|n| wires.get(n));
        if self.stands(2, wires, ["host_wvalid_out", "host_wready_in"], says) {
            let [beat, strobes, last] = says;
            assert!(!self.written.whole, "beats behind the last one");
            assert!(strobes == 0xff || strobes == 0x0f && last == 1, "{strobes:#x}");
            self.written.beats.push((beat, strobes));
            self.written.whole = last == 1;
        }
        let (address, beats) = self.written.address.filter(|_| self.written.whole)?;
        if self.written.due.is_some() {
            return None;
        }
        assert_eq!(self.written.beats.len() as u64, beats, "beats of a burst");
        let fails = random.one_in(self.fails_in);
        covered.count("writes that fail", fails);
        self.written.due = Some((self.cycle + 1 + wait(&mut self.latency, random), fails));
        let mut words = Vec::new();
        for (place, &(beat, strobes)) in (address..).step_by(8).zip(&self.written.beats) {
            words.push((place, beat as u32));
            if strobes == 0xff {
                words.push((place + 4, (beat >> 32) as u32));
            }
        }
        if !fails {
            self.words.extend(words.iter().copied());
        }
        Some(words)
    }
}

fn check_burst(address: u64, beats: u64) {
    let end = address + 8 * beats - 1;
    assert!(address.is_multiple_of(8), "{address:#x}");
    assert_eq!(address / BURST_BYTES, end / BURST_BYTES, "{beats} beats at {address:#x}");
}
