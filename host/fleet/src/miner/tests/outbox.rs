//! Shares that wait: none is given up because there are many, or because its proof can't be read for a while.

use gemmine_jobs::share_log::faults::Fault;
use gemmine_jobs::share_log::{Item, Share, ShareWork};
use gemmine_jobs::source::handle::SHARES_MAX;
use gemmine_jobs::work::Proof;

use super::*;
use crate::miner::outbox::READ_EVERY;

fn id(number: usize) -> ShareId {
    let mut id = [0xee; 32];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    ShareId(id)
}

/// A log in which an earlier run left so many shares of the first source without an answer.
fn left(shares: usize) -> Disk {
    let disk = Disk::default();
    let mut log = open(&disk);
    let work = ShareWork::Pearl {
        header: "01".repeat(76),
        share_target: "0f".repeat(32),
        m: 32,
        n: 32,
        k: 2048,
        r: 128,
        t_row: 0,
        t_col: 0,
        seed: 1,
        pass: 0,
    };
    let share = |number| Share {
        share: id(number),
        source: "first".into(),
        job: "job 1".into(),
        context: Some("context".into()),
        height: None,
        work: work.clone(),
        meets_network: None,
        device: "d".into(),
        geometry: String::new(),
        build: None,
        device_cycle: None,
        macs_expected: 1.0,
        energy_pj: None,
        energy_source: "none measured".into(),
        proof_file: String::new(),
        proof_blake3: String::new(),
        unix_time_s: 1,
    };
    let proof = |number: usize| Proof::Pearl(number.to_be_bytes().to_vec().into());
    log.append_all((0..shares).map(|number| Item::share(share(number), proof(number))).collect())
        .unwrap();
    disk
}

impl Trial {
    fn accepted(&mut self, share: ShareId) {
        let (verdict, latency) = (Verdict::Accepted, SECOND);
        self.says(0, &SourceEvent::Answer { share, verdict, latency });
    }

    fn submitted(&self) -> Vec<ShareId> {
        self.submits.iter().map(|(_, submission)| submission.share).collect()
    }
}

#[test]
fn what_a_source_has_no_room_for_waits_in_the_log() {
    let shares = SHARES_MAX + 10;
    let mut trial = Trial::new(open(&left(shares)));
    let first: Vec<ShareId> = (0..SHARES_MAX).map(id).collect();
    assert_eq!(trial.submitted(), first);
    assert_eq!(trial.miner.log().pending_count(), shares);
    // One that is found now waits behind the others.
    trial.job(0, &pearl_job(1, 1), false);
    trial.ready(1);
    while trial.miner.log().pending_count() == shares {
        trial.answer();
    }
    let found = trial.miner.log().pending_count() - shares;
    assert_eq!(trial.submits.len(), SHARES_MAX);
    // Each answer makes room for one, oldest first, with its proof.
    for number in 0..10 {
        trial.accepted(id(number));
        let (source, submission) = trial.submits.last().unwrap();
        let expected = Proof::Pearl((SHARES_MAX + number).to_be_bytes().to_vec().into());
        assert_eq!((*source, submission.share), (SourceId(0), id(SHARES_MAX + number)));
        assert_eq!(submission.proof, expected);
    }
    for number in 10..10 + found {
        trial.accepted(id(number));
    }
    let last = &trial.submits[SHARES_MAX + 10..];
    assert_eq!(last.len(), found);
    for (_, submission) in last {
        assert_eq!(trial.miner.log().submission(&submission.share).unwrap(), *submission);
    }
    assert_eq!(trial.submits.len(), trial.submitted().into_iter().collect::<HashSet<_>>().len());
    assert_eq!(trial.miner.log().totals().shares().unanswered, 0);
}

#[test]
fn a_proof_that_can_not_be_read_now_is_no_verdict() {
    let disk = left(3);
    let log = open(&disk);
    disk.set_fault(Fault::Read, true);
    let mut trial = Trial::new(log);
    let waits = |trial: &Trial| {
        trial.lines.iter().filter(|line| line.contains("waits: failed to read proof")).count()
    };
    assert_eq!((trial.submits.len(), trial.miner.log().pending_count()), (0, 3));
    assert_eq!(waits(&trial), 3);
    // Still not; that is told once.
    assert!(trial.miner.next_wake() <= trial.now + READ_EVERY);
    trial.pass(READ_EVERY);
    assert_eq!((trial.submits.len(), waits(&trial)), (0, 3));
    disk.set_fault(Fault::Read, false);
    trial.pass(READ_EVERY);
    assert_eq!(trial.submitted(), [id(0), id(1), id(2)]);
    assert_eq!(trial.miner.log().totals().shares().unanswered, 0);
}

#[test]
fn a_proof_that_is_gone_has_its_verdict() {
    let disk = left(2);
    let log = open(&disk);
    let name = log.pending()[0].proof_file.clone();
    disk.remove(&name);
    let trial = Trial::new(log);
    assert_eq!(trial.submitted(), [id(1)]);
    assert_eq!(trial.miner.log().totals().shares().unanswered, 1);
}
