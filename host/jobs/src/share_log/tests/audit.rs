//! Real shares, computed again; and logs that contradict themselves.

use gemmine_pouw::amadeus::{self, NONCE_AT, SEED_BYTES};
use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::tile;

use super::*;
use crate::expected::{amadeus_macs, pearl_macs};

/// A share of a product, its target met by any ticket.
fn pearl() -> (Share, Proof) {
    let values = |rows: usize| (0..rows * 2048).map(|index| (index % 61) as i8 - 30).collect();
    let a = Matrix::new(16, 2048, values(16)).unwrap();
    let bt = Matrix::new(32, 2048, values(32)).unwrap();
    let config = MiningConfig::native(2048, 128);
    let mut header = [7; 76];
    header[72..].copy_from_slice(&0x1d00_ffff_u32.to_le_bytes());
    let prepared = PreparedJob::new(Header76(header), config, a, bt).unwrap();
    let golden = prepared.golden(0, 16).unwrap();
    let ticket = tile::ticket(&prepared.seeds().a, &golden.register);
    let mut share = share(1);
    share.share = ShareId(ticket);
    share.meets_network = Some(false);
    share.macs_expected = pearl_macs(gemmine_pouw::U256::MAX, (16, 16), 2048, 128);
    share.work = ShareWork::Pearl {
        header: hex::encode(header),
        share_target: "f".repeat(64),
        m: 16,
        n: 32,
        k: 2048,
        r: 128,
        t_row: 0,
        t_col: 16,
        seed: 0,
        pass: 0,
    };
    (share, Proof::Pearl(prepared.proof(0, 16).unwrap().encode().into()))
}

/// An attempt, with as many leading zero bits as it has.
fn solution() -> (Share, Proof) {
    let mut seed = [3; SEED_BYTES];
    seed[..4].copy_from_slice(&9_u32.to_le_bytes());
    let solution = amadeus::attempt(&seed);
    let mut share = share(3);
    share.share = ShareId(solution.hash);
    share.macs_expected = amadeus_macs(0);
    share.work = ShareWork::Amadeus {
        epoch: 9,
        segment_vr_hash: hex::encode(&seed[4..36]),
        nonce: hex::encode(&seed[NONCE_AT..]),
        bits: 0,
    };
    (share, Proof::Amadeus(solution.bytes.into()))
}

/// What the check says of a share with some fields changed; the log is written as usual.
fn said((share, proof): (Share, Proof), change: impl FnOnce(&mut Share)) -> Result<(), String> {
    let disk = Disk::default();
    let mut log = on(&disk, Options::default());
    let mut changed = share;
    change(&mut changed);
    log.append(Item::share(changed, proof)).unwrap();
    let mut said = Ok(());
    let storage = disk.start_process();
    read(&storage, |_, _, entry| {
        if let Entry::Share(share) = entry {
            said = check_share(&storage, &share);
        }
    })
    .unwrap();
    said
}

#[test]
fn shares_are_verified_again_field_by_field() {
    assert_eq!(said(pearl(), |_| {}), Ok(()));
    assert_eq!(said(solution(), |_| {}), Ok(()));
    let (share, proof) = pearl();
    let ShareWork::Pearl { header: right, .. } = &share.work else { panic!("{share:?}") };
    for field in ["m", "n", "k", "r", "t_row", "t_col", "header", "share_target"] {
        let told = said((share.clone(), proof.clone()), |share| {
            let ShareWork::Pearl { header, share_target, m, n, k, r, t_row, t_col, .. } =
                &mut share.work
            else {
                return;
            };
            match field {
                "m" => *m += 16,
                "n" => *n += 16,
                "k" => *k += 64,
                "r" => *r *= 2,
                "t_row" => *t_row += 16,
                "t_col" => *t_col -= 16,
                "header" => *header = right.replacen("07", "08", 1),
                _ => *share_target = "0".repeat(63) + "1",
            }
        });
        let part = match field {
            "header" => "",
            "share_target" => "ticket",
            field => field,
        };
        assert!(told.clone().unwrap_err().contains(part), "{field}: {told:?}");
    }
    type Change = (&'static str, fn(&mut Share));
    let changes: [Change; 3] = [
        ("share", |share| share.share.0[0] ^= 1),
        ("meets_network", |share| share.meets_network = Some(true)),
        ("macs_expected", |share| share.macs_expected *= 1.01),
    ];
    for (field, change) in changes {
        let message = said(pearl(), change).unwrap_err();
        assert!(message.starts_with(&format!("{field} is ")), "{message}");
    }
    let message = said(solution(), |share| {
        if let ShareWork::Amadeus { nonce, .. } = &mut share.work {
            *nonce = "0".repeat(24);
        }
    });
    assert!(message.unwrap_err().starts_with("nonce is "));
    let (share, _) = solution();
    let message = said((share, proof_of_zeros()), |_| {}).unwrap_err();
    assert!(message.starts_with("product: "), "{message}");
}

fn proof_of_zeros() -> Proof {
    Proof::Amadeus(Box::new([0; SOLUTION_BYTES]))
}

/// The first objection to some entries.
fn objection(items: &[Item], complete: bool) -> Option<String> {
    let mut audit = Audit::new(complete);
    items.iter().find_map(|item| audit.entry(&item.entry).err())
}

fn credit_of(number: u64, hits: u64, macs: f64) -> Item {
    let Entry::Credit(right) = credit(number).entry else { panic!("no credit") };
    Entry::Credit(Credit { hits, macs, ..right }).into()
}

#[test]
fn entries_must_follow_from_those_before() {
    assert_eq!(objection(&session(40), true), None);
    let mut other = sent(1);
    if let Entry::Sent(sent) = &mut other.entry {
        sent.source = "pool9".into();
    }
    let one = share(1).macs_expected;
    for (items, part) in [
        (vec![found(1), found(1)], "already"),
        (vec![found(1), answer(1), answer(1)], "answered after its answer"),
        (vec![found(1), answer(1), sent(1)], "sent after its answer"),
        (vec![answer(1)], "never found"),
        (vec![found(1), other], "is of pool1"),
        (vec![credit_of(1, 0, 1.0)], "1 MACs for 0 hits"),
        (vec![credit_of(1, 2, 0.0)], "0 MACs for 2 hits"),
        (vec![found(1), found(4), credit_of(1, 1, 1.0)], "2 shares of 1 hits"),
        (vec![found(1), credit_of(1, 1, 1.1 * one)], "all of them shares"),
    ] {
        let message = objection(&items, true).unwrap();
        assert!(message.contains(part), "{message}");
    }
    // Enough hits, or what was counted died with its process, or it may be in files that were moved away.
    assert_eq!(objection(&[found(1), found(4), credit_of(1, 2, 2.0 * one)], true), None);
    assert_eq!(objection(&[found(1), start(), credit_of(1, 0, 0.0)], true), None);
    assert_eq!(objection(&[answer(1)], false), None);
    let mut audit = Audit::new(true);
    for item in [found(1), start(), found(4), found(2), credit_of(1, 1, one)] {
        audit.entry(&item.entry).unwrap();
    }
    assert_eq!((audit.uncredited(), audit.pending()), (2, 3));
}

#[test]
fn rows_come_in_order_as_soon_as_they_are_answered() {
    let mut rows = Rows::default();
    let mut seen = Vec::new();
    let items = [found(1), found(2), sent(2), answer(2), sent(1), found(3), answer(1), answer(9)];
    for (at, item) in items.into_iter().enumerate() {
        rows.add(item.entry);
        while let Some(row) = rows.next_answered() {
            assert_eq!(row.answer.as_ref().unwrap().share, row.share.share);
            seen.push((at, number_of(&row.share.share), row.sent));
        }
    }
    assert_eq!(seen, [(6, 1, true), (6, 2, true)]);
    let last = rows.next_any().unwrap();
    assert_eq!((number_of(&last.share.share), last.sent, last.answer), (3, false, None));
    assert_eq!(rows.next_any(), None);
}
