//! Interrupts against a plain function, cycle by cycle.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for DmaInterrupts {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// What stands for the module: the rules, not its registers.
#[derive(Default)]
struct Plain {
    entries: u64,
    forced: bool,
    /// Cycles since the first of them.
    age: u64,
    due: bool,
    fired: bool,
}

impl Plain {
    fn step(&mut self, [written, forced, clear, enable, ready]: [bool; 5], most: u64, time: u64) {
        let pending = self.entries > 0 || self.forced;
        self.fired = self.due && enable && ready;
        let late = self.age >= 16 * time;
        self.due = pending && !self.fired && (self.forced || self.entries >= most.max(1) || late);
        self.age = if self.fired || !pending { 0 } else { self.age + 1 };
        if self.fired {
            (self.entries, self.forced) = (0, false);
        }
        self.entries += u64::from(written);
        self.forced |= forced;
        if clear {
            (self.entries, self.forced, self.age, self.due) = (0, false, 0, false);
        }
    }
}

#[test]
fn interrupts_come_by_entries_by_time_and_by_force() {
    let mut random = Random(1);
    let mut module = DmaInterrupts::connected();
    let mut plain = Plain::default();
    let mut fired = 0;
    for cycle in 0..6000 {
        if cycle % 500 == 0 {
            module.entries_in.next = random.below(6).into();
            module.time_in.next = random.below(8).into();
        }
        let inputs = [
            random.one_in(25),
            random.one_in(400),
            cycle % 500 == 0 || random.one_in(300),
            !random.one_in(9),
            !random.one_in(3),
        ];
        module.written_in.next = inputs[0];
        module.force_in.next = inputs[1];
        module.clear_in.next = inputs[2];
        module.enable_in.next = inputs[3];
        module.ready_in.next = inputs[4];
        module.settle();
        assert_eq!(module.interrupt_out.val(), plain.fired, "cycle {cycle}");
        assert_eq!(module.pending_out.val(), plain.entries > 0 || plain.forced, "cycle {cycle}");
        fired += usize::from(plain.fired);
        let (most, time) = (module.entries_in.val().to_u64(), module.time_in.val().to_u64());
        plain.step(inputs, most, time);
        module.edge();
    }
    assert!(fired > 50, "{fired}");
}

#[test]
fn latencies_are_as_documented() {
    for (entries, time, latency) in [(1, 1000, 3), (9, 2, 16 * 2 + 3)] {
        let mut module = DmaInterrupts::connected();
        module.enable_in.next = true;
        module.ready_in.next = true;
        module.entries_in.next = (entries as u64).into();
        module.time_in.next = (time as u64).into();
        module.written_in.next = true;
        let mut cycle = 0;
        loop {
            module.settle();
            if module.interrupt_out.val() {
                break;
            }
            module.edge();
            module.written_in.next = false;
            cycle += 1;
            assert!(cycle < 100, "no interrupt");
        }
        assert_eq!(cycle, latency);
    }
}
