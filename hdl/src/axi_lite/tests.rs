//! The window's slave between a host of any patience and a bus that takes its time.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for AxiLite {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// What a word reads as: the bus says where it is, a register that it is one.
fn word(address: u32) -> u32 {
    if (1024..1088).contains(&address) { 0x4444_0000 | address & 63 } else { address * 3 }
}

/// The slave, and what it did.
struct Bench {
    slave: AxiLite,
    random: Random,
    /// The bus grants once in so many cycles.
    once_in: u64,
    written: Vec<(u32, u32)>,
    /// Cycles to the answer of a read on the bus, and its word.
    answer: Option<(u64, u32)>,
    /// Addresses of registers in the cycles before.
    registers: [u32; REGISTER_LATENCY],
    cycle: usize,
}

impl Bench {
    fn new(seed: u64, once_in: u64) -> Self {
        let mut slave = AxiLite::connected();
        slave.settle();
        Self {
            slave,
            random: Random(seed),
            once_in,
            written: Vec::new(),
            answer: None,
            registers: [0; REGISTER_LATENCY],
            cycle: 0,
        }
    }

    fn step(&mut self) {
        let slave = &mut self.slave;
        slave.grant_in.next = self.random.one_in(self.once_in);
        let answers = matches!(self.answer, Some((0, _)));
        slave.answered_in.next = answers;
        slave.answer_in.next = u64::from(self.answer.map_or(0, |(_, word)| word)).into();
        slave.register_answer_in.next = u64::from(word(1024 + self.registers[0])).into();
        slave.settle();
        self.answer = self.answer.filter(|_| !answers).map(|(left, word)| (left - 1, word));
        let address = slave.address_out.val().to_u64() as u32;
        if slave.request_out.val() && slave.grant_in.val() {
            if slave.write_out.val() {
                self.written.push((address, slave.data_out.val().to_u32()));
            } else {
                self.answer = Some((self.random.below(4) + 2, word(address)));
            }
        }
        if slave.register_write_out.val() {
            self.written.push((address, slave.data_out.val().to_u32()));
        }
        self.registers.rotate_left(1);
        self.registers[REGISTER_LATENCY - 1] = address & 63;
        slave.edge();
        self.cycle += 1;
    }

    /// Writes, address and word in any order; cycles until the response.
    fn write(&mut self, address: u32, word: u32, strobes: u64, gaps: [u64; 3]) -> usize {
        let slave = &mut self.slave;
        slave.awaddr_in.next = u64::from(4 * address).into();
        slave.wdata_in.next = u64::from(word).into();
        slave.wstrb_in.next = strobes.into();
        let (mut aw, mut w) = (false, false);
        for cycle in 0..200 {
            let slave = &mut self.slave;
            slave.awvalid_in.next = !aw && cycle >= gaps[0];
            slave.wvalid_in.next = !w && cycle >= gaps[1];
            slave.bready_in.next = cycle >= gaps[2];
            aw |= cycle >= gaps[0] && slave.awready_out.val();
            w |= cycle >= gaps[1] && slave.wready_out.val();
            let done = slave.bvalid_out.val() && cycle >= gaps[2];
            self.step();
            if done {
                self.slave.bready_in.next = false;
                return cycle as usize;
            }
        }
        panic!("no response to a write of {address}");
    }

    /// Reads; the word, and cycles until it.
    fn read(&mut self, address: u32, gap: u64) -> (u32, usize) {
        self.slave.araddr_in.next = u64::from(4 * address).into();
        let mut ar = false;
        for cycle in 0..200 {
            let slave = &mut self.slave;
            slave.arvalid_in.next = !ar;
            slave.rready_in.next = cycle >= gap;
            ar |= slave.arready_out.val();
            let done = slave.rvalid_out.val() && cycle >= gap;
            let word = slave.rdata_out.val().to_u32();
            self.step();
            if done {
                self.slave.rready_in.next = false;
                return (word, cycle as usize);
            }
        }
        panic!("no response to a read of {address}");
    }
}

#[test]
fn words_go_where_they_are_sent() {
    let mut random = Random(1);
    let mut bench = Bench::new(2, 3);
    let mut want = Vec::new();
    for _ in 0..120 {
        let address = [1023, 1024, 1087, 1088, 0, 0xf_ffff, 41][random.below(7) as usize];
        if random.one_in(2) {
            let data = random.next() as u32;
            let strobes = if random.one_in(4) { random.below(16) } else { 15 };
            let gaps = std::array::from_fn(|_| random.below(6));
            bench.write(address, data, strobes, gaps);
            want.extend((strobes == 15).then_some((address, data)));
        } else {
            assert_eq!(bench.read(address, random.below(20)).0, word(address));
        }
    }
    assert_eq!(bench.written, want);
}

#[test]
fn latencies_are_as_documented() {
    let mut bench = Bench::new(3, 1);
    assert_eq!(bench.write(1030, 1, 15, [0; 3]), 2);
    assert_eq!(bench.write(1030, 1, 7, [0; 3]), 2);
    assert_eq!(bench.write(10, 1, 15, [0; 3]), 3);
    assert_eq!(bench.read(1030, 0).1, REGISTER_LATENCY + 3);
}

#[test]
fn a_reset_forgets() {
    let mut bench = Bench::new(4, 1 << 40);
    bench.slave.awvalid_in.next = true;
    bench.slave.wvalid_in.next = true;
    bench.slave.wstrb_in.next = 15_u64.into();
    bench.slave.arvalid_in.next = true;
    for _ in 0..5 {
        bench.step();
    }
    assert!(bench.slave.active_out.val() && bench.slave.request_out.val());
    bench.slave.awvalid_in.next = false;
    bench.slave.wvalid_in.next = false;
    bench.slave.arvalid_in.next = false;
    bench.slave.reset_in.next = true;
    bench.step();
    bench.slave.reset_in.next = false;
    bench.step();
    assert!(!bench.slave.active_out.val() && !bench.slave.request_out.val());
    bench.once_in = 1;
    assert_eq!(bench.read(7, 0).0, 21);
}
