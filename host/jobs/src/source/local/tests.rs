//! A simnet, block by block.

use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::{target, tile};

use super::*;
use crate::source::testing::{SECOND, event_text};

/// One native tile at k = 2048 in two meets it.
const SHARE_TARGET_EXPONENT: usize = 236;

fn simnet(interval: Option<Duration>) -> Local {
    let share_target = U256::one() << SHARE_TARGET_EXPONENT;
    Local::new(LocalOptions { id: SourceId(2), share_target, interval })
}

fn all(local: &mut Local) -> Vec<SourceEvent> {
    std::iter::from_fn(|| local.poll()).collect()
}

fn texts(local: &mut Local) -> Vec<String> {
    all(local).iter().map(event_text).collect()
}

/// The job that it sends, as the last of what it says.
fn job(local: &mut Local) -> Arc<Job> {
    match all(local).pop() {
        Some(SourceEvent::Job { job, earlier_valid: false }) => job,
        other => panic!("{other:?}"),
    }
}

/// Proofs for a job of tiles that are shares of it and of such that are not.
fn proofs(job: &Job) -> (Vec<Submission>, Vec<Submission>) {
    let Work::Pearl { header, share_target, .. } = &job.work else { panic!("no work of Pearl's") };
    let values = |step: usize| (0..64 * 2048).map(|i| (i * step % 127) as i8 - 63).collect();
    let (a, bt) =
        (Matrix::new(64, 2048, values(31)).unwrap(), Matrix::new(64, 2048, values(17)).unwrap());
    let prepared = PreparedJob::new(*header, MiningConfig::native(2048, 128), a, bt).unwrap();
    let bound = prepared.bound(Some(*share_target));
    let tiles = (0..16).map(|tile| (tile / 4 * 16, tile % 4 * 16));
    let (hits, misses): (Vec<_>, Vec<_>) = tiles
        .map(|(t_row, t_col)| {
            let fold = tile::fold_register(&prepared.fold(t_row, t_col).unwrap().words);
            let ticket = tile::ticket(&prepared.seeds().a, &fold);
            let proof = prepared.proof(t_row, t_col).unwrap().encode();
            let (name, context) = (Arc::clone(&job.name), Arc::clone(&job.context));
            let proof = Proof::Pearl(proof.into());
            let submission = Submission { share: ShareId(ticket), job: name, context, proof };
            (target::meets(&ticket, bound), submission)
        })
        .partition(|(hit, _)| *hit);
    let bare = |pairs: Vec<(bool, _)>| pairs.into_iter().map(|(_, submission)| submission);
    (bare(hits).collect(), bare(misses).collect())
}

/// What is said of a submission, without its name.
fn verdict(local: &mut Local, submission: Submission, now: Moment) -> Verdict {
    let share = submission.share;
    local.command(Command::Submit(submission), now);
    match &all(local)[..] {
        [.., SourceEvent::Sent { share: sent }, SourceEvent::Answer { share: of, verdict, .. }] => {
            assert_eq!((*sent, *of), (share, share));
            verdict.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn shares_are_judged_as_a_node_does() {
    let mut local = simnet(None);
    local.command(Command::Activate, SECOND);
    let job = job(&mut local);
    assert_eq!((job.height, job.source), (Some(1), SourceId(2)));
    // What a receipt's reader needs is in its context.
    let context = GatewayJob::parse(job.context.as_bytes()).unwrap();
    assert_eq!(context.header, GatewayJob::simnet().unwrap().header);
    assert_eq!(context.share_target, Some(U256::one() << SHARE_TARGET_EXPONENT));

    let (hits, misses) = proofs(&job);
    for hit in &hits {
        assert_eq!(verdict(&mut local, hit.clone(), SECOND), Verdict::Accepted);
        assert_eq!(verdict(&mut local, hit.clone(), SECOND), Verdict::Known);
    }
    let miss = verdict(&mut local, misses[0].clone(), SECOND);
    assert!(matches!(miss, Verdict::Rejected { code: 23, .. }), "{miss:?}");
    let Proof::Pearl(proof) = &hits[0].proof else { panic!() };
    let mut bytes = proof.to_vec();
    bytes[100] ^= 1;
    for bytes in [bytes, Vec::new()] {
        let broken = Submission { proof: Proof::Pearl(bytes.into()), ..hits[0].clone() };
        let said = verdict(&mut local, broken, SECOND);
        assert!(matches!(said, Verdict::Rejected { code: 20, .. }), "{said:?}");
    }
    let foreign = Submission { proof: Proof::Amadeus(Box::new([0; 1264])), ..hits[0].clone() };
    let said = verdict(&mut local, foreign, SECOND);
    assert!(matches!(said, Verdict::Rejected { code: 20, .. }), "{said:?}");
    let shares = local.status().shares;
    assert_eq!((shares.accepted, shares.rejected), (2 * hits.len() as u64, 4));
}

#[test]
fn blocks_follow_each_other() {
    let mut local = simnet(Some(10 * SECOND));
    assert_eq!((local.next_wake(), local.status().state), (None, SourceState::Standby));
    local.command(Command::Activate, SECOND);
    let first = job(&mut local);
    assert_eq!(local.next_wake(), Some(11 * SECOND));
    local.wake(10 * SECOND);
    assert!(all(&mut local).is_empty());
    let share = proofs(&first).0.remove(0);
    // The clock decides, not whether somebody has looked at it.
    let said = verdict(&mut local, share, 11 * SECOND);
    assert!(matches!(said, Verdict::Stale { .. }), "{said:?}");
    assert_eq!(local.status().job.unwrap().height, Some(2));
    local.wake(21 * SECOND);
    let third = job(&mut local);
    assert_eq!(third.height, Some(3));
    assert_ne!(first.work, third.work);
    // The same as ever, for whoever begins anew.
    let mut again = simnet(None);
    again.command(Command::Activate, Moment::ZERO);
    assert_eq!(job(&mut again), first);
}

#[test]
fn standby_and_off() {
    let mut local = simnet(Some(10 * SECOND));
    local.command(Command::Activate, Moment::ZERO);
    let first = texts(&mut local);
    assert_eq!(first[0], "up");
    local.command(Command::Standby, SECOND);
    assert_eq!(texts(&mut local), ["down: not needed for now"]);
    assert_eq!((local.next_wake(), local.status().job), (None, None));
    local.command(Command::Activate, 2 * SECOND);
    assert_eq!(texts(&mut local), first);
    local.command(Command::Off, 3 * SECOND);
    assert_eq!(texts(&mut local), ["down: switched off"]);
    assert_eq!(local.status().state, SourceState::Off);
    local.wake(60 * SECOND);
    assert!(all(&mut local).is_empty());
    local.command(Command::On, 60 * SECOND);
    let told = texts(&mut local);
    assert!(told[0] == "up" && told[1] != first[1], "{told:?}");
}

#[test]
fn it_runs_in_a_thread() {
    let (sender, events) = crossbeam_channel::unbounded();
    let share_target = U256::one() << SHARE_TARGET_EXPONENT;
    let options = LocalOptions { id: SourceId(2), share_target, interval: None };
    let handle = spawn(options, sender, Instant::now()).unwrap();
    handle.command(Command::Activate);
    let next = || events.recv_timeout(60 * SECOND).unwrap().1;
    assert_eq!(next(), SourceEvent::Up);
    let SourceEvent::Job { job, .. } = next() else { panic!("no job") };
    handle.command(Command::Submit(proofs(&job).0.remove(0)));
    assert!(matches!(next(), SourceEvent::Sent { .. }));
    assert!(matches!(next(), SourceEvent::Answer { verdict: Verdict::Accepted, .. }));
    assert_eq!(handle.report().shares.accepted, 1);
    drop(handle);
    assert!(events.recv_timeout(60 * SECOND).is_err());
}
