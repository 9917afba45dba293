//! `DATASHEET.md` is what the sources say.

use expect_test::{expect, expect_file};

use super::text::{Table, bits, bytes, grouped, plain, words};
use super::*;

#[test]
fn the_datasheet_is_up_to_date() {
    let text = datasheet().unwrap();
    assert!(
        !text.contains("[`crate") && !text.contains("](crate"),
        "a link that only rustdoc follows"
    );
    expect_file!["../../DATASHEET.md"].assert_eq(&text);
}

#[test]
fn the_guide_to_pcie_is_up_to_date() {
    let text = pcie_guide().unwrap();
    assert!(!text.contains("[`") || !text.contains("](crate"), "a link that only rustdoc follows");
    expect_file!["../../PCIE.md"].assert_eq(&text);
}

#[test]
fn every_picture_is_in_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/timing");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut pictures: Vec<String> =
        timing::PICTURES.iter().map(|(module, _, _)| format!("{module}.txt")).collect();
    pictures.sort();
    assert_eq!(files, pictures);
}

#[test]
fn tables_line_up() {
    let mut table = Table::new(["name", "count", "meaning"]);
    table.row(["`one`", "7", "short"]);
    table.row(["`three`", "1,234", "a longer one"]);
    expect![[r#"
        | name    | count | meaning |
        | ------- | ----: | --- |
        | `one`   |     7 | short |
        | `three` | 1,234 | a longer one |
    "#]]
    .assert_eq(&table.draw());
}

#[test]
fn numbers_and_links_become_text() {
    assert_eq!([7, 999, 1000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
    assert_eq!([bits(3, 1), bits(8, 8)], ["3", "15:8"]);
    assert_eq!(words(&[1, 0xabc]), "00000001 00000abc");
    assert_eq!(bytes(&[0, 255]), "00 ff");
    let documentation = "a [`B::C`] and [`D`](crate::d::D), [text](x), `e` [`D`].";
    assert_eq!(plain(documentation, &[]), "a `B::C` and `D`, [text](x), `e` `D`.");
    assert_eq!(plain("[`D`](crate::D) errors", &[("D", "16")]), "16 errors");
}
