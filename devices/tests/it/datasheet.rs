//! `DATASHEET.md` is what the sources say.

use expect_test::expect_file;
use gemmine_devices::datasheet::{datasheet, pcie_guide, pictures};

#[test]
fn the_datasheet_is_up_to_date() {
    let text = datasheet().unwrap();
    assert!(
        !text.contains("[`crate") && !text.contains("](crate"),
        "a link that only rustdoc follows"
    );
    expect_file!["../../../hdl/DATASHEET.md"].assert_eq(&text);
}

#[test]
fn the_guide_to_pcie_is_up_to_date() {
    let text = pcie_guide().unwrap();
    assert!(!text.contains("[`") || !text.contains("](crate"), "a link that only rustdoc follows");
    expect_file!["../../../hdl/PCIE.md"].assert_eq(&text);
}

#[test]
fn every_picture_is_in_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../hdl/timing");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut pictures: Vec<String> = pictures().map(|module| format!("{module}.txt")).collect();
    pictures.sort();
    assert_eq!(files, pictures);
}
