//! Rules that the recorded edits do not exercise: one case each, refused by name.

use crate::common::{EASY, header, job, rule, signal, wide};
use gemmine_pouw::config::{MiningConfig, job_key};
use gemmine_pouw::limits::{LimitError, check, check_cert_version};
use gemmine_pouw::pattern::Pattern;
use gemmine_pouw::proof::{Opening, PlainProof};
use gemmine_pouw::tree::Tree;
use gemmine_pouw::verify::verify;

/// A well-formed proof of any config, legal or not: rows `a`, columns `b` of recipe matrices.
fn forged(config: MiningConfig, m: usize, n: usize, a: &[u32], b: &[u32]) -> PlainProof {
    let k = config.k as usize;
    let key = job_key(&header(EASY, 1), &config);
    let open = |label, rows: usize, picks: &[u32]| {
        let matrix = signal(label, rows, k);
        Opening::new(&matrix, &Tree::new(&key, &matrix.bytes()), picks).unwrap()
    };
    PlainProof {
        m: m as u64,
        n: n as u64,
        k: config.k.into(),
        noise_rank: config.r.into(),
        a: open("a", m, a),
        bt: open("b", n, b),
    }
}

fn verdict(proof: &PlainProof) -> &'static str {
    rule(&verify(&header(EASY, 1), 3, &proof.encode(), None))
}

/// A native proof at (0, 0) under another k or r.
fn native(k: u32, r: u16) -> PlainProof {
    let rows: Vec<u32> = (0..16).collect();
    forged(MiningConfig::native(k, r), 16, 16, &rows, &rows)
}

#[test]
fn rank() {
    assert_eq!(verdict(&native(2048, 128)), "accepted");
    for r in [1, 2, 32, 64, 96, 127, 129, 192, 2048, 32_768, 65_535] {
        assert_eq!(verdict(&native(2048, r)), "rank", "r = {r}");
    }
    let mut zero = native(2048, 128);
    zero.noise_rank = 0;
    assert_eq!(verdict(&zero), "dimensions");
    zero.noise_rank = 1 << 16;
    assert_eq!(verdict(&zero), "dimensions");
}

#[test]
fn k() {
    assert_eq!(verdict(&native(2048 + 64, 128)), "accepted");
    assert_eq!(verdict(&native(2048 + 32, 128)), "k-multiple");
    assert_eq!(verdict(&native(2049, 128)), "k-multiple");
    assert_eq!(verdict(&native(960, 128)), "k-range");
    assert_eq!(verdict(&native(65_600, 128)), "k-range");
    assert_eq!(verdict(&native(65_536, 128)), "accepted");
    assert_eq!(verdict(&native(1984, 128)), "k-for-rank");
    assert_eq!(verdict(&native(2048, 256)), "k-for-rank");
    assert_eq!(verdict(&native(8192, 1024)), "k-for-rank");
    let mut zero = native(2048, 128);
    zero.k = 0;
    assert_eq!(verdict(&zero), "dimensions");
}

#[test]
fn tile_shape() {
    let check = |h: u32, w: u32, expected| {
        let side = |length| Pattern::contiguous(length).unwrap();
        let config = MiningConfig { k: 2048, r: 128, rows: side(h), cols: side(w) };
        let (rows, cols): (Vec<u32>, Vec<u32>) = ((0..h).collect(), (0..w).collect());
        let proof = forged(config, h as usize, w as usize, &rows, &cols);
        assert_eq!(verdict(&proof), expected, "{h} x {w}");
    };
    check(2, 16, "accepted");
    check(2, 128, "accepted");
    check(128, 2, "accepted");
    check(8, 32, "accepted");
    check(15, 16, "tile-even");
    check(16, 3, "tile-even");
    check(1, 32, "tile-even");
    check(2, 14, "tile-area");
    check(16, 18, "tile-area");
    check(2, 130, "tile-area");
}

#[test]
fn strip_bytes() {
    let native = MiningConfig::native(65_536, 128);
    assert_eq!(check(&native, 16, 16), Ok(()));
    let long = |k| MiningConfig {
        rows: Pattern::contiguous(2).unwrap(),
        cols: Pattern::contiguous(128).unwrap(),
        ..wide(k, 128)
    };
    assert_eq!(check(&long(32_256), 2, 128), Ok(()));
    // The tail beyond k - k mod r does not count.
    assert_eq!(check(&long(32_320), 2, 128), Ok(()));
    let bytes = 130 * 32_384;
    assert_eq!(check(&long(32_384), 2, 128), Err(LimitError::StripBytes(bytes)));
    let (rows, cols): (Vec<u32>, Vec<u32>) = ((0..2).collect(), (0..128).collect());
    let proof = forged(long(32_384), 2, 128, &rows, &cols);
    assert_eq!(verdict(&proof), "strip-bytes");
}

#[test]
fn extents() {
    let native = MiningConfig::native(2048, 128);
    assert_eq!(check(&native, 1 << 24, 1 << 24), Ok(()));
    let error = LimitError::Extent { name: "n", found: (1 << 24) + 1 };
    assert_eq!(check(&native, 1, (1 << 24) + 1), Err(error));
    assert_eq!(check(&native, 0, 1), Err(LimitError::Extent { name: "m", found: 0 }));

    // A tree over 2^24 + 1 rows that are never made: one subtree is real, the siblings are what they are.
    let mut proof = self::native(2048, 128);
    proof.m = (1 << 24) + 1;
    proof.a.total_leaves = 2 * proof.m;
    proof.a.siblings = vec![[7; 32]; 40];
    let key = job_key(&header(EASY, 1), &native);
    let leaves: Vec<(u64, &[u8; 1024])> =
        proof.a.leaf_indices.iter().copied().zip(&proof.a.leaves).collect();
    let total = proof.a.total_leaves;
    proof.a.root =
        gemmine_pouw::tree::root_from_opening(&key, total, &leaves, &proof.a.siblings).unwrap();
    assert_eq!(verdict(&proof), "extent");

    let edits: [fn(&mut PlainProof); 4] =
        [|p| p.m = 0, |p| p.n = 0, |p| p.m = 1 << 32, |p| p.n = 1 << 32];
    for edit in edits {
        let mut proof = self::native(2048, 128);
        edit(&mut proof);
        assert_eq!(verdict(&proof), "dimensions");
    }
}

#[test]
fn rows_inside_and_offsets_legal() {
    let config = MiningConfig::native(2048, 128);
    let span = |first: u32| -> Vec<u32> { (first..first + 16).collect() };
    let good = forged(config, 48, 48, &span(16), &span(32));
    assert_eq!(verdict(&good), "accepted");
    assert_eq!(verdict(&forged(config, 48, 48, &span(8), &span(32))), "offset-a");
    assert_eq!(verdict(&forged(config, 48, 48, &span(16), &span(31))), "offset-b");

    for (side, expected) in [("a", "rows-a"), ("b", "rows-b")] {
        let mut outside = good.clone();
        let opening = if side == "a" { &mut outside.a } else { &mut outside.bt };
        opening.row_indices = (48..64).collect();
        assert_eq!(verdict(&outside), expected);
        let opening = if side == "a" { &mut outside.a } else { &mut outside.bt };
        opening.row_indices = vec![u64::MAX; 16];
        assert_eq!(verdict(&outside), expected);
    }
    let mut empty = good.clone();
    empty.bt.row_indices.clear();
    assert_eq!(verdict(&empty), "pattern-b");
    let mut uneven = good;
    uneven.a.row_indices[15] = 33;
    assert_eq!(verdict(&uneven), "pattern-a");

    let strided = wide(4096, 128);
    let cols: Vec<u32> = (0..64).collect();
    assert_eq!(verdict(&forged(strided, 80, 64, &[31, 63], &cols)), "accepted");
    assert_eq!(verdict(&forged(strided, 80, 64, &[32, 64], &cols)), "offset-a");
}

#[test]
fn leaf_lists() {
    let good = job(MiningConfig::native(2048, 128), 32, 32, EASY).proof(0, 16).unwrap();
    let verdict =
        |proof: &PlainProof| rule(&verify(&header(EASY, 0x5f5e_1001), 3, &proof.encode(), None));
    assert_eq!(verdict(&good), "accepted");
    let edited = |edit: fn(&mut Opening)| {
        [true, false].map(|side_a| {
            let mut proof = good.clone();
            edit(if side_a { &mut proof.a } else { &mut proof.bt });
            verdict(&proof)
        })
    };
    let index = ["leaf-index-a", "leaf-index-b"];
    // One leaf an index: given twice, identical or not.
    assert_eq!(
        edited(|o| (o.leaves.push(o.leaves[3]), o.leaf_indices.push(o.leaf_indices[3])).1),
        index
    );
    assert_eq!(edited(|o| o.leaf_indices[1] = o.leaf_indices[0]), index);
    // Inside the tree.
    assert_eq!(edited(|o| o.leaf_indices[31] = 64), index);
    assert_eq!(edited(|o| o.leaf_indices[31] = u64::MAX), index);
    assert_eq!(edited(|o| (o.leaves.push([0; 1024]), o.leaf_indices.push(64)).1), index);
    // As many indices as leaves; at least one.
    assert_eq!(edited(|o| o.leaf_indices.truncate(31)), index);
    assert_eq!(edited(|o| o.leaves.truncate(31)), index);
    assert_eq!(edited(|o| (o.leaves.clear(), o.leaf_indices.clear()).1), index);
    // Another tree.
    assert_eq!(edited(|o| o.total_leaves -= 1), ["leaf-count-a", "leaf-count-b"]);
    assert_eq!(edited(|o| o.siblings.clear()), ["siblings-a", "siblings-b"]);
    assert_eq!(edited(|o| o.siblings.insert(0, [0; 32])), ["root-a", "root-b"]);
    // Accepted, as Pearl's verifier does.
    assert_eq!(edited(|o| o.siblings.push([9; 32])), ["accepted"; 2]);
    assert_eq!(edited(|o| (o.leaves.reverse(), o.leaf_indices.reverse()).1), ["accepted"; 2]);
}

#[test]
fn certificate_versions_are_refused_by_name() {
    assert_eq!(check_cert_version(3), Ok(()));
    for version in [0, 1, 2, 4, 5, u32::MAX] {
        let error = check_cert_version(version).unwrap_err();
        assert_eq!(error.rule(), "cert-version");
        assert!(error.to_string().contains(&version.to_string()), "{error}");
    }
    assert!(check_cert_version(4).unwrap_err().to_string().contains("V4"));
    // An unreadable proof is unreadable under any version.
    let unreadable = verify(&header(EASY, 1), 4, &[1, 2, 3], None).unwrap_err();
    assert_eq!((unreadable.rule(), unreadable.is_unreadable()), ("deserialise", true));
}
