//! Undisturbed sessions: what comes back, what is refused, and how files follow each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[test]
fn a_session_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let items = session(30);
    let mut log = ShareLog::open(dir.path(), Options::default()).unwrap();
    for item in items.clone() {
        assert_eq!(log.append(item), Ok(Kept::Disk));
    }
    check_log(&log, &wanted(&items));
    drop(log);
    let log = ShareLog::open(dir.path(), Options::default()).unwrap();
    check_log(&log, &wanted(&items));
    assert_eq!(log.totals().shares().found, 30);
    assert_eq!(log.totals().shares().pending(), log.pending_count() as u64);
    assert_eq!(log.opened().lines, items.len() as u64);
    let mut entries = Vec::new();
    let view = FolderView::new(dir.path());
    read(&view, |_, _, entry| entries.push(without_file(entry))).unwrap();
    assert_eq!(entries, wanted(&items));
    // Two shares whose names begin alike have a file each.
    for name in [format!("share-{}.b64", "0".repeat(16)), format!("share-{}.b64", id(2))] {
        assert!(dir.path().join(&name).is_file(), "{name}");
    }
}

#[test]
fn a_second_process_is_refused_and_readers_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = ShareLog::open(dir.path(), Options::default()).unwrap();
    log.append(start()).unwrap();
    let message = ShareLog::open(dir.path(), Options::default()).unwrap_err().to_string();
    assert!(message.contains("another gemmine is writing there"), "{message}");
    assert_eq!(read(&FolderView::new(dir.path()), |_, _, _| {}).unwrap().0.lines, 1);
}

#[test]
fn files_that_have_a_proofs_name_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let name = |stem: &str| dir.path().join(format!("share-{stem}.b64"));
    std::fs::write(name(&"0".repeat(16)), "somebody's").unwrap();
    std::fs::create_dir(name(&id(1).to_string())).unwrap();
    let mut log = ShareLog::open(dir.path(), Options::default()).unwrap();
    assert_eq!(log.append(found(1)), Ok(Kept::Disk));
    assert_eq!(log.submission(&id(1)).unwrap().proof, proof(1));
    assert!(name(&format!("{}-2", id(1))).is_file());
    assert_eq!(std::fs::read(name(&"0".repeat(16))).unwrap(), b"somebody's");
    // What a killed process left of the same share is its proof.
    let share = found(2);
    std::fs::write(name(&id(2).to_string()), STANDARD.encode("proof 2")).unwrap();
    assert_eq!(log.append(share), Ok(Kept::Disk));
    assert!(!name(&format!("{}-2", id(2))).exists());
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    log.append_all(vec![found(1), found(2), answer(2)]).unwrap();
    let before = disk.files();
    let no_proof = Item::from(Entry::Share(Box::new(share(3))));
    let wrong = Item::share(share(3), proof(4));
    let carried = Entry::Carried(Box::new(log.carried(2)));
    let mut endless = share(4);
    endless.macs_expected = f64::INFINITY;
    for (item, refusal) in [
        (found(1), Refusal::Known(id(1))),
        (found(2), Refusal::Known(id(2))),
        (answer(2), Refusal::NotPending(id(2))),
        (sent(9), Refusal::NotPending(id(9))),
        (no_proof, Refusal::NoProof(id(3))),
        (wrong, Refusal::WrongProof(id(3))),
        (carried.into(), Refusal::Carried),
        (Item::share(endless, proof(4)), Refusal::Number(share(4).device)),
    ] {
        assert_eq!(log.append(item), Err(refusal));
    }
    assert_eq!(disk.files(), before);
    // Of several, those that make sense are taken.
    let some = vec![answer(7), found(7), answer(7), answer(7)];
    assert_eq!(log.append_all(some), Err(Refusal::NotPending(id(7))));
    assert_eq!(wanted(&[found(1), found(2), answer(2), found(7), answer(7)]), entries(&disk).0);
}

#[test]
fn entries_that_come_together_are_flushed_together() {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    log.append_all((0..100).map(found).collect()).unwrap();
    // A file a proof, their names, and the log.
    assert_eq!(disk.flushes(), 102);
    log.append_all((0..100).map(answer).collect()).unwrap();
    assert_eq!(disk.flushes(), 103);
}

#[test]
fn other_peoples_text_is_bounded_and_contexts_are_not_changed() {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    let mut hostile = share(1);
    hostile.job = "\u{1b}]0;x\u{7}".repeat(10_000);
    hostile.context = Some("\u{0}\n\u{1b}\"\\".repeat(CONTEXT_BYTES_MAX / 5));
    let mut long = share(2);
    long.context = Some("x".repeat(CONTEXT_BYTES_MAX + 1));
    let context = hostile.context.clone();
    log.append(Item::share(hostile, proof(1))).unwrap();
    log.append(Item::share(long, proof(2))).unwrap();
    let reason = "\r\n\u{202e}".repeat(100_000);
    let verdict = Verdict::Rejected { code: 20, reason };
    log.append(found(3)).unwrap();
    log.append(Entry::Answer(Answer { share: id(3), verdict, latency_ms: 1, unix_time_s: 0 }))
        .unwrap();
    drop(log);
    let log = on(&disk, Options::default());
    let submission = log.submission(&id(1)).unwrap();
    assert_eq!(Some(&*submission.context), context.as_deref());
    assert!(submission.job.len() <= 256 && !submission.job.chars().any(char::is_control));
    let message = log.submission(&id(2)).unwrap_err().to_string();
    assert!(message.contains("too long to be kept"), "{message}");
    let text = String::from_utf8(disk.files()["shares-000001.jsonl"].clone()).unwrap();
    let longest = text.lines().map(str::len).max().unwrap() as u64;
    assert!(longest < crate::chain::LINE_BYTES_MAX);
    assert!(text.lines().last().unwrap().len() < 2048);
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
}

#[test]
fn files_follow_each_other_and_only_the_newest_are_read_for_what_is_pending() {
    let disk = Disk::default();
    let items = session(60);
    let mut log = on(&disk, SHORT_FILES);
    for item in items.clone() {
        log.append(item).unwrap();
    }
    check_log(&log, &wanted(&items));
    let (found_entries, check) = entries(&disk);
    assert_eq!(found_entries, wanted(&items));
    assert!(check.last_file > 10, "{check:?}");
    let log = on(&disk, SHORT_FILES);
    check_log(&log, &wanted(&items));
    assert_eq!(log.opened().read_from, log.pending()[0].file);
    // Everything answered: the two newest files are enough, and the names of the newest shares are known.
    let mut log = on(&disk, SHORT_FILES);
    let pending: Vec<ShareId> = log.pending().iter().map(|pending| pending.share).collect();
    for share in pending {
        log.append(answer(number_of(&share))).unwrap();
    }
    for number in 100..110 {
        log.append_all(vec![found(number), answer(number)]).unwrap();
    }
    let log = on(&disk, SHORT_FILES);
    assert_eq!(log.pending_count(), 0);
    assert_eq!(log.opened().read_from, log.opened().last_file - 2 + u64::from(!log.was_begun()));
    assert!(log.contains(&id(109)));
    let few = Options { whole_chain: false, ..SHORT_FILES };
    let quick = on(&disk, few);
    assert_eq!(quick.totals(), log.totals());
    assert!(quick.opened().lines < log.opened().lines / 3);
}

impl ShareLog {
    fn was_begun(&self) -> bool {
        self.tail.carried.is_some() && self.tail.file != self.opened.last_file
    }
}

#[test]
fn damage_is_named_and_left_alone() {
    let disk = Disk::default();
    let mut log = on(&disk, SHORT_FILES);
    for item in session(40) {
        log.append(item).unwrap();
    }
    let good = disk.files();
    let damaged = |name: &str, bytes: Option<Vec<u8>>, part: &str| {
        let disk = Disk::default();
        good.iter().for_each(|(name, bytes)| disk.put(name, bytes));
        match bytes {
            Some(bytes) => disk.put(name, &bytes),
            None => disk.remove(name),
        }
        let before = disk.files();
        let opened = ShareLog::open_on(Box::new(disk.start_process()), SHORT_FILES);
        let message = opened.unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(part), "{message}");
        read(&disk.start_process(), |_, _, _| {}).unwrap_err();
        assert_eq!(disk.files(), before);
    };
    let third = &good["shares-000003.jsonl"];
    let mut edited = third.clone();
    edited[third.len() / 2] ^= 1;
    damaged("shares-000003.jsonl", Some(edited), "is damaged");
    damaged("shares-000003.jsonl", None, "put it back");
    damaged(
        "shares-000003.jsonl",
        Some(third[..third.len() - 9].to_vec()),
        "its last line is torn",
    );
    let lines: Vec<&[u8]> = third.split_inclusive(|byte| *byte == b'\n').collect();
    let shorter = lines[..lines.len() - 1].concat();
    damaged("shares-000004.jsonl", Some(shorter), "not");
    let first = good["shares-000001.jsonl"].clone();
    damaged("shares-000001.jsonl", Some([&first[..], b"notes\n"].concat()), "is damaged");
}

#[test]
fn a_proof_that_was_changed_is_not_submitted() {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    log.append_all(vec![found(1), found(3)]).unwrap();
    let files: Vec<String> = log.pending().iter().map(|share| share.proof_file.clone()).collect();
    disk.put(&files[0], b"AAAA");
    disk.remove(&files[1]);
    let message = log.submission(&id(1)).unwrap_err().to_string();
    assert!(message.contains("the file was changed"), "{message}");
    let message = log.submission(&id(3)).unwrap_err().to_string();
    assert!(message.contains(&files[1]), "{message}");
}

#[test]
fn a_log_that_was_made_up_is_read_or_refused_and_stops_nothing() {
    let most = Counts { found: u64::MAX, accepted: u64::MAX, rejected: 7, ..Counts::default() };
    let device = DeviceTotals { shares: most, macs_credited: 1e308, ..DeviceTotals::default() };
    let mut totals = Totals { starts: u64::MAX, ..Totals::default() };
    totals.sources.insert(share(1).source, most);
    totals.devices.insert(share(1).device, device);
    let carried = Carried { file: 7, pending_since: u64::MAX, totals };
    let (line, _) =
        crate::chain::write_line(&Entry::Carried(Box::new(carried)), crate::chain::GENESIS)
            .unwrap();
    let disk = Disk::default();
    disk.put("shares-000007.jsonl", line.as_bytes());
    disk.put("shares-18446744073709551615.jsonl", b"x");
    let mut log = on(&disk, Options { file_bytes: 1, ..Options::default() });
    let items = vec![start(), found(1), found(4), answer(1), credit(1), credit(1)];
    assert_eq!(log.append_all(items), Ok(Kept::Disk));
    assert_eq!(log.append(answer(4)), Ok(Kept::Disk));
    assert_eq!(log.totals().shares().found, u64::MAX);
    assert_eq!(log.totals().shares().pending(), 0);
    let again = on(&disk, Options::default());
    assert_eq!(again.totals(), log.totals());
    assert_eq!((again.opened().first_file, again.opened().last_file), (7, 9));
    // One that says that it is another file.
    let disk = Disk::default();
    disk.put("shares-000006.jsonl", line.as_bytes());
    let opened = ShareLog::open_on(Box::new(disk.start_process()), Options::default());
    assert!(matches!(opened, Err(OpenError::NotCarried { .. })), "{opened:?}");
}
