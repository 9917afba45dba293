//! `gemmine matmul`.

use std::fs;
use std::path::Path;

use crate::{
    MEDIUM, expect, expect_trouble, gemmine, last_json, npy, product, read_words, write_int8,
};

/// Multiplies two int8 matrices and compares with the obvious loops.
fn check(
    folder: &Path,
    options: &str,
    (m, k, n): (usize, usize, usize),
    left: impl Fn(usize, usize) -> i8,
    right: impl Fn(usize, usize) -> i8,
) {
    let a = write_int8(&folder.join("a.npy"), m, k, left);
    let b = write_int8(&folder.join("b.npy"), k, n, right);
    expect(folder, &format!("matmul a.npy b.npy -o c.npy {options}"), 0);
    let (shape, found) = read_words(&folder.join("c.npy"), "<i4");
    assert_eq!(shape, (m, n));
    assert_eq!(found, product(&a, &b, (m, k, n)), "{m} x {k} x {n} {options}");
}

fn mixed(i: usize, j: usize) -> i8 {
    (i.wrapping_mul(7919) ^ j.wrapping_mul(104_729)) as u8 as i8
}

#[test]
fn any_shape_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    for shape in [
        (1, 1, 1),
        (1, 1, 40),
        (17, 1, 1),
        (15, 33, 17),
        (16, 128, 16),
        (33, 127, 31),
        (5, 3000, 5),
    ] {
        check(folder.path(), "", shape, mixed, |l, j| mixed(j, l));
    }
}

#[test]
fn extremes_are_exact_and_k_beyond_a_panel_is_split() {
    let folder = tempfile::tempdir().unwrap();
    for (left, right) in [(-128, -128), (-128, 127), (127, 127)] {
        check(folder.path(), "", (2, 2048, 3), |_, _| left, |_, _| right);
    }
    // Two segments.
    check(folder.path(), "", (2, 70_000, 2), mixed, |l, j| mixed(j, l));
    check(folder.path(), "", (1, 131_071, 1), |_, _| -128, |_, _| -128);
}

#[test]
fn a_sum_beyond_int32_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_int8(&folder.path().join("a.npy"), 1, 131_072, |_, _| -128);
    write_int8(&folder.path().join("b.npy"), 131_072, 1, |_, _| -128);
    let part = "entry [0, 0] of the product is 2147483648, outside of int32";
    expect_trouble(folder.path(), "matmul a.npy b.npy -o c.npy", part);
    assert!(!folder.path().join("c.npy").exists());
}

#[test]
fn empty_matrices_give_empty_or_zero_products() {
    let folder = tempfile::tempdir().unwrap();
    for shape in [(0, 5, 3), (3, 5, 0), (3, 0, 4), (0, 0, 0)] {
        check(folder.path(), "", shape, mixed, mixed);
    }
}

#[test]
fn every_array_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for options in
        ["--geometry 2x2", "--geometry 8x4", "--device rtl", "--device rtl --geometry 2x2"]
    {
        check(folder.path(), options, (17, 9, 3), mixed, |l, j| mixed(j, l));
    }
}

#[test]
fn mining_gives_the_same_product_and_shares() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let small = |i: usize, j: usize| mixed(i, j) / 2;
    let options = format!("--mine --out run --share-target {MEDIUM} --shares 2");
    check(path, &options, (20, 1000, 18), small, |l, j| small(j, l));
    assert!(expect(path, "verify --receipts run", 0).starts_with("valid: 2 receipts"));
    expect(path, "verify --job run/job.json run/share-2.b64", 0);

    // One pass, if nothing more is asked for.
    let output = expect(path, "matmul a.npy b.npy -o c.npy --mine --out once --json", 0);
    let summary = last_json(&output);
    assert_eq!((&summary["ended_by"], &summary["tickets"]), (&"product".into(), &4.into()));

    write_int8(&path.join("a.npy"), 2, 3, |_, _| -65);
    write_int8(&path.join("b.npy"), 3, 2, |_, _| 1);
    expect_trouble(path, "matmul a.npy b.npy -o c.npy --mine", "entry [0, 0] of A is -65");
    for option in ["--shares 2", "--out foo"] {
        let name = option.split(' ').next().unwrap();
        let part = format!("{name} means nothing without --mine");
        expect_trouble(path, &format!("matmul a.npy b.npy -o c.npy {option}"), &part);
    }
    write_int8(&path.join("a.npy"), 1, 65_537, |_, _| 1);
    write_int8(&path.join("b.npy"), 65_537, 1, |_, _| 1);
    expect_trouble(path, "matmul a.npy b.npy -o c.npy --mine", "k = 65537 is more than 65536");
}

#[test]
fn float32_results_are_within_the_printed_bound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (m, k, n) = (9, 300, 7);
    let value = |i: usize, j: usize| f32::from(mixed(i, j)) * 0.37 / (1.0 + (j % 5) as f32);
    let write = |name: &str, rows: usize, columns: usize| {
        let values: Vec<f32> =
            (0..rows * columns).map(|x| value(x / columns, x % columns)).collect();
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(path.join(name), npy("<f4", rows, columns, &data)).unwrap();
        values
    };
    let (a, b) = (write("a.npy", m, k), write("b.npy", k, n));
    for options in ["", "--mine --out run"] {
        let output = expect(path, &format!("matmul a.npy b.npy -o c.npy --json {options}"), 0);
        let summary = last_json(&output);
        assert_eq!(summary["product"], "quantised");
        assert!(summary["product_check"].as_str().unwrap().starts_with("integer product"));
        let bound = summary["error_bound"].as_f64().unwrap();
        let (shape, words) = read_words(&path.join("c.npy"), "<f4");
        assert_eq!(shape, (m, n));
        let mut worst = 0.0_f64;
        for (index, word) in words.iter().enumerate() {
            let (i, j) = (index / n, index % n);
            let exact: f64 =
                (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
            worst = worst.max((exact - f64::from(f32::from_le_bytes(*word))).abs());
        }
        assert!(worst > 0.0 && worst <= bound, "{worst} against {bound}");
    }
    let text = expect(path, "matmul a.npy b.npy -o c.npy", 0);
    assert!(text.contains("error bound: every entry is within"), "{text}");
    for options in ["", "--mine --out again"] {
        let text = expect(path, &format!("matmul a.npy b.npy -o c.npy {options}"), 0);
        assert!(text.contains("float32 by way of int7 (integer product"), "{text}");
        assert!(!text.contains("exact ("), "{text}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_int8(&path.join("a.npy"), 2, 3, mixed);
    fs::write(path.join("f.npy"), npy("<f4", 3, 1, &[0; 12])).unwrap();
    fs::write(path.join("nan.npy"), npy("<f4", 1, 1, &f32::NAN.to_le_bytes())).unwrap();
    fs::write(path.join("d.npy"), npy("<f8", 1, 1, &[0; 8])).unwrap();
    fs::write(path.join("short.npy"), npy("|i1", 3, 3, &[0; 8])).unwrap();
    fs::write(path.join("huge.npy"), npy("|i1", 99_999_999, 99_999_999, &[0; 8])).unwrap();
    for (arguments, part) in [
        ("a.npy a.npy", "A is 2 x 3 and B is 2 x 3"),
        ("a.npy f.npy", "A is int8 and B is float32"),
        ("nan.npy nan.npy", "quantise A: entry [0, 0] is NaN"),
        ("d.npy d.npy", "dtype is <f8 (shape 1 x 1), not int8 or float32"),
        ("short.npy a.npy", "read matrix short.npy: its shape 3 x 3 (dtype |i1) needs 9 bytes"),
        ("huge.npy a.npy", "split it into smaller matrices"),
        ("none.npy a.npy", "read none.npy: No such file"),
        (". a.npy", "it is a directory"),
        ("/dev/zero a.npy", "it is a pipe or device"),
    ] {
        expect_trouble(path, &format!("matmul {arguments} -o c.npy"), part);
    }
    assert!(!path.join("c.npy").exists());
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_int8(&path.join("a.npy"), 1, 1, mixed);
    expect_trouble(path, "matmul a.npy a.npy -o no/c.npy", "write no/c.npy");
    expect_trouble(path, "matmul a.npy a.npy -o .", "it is a directory");
    expect_trouble(
        path,
        "matmul a.npy a.npy -o /dev/full",
        "write /dev/full: it is a pipe or device",
    );
    // Nobody reads from it: opening it would not come back.
    assert!(
        std::process::Command::new("mkfifo").arg(path.join("fifo")).status().unwrap().success()
    );
    expect_trouble(path, "matmul a.npy a.npy -o fifo", "write fifo: it is a pipe or device");
    let output = gemmine(path, "matmul a.npy a.npy -o a.npy");
    assert!(output.status.success(), "an input may be replaced");
}
