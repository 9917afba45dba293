//! Boards, and what their threads and the miner tell each other.

use std::time::Duration;

use gemmine_fleet::crew::{self, DeviceId};
use gemmine_fleet::production::{Check, Kind};
use gemmine_fleet::runner::{Assignment, Done};
use gemmine_jobs::work::ShareId;
use gemmine_pouw::target;

use super::process::Context;
use super::{Event, Told, World};
use crate::board::{Lie, VirtualBoard};
use crate::random::Random;
use crate::scenario::Scenario;

/// One board in so many lies, and the lines of as many others are bad.
const ODD: usize = 8;

/// Honest ones, liars, and some whose lines damage frames.
pub fn make(scenario: &Scenario, random: &mut Random) -> Vec<VirtualBoard> {
    let make = |number: usize| {
        let rate = scenario.rate * (0.5 + random.unit());
        let mut board =
            VirtualBoard::new(format!("board{number}"), rate, Random::new(random.next()));
        let lies = [Lie::Hits, Lie::AllHits, Lie::Tickets];
        match number % ODD {
            3 => board.lie = Some((lies[number / ODD % 3], 1 + random.below(3))),
            5 => (board.eager, board.damage) = (true, Some(20 + random.below(40))),
            0 => board.eager = true,
            _ => {}
        }
        board
    };
    (0..scenario.boards).map(make).collect()
}

impl World {
    /// A board's thread, or what watches its port, says something.
    fn tell(&mut self, board: usize, wait: Duration, told: Told) {
        let number = self.processes;
        let at = self.in_order(self.pools.len() + board, self.now + wait);
        self.at(at, Event::Device(number, board, told));
    }

    pub(super) fn device_action(&mut self, action: crew::Action, kept: bool) {
        match action {
            crew::Action::Open(DeviceId(board)) => {
                let wait = self.random.between(0.1, 0.8);
                self.boards[board].thread = true;
                let generation = self.boards[board].generation;
                self.after(wait, Event::OpenBoard(self.processes, board, generation));
            }
            crew::Action::Close(DeviceId(board)) => {
                if self.boards[board].thread {
                    let hangs = self.boards[board].hung_until > self.now;
                    self.boards[board].close(self.now);
                    let wait = self.random.between(0.02, if hangs { 5.0 } else { 0.5 });
                    self.tell(board, wait, Told::Event(crew::Event::Released));
                }
            }
            crew::Action::Assign(DeviceId(board), assignment) => {
                if !self.boards[board].thread {
                    return;
                }
                let epoch = assignment.production.epoch;
                match self.boards[board].assign(assignment) {
                    Ok(true) => {
                        let wait = self.random.between(0.0, 0.01);
                        self.tell(board, wait, Told::Event(crew::Event::Began { epoch }));
                    }
                    Ok(false) => {}
                    Err(error) => return self.thread_fails(board, &format!("failed to {error:#}")),
                }
                self.begin_turn(board);
            }
            crew::Action::Drop(DeviceId(board), epoch) => {
                let what = "work is dropped, although its job still counts";
                self.ensure(if kept { Err(what.to_owned()) } else { Ok(()) });
                if let Err(error) = self.boards[board].drop_before(epoch, self.now) {
                    self.thread_fails(board, &format!("failed to {error:#}"));
                }
            }
        }
    }

    /// A board's thread ends, with an error.
    fn thread_fails(&mut self, board: usize, reason: &str) {
        self.tally.failures += 1;
        self.boards[board].trouble = self.now;
        let wait = self.random.between(0.0, 0.4);
        self.tell(board, wait, Told::Event(crew::Event::Failed(reason.to_owned())));
        self.tell(board, wait, Told::Event(crew::Event::Released));
        self.boards[board].close(self.now);
    }

    pub(super) fn open_board(&mut self, board: usize, generation: u64) {
        if self.boards[board].generation != generation {
            return;
        }
        match self.boards[board].open(self.now) {
            Ok(joined) => {
                let opened = crew::Event::Opened(Box::new(joined));
                self.tell(board, Duration::ZERO, Told::Event(opened));
            }
            Err(error) => self.thread_fails(board, &format!("failed to {error:#}")),
        }
    }

    fn begin_turn(&mut self, board: usize) {
        match self.boards[board].begin(self.now) {
            Ok(Some(took)) => {
                let turn = self.boards[board].turn;
                self.after(took, Event::BoardTurn(board, turn));
            }
            Ok(None) => {}
            Err(error) => self.thread_fails(board, &format!("failed to {error:#}")),
        }
    }

    /// The time of a board's work is over.
    pub(super) fn board_turn(&mut self, number: usize, turn: u64) {
        let board = &mut self.boards[number];
        if board.turn != turn || board.hung_until > self.now {
            return;
        }
        match board.answer() {
            Ok(answer) => {
                let wait = self.random.between(0.0, 0.005);
                self.tell(number, wait, Told::Done(Box::new(answer)));
            }
            Err(error) => return self.thread_fails(number, &format!("failed to {error:#}")),
        }
        self.begin_turn(number);
    }

    pub(super) fn device_event(&mut self, number: usize, told: Told) {
        let id = DeviceId(number);
        let (context, event) = match told {
            Told::Event(event) => (Context::default(), event),
            Told::Done(answer) => {
                let (assignment, done, lied) = *answer;
                let board = &mut self.boards[number];
                // Also of a thread that is about to end, whose end is told later.
                let counts = assignment.production.epoch >= board.dropped;
                let mut context = Context::default();
                self.tally.tickets += done.tickets;
                board.lies += u64::from(counts && lied);
                if counts && board.lie.is_none() {
                    self.tally.made += done.tickets;
                    context.shares = shares(&assignment, &done);
                    self.made_once(number, &done);
                }
                (context, crew::Event::Done(Box::new(done)))
            }
        };
        self.call(context, |miner, now| miner.device_event(now, id, event));
    }

    /// No ticket is made twice, whatever is announced again or comes back: it would be credited twice.
    fn made_once(&mut self, board: usize, done: &Done) {
        let Some(process) = &mut self.process else { return };
        let hits = done.claims.iter().filter(|claim| claim.hit);
        let twice =
            hits.filter_map(|claim| claim.ticket).find(|ticket| !process.hits.insert(*ticket));
        let name = &self.boards[board].name;
        let twice = twice.map(|ticket| format!("{name} made ticket {} again", hex::encode(ticket)));
        self.ensure(twice.map_or(Ok(()), Err));
    }

    /// A cable is pulled; after a while the board is back.
    pub(super) fn unplug(&mut self, number: usize) {
        let board = &mut self.boards[number];
        if !board.plugged {
            return;
        }
        board.unplug(self.now);
        board.trouble = self.now;
        let thread = board.thread;
        if thread && self.random.one_in(2) {
            self.thread_fails(number, "failed to scan: port gone");
        }
        let wait = self.random.between(0.0, 0.5);
        self.tell(number, wait, Told::Event(crew::Event::Vanished));
        let wait = self.random.between(2.0, 600.0);
        self.after(wait, Event::PlugIn(number));
    }

    pub(super) fn plug_in(&mut self, number: usize) {
        let refusals = self.random.below(4) as u32;
        let board = &mut self.boards[number];
        if std::mem::replace(&mut board.plugged, true) {
            return;
        }
        (board.trouble, board.refusals) = (self.now, refusals);
        let wait = self.random.between(0.0, 0.5);
        self.tell(number, wait, Told::Event(crew::Event::Found));
    }
}

/// The shares that an honest board reports.
fn shares(assignment: &Assignment, done: &Done) -> Vec<ShareId> {
    let production = &assignment.production;
    let Kind::Pearl(pearl) = &production.kind else { return Vec::new() };
    let bound = pearl.share_bound();
    let share = |claim: &gemmine_fleet::production::Claim| match claim.ticket {
        Some(ticket) => target::meets(&ticket, bound).then_some(ShareId(ticket)),
        None => match production.check(claim, &assignment.ask) {
            Ok(Check::Hit { share, is_share: true }) => Some(share),
            _ => None,
        },
    };
    done.claims.iter().filter(|claim| claim.hit).filter_map(share).collect()
}
