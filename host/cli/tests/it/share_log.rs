//! `gemmine receipts`: the log of shares as a table, as a file, and held against its proofs.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gemmine_jobs::expected::pearl_macs;
use gemmine_jobs::share_log::{
    Answer, Credit, Entry, Item, Kept, Options, Protocol, Share, ShareLog, ShareWork, Start,
};
use gemmine_jobs::work::{Proof, ShareId, Verdict};
use serde_json::Value;

use crate::{MEDIUM, expect, expect_trouble, last_json, mined};

/// A share that `mine` found, as the log of shares has it.
fn share(folder: &Path, receipt: &Value, number: u64) -> (Share, Proof) {
    let text = |field: &str| receipt[field].as_str().unwrap().to_owned();
    let count = |field: &str| receipt[field].as_u64().unwrap() as u32;
    let mut id = [0; 32];
    hex::decode_to_slice(text("ticket"), &mut id).unwrap();
    let target = gemmine_pouw::target::parse_hex(MEDIUM).unwrap();
    let share = Share {
        share: ShareId(id),
        source: format!("pool{}", number % 2),
        job: format!("=job{number}"),
        context: Some("context".to_owned()),
        height: Some(1000 + number),
        work: ShareWork::Pearl {
            header: text("header"),
            share_target: text("share_target"),
            m: count("m"),
            n: count("n"),
            k: count("k"),
            r: count("r"),
            t_row: count("t_row"),
            t_col: count("t_col"),
            seed: receipt["seed"].as_u64().unwrap(),
            pass: receipt["pass"].as_u64().unwrap(),
        },
        meets_network: receipt["meets_network"].as_bool(),
        device: "model".to_owned(),
        geometry: text("geometry"),
        build: None,
        device_cycle: receipt["device_cycle"].as_u64(),
        macs_expected: pearl_macs(target, (16, 16), count("k"), count("r")),
        energy_pj: Some(number),
        energy_source: text("energy_source"),
        proof_file: String::new(),
        proof_blake3: String::new(),
        unix_time_s: 1_786_406_400 + 60 * number,
    };
    let proof = fs::read(folder.join("run").join(text("share_file"))).unwrap();
    (share, Proof::Pearl(STANDARD.decode(proof).unwrap().into()))
}

/// A folder `rig` with three shares: one accepted, one rejected, one without an answer.
fn rig() -> tempfile::TempDir {
    let folder = mined(3);
    let path = folder.path();
    let receipts = fs::read_to_string(path.join("run/receipts.jsonl")).unwrap();
    // A file for every few lines.
    let options = Options { file_bytes: 1000, ..Options::default() };
    let mut log = ShareLog::open(&path.join("rig"), options).unwrap();
    let start = Start { version: "0.1.0".into(), run: "5eed".into(), unix_time_s: 1 };
    assert_eq!(log.append(Entry::Start(start)), Ok(Kept::Disk));
    let mut macs = 0.0;
    for (number, line) in (0..).zip(receipts.lines()) {
        let (share, proof) = share(path, &serde_json::from_str(line).unwrap(), number);
        macs += share.macs_expected;
        let verdict = match number {
            0 => Some(Verdict::Accepted),
            1 => {
                Some(Verdict::Rejected { code: 23, reason: "low \"difficulty\", they say".into() })
            }
            _ => None,
        };
        let id = share.share;
        log.append(Item::share(share, proof)).unwrap();
        let answer = |verdict| Answer { share: id, verdict, latency_ms: 7, unix_time_s: 2 };
        if let Some(verdict) = verdict {
            log.append(Entry::Answer(answer(verdict))).unwrap();
        }
    }
    let credit = Credit {
        device: "model".into(),
        build: None,
        protocol: Protocol::Pearl,
        macs,
        hits: 3,
        wrong: 0,
        seconds: 1.5,
        unix_time_s: 3,
    };
    log.append(Entry::Credit(credit)).unwrap();
    folder
}

#[test]
fn shares_are_listed_with_what_became_of_them() {
    let folder = rig();
    let path = folder.path();
    let text = expect(path, "receipts list rig", 0);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("time (UTC)") && lines[0].ends_with("verdict"), "{text}");
    assert!(
        lines[1].starts_with("2026-08-11 00:00:00") && lines[1].ends_with("accepted"),
        "{text}"
    );
    assert!(lines[2].ends_with("rejected: low \"difficulty\", they say"), "{text}");
    assert!(lines[3].contains("model") && lines[3].ends_with("none"), "{text}");
    assert_eq!(lines[4], "3 shares: 1 accepted, 1 none, 1 rejected");
    for (filter, count) in [
        ("--source pool1", 1),
        ("--source pool0 --device model", 2),
        ("--device cpu", 0),
        ("--since 2026-08-11T00:01:00Z", 2),
        ("--since 1786406520", 1),
        ("--since 0s", 0),
    ] {
        let list = last_json(&expect(path, &format!("receipts list rig --json {filter}"), 0));
        assert_eq!(list["count"], count, "{filter}");
        assert_eq!(list["shares"].as_array().unwrap().len(), count, "{filter}");
    }
    // What `mine` wrote is read as well.
    let list = last_json(&expect(path, "receipts list run --json", 0));
    assert_eq!((&list["count"], &list["verdicts"]["none"]), (&3.into(), &3.into()));
    assert!(list["shares"][0]["macs_expected"].as_f64().unwrap() > 524_288.0);
    expect_trouble(path, "receipts list --since yesterday", "such as 24h");
    expect_trouble(path, "receipts list nowhere", "No such file");
    fs::create_dir(path.join("empty")).unwrap();
    expect_trouble(path, "receipts list empty", "it has no receipts");
}

#[test]
fn shares_are_exported_one_a_row() {
    let folder = rig();
    let path = folder.path();
    expect(path, "receipts export rig --format csv -o shares.csv", 0);
    let csv = fs::read_to_string(path.join("shares.csv")).unwrap();
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines[0].starts_with("time,unix_time_s,share,protocol,source,job,height,device,"));
    assert!(lines[1].contains(",pearl-v3,pool0,'=job0,1000,model,"), "{csv}");
    assert!(lines[2].contains(",rejected,23,\"low \"\"difficulty\"\", they say\",7,1,"), "{csv}");
    expect(path, "receipts export rig --format json -o shares.json", 0);
    let json = fs::read(path.join("shares.json")).unwrap();
    let rows: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!((&rows[1]["code"], &rows[1]["job"]), (&23.into(), &"=job1".into()));
    // A log that can't be read leaves an earlier file as it was.
    let log = path.join("rig/shares-000001.jsonl");
    let damaged = fs::read_to_string(&log).unwrap().replace("pool0", "pool9");
    fs::write(&log, damaged).unwrap();
    expect_trouble(path, "receipts export rig --format json -o shares.json", "is damaged");
    assert_eq!(fs::read(path.join("shares.json")).unwrap(), json);
}

/// Checks the folder `rig`; what is wrong with it is what `part` says.
fn check_invalid(folder: &Path, rule: &str, part: &str) {
    let verdict = last_json(&expect(folder, "receipts verify rig --json", 1));
    let problem = &verdict["log"]["problems"][0];
    assert_eq!(problem["rule"], rule, "{verdict}");
    assert!(problem["message"].as_str().unwrap().contains(part), "{verdict}");
    assert_eq!((&verdict["valid"], &verdict["exit"]), (&false.into(), &1.into()));
    let text = expect(folder, "receipts verify rig", 1);
    assert!(text.starts_with("invalid: ") && text.contains(part), "{text}");
}

#[test]
fn every_proof_is_verified_again() {
    let folder = rig();
    let path = folder.path();
    let text = expect(path, "receipts verify rig", 0);
    assert!(text.starts_with("valid: 3 shares\n") && text.contains("not checked"), "{text}");
    let verdict = last_json(&expect(path, "receipts verify rig --json", 0));
    let log = &verdict["log"];
    assert_eq!((&log["pending"], &log["credits"]), (&1.into(), &1.into()), "{verdict}");
    assert_eq!(log["totals"]["sources"]["pool1"]["rejected"], 1);
    assert!(log["last_file"].as_u64().unwrap() > 1);
    assert!(log["totals"]["devices"]["model"]["macs_credited"].as_f64().unwrap() > 1e6);
    assert!(expect(path, "receipts verify run", 0).starts_with("valid: 3 receipts"));
    // A proof by itself, without a line.
    fs::write(path.join("rig/share-0123456789abcdef.b64"), "").unwrap();
    let verdict = last_json(&expect(path, "receipts verify rig --json", 0));
    assert_eq!(verdict["log"]["proofs_without_line"], 1);

    let proofs = || -> Vec<_> {
        let line = fs::read_to_string(path.join("rig/shares-000001.jsonl")).unwrap();
        let shares = line.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        shares.filter_map(|line| Some(line["proof_file"].as_str()?.to_owned())).collect()
    };
    let first = path.join("rig").join(&proofs()[0]);
    let bytes = fs::read(&first).unwrap();
    fs::write(&first, STANDARD.encode(b"no proof")).unwrap();
    check_invalid(path, "receipts-share", "the file was changed");
    fs::remove_file(&first).unwrap();
    check_invalid(path, "receipts-share", "No such file");
    fs::write(&first, bytes).unwrap();
    let log = path.join("rig/shares-000001.jsonl");
    let good = fs::read_to_string(&log).unwrap();
    fs::write(&log, good.replacen("pool0", "pool9", 1)).unwrap();
    check_invalid(path, "receipts-chain", "is damaged");
    fs::write(&log, &good).unwrap();
    // A torn last line is no crime; a file that is gone is.
    let last = format!("rig/shares-{:06}.jsonl", verdict["log"]["last_file"].as_u64().unwrap());
    let whole = fs::read_to_string(path.join(&last)).unwrap();
    fs::write(path.join(&last), &whole[..whole.len() - 20]).unwrap();
    assert!(expect(path, "receipts verify rig", 0).contains("torn"));
    fs::write(path.join(&last), whole).unwrap();
    fs::rename(path.join("rig/shares-000002.jsonl"), path.join("away")).unwrap();
    check_invalid(path, "receipts-chain", "put it back");
}

#[test]
fn a_share_that_is_not_what_its_line_says_is_found() {
    let folder = mined(2);
    let path = folder.path();
    let receipts = fs::read_to_string(path.join("run/receipts.jsonl")).unwrap();
    let receipt = serde_json::from_str(receipts.lines().next().unwrap()).unwrap();
    let (mut share, proof) = share(path, &receipt, 0);
    share.macs_expected *= 2.0;
    let mut log = ShareLog::open(&path.join("rig"), Options::default()).unwrap();
    log.append(Item::share(share, proof)).unwrap();
    drop(log);
    check_invalid(path, "receipts-share", "macs_expected is");
}
