//! Hits that the host does not confirm.

use gemmine_driver::{DeviceKind, Limits};
use gemmine_hdl::Geometry;
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::matrix::Matrix;

use super::*;

/// Shares that one tile in two meets at k = 2048.
const SHARE_TARGET_EXPONENT: usize = 236;

fn keeper(folder: &std::path::Path) -> Keeper {
    let mut job = GatewayJob::simnet().unwrap();
    let share_target = U256::one() << SHARE_TARGET_EXPONENT;
    job.set_share_target(share_target).unwrap();
    let limits = Limits {
        panels: 1,
        panel_steps: 1,
        memory_steps: 1,
        steps_multiple: 1,
        chunk_steps_min: 1,
        chunk_steps_max: 1,
        queue: 1,
    };
    let identity = Identity {
        name: "liar".into(),
        description: String::new(),
        kind: DeviceKind::Simulation,
        geometry: Some(Geometry::new(4, 4)),
        cert_versions: vec![3],
        engines: 0,
        noise: false,
        version: 0,
        build: 0,
        clock_hz: None,
        limits,
    };
    let store = Store::open(folder, &job).unwrap();
    Keeper::new(job, share_target, 0, &identity, store)
}

fn prepared() -> PreparedJob {
    let values = |step: usize| (0..64 * 2048).map(|i| (i * step % 127) as i8 - 63).collect();
    let (a, bt) =
        (Matrix::new(64, 2048, values(31)).unwrap(), Matrix::new(64, 2048, values(17)).unwrap());
    let header = GatewayJob::simnet().unwrap().header;
    PreparedJob::new(header, MiningConfig::native(2048, 128), a, bt).unwrap()
}

/// What an honest device reports for a tile, and whether it is a hit.
fn honest(prepared: &PreparedJob, (t_row, t_col): (u32, u32)) -> Completion {
    let fold = tile::fold_register(&prepared.fold(t_row, t_col).unwrap().words);
    let ticket = tile::ticket(&prepared.seeds().a, &fold);
    let bound = prepared.bound(Some(U256::one() << SHARE_TARGET_EXPONENT));
    Completion {
        tag: 0,
        cycle: 9,
        ticket,
        hit: target::meets(&ticket, bound),
        tile: None,
        scan: None,
    }
}

#[test]
fn only_what_the_host_confirms_is_stored_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, prepared) = (keeper(folder.path()), prepared());
    let places = || (0..16).map(|tile| (tile / 4 * 16, tile % 4 * 16));
    let hit = places().find(|place| honest(&prepared, *place).hit).unwrap();
    let miss = places().find(|place| !honest(&prepared, *place).hit).unwrap();
    let mut keep = |place, claim: &Claim| keeper.keep(&prepared, 0, place, claim).unwrap();
    let right = honest(&prepared, hit);
    let mut wrong = [right.clone(), right.clone(), honest(&prepared, miss)];
    wrong[0].ticket[0] ^= 1;
    // The ticket of another tile; a hit that is none.
    wrong[1] = honest(&prepared, places().find(|place| *place != hit).unwrap());
    let claims = wrong.map(|completion| Claim { hit: true, ..Claim::of(&completion) });
    // A hit whose ticket nobody said, and one that is kept back.
    let more = [
        (miss, Claim { ticket: None, hit: true, cycle: 0 }),
        (hit, Claim { hit: false, ..Claim::of(&right) }),
    ];
    for (place, claim) in [hit, hit, miss].into_iter().zip(claims).chain(more) {
        let found = keep(place, &claim);
        assert!(matches!(found, Found::Wrong(_)), "{found:?}");
    }
    assert!(!folder.path().join("share-1.b64").exists(), "nothing wrong is stored");
    assert_eq!(keep(miss, &Claim::of(&honest(&prepared, miss))), Found::Miss);
    assert!(matches!(keep(hit, &Claim::of(&right)), Found::Share { .. }));
    for known in [Claim::of(&right), Claim { ticket: None, ..Claim::of(&right) }] {
        assert_eq!(keep(hit, &known), Found::Known);
    }
    assert!(!folder.path().join("share-2.b64").exists(), "nothing is stored twice");
}
