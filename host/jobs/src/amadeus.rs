//! The client of a node of Amadeus, ours or another; and a chain of one's own.
//!
//! | module | owns |
//! |---|---|
//! | [`node`], `pace` | its `/api/upow` calls; when it may be called |
//! | [`verdict`] | what it says of a solution |
//! | [`chain`] | a local chain's seeds and verdicts, without clock or IO |

pub mod chain;
pub mod node;
mod pace;
pub mod verdict;
