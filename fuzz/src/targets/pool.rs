//! Lines of a Pearl pool, in the object dialect: see `wire` for what must hold.

use gemmine_jobs::source::connection::{Dialect, PoolLogin};

use crate::wire::{Known, check};

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let login =
        PoolLogin { wallet: "prl1bench".into(), worker: "rig".into(), pass: "secret".into() };
    let first = Known { job: "1".into(), context: "1".into() };
    check(&Dialect::Pool(login), &first, bytes);
}
