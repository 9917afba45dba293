//! Tables, numbers and links.

use expect_test::expect;

use super::*;

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
