//! Shapes that are too large: refused from their headers, before memory is taken for them.

use std::fs;
use std::path::Path;

use crate::{expect_trouble, npy};

/// A file of zeros that takes no room on the disk.
fn zeros(path: &Path, rows: usize, columns: usize) {
    let header = npy("|i1", rows, columns, &[]);
    fs::write(path, &header).unwrap();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len((header.len() + rows * columns) as u64).unwrap();
}

#[test]
fn products_too_large_for_any_memory_are_refused_by_shape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let check = |(m, k, n), command: &str, part: &str| {
        zeros(&path.join("a.npy"), m, k);
        zeros(&path.join("b.npy"), k, n);
        expect_trouble(path, command, part);
    };
    let matmul = "matmul a.npy b.npy -o c.npy";
    let mine = "mine --a a.npy --b b.npy";
    let part = "more than the limit of 4294967296 (4 GiB); multiply parts";
    check((1_000_000_000, 0, 100_000_000), matmul, part);
    check((100_000, 1, 1_000_000), matmul, part);
    check((100_000, 1, 1_000_000), &format!("{matmul} --mine"), part);
    check((100_000, 1, 1_000_000), mine, part);
    check((16_777_217, 1, 1), mine, "m = 16777232, expected 1 to 16777216");
    check((1, 1, 16_777_217), mine, "n = 16777232, expected 1 to 16777216");
    check((10_000_000, 1, 1), mine, part);
    assert_eq!(
        fs::read_dir(path)
            .unwrap()
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                !name.to_string_lossy().starts_with('.')
            })
            .count(),
        2,
        "nothing is written"
    );
}
