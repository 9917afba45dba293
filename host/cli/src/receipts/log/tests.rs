//! What is looked up in a log; the chain itself has its own tests.

use super::super::record::Receipt;
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

#[test]
fn receipts_come_back_as_they_were_with_what_is_looked_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::open_in(dir.path()).unwrap();
    for number in 0..3 {
        log.append(&receipt(number)).unwrap();
    }
    for log in [log, Log::open_in(&copied(dir.path())).unwrap()] {
        assert!(log.has_ticket(&receipt(2).ticket) && !log.has_ticket(&receipt(3).ticket));
        assert_eq!((log.last_pass(7), log.last_pass(8)), (Some(2), None));
    }
    let contents = check::<Receipt>(&dir.path().join(FILE_NAME)).unwrap();
    assert_eq!(contents.receipts, (0..3).map(receipt).collect::<Vec<_>>());
    assert_eq!(contents.torn_bytes, 0);
}

/// A copy of a log's folder, inside it.
fn copied(folder: &Path) -> std::path::PathBuf {
    let copy = folder.join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(folder.join(FILE_NAME), copy.join(FILE_NAME)).unwrap();
    copy
}
