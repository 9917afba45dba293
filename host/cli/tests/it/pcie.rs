//! Virtual PCI devices that can't be served.
#![cfg(target_os = "linux")]

use super::*;

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
    expect_trouble(path, "board --fault removed=1", "--vfio-user <SOCKET>");
    assert!(!path.join("x").exists(), "the socket of a device that was not powered up stays");
    fs::remove_file(path.join("taken")).unwrap();
}
