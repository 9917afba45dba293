//! Choosing a path at run time: the one place where `unsafe` is needed, to call code for a newer processor.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "a function with target features may only run where they exist")
)]

use super::{Folded, Job, NoisedRows, Tile, portable};
use crate::amadeus::attempts::Shared;
use crate::panel::{Group, LANES, STEPS};

/// An implementation of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// AMX for grids of tiles whose chunks are a multiple of 64 steps: 16,384 MACs an instruction; else as VNNI.
    Amx,
    /// AVX-512 with VNNI: 64 MACs an instruction.
    Vnni,
    /// AVX2: widened to 16 bits.
    Avx2,
    /// Plain Rust.
    Portable,
}

impl Path {
    /// Every path, fastest first.
    pub const ALL: [Self; 4] = [Self::Amx, Self::Vnni, Self::Avx2, Self::Portable];

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
            Self::Amx => Self::Vnni.is_available() && super::amx::is_available(),
            #[cfg(not(all(target_arch = "x86_64", target_os = "linux", feature = "std")))]
            Self::Amx => false,
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
            Self::Amx => "AMX",
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
        // To turn a panel costs more than AMX gains on a tile of its own.
        #[cfg(all(target_arch = "x86_64", feature = "std"))]
        Path::Amx | Path::Vnni if path.is_available() => {
            // SAFETY: `is_available` has just found every feature that `vnni::fold` enables; AMX asks for them, too.
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

/// Multiplies and folds a grid with AMX, as [`super::fold_grid`] says; false if this path or machine can't, and then
/// nothing was done.
pub(super) fn run_grid(
    path: Path,
    rows: &[&[Group]],
    lanes: &[&[Group]],
    chunk: usize,
    each: &mut dyn FnMut(Folded<'_>),
) -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
    {
        let length = rows.first().map_or(0, |groups| groups.len());
        let same = rows.iter().all(|groups| groups.len() == length);
        if same && has_grids(path, length, lanes, chunk) {
            let mut turned = |row: usize, lines: &mut [Group]| {
                // SAFETY: `has_grids` has just found AVX-512, which AMX needs.
                unsafe { super::amx::turn(rows[row], lines) };
            };
            // SAFETY: `has_grids` has just found AMX.
            unsafe { super::amx::fold_grid(rows.len(), &mut turned, lanes, chunk, each) };
            return true;
        }
    }
    let _ = (path, rows, lanes, chunk, each);
    false
}

/// As [`run_grid`], of rows whose noise is added on the way.
pub(super) fn run_noised_grid(
    path: Path,
    rows: NoisedRows<'_>,
    lanes: &[&[Group]],
    chunk: usize,
    each: &mut dyn FnMut(Folded<'_>),
) -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
    if has_grids(path, rows.matrix.k() / STEPS, lanes, chunk)
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vbmi")
        && let Some(noised) = super::amx::Lines::new(rows)
    {
        let mut turned = |row: usize, lines: &mut [Group]| {
            // SAFETY: every feature that it enables has just been found.
            unsafe { noised.write(row, lines) };
        };
        // SAFETY: `has_grids` has just found AMX.
        unsafe { super::amx::fold_grid(rows.count, &mut turned, lanes, chunk, each) };
        return true;
    }
    let _ = (path, rows, lanes, chunk, each);
    false
}

/// MACs of so many turns of the multiplying unit with nothing else to do: what a kernel's speed is a part of. `None` but for
/// AMX, whose unit does as much in a cycle whatever shares the core.
#[must_use]
pub fn products_alone(path: Path, turns: u32) -> Option<u64> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
    if path == Path::Amx && path.is_available() {
        // SAFETY: `is_available` has just found AMX.
        unsafe { super::amx::products_alone(turns.into()) };
        return Some(u64::from(turns) * 4 * 16_384);
    }
    let _ = (path, turns);
    None
}

/// Whether this path and machine multiply grids of panels of so many groups.
#[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
fn has_grids(path: Path, length: usize, lanes: &[&[Group]], chunk: usize) -> bool {
    let fits = |groups: usize| groups > 0 && groups.is_multiple_of(super::amx::BLOCK);
    path == Path::Amx
        && lanes.iter().all(|groups| groups.len() == length)
        && fits(length)
        && fits(chunk)
        && path.is_available()
}

/// Blocks of an attempt that AMX multiplies at once, 2 KB each: to set its registers up takes as long as some blocks.
#[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
const AMX_BATCH: usize = 16;
/// The same of VNNI.
#[cfg(all(target_arch = "x86_64", feature = "std"))]
const VNNI_BATCH: usize = 5;

/// A * B of one nonce at the network's K, from what nonces share; `None` without AVX-512's byte permutes
/// and VNNI.
pub(crate) fn seeded_product(shared: &Shared, message: &[u32; 16]) -> Option<Tile> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
    if has_seeded_product() && Path::Amx.is_available() {
        // SAFETY: AMX, and every feature that `xof::product` enables, has just been found.
        return Some(unsafe {
            super::xof::product::<AMX_BATCH>(shared, message, |sums, blocks| {
                super::amx::add_seeded(sums, blocks);
            })
        });
    }
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    if has_seeded_product() {
        // SAFETY: every feature that `xof::product` and `xof::add_seeded` enable has just been found.
        return Some(unsafe {
            super::xof::product::<VNNI_BATCH>(shared, message, |sums, blocks| {
                super::xof::add_seeded(sums, blocks);
            })
        });
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
