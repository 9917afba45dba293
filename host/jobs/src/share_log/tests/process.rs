//! Real processes, really killed; and a day of shares.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

/// Where the child writes.
const FOLDER: &str = "GEMMINE_TEST_LOG_FOLDER";

fn is_long() -> bool {
    std::env::var_os("GEMMINE_LONG").is_some()
}

/// Not a test by itself: what the test below starts and kills. It appends as fast as it can, and says what is kept.
#[test]
fn child_that_appends() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let options = Options { file_bytes: 1 << 14, ..Options::default() };
    let mut log = ShareLog::open(Path::new(&folder), options).unwrap();
    let first = log.totals().shares().found;
    for number in first.. {
        let items = [found(number), sent(number), answer(number)];
        let answered = items.len() - usize::from(number % 4 == 3);
        assert_eq!(log.append_all(items[..answered].to_vec()), Ok(Kept::Disk));
        println!("\nkept {number}");
    }
}

fn start_child(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "share_log::tests::process::child_that_appends", "--nocapture"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_process_killed_while_it_appends_loses_nothing_that_it_said_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let rounds = if is_long() { 50 } else { 5 };
    for round in 1..=rounds {
        let mut child = start_child(dir.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kept = |line: io::Result<String>| {
            line.unwrap().strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok())
        };
        // Killed after so many shares, while it is at the next one.
        let shares = 1 + (round * 7919) % 11;
        let mut last = lines.by_ref().filter_map(kept).take(shares).last();
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.filter_map(kept).last().or(last);
        let log = ShareLog::open(dir.path(), Options::default()).unwrap();
        let count = log.totals().shares();
        assert!(count.found > last.unwrap(), "round {round}: {count:?}, {last:?} was kept");
        for pending in log.pending() {
            log.submission(&pending.share).unwrap();
        }
        let (check, totals) = read(&FolderView::new(dir.path()), |_, _, _| {}).unwrap();
        assert_eq!(&totals, log.totals());
        assert_eq!(check.torn_bytes, 0);
    }
}

#[test]
fn a_day_of_shares_opens_with_what_is_pending() {
    let shares = if is_long() { 100_000 } else { 2_000 };
    let disk = Disk::default();
    let mut log = on(&disk, Options { file_bytes: shares * 400, ..Options::default() });
    for first in (0..shares).step_by(500) {
        let numbers = first..first + 500;
        let lines = |number| [found(number), sent(number), answer(number)];
        // The newest ones have no answer yet.
        let items = numbers.flat_map(lines).filter(|item| match &item.entry {
            Entry::Answer(answer) => number_of(&answer.share) + 100 < shares,
            _ => true,
        });
        log.append_all(items.collect()).unwrap();
    }
    assert_eq!(log.pending_count(), 100);
    let bytes: usize = disk
        .files()
        .iter()
        .filter(|(name, _)| name.ends_with("l"))
        .map(|(_, file)| file.len())
        .sum();
    for whole_chain in [true, false] {
        let started = Instant::now();
        let log = on(&disk, Options { whole_chain, ..Options::default() });
        println!(
            "{shares} shares, {bytes} bytes, whole chain {whole_chain}: {:?} for {} lines",
            started.elapsed(),
            log.opened().lines
        );
        check_pending(&log, shares);
        assert_eq!(log.totals().shares().found, shares);
        assert_eq!(whole_chain, log.opened().lines > 3 * shares - 100);
    }
}

fn check_pending(log: &ShareLog, shares: u64) {
    let pending: Vec<u64> = log.pending().iter().map(|share| number_of(&share.share)).collect();
    assert_eq!(pending, (shares - 100..shares).collect::<Vec<_>>());
}
