//! The client of a node of Amadeus, ours or another.
//!
//! | module | owns |
//! |---|---|
//! | [`node`], `pace` | its `/api/upow` calls; when it may be called |
//! | [`verdict`] | what it says of a solution |

pub mod node;
mod pace;
pub mod verdict;
