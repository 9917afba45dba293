//! Where work comes from and where shares go.
//!
//! | module | owns |
//! |---|---|
//! | [`share_log`] | every share, what was said to it, and which device's work it is, over crashes and full disks |
//! | [`expected`] | what a share or a hit is worth in MACs |
//! | [`chain`] | the logs' lines: JSON, each chained to the one before |
//! | [`files`] | whole files that are there or not, and nothing between |
//! | [`work`] | what a source hands out, and what it gets back |

pub mod chain;
pub mod expected;
pub mod files;
pub mod share_log;
pub mod work;
