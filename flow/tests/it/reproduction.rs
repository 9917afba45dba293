//! The images in `bitstreams/` are what the manifest says, and the smallest is made again, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use gemmine_flow::build::{self, Options, sha256};
use gemmine_flow::{Board, Manifest, Report, Toolchain};

fn bitstreams() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams")
}

fn manifest() -> Manifest {
    let manifest = Manifest::read(&bitstreams().join("MANIFEST.toml")).unwrap();
    assert!(
        !manifest.images.is_empty(),
        "no image in MANIFEST.toml: run `gemmine build --board icebreaker --install`"
    );
    manifest
}

fn report(board: &str) -> Report {
    let file = bitstreams().join(board).join("report.json");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

#[test]
fn every_image_is_what_the_manifest_says() {
    let manifest = manifest();
    for image in &manifest.images {
        let bytes = fs::read(bitstreams().join(&image.file)).unwrap();
        assert_eq!(sha256(&bytes), image.sha256, "{}", image.file);
        image.agrees(&report(&image.board)).unwrap_or_else(|why| panic!("{}: {why}", image.board));
        assert!(Board::find(&image.board).is_ok(), "{}", image.board);
    }
    // And nothing lies about that it does not name.
    for name in Board::names() {
        let listed = manifest.image(name).is_some();
        assert_eq!(bitstreams().join(name).join("report.json").exists(), listed, "{name}");
    }
}

#[test]
fn the_smallest_image_is_made_again() {
    let manifest = manifest();
    let size = |file: &str| fs::metadata(bitstreams().join(file)).unwrap().len();
    let image = manifest.images.iter().min_by_key(|image| size(&image.file)).unwrap();
    let board = Board::find(&image.board).unwrap();
    let (plan, device) = build::emit(&board).unwrap();
    assert_eq!(
        format!("{:08x}", device.build),
        image.build,
        "the device has changed since the image was made: run `{}` again",
        image.command
    );
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        seeds: vec![report(&image.board).seed],
        out: folder.path().to_owned(),
        allow_timing_failure: false,
        command: "a test".into(),
        source_commit: "a test".into(),
    };
    let toolchain = Toolchain::pinned().unwrap();
    let built =
        build::build(&board, &plan, &device, &options, &toolchain, &|| false, &mut |_| ()).unwrap();
    assert_eq!(built.report.bitstream_sha256.as_ref(), Some(&image.sha256), "{}", image.file);
}
