//! The receipts' chain: torn, damaged, reordered and shared logs.

use std::fs;

use super::*;

fn receipt(number: u64) -> Receipt {
    Receipt {
        share_file: format!("share-{number}.b64"),
        proof_blake3: "ab".repeat(32),
        ticket: format!("{number:064x}"),
        meets_network: number.is_multiple_of(2),
        share_target: "0f".repeat(32),
        header: "01".repeat(76),
        job_key: "cd".repeat(32),
        cert_version: 3,
        m: 64,
        n: 64,
        k: 2048,
        r: 128,
        t_row: 16,
        t_col: 48,
        seed: 7,
        pass: number,
        device: "model".into(),
        geometry: "16x16".into(),
        device_cycle: 1 << 40,
        unix_time_s: 1_786_406_400,
        energy_pj: None,
        energy_source: "none measured".into(),
    }
}

/// The log as these tests use it.
type PearlLog = Log<Receipt>;

fn checked(path: &Path) -> Result<Contents<Receipt>> {
    check(path)
}

fn log_of(count: u64) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    let (mut log, torn) = PearlLog::open(&path).unwrap();
    assert_eq!(torn, 0);
    for number in 0..count {
        log.append(&receipt(number)).unwrap();
    }
    (dir, path)
}

#[test]
fn receipts_come_back_as_they_were() {
    let (_dir, path) = log_of(3);
    let contents = checked(&path).unwrap();
    assert_eq!(contents.receipts, (0..3).map(receipt).collect::<Vec<_>>());
    let (log, _) = PearlLog::open(&path).unwrap();
    assert!(log.has_ticket(&receipt(2).ticket) && !log.has_ticket(&receipt(3).ticket));
    assert_eq!((log.last_pass(7), log.last_pass(8)), (Some(2), None));
}

#[test]
fn a_log_cut_at_any_byte_keeps_all_whole_lines_and_goes_on() {
    let (_dir, path) = log_of(3);
    let bytes = fs::read(&path).unwrap();
    for cut in 0..bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        // A line that lacks nothing but its newline is kept whole.
        let kept = if bytes[cut] == b'\n' { &bytes[..=cut] } else { &bytes[..cut] };
        let whole = kept.iter().filter(|byte| **byte == b'\n').count();
        let start = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let before = checked(&path).unwrap();
        let (mut log, torn) = PearlLog::open(&path).unwrap();
        assert_eq!((before.receipts.len(), before.torn_bytes), (whole, torn));
        let cut = cut.max(start);
        assert_eq!(torn, (cut - start) as u64);
        log.append(&receipt(9)).unwrap();
        drop(log);
        let receipts = checked(&path).unwrap().receipts;
        assert_eq!(receipts.len(), whole + 1);
        assert_eq!(receipts[..whole], (0..whole as u64).map(receipt).collect::<Vec<_>>());
        assert_eq!(
            fs::read(&path).unwrap()[..start],
            bytes[..start],
            "earlier lines are untouched"
        );
    }
}

#[test]
fn every_edit_of_a_whole_line_is_found_and_left_alone() {
    let (_dir, path) = log_of(2);
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() - 1 {
        let mut edited = bytes.clone();
        edited[at] ^= 1;
        fs::write(&path, &edited).unwrap();
        let message = format!("{:#}", checked(&path).unwrap_err());
        assert!(message.contains("is damaged"), "byte {at}: {message}");
        PearlLog::open(&path).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), edited);
    }
}

#[test]
fn lines_dropped_swapped_or_repeated_are_found() {
    let (_dir, path) = log_of(3);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for order in [vec![1, 2], vec![0, 2], vec![1, 0, 2], vec![0, 0, 1, 2]] {
        let text: String = order.iter().map(|&line| lines[line]).collect();
        fs::write(&path, text).unwrap();
        let message = format!("{:#}", checked(&path).unwrap_err());
        assert!(message.contains("the line before it"), "{order:?}: {message}");
    }
}

#[test]
fn a_second_writer_is_refused() {
    let (_dir, path) = log_of(1);
    let (_first, _) = PearlLog::open(&path).unwrap();
    let message = format!("{:#}", PearlLog::open(&path).unwrap_err());
    assert!(message.contains("another gemmine is writing there"), "{message}");
}

#[test]
fn a_file_that_is_no_log_is_left_alone_and_costs_no_memory() {
    let message =
        format!("{:#}", read::<Receipt>(std::io::repeat(b'x').take(1 << 40)).unwrap_err());
    assert!(message.contains("line 1 is damaged"), "{message}");
    let (_dir, path) = log_of(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"somebody's notes");
    fs::write(&path, &bytes).unwrap();
    PearlLog::open(&path).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn zeros_after_a_power_cut_are_cut_off() {
    let (_dir, path) = log_of(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 100]);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(PearlLog::open(&path).unwrap().1, 100);
}
