//! What a running miner shows.
//!
//! | module | owns |
//! |---|---|
//! | [`status`] | what there is to show, as data |

pub mod status;
