//! Virtual PCI devices: served by one process, driven by the driver in others, as a device of the kernel's VFIO is.
#![cfg(target_os = "linux")]

use super::*;
use crate::board::Board;

/// Mines and multiplies on a device that another process serves.
fn check(arguments: &str, shares: u32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let device = Board::start(path, &format!("--vfio-user pcie.sock {arguments}"));
    assert_eq!(device.port, "pcie.sock", "{arguments}");
    let mine = format!(
        "mine --device vfio-user:pcie.sock --out run --shares {shares} --share-target {MEDIUM} --json"
    );
    let summary = last_json(&expect(path, &mine, 0));
    assert_eq!((&summary["product"], &summary["shares"]), (&"exact".into(), &shares.into()));
    assert_eq!(summary["hits_refused"], 0, "{summary}");
    for share in 1..=shares {
        let verdict = expect(path, &format!("verify --job run/job.json run/share-{share}.b64"), 0);
        assert!(verdict.starts_with("valid: ticket "), "{verdict}");
    }
    let (m, k, n) = (33, 300, 17);
    let value = |i: usize, j: usize| (i.wrapping_mul(7919) ^ j.wrapping_mul(104_729)) as u8 as i8;
    let a = write_int8(&path.join("a.npy"), m, k, value);
    let b = write_int8(&path.join("b.npy"), k, n, value);
    expect(path, "matmul a.npy b.npy -o c.npy --device vfio-user:pcie.sock", 0);
    let (shape, found) = read_words(&path.join("c.npy"), "<i4");
    assert_eq!(shape, (m, n));
    assert_eq!(found, product(&a, &b, (m, k, n)), "{arguments}");
    assert_eq!(device.interrupt(), Some(0));
    assert!(!path.join("pcie.sock").exists(), "the socket stays");
}

#[test]
fn the_model_behind_a_socket_mines_and_multiplies() {
    check("--geometry 16x16", 2);
    check("--geometry 4x4 --host-latency 20..400", 1);
}

#[test]
fn verilated_rtl_behind_a_socket_mines_and_multiplies() {
    check("--engine verilator --geometry 8x8", 1);
}

#[test]
fn what_can_not_be_served_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("taken"), "something").unwrap();
    expect_trouble(path, "board --vfio-user taken", "remove it, or choose another name");
    expect_trouble(path, "board --vfio-user none/socket", "choose a folder that exists");
    expect_trouble(path, "board --vfio-user x --engine rtl", "give `--engine model`");
    expect_trouble(path, "board --vfio-user x --fault lost", "give removed=N, interrupts=N");
    expect_trouble(path, "board --vfio-user x --host-latency 9..1", "give cycles, such as 100");
    expect_trouble(path, "board --fault removed=1", "required arguments were not provided");
    assert!(!path.join("x").exists(), "the socket of a device that was not powered up stays");
    fs::remove_file(path.join("taken")).unwrap();
}

#[test]
fn a_device_that_goes_away_is_told_from_one_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let _device = Board::start(path, "--vfio-user pcie.sock --geometry 8x8 --fault removed=60");
    let output = gemmine(path, "mine --device vfio-user:pcie.sock --out run --shares 9");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("vfio-user:pcie.sock"), "{text}");
}
