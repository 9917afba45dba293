//! The output folder: what is not this run's is never overwritten.

use std::fs;
use std::process::Command;

use crate::{HARDEST, MEDIUM, expect, expect_trouble, mined, write_int8};

#[test]
fn a_job_file_of_the_users_is_not_rewritten() {
    let folder = mined(1);
    let path = folder.path();
    // The same job in the user's own layout, and in the folder that shares are to go to.
    let text = fs::read_to_string(path.join("run/job.json")).unwrap().replace('\n', "");
    fs::create_dir(path.join("own")).unwrap();
    fs::write(path.join("own/job.json"), &text).unwrap();
    expect_trouble(
        path,
        "mine --job own/job.json --out own --shares 1",
        "mine into own: its job.json is not what this run would write there",
    );
    assert_eq!(fs::read_to_string(path.join("own/job.json")).unwrap(), text);
    assert_eq!(fs::read_dir(path.join("own")).unwrap().count(), 1, "nothing is begun there");
    // What gemmine wrote itself is the same again.
    expect(path, "mine --job run/job.json --out run --shares 1", 0);
}

#[test]
fn a_product_of_other_operands_is_not_overwritten() {
    let folder = mined(1);
    let path = folder.path();
    write_int8(&path.join("a.npy"), 64, 3, |i, l| (i + l) as i8 & 63);
    write_int8(&path.join("b.npy"), 3, 64, |l, j| (l * j) as i8 & 63);
    let product = path.join("run/product.npy");
    let before = fs::read(&product).unwrap();
    let arguments =
        format!("mine --a a.npy --b b.npy --out run --shares 1 --share-target {MEDIUM}");
    expect_trouble(path, &arguments, "run/product.npy is there, and is not the product of these");
    assert_eq!(fs::read(&product).unwrap(), before);
    // One wrong entry, and something that is no matrix.
    let mut wrong = before.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for bytes in [wrong, b"my notes".to_vec()] {
        fs::write(&product, &bytes).unwrap();
        let again = format!("mine --out run --shares 1 --share-target {MEDIUM}");
        expect_trouble(path, &again, "run/product.npy is there, and is not the product");
        assert_eq!(fs::read(&product).unwrap(), bytes);
    }
}

#[test]
fn a_product_that_cannot_be_written_is_refused_before_mining() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("run/product.npy")).unwrap();
    let arguments = format!("mine --out run --share-target {HARDEST}");
    expect_trouble(folder.path(), &arguments, "run/product.npy is there, and is not the product");
}

#[test]
fn the_last_number_of_a_share_is_not_counted_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    let last = run.join("share-18446744073709551615.b64");
    fs::write(&last, "").unwrap();
    let part = "share-18446744073709551615.b64 in run has the last number there is";
    expect_trouble(folder.path(), "mine --out run", part);
    fs::rename(&last, run.join("share-18446744073709551614.b64")).unwrap();
    expect_trouble(folder.path(), &format!("mine --out run --share-target {MEDIUM}"), part);
}

#[test]
fn a_pipe_in_the_place_of_the_receipts_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    assert!(Command::new("mkfifo").arg(run.join("receipts.jsonl")).status().unwrap().success());
    expect_trouble(folder.path(), "mine --out run", "receipts.jsonl: it is no regular file");
}
