//! Where Amadeus jobs come from: a node that somebody names.
//!
//! | module | owns |
//! |---|---|
//! | [`node`], [`pace`] | the client of a node; when it may call |
//! | [`verdict`] | what a node says of a solution |

mod node;
mod pace;
mod verdict;
