//! The chain: torn, damaged, reordered and shared logs.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    number: u64,
    text: String,
}

fn note(number: u64) -> Note {
    Note { number, text: format!("{{\"hash\":\"{number}\\ \n") }
}

type Notes = Log<Note>;

fn opened(path: &Path) -> Result<(Notes, u64, Vec<Note>), LogError> {
    let mut notes = Vec::new();
    let (log, torn) = Notes::open(path, |note| notes.push(note))?;
    Ok((log, torn, notes))
}

fn checked(path: &Path) -> Result<(Vec<Note>, End), ChainError> {
    let mut notes = Vec::new();
    let end = read(fs::File::open(path).unwrap(), Some(GENESIS), |note| notes.push(note))?;
    Ok((notes, end))
}

fn log_of(count: u64) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let (mut log, torn, _) = opened(&path).unwrap();
    assert_eq!(torn, 0);
    for number in 0..count {
        log.append(&note(number)).unwrap();
    }
    (dir, path)
}

#[test]
fn records_come_back_as_they_were() {
    let (_dir, path) = log_of(3);
    let (notes, end) = checked(&path).unwrap();
    assert_eq!(notes, (0..3).map(note).collect::<Vec<_>>());
    assert_eq!((end.lines, end.torn_bytes, end.newline_missing), (3, 0, false));
    assert_eq!(end.whole_bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(opened(&path).unwrap().2, notes);
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
        let (before, end) = checked(&path).unwrap();
        let (mut log, torn, _) = opened(&path).unwrap();
        assert_eq!((before.len(), end.torn_bytes), (whole, torn));
        let cut = cut.max(start);
        assert_eq!(torn, (cut - start) as u64);
        log.append(&note(9)).unwrap();
        drop(log);
        let (notes, _) = checked(&path).unwrap();
        assert_eq!(notes.len(), whole + 1);
        assert_eq!(notes[..whole], (0..whole as u64).map(note).collect::<Vec<_>>());
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
        let message = checked(&path).unwrap_err().to_string();
        assert!(message.contains("is damaged"), "byte {at}: {message}");
        opened(&path).unwrap_err();
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
        let message = checked(&path).unwrap_err().to_string();
        assert!(message.contains("the line before it"), "{order:?}: {message}");
    }
    // A log whose beginning was moved away, for those who know.
    let rest = [lines[1], lines[2]].concat();
    assert_eq!(read::<Note>(rest.as_bytes(), None, drop).unwrap().lines, 2);
}

#[test]
fn a_second_writer_is_refused() {
    let (_dir, path) = log_of(1);
    let _first = opened(&path).unwrap();
    let message = opened(&path).unwrap_err().to_string();
    assert!(message.contains("another gemmine is writing there"), "{message}");
}

#[test]
fn a_file_that_is_no_log_is_left_alone_and_costs_no_memory() {
    let endless = io::repeat(b'x').take(1 << 40);
    let message = read::<Note>(endless, Some(GENESIS), drop).unwrap_err().to_string();
    assert!(message.contains("line 1 is damaged"), "{message}");
    let (dir, path) = log_of(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"somebody's notes");
    fs::write(&path, &bytes).unwrap();
    opened(&path).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let message = opened(dir.path()).unwrap_err().to_string();
    assert!(message.contains("no regular file"), "{message}");
}

#[test]
fn zeros_after_a_power_cut_are_cut_off() {
    let (_dir, path) = log_of(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 100]);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(opened(&path).unwrap().1, 100);
}

#[test]
fn a_record_of_another_kind_is_named() {
    let (_dir, path) = log_of(1);
    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "it is only missed")]
        other: u64,
    }
    let file = fs::File::open(&path).unwrap();
    let message = read::<Other>(file, Some(GENESIS), drop).unwrap_err().to_string();
    assert!(
        message.contains("nothing that this version knows: missing field `other`"),
        "{message}"
    );
}
