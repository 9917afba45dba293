//! kill -9 at any byte.

use super::*;

/// Continues a log that came back, and checks that all of it holds.
fn goes_on(disk: &Disk, mut log: ShareLog, mut kept: Vec<Entry>) {
    let more = [start(), found(1000), sent(1000), found(1001), answer(1000)];
    assert_eq!(log.append_all(more.to_vec()), Ok(Kept::Disk));
    kept.extend(wanted(&more));
    check_log(&log, &kept);
    drop(log);
    let (entries, check) = entries(disk);
    assert_eq!((entries, check.torn_bytes), (kept, 0));
}

#[test]
fn a_log_cut_at_any_byte_keeps_whole_lines_and_what_is_pending() {
    let disk = Disk::default();
    let items = session(8);
    on(&disk, Options::default()).append_all(items.clone()).unwrap();
    let files = disk.files();
    let name = "shares-000001.jsonl";
    let bytes = &files[name];
    for cut in 0..=bytes.len() {
        let disk = Disk::default();
        files.iter().for_each(|(name, bytes)| disk.put(name, bytes));
        disk.put(name, &bytes[..cut]);
        // A line that lacks nothing but its newline is whole.
        let kept = bytes[..cut].iter().filter(|byte| **byte == b'\n').count()
            + usize::from(bytes.get(cut) == Some(&b'\n'));
        let kept = wanted(&items[..kept]);
        let log = on(&disk, Options::default());
        check_log(&log, &kept);
        goes_on(&disk, log, kept);
        let whole = bytes[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        assert_eq!(disk.files()[name][..whole], bytes[..whole], "earlier lines are untouched");
    }
}

#[test]
fn a_process_killed_at_any_byte_that_it_writes_loses_nothing_that_it_was_told_is_kept() {
    let items = session(6);
    let batches = [1, 2, 5, 1, 3];
    let options = Options { file_bytes: 1400, ..SHORT_FILES };
    let disk = Disk::default();
    let mut log = on(&disk, options);
    run(&mut log, &items, &batches);
    let written: usize = disk.files().values().map(Vec::len).sum();
    assert!(disk.files().keys().filter(|name| name.ends_with(".jsonl")).count() > 3);
    for life in 0..written as u64 {
        let disk = Disk::default();
        let mut log = on(&disk, options);
        disk.kill_after(life);
        let confirmed = run(&mut log, &items, &batches);
        drop(log);
        let (kept, _) = entries(&disk);
        assert!(kept.len() >= confirmed, "{life}: {} of {confirmed} are there", kept.len());
        assert_eq!(kept, wanted(&items[..kept.len()]), "{life}");
        let log = on(&disk, options);
        check_log(&log, &kept);
        goes_on(&disk, log, kept);
    }
}

/// Appends entries in batches; how many of them are on the disk for sure.
fn run(log: &mut ShareLog, items: &[Item], batches: &[usize]) -> usize {
    let mut confirmed = 0;
    let mut rest = items;
    for size in batches.iter().cycle() {
        let (batch, behind) = rest.split_at((*size).min(rest.len()));
        if batch.is_empty() || log.append_all(batch.to_vec()) != Ok(Kept::Disk) {
            return confirmed;
        }
        confirmed += batch.len();
        rest = behind;
    }
    confirmed
}
