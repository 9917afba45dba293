//! The manifest of images: what is read and written again says the same.

use gemmine_flow::manifest::Manifest;

use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let manifest = match Manifest::parse("MANIFEST.toml", text) {
        Ok(manifest) => manifest,
        Err(error) => return plain::lines(&error),
    };
    let written = manifest.to_text();
    let again = Manifest::parse("MANIFEST.toml", &written).expect("what was written is read");
    // By text: a clock that is no number is not itself.
    assert_eq!(again.to_text(), written);
    assert_eq!(again.images.len(), manifest.images.len());
    for image in &manifest.images {
        let found = again.image(&image.board).expect("a board that is there");
        assert_eq!(found.board, image.board);
        if let Ok(build) = u32::from_str_radix(&image.build, 16)
            && format!("{build:08x}") == image.build
        {
            assert!(manifest.knows(build), "{image:?}");
        }
    }
}
