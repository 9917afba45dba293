//! Rates, the fallback and the watchdog.

use super::*;
use crate::testbench::Clocked;

impl Clocked for LineControl {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

impl LineControl {
    fn cycle(&mut self) {
        self.settle();
        self.edge();
        self.baud_write_in.next = false;
        self.watchdog_write_in.next = false;
        self.good_in.next = false;
        self.bad_in.next = false;
        self.error_in.next = false;
    }

    fn rate(&mut self) -> u64 {
        self.settle();
        self.baud_out.val().to_u64()
    }
}

const FAST: u64 = 0x20_0000;

/// A control that runs at the fast rate.
fn fast() -> LineControl {
    let mut control = LineControl::connected();
    control.baud_write_in.next = true;
    control.data_in.next = FAST.into();
    control.cycle();
    control.cycle();
    control.quiet_in.next = true;
    control.cycle();
    control.cycle();
    assert_eq!(control.rate(), FAST);
    control
}

#[test]
fn the_rate_changes_when_all_is_said() {
    let first = u64::from(baud_increment(115_200, 24_000_000).unwrap());
    let mut control = LineControl::connected();
    assert_eq!(control.rate(), first);
    control.baud_write_in.next = true;
    control.data_in.next = FAST.into();
    for _ in 0..10 {
        control.cycle();
        assert_eq!(control.rate(), first);
    }
    control.quiet_in.next = true;
    control.cycle();
    assert_eq!(control.rate(), first);
    control.quiet_in.next = false;
    control.cycle();
    assert_eq!(control.rate(), FAST);
}

#[test]
fn errors_in_a_row_bring_the_first_rate_back() {
    let mut control = fast();
    for n in 0..100 {
        control.bad_in.next = n % 3 == 0;
        control.error_in.next = n % 3 == 1;
        control.good_in.next = n % 3 == 2;
        control.cycle();
    }
    control.good_in.next = true;
    control.cycle();
    for _ in 0..FALLBACK_ERRORS {
        assert_eq!(control.rate(), FAST);
        control.error_in.next = true;
        control.cycle();
    }
    assert_ne!(control.rate(), FAST);
}

#[test]
fn the_watchdog_bites_a_silent_host() {
    let mut control = fast();
    control.watchdog_write_in.next = true;
    control.data_in.next = 2_u64.into();
    control.cycle();
    control.outstanding_in.next = 3_u64.into();
    let mut bites = Vec::new();
    for cycle in 0..300_000 {
        control.good_in.next = cycle == 100_000;
        control.settle();
        if control.reset_out.val() {
            bites.push(cycle);
        }
        control.cycle();
    }
    assert_eq!(bites, [100_000 + (1 << 17) + 1]);
    assert_ne!(control.rate(), FAST);
}
