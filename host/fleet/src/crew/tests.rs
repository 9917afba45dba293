//! The crew, carried out by devices that answer when a test says so.

use std::collections::HashSet;

use super::*;
use crate::production::{Ask, Check, Kind};
use crate::testing::{honest, joined, pearl_job, product, production};

fn at(seconds: f64) -> Moment {
    Duration::from_secs_f64(seconds)
}

/// A crew with what it wants done, carried out by devices that answer when a test says so.
struct Trial {
    crew: Crew,
    now: Moment,
    /// What each device has, oldest first.
    work: Vec<VecDeque<Assignment>>,
    /// Tickets made of the newest job: none may be made twice.
    made: HashSet<(u64, u64, crate::piece::Place)>,
    lines: Vec<String>,
    shares: usize,
}

impl Trial {
    fn new(devices: usize) -> Self {
        let mut trial = Self {
            crew: Crew::new(Rules::default()),
            now: at(1.0),
            work: vec![VecDeque::new(); devices],
            made: HashSet::new(),
            lines: Vec::new(),
            shares: 0,
        };
        for device in 0..devices {
            trial.crew.add(trial.now, &format!("d{device}"), true);
        }
        trial.pass(0.0);
        trial
    }

    fn pass(&mut self, seconds: f64) {
        self.now += at(seconds);
        self.crew.wake(self.now);
        self.carry_out();
    }

    fn event(&mut self, device: usize, event: Event) {
        self.crew.event(self.now, DeviceId(device), event);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        for action in self.crew.actions() {
            match action {
                Action::Open(id) => {
                    let event = Event::Opened(Box::new(joined(&format!("d{}", id.0))));
                    self.crew.event(self.now, id, event);
                }
                Action::Close(id) => {
                    self.work[id.0].clear();
                    self.crew.event(self.now, id, Event::Released);
                }
                Action::Assign(id, assignment) => self.work[id.0].push_back(assignment),
                Action::Drop(id, epoch) => {
                    self.work[id.0].retain(|assignment| assignment.production.epoch >= epoch);
                }
            }
        }
        for outcome in self.crew.outcomes() {
            match outcome {
                Outcome::Line(_, id, text) => self.lines.push(format!("{id:?} {text}")),
                Outcome::Share(..) => self.shares += 1,
            }
        }
        // A device that was opened wants work.
        let more = self.crew.actions();
        if !more.is_empty() {
            self.crew.actions = more;
            self.carry_out();
        }
    }

    /// The next answer of a device, changed by `lie`, which makes at most so many tickets.
    fn answer(&mut self, device: usize, most: u64, lie: impl Fn(&mut Done)) {
        let assignment = self.work[device].pop_front().unwrap();
        let mut done = honest(&assignment, most);
        let mut number = 0;
        for piece in &assignment.pieces {
            for ticket in 0..piece.tickets() as u32 {
                if number < done.tickets {
                    let key = (assignment.production.epoch, piece.pass, piece.place(ticket));
                    assert!(self.made.insert(key), "{key:?} twice");
                }
                number += 1;
            }
        }
        lie(&mut done);
        self.event(device, Event::Done(Box::new(done)));
    }

    fn work_on(&mut self, epoch: u64, earlier_valid: bool) {
        let product = product((2, 2), false);
        let production = production(epoch, pearl_job(epoch as u32, 3), Some(&product));
        if !earlier_valid {
            self.crew.retire(self.now, epoch);
            self.carry_out();
        }
        self.crew.work_on(self.now, production, self.now);
        self.carry_out();
    }

    fn state(&self, device: usize) -> DeviceState {
        self.crew.devices()[device].supervision().state().0
    }
}

#[test]
fn all_devices_share_a_job_and_nothing_is_made_twice() {
    let mut trial = Trial::new(3);
    assert_eq!(trial.state(0), DeviceState::Idle);
    trial.work_on(1, false);
    for turn in 0..200 {
        assert_eq!(trial.state(turn % 3), DeviceState::Working);
        assert_eq!(trial.work[turn % 3].len(), WINDOW);
        trial.now += at(1.0);
        let most = if turn % 5 == 0 { 1 } else { u64::MAX };
        trial.answer(turn % 3, most, |_| {});
    }
    // Without gaps: every pass but the last few is whole.
    let last = trial.made.iter().map(|(_, pass, _)| *pass).max().unwrap();
    let of = |pass| trial.made.iter().filter(|(_, of, _)| *of == pass).count();
    let whole = (0..last).filter(|pass| of(*pass) == 4).count();
    assert!(last > 40 && whole as u64 + 60 > last, "{whole} of {last}");
    assert!(trial.shares > 20);
    let credit: f64 = trial.crew.take_credits().iter().map(|(_, _, credit)| credit.macs).sum();
    let made = trial.made.len() as f64 * (256 * 2048) as f64;
    // What hits prove is what was made, on average.
    assert!((0.7..1.4).contains(&(credit / made)), "{}", credit / made);
    assert!(trial.crew.take_credits().is_empty());
}

#[test]
fn a_new_job_takes_over_at_once_and_late_answers_count_only_where_they_may() {
    let mut trial = Trial::new(2);
    trial.work_on(1, false);
    for device in [0, 1] {
        trial.event(device, Event::Began { epoch: 1 });
    }
    assert_eq!(trial.crew.latency(), Some(Duration::ZERO));
    let old: Vec<Assignment> = trial.work[0].iter().cloned().collect();
    trial.work_on(2, false);
    assert!(trial.work.iter().flatten().all(|assignment| assignment.production.epoch == 2));
    // Whatever still comes of the one before is not looked at.
    let before = trial.crew.devices()[0].status(trial.now).tickets;
    trial.event(0, Event::Done(Box::new(honest(&old[0], u64::MAX))));
    assert_eq!(trial.crew.devices()[0].status(trial.now).tickets, before);
    trial.pass(0.5);
    trial.event(0, Event::Began { epoch: 2 });
    assert_eq!(trial.crew.latency(), None);
    trial.event(1, Event::Began { epoch: 2 });
    assert_eq!(trial.crew.latency(), Some(at(0.5)));

    trial.work_on(3, true);
    // What is under way is finished.
    assert!(trial.work[0].iter().all(|assignment| assignment.production.epoch == 2));
    for _ in 0..WINDOW {
        trial.answer(0, u64::MAX, |_| {});
    }
    assert!(trial.work[0].iter().all(|assignment| assignment.production.epoch == 3));
    assert!(trial.crew.devices()[0].status(trial.now).tickets > before);
}

#[test]
fn an_answer_counts_however_many_jobs_came_since_if_its_own_is_valid() {
    let mut trial = Trial::new(2);
    trial.work_on(1, false);
    for epoch in 2..22 {
        trial.work_on(epoch, true);
        // The other one keeps up.
        for _ in 0..WINDOW {
            trial.answer(1, u64::MAX, |_| {});
        }
    }
    let tickets = |trial: &Trial| trial.crew.devices()[0].status(trial.now).tickets;
    assert_eq!((trial.work[0][0].production.epoch, tickets(&trial)), (1, 0));
    trial.answer(0, u64::MAX, |_| {});
    assert!(tickets(&trial) > 0);
    // Of jobs that nobody works on any more nothing is kept.
    assert!(trial.crew.earlier.len() <= 3, "{}", trial.crew.earlier.len());
}

#[test]
fn the_work_of_a_device_that_is_lost_goes_to_the_others() {
    let mut trial = Trial::new(2);
    trial.work_on(1, false);
    let lost: HashSet<_> = trial.work[0]
        .iter()
        .flat_map(|assignment| assignment.pieces.clone())
        .map(|piece| (piece.pass, piece.place(0)))
        .collect();
    trial.event(0, Event::Failed("lost device: no answer".into()));
    assert_eq!(trial.state(0), DeviceState::BackOff);
    for _ in 0..30 {
        trial.answer(1, u64::MAX, |_| {});
    }
    let made: HashSet<_> = trial.made.iter().map(|(_, pass, place)| (*pass, *place)).collect();
    assert!(lost.is_subset(&made));
    // It comes back by itself.
    trial.pass(2.0);
    assert_eq!(trial.state(0), DeviceState::Working);
    assert_eq!(trial.crew.devices()[0].status(trial.now).starts, 2);
    // One that says nothing for far too long counts as lost too.
    let deadline = trial.crew.next_wake().unwrap();
    trial.now = deadline;
    trial.pass(0.0);
    assert_eq!(trial.state(1), DeviceState::BackOff);
    assert!(trial.lines.iter().any(|line| line.contains("no answer for far longer")));
}

#[test]
fn a_device_that_lies_is_found_out_and_gets_no_credit_for_it() {
    let lies: [fn(&mut Done); 4] = [
        // All hits, where there are few.
        |done| done.claims.iter_mut().for_each(|claim| claim.hit = true),
        |done| done.claims.iter_mut().for_each(|claim| claim.ticket = Some([1; 32])),
        // None of those that there are.
        |done| done.claims.iter_mut().for_each(|claim| claim.hit = false),
        // Tickets of somebody else's pieces are not its own: nothing is made of them.
        |done| done.claims.iter_mut().for_each(|claim| claim.pass += 1000),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let mut trial = Trial::new(1);
        trial.work_on(1, false);
        let mut turns = 0;
        while trial.state(0) == DeviceState::Working && turns < 200 {
            trial.now += at(30.0);
            trial.answer(0, u64::MAX, lie);
            turns += 1;
        }
        let status = trial.crew.devices()[0].status(trial.now);
        if number == 3 {
            assert_eq!((status.state, status.hits, status.shares), (DeviceState::Working, 0, 0));
            continue;
        }
        assert_eq!(status.state, DeviceState::Quarantined, "lie {number}");
        assert!(status.reason.unwrap().contains("of the last"));
        assert!(turns <= 60 && status.hardware_errors >= 3 && status.hardware_error_rate > 0.05);
        trial.pass(10_000.0);
        assert_eq!((trial.state(0), trial.work[0].len()), (DeviceState::Quarantined, 0));
        trial.crew.switch(trial.now, DeviceId(0), true);
        trial.pass(0.0);
        assert_eq!(trial.state(0), DeviceState::Working);
    }
}

#[test]
fn a_device_gets_about_a_seconds_work_and_hits_to_be_checked_by() {
    let mut trial = Trial::new(1);
    trial.work_on(1, false);
    let tickets = |assignment: &Assignment| {
        assignment.pieces.iter().map(|piece| piece.tickets()).sum::<u64>()
    };
    for _ in 0..30 {
        // 50 tickets a second.
        let assignment = trial.work[0].pop_front().unwrap();
        let mut done = honest(&assignment, u64::MAX);
        done.took = at(done.tickets as f64 / 50.0);
        trial.now += done.took;
        trial.event(0, Event::Done(Box::new(done)));
    }
    let next = trial.work[0].back().unwrap();
    assert!((45..=55).contains(&tickets(next)), "{}", tickets(next));
    let Kind::Pearl(pearl) = &next.production.kind else { unreachable!() };
    // A hit every five seconds would be one in 250, and a share is one in eight.
    assert_eq!(next.ask, Ask::Pearl(pearl.share_bound()));
}

#[test]
fn a_board_that_is_plugged_in_later_joins() {
    let mut trial = Trial::new(1);
    trial.work_on(1, false);
    let id = trial.crew.add(trial.now, "late", false);
    trial.work.push(VecDeque::new());
    trial.pass(100.0);
    assert_eq!(trial.state(id.0), DeviceState::Gone);
    trial.event(id.0, Event::Found);
    trial.pass(0.0);
    assert_eq!(trial.state(id.0), DeviceState::Working);
    trial.event(id.0, Event::Vanished);
    assert_eq!((trial.state(id.0), trial.work[id.0].len()), (DeviceState::Gone, 0));
}

#[test]
fn hits_of_a_device_that_closes_count_until_it_is_released() {
    for reason in ["off", "unplugged", "failed"] {
        let mut trial = Trial::new(2);
        trial.work_on(1, false);
        let had: Vec<Assignment> = trial.work[0].iter().cloned().collect();
        let now = trial.now;
        match reason {
            "off" => trial.crew.switch(now, DeviceId(0), false),
            "unplugged" => trial.crew.event(now, DeviceId(0), Event::Vanished),
            _ => trial.crew.event(now, DeviceId(0), Event::Failed("lost".into())),
        }
        // Its thread takes a while to end.
        assert!(matches!(trial.crew.actions()[..], [Action::Close(DeviceId(0))]));
        trial.work[0].clear();
        let tickets = |trial: &Trial| trial.crew.devices()[0].status(trial.now);
        assert_eq!(tickets(&trial).hits, 0);
        // It has made one ticket of the first, and tells of it.
        let Ask::Pearl(_) = had[0].ask else { unreachable!() };
        let mut done = honest(&had[0], 1);
        let place = had[0].pieces[0].place(0);
        done.claims = vec![Claim { pass: 0, place, ticket: None, hit: true, cycle: 1 }];
        let is_hit =
            matches!(had[0].production.check(&done.claims[0], &had[0].ask), Ok(Check::Hit { .. }));
        trial.made.insert((1, 0, place));
        trial.event(0, Event::Done(Box::new(done)));
        let status = tickets(&trial);
        assert_eq!((status.tickets, status.hits + status.hardware_errors), (1, 1), "{reason}");
        assert_eq!(status.hits == 1, is_hit);
        assert!(trial.work[0].is_empty(), "{reason}");
        trial.event(0, Event::Released);
        // All the rest of it is made by the other one, and nothing twice.
        for _ in 0..30 {
            trial.answer(1, u64::MAX, |_| {});
        }
        for piece in had.iter().flat_map(|assignment| &assignment.pieces) {
            for number in 0..piece.tickets() as u32 {
                assert!(trial.made.contains(&(1, piece.pass, piece.place(number))), "{reason}");
            }
        }
        // Later nothing comes any more.
        trial.event(0, Event::Done(Box::new(honest(&had[1], u64::MAX))));
        assert_eq!(tickets(&trial).tickets, 1);
    }
}
