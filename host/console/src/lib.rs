//! What a running miner shows.
//!
//! | module | owns |
//! |---|---|
//! | [`status`] | what there is to show, as data |
//! | [`terminal`] | the same on a terminal: a dashboard, or lines |

pub mod status;
pub mod terminal;
