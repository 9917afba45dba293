//! The writer between two clients and host memory behind AXI.

use std::collections::VecDeque;

use gemmine_hdl::host_writer::HostWriter;

use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Pace, Wires};
use crate::stimulus::Random;

/// What a client does with a burst.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Opens,
    Puts,
    Ends,
}

/// Puts bursts of a length of its own.
struct Client {
    pace: Pace,
    state: State,
    address: u64,
    left: u64,
    words: Vec<u32>,
}

impl Client {
    const fn new() -> Self {
        let pace = Pace::new(&[1, 1, 3, 12]);
        Self { pace, state: State::Idle, address: 0, left: 0, words: Vec::new() }
    }
}

/// A burst that was taken: whose it is, and what of it is not yet on AXI.
struct Burst {
    client: usize,
    address: u64,
    beats: u64,
    words: VecDeque<u32>,
    addressed: bool,
    fails: bool,
}

impl Burst {
    /// The next beat: what it is, its strobes, and whether it is the last one.
    fn beat(&self) -> Option<(u64, u64, bool)> {
        let low = u64::from(*self.words.front()?);
        let whole = self.words.get(1).map(|&high| low | u64::from(high) << 32);
        Some((
            whole.unwrap_or(low),
            if whole.is_some() { 0xff } else { 0x0f },
            self.words.len() < 3,
        ))
    }
}

struct Around {
    random: Random,
    clients: [Client; 2],
    address: Pace,
    data: Pace,
    respond: Pace,
    covered: Covered,
    burst: Option<Burst>,
    clear_left: u64,
}

/// Names of a client's ports.
const fn names(client: usize) -> [&'static str; 7] {
    match client {
        0 => [
            "open_in$0",
            "word_valid_in$0",
            "word_in$0",
            "end_in$0",
            "address_in$0",
            "granted_out$0",
            "taken_out$0",
        ],
        _ => [
            "open_in$1",
            "word_valid_in$1",
            "word_in$1",
            "end_in$1",
            "address_in$1",
            "granted_out$1",
            "taken_out$1",
        ],
    }
}

impl Around {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            clients: [Client::new(), Client::new()],
            address: Pace::new(&[1, 2, 9, 30]),
            data: Pace::new(&[1, 1, 2, 9]),
            respond: Pace::new(&[1, 4, 20]),
            covered: Covered::default(),
            burst: None,
            clear_left: 0,
        }
    }

    fn drive_client(&mut self, n: usize, wires: &mut Wires) {
        let (random, client) = (&mut self.random, &mut self.clients[n]);
        let [open, word_valid, word, end, address, granted, _] = names(n);
        let goes = client.pace.goes(random);
        match client.state {
            State::Idle if self.clear_left == 0 && random.one_in(40) => {
                client.address = random.next() & !7;
                let line = 32 - 2 * (client.address / 8 % 16);
                client.left = if random.one_in(2) { line } else { 1 + random.below(line) };
                client.state = State::Opens;
            }
            // It may when it was granted in the cycle before.
            State::Opens if wires.is(granted) => client.state = State::Puts,
            _ => {}
        }
        let puts = client.state == State::Puts && goes;
        let value = random.next() as u32;
        wires.set(open, client.state == State::Opens);
        wires.set(word_valid, puts || (client.state == State::Idle && random.one_in(2)));
        wires.set(word, value);
        wires.set(end, client.state == State::Ends);
        let is_told = client.state == State::Ends;
        wires.set(address, if is_told { client.address } else { random.next() });
        if puts {
            client.words.push(value);
            client.left -= 1;
            if client.left == 0 {
                client.state = State::Ends;
            }
        }
    }

    fn see_client(&mut self, n: usize, wires: &Wires) {
        let [.., end, _, granted, taken] = names(n);
        let client = &mut self.clients[n];
        let may = matches!(client.state, State::Opens | State::Puts | State::Ends);
        assert!(!wires.is(granted) || may, "a grant that client {n} did not ask for");
        if !wires.is(taken) {
            return;
        }
        assert!(wires.is(end), "client {n}'s burst is not whole");
        assert!(self.burst.is_none(), "two bursts at a time");
        let words: VecDeque<u32> = std::mem::take(&mut client.words).into();
        client.state = State::Idle;
        self.covered.count(if n == 0 { "client 0" } else { "client 1" }, true);
        self.covered.count("odd", words.len() % 2 == 1);
        self.covered.count("as long as can be", words.len() == 32);
        self.burst = Some(Burst {
            client: n,
            address: client.address,
            beats: words.len().div_ceil(2) as u64,
            words,
            addressed: false,
            fails: self.random.one_in(10),
        });
    }

    fn see_axi(&mut self, wires: &Wires, was: bool) {
        let event = wires.both("wvalid_out", "wready_in");
        assert_eq!(wires.is("event_out"), event);
        assert_eq!(wires.is("idle_out"), !was);
        let Some(burst) = self.burst.as_mut().filter(|_| was) else {
            assert!(!wires.is("awvalid_out") && !wires.is("wvalid_out"), "of no burst");
            return;
        };
        assert_eq!(wires.is("awvalid_out"), !burst.addressed);
        if wires.both("awvalid_out", "awready_in") {
            let told = (wires.get("awaddr_out"), wires.get("awlen_out") + 1);
            assert_eq!(told, (burst.address, burst.beats));
            burst.addressed = true;
            self.covered
                .count("data before its address", burst.beats as usize * 2 > burst.words.len() + 1);
        }
        if wires.is("wvalid_out") {
            let (beat, strobes, last) = burst.beat().expect("a beat too many");
            let mask = if strobes == 0xff { u64::MAX } else { 0xffff_ffff };
            let told = (wires.get("wdata_out") & mask, wires.get("wstrb_out"));
            assert_eq!((told, wires.is("wlast_out")), ((beat, strobes), last));
            assert_eq!(wires.is("whole_out"), strobes == 0xff);
            if event {
                burst.words.drain(..burst.words.len().min(2));
                self.covered.count("beats", true);
            }
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        let random = &mut self.random;
        let resets = random.one_in(1500);
        if self.clear_left == 0 && random.one_in(1000) {
            self.clear_left = 17;
        }
        wires.set("reset_in", resets);
        wires.set("clear_in", self.clear_left > 0);
        for n in 0..2 {
            self.drive_client(n, wires);
        }
        let random = &mut self.random;
        wires.set("awready_in", self.address.goes(random));
        wires.set("wready_in", self.data.goes(random));
        let done = |burst: &&Burst| burst.addressed && burst.words.is_empty();
        let done = self.burst.as_ref().filter(done).filter(|_| self.respond.goes(random));
        wires.set("bvalid_in", done.is_some());
        let response = done.map(|burst| u64::from(burst.fails) * (1 + random.below(3)));
        wires.set("bresp_in", response.unwrap_or(random.below(4)));
    }

    fn see(&mut self, wires: &Wires) {
        let was = self.burst.is_some();
        assert!(!wires.both("granted_out$0", "granted_out$1"), "both are granted");
        let responds = wires.is("bvalid_in");
        self.see_axi(wires, was);
        let owner = self.burst.as_ref().filter(|_| responds).map(|burst| burst.client);
        let done = [wires.is("done_out$0"), wires.is("done_out$1")];
        assert_eq!(done, [owner == Some(0), owner == Some(1)], "done");
        let fails = owner.is_some() && wires.get("bresp_in") != 0;
        assert_eq!(wires.is("error_out"), fails, "error");
        assert_eq!(wires.is("bready_out"), was);
        self.covered.count("errors", fails);
        if responds {
            self.burst = None;
        } else {
            for n in 0..2 {
                self.see_client(n, wires);
            }
        }
        self.covered.count("one waits for the other", wires.both("granted_out$0", "open_in$1"));
        if wires.is("clear_in") {
            let busy = self.clients.iter().any(|client| client.state != State::Idle);
            self.covered.count("resets with words put", busy);
            for client in &mut self.clients {
                (client.state, client.words) = (State::Idle, Vec::new());
            }
            if self.clear_left > 1 || self.burst.is_none() {
                self.clear_left -= 1;
            }
        }
        if wires.is("reset_in") {
            self.covered
                .count("the other side is reset with a burst in flight", self.burst.is_some());
            self.burst = None;
            self.clear_left = self.clear_left.max(17);
        }
    }
}

#[test]
fn host_writer() {
    let mut around = Around::new(65);
    check_driven::<HostWriter>("host_writer", 40_000, &mut around);
    around.covered.check(&[
        ("as long as can be", 15),
        ("beats", 2000),
        ("client 0", 100),
        ("client 1", 100),
        ("data before its address", 50),
        ("errors", 20),
        ("odd", 50),
        ("one waits for the other", 300),
        ("resets with words put", 5),
        ("the other side is reset with a burst in flight", 3),
    ]);
}
