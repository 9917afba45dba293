//! What a running miner shows.
//!
//! | module | owns |
//! |---|---|
//! | [`status`] | what there is to show, as data |
//! | [`http`] | the same over HTTP: JSON, events, metrics, a web page, and what somebody wants changed |
//! | [`terminal`] | the same on a terminal: a dashboard, or lines |

pub mod http;
pub mod status;
pub mod terminal;
