//! A day of a pool that comes and goes, in simulated time: every share has one verdict, and no share is sent once too
//! often.

use std::collections::HashMap;

use serde_json::Value;

use super::*;
use crate::source::testing::submission;
use crate::work::{Moment, ShareId, Verdict};

/// Small, seeded, and random enough to make a day.
struct Dice(u64);

impl Dice {
    /// Once in so many.
    fn one_in(&mut self, times: u64) -> bool {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(times)
    }
}

/// A pool as it sees itself, and all that it has heard.
struct Pool {
    job: u64,
    /// Whether the connection lives.
    open: bool,
    /// Lines that the source will get, each at its time.
    replies: Vec<(Moment, String)>,
    /// How often a proof came, on this connection and on all.
    heard: HashMap<String, (u32, u32)>,
    /// Proofs whose answer has gone out on a connection that lived.
    answered: Vec<String>,
}

impl Pool {
    fn job(&self) -> String {
        notify(&self.job.to_string())
    }

    /// A line from the source.
    fn hear(&mut self, line: &[u8], now: Moment, dice: &mut Dice) {
        let asked: Value = serde_json::from_slice(line).unwrap();
        let id = asked["id"].as_u64().unwrap();
        if asked["method"] == "mining.authorize" {
            self.replies.push((now, answer(id, "true")));
            self.replies.push((now, self.job()));
            return;
        }
        let proof = asked["params"]["plain_proof"].as_str().unwrap().to_owned();
        assert!(!self.answered.contains(&proof), "sent after its answer");
        let (here, all) = self.heard.entry(proof.clone()).or_default();
        (*here, *all) = (*here + 1, *all + 1);
        assert_eq!(*here, 1, "sent twice on a connection");
        let known = *all > 1;
        let job = asked["params"]["job_id"].as_str().unwrap();
        let reply = match job == self.job.to_string() {
            false => error(id, r#"[21,"job not found",null]"#),
            true if known => error(id, r#"[22,"duplicate",null]"#),
            true => answer(id, "true"),
        };
        // Sometimes it has lost a question.
        if !dice.one_in(50) {
            self.replies.push((now + SECOND, reply));
        }
    }

    fn cut(&mut self) {
        self.open = false;
        self.replies.clear();
        self.heard.values_mut().for_each(|(here, _)| *here = 0);
    }
}

#[test]
fn a_day_with_breaks_loses_nothing() {
    let mut dice = Dice(1);
    let mut bench = Bench::new(Dialect::Pool(login()));
    let (replies, heard, answered) = Default::default();
    let mut pool = Pool { job: 0, open: false, replies, heard, answered };
    let mut job: Option<Arc<Job>> = None;
    let mut verdicts: HashMap<ShareId, Verdict> = HashMap::new();
    let mut found = 0;
    bench.source.activate(bench.now);
    for second in 0..24 * 60 * 60 {
        bench.pass(SECOND);
        if pool.open && (dice.one_in(300) || second % 7200 == 7199) {
            pool.cut();
            bench.source.closed("cut", bench.now);
        }
        if second % 20 == 0 {
            pool.job += 1;
            if pool.open {
                pool.replies.push((bench.now, pool.job()));
            }
        }
        if let Some(job) = job.as_ref().filter(|_| dice.one_in(8)) {
            found += 1;
            bench.source.submit(submission(found, &job.name), bench.now).unwrap();
        }
        loop {
            let Some(output) = bench.source.poll() else {
                let due = pool.replies.iter().position(|(at, _)| *at <= bench.now);
                let Some(due) = due else { break };
                let (_, line) = pool.replies.remove(due);
                bench.source.received(format!("{line}\n").as_bytes(), bench.now);
                continue;
            };
            match output {
                // Away for two minutes each two hours; otherwise it refuses now and then.
                Output::Connect if second % 7200 < 120 || dice.one_in(3) => {
                    bench.source.connect_failed("no route", bench.now);
                }
                Output::Connect => {
                    pool.open = true;
                    bench.source.connected(bench.now);
                }
                Output::Close => pool.cut(),
                Output::Send(bytes) => pool.hear(&bytes, bench.now, &mut dice),
                Output::Event(SourceEvent::Job { job: new, .. }) => job = Some(new),
                Output::Event(SourceEvent::Answer { share, verdict, .. }) => {
                    pool.answered.push(proof(u16::from_le_bytes([share.0[0], share.0[1]])));
                    assert!(verdicts.insert(share, verdict).is_none(), "two verdicts");
                }
                Output::Event(_) => {}
            }
        }
    }
    let pending = bench.source.status().shares.pending;
    assert_eq!(verdicts.len() as u64 + pending, u64::from(found));
    assert!(pending < 5 && found > 9_000, "{pending} of {found}");
    let count = |wanted: fn(&Verdict) -> bool| verdicts.values().filter(|v| wanted(v)).count();
    let good = count(|verdict| matches!(verdict, Verdict::Accepted | Verdict::Known));
    assert!(count(|verdict| matches!(verdict, Verdict::Known)) > 5);
    assert!(count(|verdict| matches!(verdict, Verdict::Unanswered { .. })) > 100);
    // What is found while the pool is there, and is not at its job's end, counts.
    assert!(10 * good > 8 * usize::from(found), "{good} of {found}");
    assert!(bench.source.status().connections > 200);
}
