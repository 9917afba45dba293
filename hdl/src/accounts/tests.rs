//! The accounts against two numbers.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for Accounts {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

#[test]
fn what_is_freed_was_there() {
    let mut module = Accounts::connected();
    let random = &mut Random(1);
    let (mut waiting, mut banks) = (0_u64, 0_u64);
    // What the last cycle asked for.
    let (mut pops, mut releases, mut underflow) = (None, None, false);
    let mut underflows = 0;
    for _ in 0..20_000 {
        module.settle();
        assert_eq!(module.waiting_out.val().to_u64(), waiting);
        assert_eq!(module.banks_full_out.val(), banks == 2);
        assert_eq!(module.popped_out.val(), pops.is_some());
        if let Some(count) = pops {
            assert_eq!(module.popped_count_out.val().to_u64(), count);
        }
        assert_eq!(module.underflow_out.val(), underflow);
        underflows += u64::from(underflow);

        let reset = random.one_in(200);
        let left = waiting - pops.unwrap_or(0);
        let done = left < 16 && random.one_in(4);
        let kept = random.one_in(2) && banks - releases.unwrap_or(0) < 2;
        // What is asked for in two cycles in a row may not be there twice.
        let asks = pops.is_none() && releases.is_none() && random.one_in(3);
        let (pop, release) = (asks && random.one_in(2), asks && random.one_in(2));
        let count = random.below(8);
        module.reset_in.next = reset;
        module.done_in.next = done;
        module.kept_in.next = kept;
        module.pop_in.next = pop;
        module.release_in.next = release;
        module.count_in.next = count.into();
        module.settle();
        module.edge();

        let (enough, enough_banks) = (count <= waiting, count <= banks);
        underflow = pop && !enough || release && !enough_banks;
        waiting = left + u64::from(done);
        banks = banks - releases.unwrap_or(0) + u64::from(done && kept);
        pops = (pop && enough).then_some(count);
        releases = (release && enough_banks).then_some(count);
        if reset {
            (waiting, banks, pops, releases) = (0, 0, None, None);
        }
    }
    assert!(underflows > 100);
}
