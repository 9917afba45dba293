//! Where work comes from and where shares go.
//!
//! | module | owns |
//! |---|---|
//! | [`share_log`] | every share, what was said to it, and which device's work it is, over crashes and full disks |
//! | [`expected`] | what a share or a hit is worth in MACs |
//! | [`chain`] | the logs' lines: JSON, each chained to the one before |
//! | [`files`] | whole files that are there or not, and nothing between |
//! | [`work`] | what a source hands out, and what it gets back |
//! | [`job`] | the object that a Pearl gateway sends as a job |
//! | [`source`] | job sources: protocols as state machines, the threads that run them, which one is worked for |
//! | [`amadeus`] | the client of a node of Amadeus, and a chain of one's own |
//! | `text` | somebody else's words, made safe to show |

pub mod amadeus;
pub mod chain;
pub mod expected;
pub mod files;
pub mod job;
pub mod share_log;
pub mod source;
mod text;
pub mod work;
