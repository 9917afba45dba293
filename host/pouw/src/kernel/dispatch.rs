//! Choosing a path at run time: the one place where `unsafe` is needed, to call code for a newer processor.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "a function with target features may only run where they exist")
)]

use super::{Job, Tile, portable};
use crate::amadeus::attempts::Shared;
use crate::panel::{Group, LANES, STEPS};

/// An implementation of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// AVX-512 with VNNI: 64 MACs an instruction.
    Vnni,
    /// AVX2: widened to 16 bits.
    Avx2,
    /// Plain Rust.
    Portable,
}

impl Path {
    /// Every path, fastest first.
    pub const ALL: [Self; 3] = [Self::Vnni, Self::Avx2, Self::Portable];

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(all(target_arch = "x86_64", feature = "std"))]
            Self::Vnni => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(all(target_arch = "x86_64", feature = "std"))]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
            Self::Vnni | Self::Avx2 => false,
            Self::Portable => true,
        }
    }

    /// What it uses, for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Vnni => "AVX-512 VNNI",
            Self::Avx2 => "AVX2",
            Self::Portable => "no SIMD of its own",
        }
    }

    /// The fastest path of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|path| path.is_available()).unwrap_or(Self::Portable)
    }
}

/// Runs a job on a path, or on the portable one where the path is missing.
pub(super) fn run(path: Path, job: Job<'_>, words: &mut [u32]) -> Tile {
    match path {
        #[cfg(all(target_arch = "x86_64", feature = "std"))]
        Path::Vnni if path.is_available() => {
            // SAFETY: `is_available` has just found every feature that `vnni::fold` enables.
            unsafe { super::vnni::fold(job, words) }
        }
        #[cfg(all(target_arch = "x86_64", feature = "std"))]
        Path::Avx2 if path.is_available() => {
            // SAFETY: `is_available` has just found AVX2, the feature that `avx2::fold` enables.
            unsafe { super::avx2::fold(job, words) }
        }
        _ => portable::fold(job, words),
    }
}

/// A * B of one nonce at the network's K, from what nonces share; `None` without AVX-512's byte permutes
/// and VNNI.
pub(crate) fn seeded_product(shared: &Shared, message: &[u32; 16]) -> Option<Tile> {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    if has_seeded_product() {
        // SAFETY: every feature that `xof::product` enables has just been found.
        return Some(unsafe { super::xof::product(shared, message) });
    }
    let _ = (shared, message);
    None
}

/// Whether [`seeded_product`] gives one.
pub(crate) fn has_seeded_product() -> bool {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    let has = Path::Vnni.is_available() && std::arch::is_x86_feature_detected!("avx512vbmi");
    #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
    let has = false;
    has
}

/// Adds the difference of two columns to each of a group's four steps.
#[inline]
pub(super) fn add_differences(group: &mut Group, four: [[&[i8; LANES]; 2]; STEPS]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 is part of every x86-64.
    unsafe {
        super::noise::add_differences(group, four);
    }
    #[cfg(not(target_arch = "x86_64"))]
    super::noise::add_differences(group, four);
}
