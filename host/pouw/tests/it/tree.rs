//! The keyed tree against `blake3::keyed_hash`, and its openings.

use crate::common::xof;
use gemmine_pouw::digest::{Keyed, keyed};
use gemmine_pouw::tree::{Tree, TreeError, leaf, leaf_count, root_from_opening, sibling_places};
use proptest::prelude::*;

const KEY: [u8; 32] = *b"a key of thirty-two bytes, keyed";

fn padded_hash(bytes: &[u8]) -> [u8; 32] {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(1024).max(1024), 0);
    keyed(&KEY, &padded)
}

#[test]
fn root_is_the_keyed_hash() {
    // Around every boundary: one leaf, odd counts, batches of 32, tasks of 128 leaves.
    for leaves in [1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 63, 65, 127, 128, 129, 257, 300] {
        for short in [0, 1, 1000] {
            let bytes = xof("tree", leaves * 1024 - short);
            let tree = Tree::new(&KEY, &bytes);
            assert_eq!(tree.root(), padded_hash(&bytes), "{leaves} leaves, {short} short");
            assert_eq!(tree.total_leaves(), leaf_count(bytes.len() as u64));
        }
    }
    assert_eq!(Tree::new(&KEY, &[]).root(), padded_hash(&[]));
}

#[test]
fn update_is_a_rebuild() {
    for leaves in [1usize, 2, 3, 7, 33, 130] {
        let mut bytes = xof("update", leaves * 1024);
        let mut tree = Tree::new(&KEY, &bytes);
        for index in [0, leaves / 2, leaves - 1] {
            bytes[index * 1024 + 5] ^= 0x5a;
            tree.update(index, &leaf(&bytes, index)).unwrap();
            assert_eq!(tree.root(), padded_hash(&bytes), "leaf {index} of {leaves}");
        }
        let outside = TreeError::Outside { index: leaves as u64, total: leaves as u64 };
        assert_eq!(tree.update(leaves, &[0; 1024]), Err(outside));
    }
}

#[test]
fn batches_are_the_public_api() {
    let bytes = xof("batch", 100 * 64);
    let blocks = bytes.as_chunks::<64>().0;
    let mut digests = vec![[0; 32]; 100];
    Keyed::new(&KEY).one_block(blocks, &mut digests);
    for (block, digest) in blocks.iter().zip(&digests) {
        assert_eq!(*digest, keyed(&KEY, block));
    }
    // Fewer outputs than inputs.
    let mut few = [[0; 32]; 3];
    Keyed::new(&KEY).one_block(blocks, &mut few);
    assert_eq!(few, digests[..3]);
}

type OpenedLeaves = Vec<(u64, [u8; 1024])>;

fn opened(bytes: &[u8], indices: &[u64]) -> OpenedLeaves {
    indices.iter().map(|&index| (index, leaf(bytes, index as usize))).collect()
}

fn walk(total: u64, leaves: &OpenedLeaves, siblings: &[[u8; 32]]) -> Result<[u8; 32], TreeError> {
    let leaves: Vec<_> = leaves.iter().map(|(index, leaf)| (*index, leaf)).collect();
    root_from_opening(&KEY, total, &leaves, siblings)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_opening_leads_to_the_root(leaves in 1usize..80, picks in prop::collection::btree_set(0u64..80, 1..80)) {
        let bytes = xof("open", leaves * 1024 - 7);
        let tree = Tree::new(&KEY, &bytes);
        let total = tree.total_leaves();
        let indices: Vec<u64> = picks.into_iter().filter(|&i| i < total).collect();
        if indices.is_empty() {
            return Ok(());
        }
        let mut siblings = tree.open(&indices).unwrap();
        let given = opened(&bytes, &indices);
        prop_assert_eq!(walk(total, &given, &siblings), Ok(tree.root()));
        // One more is ignored, one fewer is missed, a wrong one is seen.
        siblings.push([1; 32]);
        prop_assert_eq!(walk(total, &given, &siblings), Ok(tree.root()));
        siblings.pop();
        if let Some(last) = siblings.pop() {
            let missed = matches!(walk(total, &given, &siblings), Err(TreeError::Siblings { .. }));
            prop_assert!(missed);
            siblings.push([last[0] ^ 1; 32]);
            prop_assert!(walk(total, &given, &siblings) != Ok(tree.root()));
        }
    }
}

#[test]
fn odd_index_lists_are_refused() {
    let bytes = xof("odd", 8 * 1024);
    let tree = Tree::new(&KEY, &bytes);
    let check = |indices: &[u64], error: TreeError| {
        assert_eq!(tree.open(indices), Err(error.clone()));
        assert_eq!(walk(8, &opened(&bytes, indices), &[[0; 32]; 9]), Err(error));
    };
    check(&[], TreeError::Empty);
    check(&[8], TreeError::Outside { index: 8, total: 8 });
    check(&[1, 1], TreeError::Duplicate(1));
    check(&[2, 1], TreeError::Order(1));
}

/// A tree of any claimed size costs no more than the siblings given.
#[test]
fn huge_trees_are_cheap() {
    let leaves = vec![(u64::MAX - 1, [0; 1024])];
    assert!(matches!(walk(u64::MAX, &leaves, &[]), Err(TreeError::Siblings { .. })));
    assert!(walk(u64::MAX, &leaves, &[[0; 32]; 64]).is_ok());
    assert_eq!(sibling_places(1 << 54, &[0]).unwrap().len(), 54);
}
