//! The reader between two askers and host memory behind AXI.

use std::collections::VecDeque;

use gemmine_hdl::dma_registers::READS_IN_FLIGHT;
use gemmine_hdl::host_reader::HostReader;

use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Pace, Wires};
use crate::stimulus::Random;

/// Beats that there is room for.
const ROOM: usize = 64;

/// A burst: what was asked for, and later what is to be answered.
#[derive(Clone, Debug)]
struct Burst {
    address: u64,
    beats: u64,
    command: bool,
}

/// A beat and its error.
type Beat = (u64, bool);

struct Around {
    random: Random,
    ask: Pace,
    address: Pace,
    data: Pace,
    take: Pace,
    covered: Covered,
    // Who asks
    asks: Option<Burst>,
    /// Other beats that were asked for and not taken.
    room: usize,
    // AXI
    granted: VecDeque<Burst>,
    reads: VecDeque<(Burst, u64)>,
    /// Bursts in flight, and those that have ended but are not told.
    in_flight: usize,
    ended: bool,
    /// The beat on AXI, of a command or not, and that of the cycle before.
    beat: Option<(Beat, bool)>,
    last: Option<(Beat, bool)>,
    // What is to come out
    beats: VecDeque<Beat>,
    halted: bool,
    halt_left: u64,
    clear_left: u64,
}

impl Around {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            ask: Pace::new(&[1, 2, 20]),
            address: Pace::new(&[1, 2, 9]),
            data: Pace::new(&[1, 1, 2, 9]),
            take: Pace::new(&[1, 2, 2, 15]),
            covered: Covered::default(),
            asks: None,
            room: 0,
            granted: VecDeque::new(),
            reads: VecDeque::new(),
            in_flight: 0,
            ended: false,
            beat: None,
            last: None,
            beats: VecDeque::new(),
            halted: false,
            halt_left: 0,
            clear_left: 0,
        }
    }

    fn see_axi(&mut self, wires: &Wires) {
        if wires.is("arvalid_out") {
            let burst = self.granted.front().expect("an address that nobody asked for");
            let asked = (burst.address, burst.beats - 1);
            assert_eq!((wires.get("araddr_out"), wires.get("arlen_out")), asked);
            if wires.is("arready_in") {
                let burst = self.granted.pop_front().expect("it is there");
                let fails = self.random.one_in(60);
                self.reads.push_back((burst, u64::from(fails) * 2));
            }
        }
        if self.beat.is_some() {
            assert!(wires.is("rready_out"));
            let (burst, _) = self.reads.front_mut().expect("a read");
            burst.beats -= 1;
            if burst.beats == 0 {
                self.reads.pop_front();
            }
        }
    }

    fn see_beats(&mut self, wires: &Wires) {
        let (last, is_command) = match self.last {
            Some((beat, is_command)) => (Some(beat), is_command),
            None => (None, false),
        };
        assert_eq!(wires.is("event_out"), last.is_some(), "event");
        assert_eq!(wires.is("command_valid_out"), is_command, "beats of commands are passed on");
        if let Some(beat) = last.filter(|_| is_command) {
            let shown = (wires.get("command_beat_out"), wires.is("command_error_out"));
            assert_eq!(shown, beat, "a beat of a command");
            self.covered.count("beats of commands", true);
            self.covered.count("of them not read", beat.1);
        }
        if wires.is("valid_out") && !wires.is("clear_in") {
            let beat = *self.beats.front().expect("a beat that nobody asked for");
            assert_eq!((wires.get("beat_out"), wires.is("error_out")), beat, "a beat");
            // Nobody takes what was not read: it halts.
            if beat.1 && !self.halted {
                (self.halted, self.halt_left) = (true, self.random.below(60));
                self.covered.count("halts", true);
            }
            if wires.is("take_in") {
                self.beats.pop_front();
                self.room -= 1;
                self.covered.count("beats", true);
            }
        }
        if let Some(beat) = last.filter(|_| !is_command) {
            self.beats.push_back(beat);
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        let random = &mut self.random;
        let resets = self.clear_left == 0 && random.one_in(2500);
        let over = self.halted && self.halt_left == 0;
        self.halt_left = self.halt_left.saturating_sub(1);
        let clears = self.clear_left > 0 || over || random.one_in(2500);
        if clears && self.clear_left == 0 {
            self.clear_left = 17;
            self.covered.count("resets with reads in flight", self.in_flight > 0);
        }
        if self.asks.is_none() && self.ask.goes(random) {
            let address = random.next() & !7;
            let line = 16 - address / 8 % 16;
            let beats = if random.one_in(3) { line } else { 1 + random.below(line) };
            self.asks = Some(Burst { address, beats, command: random.one_in(3) });
        }
        let asked = self.asks.clone().unwrap_or(Burst {
            address: random.next(),
            beats: 1 + random.below(16),
            command: random.one_in(2),
        });
        wires.set("request_in", self.asks.is_some());
        wires.set("address_in", asked.address);
        wires.set("length_in", asked.beats - 1);
        wires.set("command_in", asked.command);
        wires.set("reset_in", resets);
        wires.set("clear_in", clears);
        wires.set("take_in", false);
        wires.set("arready_in", self.address.goes(random));
        let read = self.reads.front().filter(|_| self.data.goes(random));
        self.beat = read.map(|(burst, response)| ((random.next(), *response > 0), burst.command));
        let last = read.is_some_and(|(burst, _)| burst.beats == 1);
        let response = read.map(|&(_, response)| response);
        wires.set("rvalid_in", self.beat.is_some());
        wires.set("rdata_in", self.beat.map_or(random.next(), |((beat, _), _)| beat));
        wires.set("rresp_in", response.unwrap_or(random.below(4)));
        wires.set("rlast_in", if read.is_some() { last } else { random.one_in(2) });
    }

    fn answer(&mut self, wires: &mut Wires) {
        let takes = wires.is("valid_out") && !wires.is("error_out") && !self.halted;
        wires.set("take_in", takes && self.take.goes(&mut self.random));
    }

    fn see(&mut self, wires: &Wires) {
        assert_eq!(wires.is("idle_out"), self.in_flight == 0, "idle");
        self.in_flight -= usize::from(self.ended);
        self.ended = self.beat.is_some() && wires.is("rlast_in");
        self.see_beats(wires);
        self.see_axi(wires);
        self.last = self.beat;
        if wires.is("grant_out") {
            let burst = self.asks.take().expect("a grant that nobody asked for");
            assert!(!wires.is("clear_in"), "a grant in a reset");
            self.in_flight += 1;
            assert!(self.in_flight <= READS_IN_FLIGHT, "{} in flight", self.in_flight);
            self.covered.count("as many in flight as may be", self.in_flight == READS_IN_FLIGHT);
            if !burst.command {
                self.room += burst.beats as usize;
                assert!(self.room <= ROOM, "{} beats without a place", self.room);
                self.covered.count("memory is full", self.room > ROOM - 16);
            }
            self.granted.push_back(burst);
        }
        if wires.is("clear_in") {
            (self.beats, self.room, self.halted) = (VecDeque::new(), 0, false);
            let still = !self.reads.is_empty() || self.in_flight > 0;
            if self.clear_left > 1 || !still {
                self.clear_left -= 1;
            }
        }
        if wires.is("reset_in") {
            (self.granted, self.reads) = (VecDeque::new(), VecDeque::new());
            (self.in_flight, self.ended, self.last) = (0, false, None);
            // The register file clears from the next cycle on.
            self.clear_left = self.clear_left.max(17);
            self.covered.count("the other side is reset", true);
        }
    }
}

#[test]
fn host_reader() {
    let mut around = Around::new(64);
    check_driven::<HostReader>("host_reader", 40_000, &mut around);
    around.covered.check(&[
        ("as many in flight as may be", 100),
        ("beats", 3000),
        ("beats of commands", 1000),
        ("halts", 10),
        ("memory is full", 100),
        ("of them not read", 10),
        ("resets with reads in flight", 10),
        ("the other side is reset", 5),
    ]);
}
