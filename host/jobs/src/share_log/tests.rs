//! The log of shares: what comes back, over kills, full disks and power cuts.

mod audit;
mod disk;
mod kill;
mod process;
mod session;

use super::audit::{Audit, check_share};
use super::faults::{Disk, Fault};
use super::*;
use crate::work::Verdict;
use gemmine_pouw::amadeus::SOLUTION_BYTES;

/// Small enough that a short session has several files.
const SHORT_FILES: Options = Options {
    file_bytes: 4096,
    queue_entries: 64,
    queue_bytes: 1 << 20,
    recent: 16,
    whole_chain: true,
};

fn id(number: u64) -> ShareId {
    let mut id = [0; 32];
    // Like a hash of Amadeus: it begins with zeros, and what differs comes late.
    id[24..].copy_from_slice(&number.to_be_bytes());
    ShareId(id)
}

fn number_of(id: &ShareId) -> u64 {
    u64::from_be_bytes(*id.0[24..].as_array().unwrap())
}

fn work(number: u64) -> ShareWork {
    if number.is_multiple_of(3) {
        return ShareWork::Amadeus {
            epoch: 7,
            segment_vr_hash: "ab".repeat(32),
            nonce: format!("{number:024x}"),
            bits: 20,
        };
    }
    ShareWork::Pearl {
        header: "01".repeat(76),
        share_target: "0f".repeat(32),
        m: 64,
        n: 64,
        k: 2048,
        r: 128,
        t_row: 16,
        t_col: 48,
        seed: 7,
        pass: number,
    }
}

fn share(number: u64) -> Share {
    Share {
        share: id(number),
        source: format!("pool{}", number % 2),
        job: format!("job-{}", number / 4),
        context: Some(format!("{{\"target\": {}}}", "9".repeat(80))),
        height: Some(number),
        work: work(number),
        meets_network: Some(number.is_multiple_of(2)),
        device: format!("serial:/dev/ttyUSB{}", number % 3),
        geometry: "16x16".into(),
        build: Some("01234567".into()),
        device_cycle: Some(1 << 40),
        macs_expected: 1.5e12,
        energy_pj: None,
        energy_source: "none measured".into(),
        proof_file: String::new(),
        proof_blake3: String::new(),
        unix_time_s: 1_786_406_400 + number,
    }
}

fn proof(number: u64) -> Proof {
    match work(number).protocol() {
        Protocol::Pearl => Proof::Pearl(format!("proof {number}").into_bytes().into()),
        Protocol::Amadeus => Proof::Amadeus(Box::new([number as u8; SOLUTION_BYTES])),
    }
}

fn found(number: u64) -> Item {
    Item::share(share(number), proof(number))
}

fn sent(number: u64) -> Item {
    let (source, unix_time_s) = (share(number).source, 1);
    Entry::Sent(Sent { share: id(number), source, unix_time_s }).into()
}

fn answer(number: u64) -> Item {
    let reason = || "job 3 is over".to_owned();
    let verdict = match number % 6 {
        0 => Verdict::Accepted,
        1 => Verdict::Acknowledged,
        2 => Verdict::Known,
        3 => Verdict::Stale { reason: reason() },
        4 => Verdict::Rejected { code: -23, reason: reason() },
        _ => Verdict::Unanswered { reason: reason() },
    };
    Entry::Answer(Answer { share: id(number), verdict, latency_ms: 12, unix_time_s: 2 }).into()
}

fn start() -> Item {
    let (version, run) = ("0.1.0".to_owned(), "5eed".to_owned());
    Entry::Start(Start { version, run, unix_time_s: 0 }).into()
}

fn credit(number: u64) -> Item {
    let device = share(number).device;
    let protocol = Protocol::Pearl;
    Entry::Credit(Credit {
        device,
        build: None,
        protocol,
        macs: 1e12 + 0.1,
        hits: 9,
        wrong: 1,
        seconds: 0.1,
        unix_time_s: 3,
    })
    .into()
}

/// A session as a miner has it: shares that are sent and answered, some of them never, some after others.
fn session(shares: u64) -> Vec<Item> {
    let mut items = vec![start()];
    for number in 0..shares {
        items.push(found(number));
        if number % 5 != 4 {
            items.push(sent(number));
        }
        if number % 5 < 3 {
            items.push(answer(number));
        }
        if number >= 10 && (number - 10) % 5 == 3 {
            items.push(answer(number - 10));
        }
        if number % 4 == 3 {
            items.push(credit(number));
        }
    }
    items
}

fn on(disk: &Disk, options: Options) -> ShareLog {
    ShareLog::open_on(Box::new(disk.start_process()), options).unwrap()
}

/// All entries of a disk but those that the log writes by itself. Proofs' files are left out of shares.
fn entries(disk: &Disk) -> (Vec<Entry>, Check) {
    let mut entries = Vec::new();
    let check = read(&disk.start_process(), |_, _, entry| {
        if !matches!(entry, Entry::Carried(_)) {
            entries.push(without_file(entry));
        }
    });
    (entries, check.unwrap().0)
}

fn without_file(mut entry: Entry) -> Entry {
    if let Entry::Share(share) = &mut entry {
        share.proof_file.clear();
    }
    entry
}

fn wanted(items: &[Item]) -> Vec<Entry> {
    items.iter().map(|item| without_file(item.entry.clone())).collect()
}

/// What is pending after such entries, by the plain rule: share, and whether it was sent.
fn pending_of(entries: &[Entry]) -> Vec<(ShareId, bool)> {
    let mut pending: Vec<(ShareId, bool)> = Vec::new();
    for entry in entries {
        match entry {
            Entry::Share(share) => pending.push((share.share, false)),
            Entry::Sent(sent) => {
                let found = pending.iter_mut().find(|(share, _)| *share == sent.share);
                found.unwrap().1 = true;
            }
            Entry::Answer(answer) => pending.retain(|(share, _)| *share != answer.share),
            Entry::Start(_) | Entry::Credit(_) | Entry::Carried(_) => {}
        }
    }
    pending
}

/// Holds what a log says against entries, and reads every pending share's proof back.
fn check_log(log: &ShareLog, entries: &[Entry]) {
    let pending: Vec<_> = log.pending().iter().map(|share| (share.share, share.sent)).collect();
    assert_eq!(pending, pending_of(entries));
    for (id, _) in pending {
        let number = number_of(&id);
        let submission = log.submission(&id).unwrap();
        assert_eq!(submission.proof, proof(number));
        assert_eq!(Some(&*submission.context), share(number).context.as_deref());
        assert_eq!(*submission.job, *share(number).job);
    }
    let mut totals = Totals::default();
    let mut owners = std::collections::HashMap::new();
    for entry in entries {
        match entry {
            Entry::Start(_) => totals.starts += 1,
            Entry::Share(share) => {
                totals.found(&share.source, &share.device);
                owners.insert(share.share, (share.source.clone(), share.device.clone()));
            }
            Entry::Answer(answer) => {
                let (source, device) = &owners[&answer.share];
                totals.answered(source, device, &answer.verdict);
            }
            Entry::Credit(credit) => totals.credited(credit),
            Entry::Sent(_) | Entry::Carried(_) => {}
        }
    }
    assert!(log.totals().agrees_with(&totals), "{:?} is not {totals:?}", log.totals());
}
