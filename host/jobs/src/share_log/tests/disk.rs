//! Disks that are full, that can't flush, and that lose their power.

use super::*;

#[test]
fn a_disk_full_at_any_byte_keeps_everything_in_order_until_there_is_room() {
    let items = session(12);
    let undisturbed = Disk::default();
    on(&undisturbed, Options::default()).append_all(items.clone()).unwrap();
    let written: usize = undisturbed.files().values().map(Vec::len).sum();
    for free in (0..written as u64).step_by(7) {
        let disk = Disk::default();
        let mut log = on(&disk, Options::default());
        disk.set_free(Some(free));
        let mut kept = Kept::Disk;
        for item in items.clone() {
            kept = log.append(item).unwrap();
        }
        assert_eq!((kept, log.is_writable()), (Kept::Memory, false), "{free}");
        assert!(log.queued() > 0 && log.trouble().unwrap().contains("no storage space"));
        // Shares that wait can be submitted, and what is on the disk is whole.
        check_log(&log, &wanted(&items));
        let whole = disk.files().get("shares-000001.jsonl").cloned().unwrap_or_default();
        assert!(whole.is_empty() || whole.ends_with(b"\n"), "{free}");
        disk.set_free(None);
        assert_eq!(log.retry(), Kept::Disk);
        assert!(log.is_writable() && log.queued() == 0);
        assert_eq!(disk.files(), undisturbed.files(), "{free}");
    }
}

#[test]
fn what_could_not_be_flushed_is_written_again() {
    for fault in [Fault::Sync, Fault::SyncFolder, Fault::Truncate] {
        let disk = Disk::default();
        let mut log = on(&disk, Options::default());
        log.append_all(vec![start(), found(1)]).unwrap();
        disk.set_fault(fault, true);
        disk.set_free(matches!(fault, Fault::Truncate).then_some(1500));
        assert_eq!(log.append_all(vec![answer(1), found(2), sent(2)]), Ok(Kept::Memory));
        assert!(!log.is_writable(), "{fault:?}");
        disk.set_free(None);
        assert_eq!(log.append(answer(2)), Ok(Kept::Memory), "{fault:?}");
        disk.set_fault(fault, false);
        assert_eq!(log.append(found(4)), Ok(Kept::Disk));
        let all = [start(), found(1), answer(1), found(2), sent(2), answer(2), found(4)];
        disk.cut_power();
        let log = on(&disk, Options::default());
        check_log(&log, &wanted(&all));
        assert_eq!(entries(&disk).0, wanted(&all), "{fault:?}");
    }
}

#[test]
fn what_a_killed_process_could_not_flush_is_before_anything_follows_it() {
    let disk = Disk::default();
    let options = Options { file_bytes: 1400, ..Options::default() };
    let mut log = on(&disk, options);
    log.append_all(vec![start(), found(1)]).unwrap();
    let flushing_fails = |fails| {
        disk.set_fault(Fault::Sync, fails);
        disk.set_fault(Fault::Truncate, fails);
    };
    flushing_fails(true);
    let unflushed: Vec<Item> = (2..8).map(found).collect();
    assert_eq!(log.append_all(unflushed.clone()), Ok(Kept::Memory));
    drop(log);
    flushing_fails(false);
    // The next process finds all of it, and begins the next file.
    let mut log = on(&disk, options);
    assert_eq!(log.append(answer(2)), Ok(Kept::Disk));
    assert!(disk.files().contains_key("shares-000002.jsonl"));
    drop(log);
    disk.cut_power();
    let kept = [vec![start(), found(1)], unflushed, vec![answer(2)]].concat();
    check_log(&on(&disk, options), &wanted(&kept));
}

#[test]
fn a_partial_line_that_could_not_be_cut_off_is_when_the_log_is_opened() {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    log.append(found(1)).unwrap();
    let whole = disk.files()["shares-000001.jsonl"].len();
    disk.set_fault(Fault::Truncate, true);
    disk.set_free(Some(100));
    assert_eq!(log.append(answer(1)), Ok(Kept::Memory));
    assert_eq!(disk.files()["shares-000001.jsonl"].len(), whole + 100);
    drop(log);
    // Still not: it can be read, and is cut off before anything is added.
    let mut log = on(&disk, Options::default());
    check_log(&log, &wanted(&[found(1)]));
    assert!(!log.is_writable());
    assert_eq!(log.append(sent(1)), Ok(Kept::Memory));
    disk.set_fault(Fault::Truncate, false);
    disk.set_free(None);
    assert_eq!(log.retry(), Kept::Disk);
    assert_eq!(entries(&disk).0, wanted(&[found(1), sent(1)]));
}

#[test]
fn memory_is_bounded_and_answers_are_taken_all_the_same() {
    let disk = Disk::default();
    let mut log = on(&disk, Options { queue_entries: 3, queue_bytes: 2000, ..Options::default() });
    log.append_all(vec![found(1), found(2)]).unwrap();
    disk.set_free(Some(0));
    assert_eq!(log.append_all(vec![credit(1), found(4), found(5)]), Ok(Kept::Memory));
    assert_eq!(log.append(found(7)), Err(Refusal::QueueFull { entries: 3, bytes: 14 }));
    let answers = vec![sent(1), sent(2), answer(1), answer(2), sent(4), answer(4)];
    assert_eq!(log.append_all(answers.clone()), Ok(Kept::Memory));
    assert!(!log.contains(&id(7)));
    disk.set_free(None);
    assert_eq!(log.append(found(7)), Err(Refusal::QueueFull { entries: 9, bytes: 14 }));
    assert_eq!(log.append(found(7)), Ok(Kept::Disk));
    let before = [found(1), found(2), credit(1), found(4), found(5)];
    let all = [&before[..], &answers, &[found(7)]].concat();
    assert_eq!(entries(&disk).0, wanted(&all));
    // By bytes of proofs: two of these are too many.
    disk.set_free(Some(0));
    assert_eq!(log.append(found(9)), Ok(Kept::Memory));
    let refusal = Refusal::QueueFull { entries: 1, bytes: SOLUTION_BYTES };
    assert_eq!(log.append(found(12)), Err(refusal));
}

#[test]
fn a_power_cut_after_any_entry_loses_nothing_that_was_said_to_be_kept() {
    let items = session(16);
    for count in 1..items.len() {
        let disk = Disk::default();
        let mut log = on(&disk, SHORT_FILES);
        for item in &items[..count] {
            assert_eq!(log.append(item.clone()), Ok(Kept::Disk));
        }
        disk.cut_power();
        check_log(&on(&disk, SHORT_FILES), &wanted(&items[..count]));
        assert_eq!(entries(&disk).0, wanted(&items[..count]));
    }
}

/// A small generator: the same troubles in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn under_any_troubles_the_disk_has_what_was_kept_and_then_some_of_what_waits() {
    for seed in 1..300 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let disk = Disk::default();
        let items = session(40);
        let mut log = on(&disk, SHORT_FILES);
        let (mut next, mut kept) = (0, 0);
        while next < items.len() {
            match random.below(12) {
                0 => disk.set_free(Some(random.below(6000))),
                1 => disk.set_free(None),
                2 => disk.set_fault(Fault::Sync, random.below(2) == 0),
                3 => disk.set_fault(Fault::Truncate, random.below(2) == 0),
                4 => disk.set_fault(Fault::SyncFolder, random.below(2) == 0),
                5 if random.below(3) == 0 => disk.kill_after(random.below(4000)),
                6 if random.below(3) == 0 => {
                    drop(log);
                    let (found, _) = entries(&disk);
                    assert!((kept..=next).contains(&found.len()), "{seed}: {} {kept}", found.len());
                    assert_eq!(found, wanted(&items[..found.len()]), "{seed}");
                    (next, kept) = (found.len(), found.len());
                    log = on(&disk, SHORT_FILES);
                    check_log(&log, &found);
                }
                _ => {
                    let size = (1 + random.below(4) as usize).min(items.len() - next);
                    let answer = log.append_all(items[next..next + size].to_vec());
                    if matches!(answer, Err(Refusal::QueueFull { .. })) {
                        // Nobody goes on without the entry: the disk must have room first.
                        break;
                    }
                    next += size;
                    kept = if answer == Ok(Kept::Disk) { next } else { kept };
                    if disk.is_alive() {
                        check_log(&log, &wanted(&items[..next]));
                    }
                }
            }
        }
    }
}
