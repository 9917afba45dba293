//! What becomes of a device's answers: computed again, credited, and perhaps a share.

use std::sync::Arc;

use gemmine_console::status::Level;
use gemmine_jobs::work::Moment;

use super::{Crew, DeviceId, Outcome, SAMPLE_EVERY};
use crate::production::{Ask, Check, Claim, Production};
use crate::runner::Done;

impl Crew {
    pub(super) fn done(&mut self, now: Moment, id: DeviceId, done: Done) {
        let device = &mut self.devices[id.0];
        // Of work that was dropped nothing is wanted any more.
        let Some(outstanding) = device.take(done.id) else { return };
        let current =
            self.current.as_mut().filter(|current| current.production.epoch == outstanding.epoch);
        let production = match current {
            Some(current) => {
                current.cursor.give_back(done.left);
                Arc::clone(&current.production)
            }
            None => {
                let earlier =
                    self.earlier.iter().find(|earlier| earlier.epoch == outstanding.epoch);
                let Some(earlier) = earlier else { return };
                Arc::clone(earlier)
            }
        };
        device.made(now, &production, done.tickets, done.counters, done.took);
        let sample = device.sampled.is_none_or(|sampled| now >= sampled + SAMPLE_EVERY);
        for claim in done.claims {
            let own = outstanding
                .pieces
                .iter()
                .any(|piece| piece.pass == claim.pass && piece.has(claim.place));
            if own && (claim.hit || sample) {
                self.check(now, id, &production, &outstanding.ask, claim);
            }
        }
    }

    /// Computes a claim again: what a device says counts for nothing.
    fn check(
        &mut self,
        now: Moment,
        id: DeviceId,
        production: &Arc<Production>,
        ask: &Ask,
        claim: Claim,
    ) {
        let device = &mut self.devices[id.0];
        let right = match production.check(&claim, ask) {
            Ok(Check::Miss) => true,
            Ok(Check::Hit { is_share, .. }) => {
                device.credit(ask.tickets_per_hit() * production.macs_per_ticket());
                if is_share {
                    device.shares += 1;
                    self.outcomes.push(Outcome::Share(id, Arc::clone(production), claim));
                }
                true
            }
            Ok(Check::Wrong(text)) => {
                device.wrong();
                let text = format!("wrong answer: {text}");
                self.outcomes.push(Outcome::Line(Level::Warning, Some(id), text));
                false
            }
            Err(error) => {
                let text = format!("failed to check an answer: {error:#}");
                self.outcomes.push(Outcome::Line(Level::Error, Some(id), text));
                return;
            }
        };
        let device = &mut self.devices[id.0];
        if !claim.hit {
            device.sampled = Some(now);
        }
        let step = device.supervision.checked(now, right);
        if step.is_some() {
            let reason = device.supervision.state().2.unwrap_or_default().to_owned();
            self.line(Level::Error, id, format!("quarantined: {reason}"));
        }
        self.carry_out(id, step);
    }
}
