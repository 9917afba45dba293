//! What a response says about the requests that are under way.

use gemmine_hdl::frame::{Response, Status};

use super::{Failure, Link, ROUNDS, Reading, SHORTEST};

impl Link {
    /// Number of the oldest request that is not acknowledged.
    pub(super) fn base(&self) -> u8 {
        self.next.wrapping_sub(self.flight.len() as u8)
    }

    pub(super) fn handle(&mut self, response: Response) {
        let probe = self.probes.iter().position(|probe| {
            probe.sequence == response.sequence
                && (response.status == Status::Gap || response.data == [probe.number])
        });
        if self.syncing {
            // Only the echo of our own number proves that a response is not an old one.
            if let (Some(index), Status::Done) = (probe, response.status) {
                self.take_probe(index);
                self.next = response.expected;
                self.syncing = false;
            }
            return;
        }
        let acknowledged = usize::from(response.expected.wrapping_sub(self.base()));
        if acknowledged > self.flight.iter().filter(|flight| flight.handed.is_some()).count() {
            // No request of ours can have led there: the device started anew.
            self.trouble += 1;
            if probe.is_some() {
                self.failed = Some(Failure::Restarted);
            }
            return;
        }
        self.acknowledge(acknowledged, &response);
        self.completed = self.completed.max(self.popped + u64::from(response.completions));
        if let Reading::Waiting(sequence) = self.reading
            && sequence == response.sequence
            && response.status == Status::Done
            && probe.is_none()
        {
            self.reading = Reading::Done(response.data);
        }
        match (probe, response.status) {
            (Some(index), _) => {
                let behind = self.take_probe(index);
                // What was sent before the sync and is still open was lost.
                let open = usize::from(behind.wrapping_sub(self.base()));
                if (1..=self.flight.len()).contains(&open) {
                    self.gap = None;
                    self.go_back();
                }
            }
            (None, Status::Refused) => self.failed = Some(Failure::Refused),
            (None, Status::Gap) => self.take_gap(response.sequence),
            (None, Status::Done | Status::Repeat) => {}
        }
    }

    /// Takes the oldest requests as done. A read among them whose data does not come with this very
    /// response is lost.
    fn acknowledge(&mut self, count: usize, response: &Response) {
        if count == 0 {
            return;
        }
        let base = self.base();
        self.alive = self.port.now();
        self.heard = self.alive;
        for (number, flight) in (0..).map(|n| base.wrapping_add(n)).zip(self.flight.drain(..count))
        {
            self.popped += u64::from(flight.pops);
            if flight.read && (number != response.sequence || response.status != Status::Done) {
                self.reading = Reading::Lost;
            }
            // Answers that lay about while nobody looked say nothing about the device.
            if let Some((handed, bytes)) = flight.handed
                && self.attentive
                && !flight.again
            {
                self.pace.saw(self.alive.saturating_duration_since(handed), bytes);
            }
        }
        self.sent = self.sent.saturating_sub(count);
        self.gap = None;
        self.rounds = 0;
        self.tries = 0;
        self.probing &= !self.flight.is_empty();
    }

    /// Forgets a sync that was answered and those before it; returns which request follows it.
    fn take_probe(&mut self, index: usize) -> u8 {
        self.alive = self.port.now();
        self.heard = self.alive;
        self.tries = 0;
        self.probing = false;
        let Some(probe) = self.probes.drain(..=index).next_back() else { return self.base() };
        self.pace.saw(self.alive.saturating_duration_since(probe.handed), 3 * SHORTEST);
        probe.behind
    }

    /// A request came to the device whose predecessor is missing. Requests behind it that were on the
    /// way give a GAP each, in their order; one that does not go up is of a new round.
    ///
    /// A read that is itself the expected one came while the device was busy with a response: nothing
    /// was lost, it is only sent again.
    fn take_gap(&mut self, sequence: u8) {
        let base = self.base();
        if sequence == base {
            self.start_over();
            return;
        }
        let distance = |sequence: u8| sequence.wrapping_sub(base);
        let new_round = self.gap.is_none_or(|last| distance(sequence) <= distance(last));
        self.gap = Some(sequence);
        if new_round && self.sent > 0 {
            self.go_back();
        }
    }

    fn go_back(&mut self) {
        self.trouble += 1;
        self.start_over();
    }

    fn start_over(&mut self) {
        self.alive = self.port.now();
        self.rounds += 1;
        if self.rounds > ROUNDS {
            self.failed = Some(Failure::Noisy);
        }
        self.sent = 0;
    }
}
