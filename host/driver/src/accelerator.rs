//! What every link shares: the accelerator at the link's other end, as far as the host knows it.
//!
//! | module | owns |
//! |---|---|
//! | [`identify`] | what the accelerator is, by its first registers |
//! | [`shadow`] | what it has been told: panels, job slots, commits, descriptors |
//! | [`panels`], [`jobs`] | which words hold which panel, which slot which job |
//! | [`refuse`] | what it can't do |
//! | [`scan`], [`answer`] | the words of scans, tiles and completions |
//! | [`counters`] | its counters, read while they count |

pub mod answer;
pub mod counters;
pub mod identify;
pub mod jobs;
pub mod panels;
pub mod refuse;
pub mod scan;
pub mod shadow;
