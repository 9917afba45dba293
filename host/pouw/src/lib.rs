//! The rules of proof-of-useful-work networks as pure functions: Pearl certificate V3, Amadeus uPoW2.
//!
//! Nothing here does IO, keeps time or knows a cycle. [`tile`] is the golden function, written straight
//! from the rule; everything faster ([`kernel`], [`panel`], [`verify`]) is tested against it.
//!
//! | module | owns |
//! |---|---|
//! | [`digest`], [`tree`] | BLAKE3: batches of small keyed hashes; the keyed tree over 1024-byte leaves and its openings |
//! | [`target`], [`pattern`], [`config`], [`limits`] | the numbers of a job: target and bound, tile shapes, config bytes, legal ranges |
//! | [`matrix`], [`seeds`], [`noise`], [`panel`] | from two matrices and a header to the noised operands a device consumes |
//! | [`kernel`], [`tile`] | the product and the fold: with SIMD, and as the obviously right scalar loop |
//! | [`proof`], [`verify`] | `PlainProof` bytes, and the verdict on them |
//! | [`mine`], [`peel`] | what a miner holds for a job, and the exact product back from the noised one |
//! | [`amadeus`] | the seed-only work unit: attempt, many attempts, solution, Freivalds check |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod amadeus;
mod compression;
pub mod config;
pub mod digest;
pub mod kernel;
pub mod limits;
pub mod matrix;
pub mod mine;
pub mod noise;
pub mod panel;
pub mod pattern;
pub mod peel;
pub mod proof;
pub mod seeds;
pub mod target;
pub mod tile;
pub mod tree;
pub mod verify;

pub use target::U256;
