//! A folder with a log of shares that somebody may have written into.
//!
//! An input is the log's text. A line with `>` alone begins the next file; one that begins with `!` stands there as it
//! is; every other line that is an object becomes a record with its place in the chain, since no input would guess a
//! hash. Beside the files lie two proofs that are right.
//!
//! Whatever is there, it is read, audited and exported, or refused with a reason. A log that opens can be written on,
//! and says the same when it is opened again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_jobs::chain::{GENESIS, write_line};
use gemmine_jobs::share_log::audit::{Audit, check_share};
use gemmine_jobs::share_log::faults::Disk;
use gemmine_jobs::share_log::{self, Entry, Kept, Options, Rows, Share, ShareLog, Start, Totals};
use gemmine_pouw::digest;
use serde_json::value::RawValue;

use super::{pearl_proof, solution};
use crate::plain;

/// Shares whose proofs are verified: a millisecond each.
const VERIFIED_MAX: usize = 2;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let disk = folder(bytes);
    read(&disk);
    write_on(&disk);
}

/// The files.
fn folder(bytes: &[u8]) -> Disk {
    let disk = Disk::default();
    let (mut number, mut file, mut prev) = (1, Vec::new(), GENESIS.to_owned());
    let name = |number: u32| format!("shares-{number:06}.jsonl");
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if text == b">" {
            disk.put(&name(number), &std::mem::take(&mut file));
            number += 1;
            continue;
        }
        let record: Option<&RawValue> = serde_json::from_slice(text).ok();
        let record = record.filter(|record| record.get().starts_with('{') && text != b"{}");
        match (text.strip_prefix(b"!"), record) {
            (Some(text), _) => file.extend([text, b"\n"].concat()),
            (None, Some(record)) => {
                let (line, hash) = write_line(&record, &prev).expect("JSON as it is");
                file.extend(line.into_bytes());
                prev = hash;
            }
            (None, None) => file.extend(line),
        }
    }
    disk.put(&name(number), &file);
    let (_, proof) = pearl_proof::recorded();
    disk.put("share-p.b64", STANDARD.encode(proof).as_bytes());
    disk.put("share-a.bin", solution::right());
    disk
}

/// Reads it as `gemmine receipts` does.
fn read(disk: &Disk) {
    let view = disk.start_process();
    let names = share_log::log_files(&view);
    let (first, last) = names.expect("files in their order").expect("there is one");
    let (mut audit, mut rows) = (Audit::new(first == 1), Rows::default());
    let (mut shares, mut entries, mut exported) = (Vec::<Share>::new(), 0, 0);
    let found = share_log::read(&view, |file, line, entry| {
        assert!(!file.is_empty() && line > 0);
        entries += 1;
        if let Err(problem) = audit.entry(&entry) {
            plain::lines(&problem);
        }
        let text = serde_json::to_string(&entry).expect("an entry is JSON");
        let again: Entry = serde_json::from_str(&text).expect("an entry is read again");
        assert_eq!(serde_json::to_string(&again).expect("an entry is JSON"), text);
        if let Entry::Share(share) = &entry {
            shares.push(Share::clone(share));
        }
        rows.add(entry);
        while rows.next_answered().is_some() {
            exported += 1;
        }
    });
    while rows.next_any().is_some() {
        exported += 1;
    }
    assert_eq!(exported, shares.len(), "a row a share");
    for share in shares.iter().take(VERIFIED_MAX) {
        match check_share(&view, share) {
            Ok(()) => assert!(is_right(share), "taken: {share:?}"),
            Err(problem) => plain::lines(&problem),
        }
    }
    match found {
        Ok((check, totals)) => {
            assert_eq!((check.first_file, check.last_file), (first, last));
            assert_eq!(check.lines, entries);
            counted(&totals);
        }
        Err(error) => plain::lines(&error),
    }
}

/// Only the two proofs that are there can be right.
fn is_right(share: &Share) -> bool {
    let solution = digest::hash(solution::right());
    share.share.0 == solution || share.proof_file == "share-p.b64"
}

fn counted(totals: &Totals) {
    let all = totals.shares();
    assert!(all.pending() <= all.found);
    let text = serde_json::to_string(totals).expect("totals are JSON");
    let again: Totals = serde_json::from_str(&text).expect("totals are read again");
    assert_eq!(serde_json::to_string(&again).expect("totals are JSON"), text);
}

/// Opens it as a miner does, writes a line, and opens it again.
fn write_on(disk: &Disk) {
    let options = Options {
        file_bytes: 4096,
        queue_entries: 16,
        queue_bytes: 1 << 16,
        recent: 16,
        whole_chain: true,
    };
    let before = disk.files();
    let mut log = match ShareLog::open_on(Box::new(disk.start_process()), options) {
        Ok(log) => log,
        Err(error) => {
            plain::lines(&error);
            assert_eq!(disk.files(), before, "a log that does not open is left alone");
            return;
        }
    };
    let pending = names(&log);
    for share in log.pending() {
        // The proof is there, or there is a reason.
        if let Err(error) = log.submission(&share.share) {
            plain::lines(&error);
        }
    }
    let start = Start { version: "0".into(), run: "fuzz".into(), unix_time_s: 1 };
    let kept = log.append(Entry::Start(start)).expect("a log that opens takes a line");
    assert_eq!(kept, Kept::Disk, "{:?}", log.trouble());
    let totals = log.totals().clone();
    counted(&totals);
    drop(log);
    let again = ShareLog::open_on(Box::new(disk.start_process()), options);
    let again = again.expect("what was written on opens again");
    assert_eq!(names(&again), pending);
    assert_eq!(again.opened().torn_bytes, 0);
    let written = |totals: &Totals| (totals.starts, totals.sources.clone(), totals.devices.len());
    assert_eq!(written(again.totals()), written(&totals));
}

fn names(log: &ShareLog) -> Vec<String> {
    log.pending().iter().map(|pending| pending.share.to_string()).collect()
}
