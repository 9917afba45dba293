//! AMX: `tdpbssd` multiplies 16 rows of 64 steps by 64 steps of 16 lanes, 16,384 MACs an instruction.
//!
//! For the lanes a panel is what a tile register wants: 16 groups, one a row of the register. For the rows it has to be
//! turned, so that a row of the register is a lane's 64 steps; that costs as much as a product of 16 tiles and
//! is done once a grid.
//!
//! Two panels a side are multiplied at a time: each of the four accumulators waits for its last product while
//! the three others go on, and every operand that is loaded is used twice. For its word a chunk's accumulators
//! go to memory and are read back, in the shadow of the next chunk's products.
#![expect(unsafe_code, reason = "the compiler has no stable functions for tile registers")]

use core::arch::asm;
use core::arch::x86_64::*;
use std::sync::OnceLock;

use safe_unaligned_simd::x86_64 as mem;

use super::xof::Operands;
use super::{Folded, Tile};
use crate::panel::{Group, LANES};

/// Groups that fill a tile register.
pub(super) const BLOCK: usize = 16;

/// Whether the processor has AMX with bytes, and the system lets this process use it.
pub(super) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let has_leaf = __cpuid(0).eax >= 7;
        let (tiles, bytes) = (1 << 24, 1 << 25);
        has_leaf
            && __cpuid_count(7, 0).edx & (tiles | bytes) == tiles | bytes
            && std::arch::is_x86_feature_detected!("avx512f")
            && permitted()
    })
}

/// Asks the system for the tile registers' state; each process has to.
fn permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: i32 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    // SAFETY: this call of the system takes two numbers and touches no memory of the process.
    let answer =
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) };
    answer == 0
}

/// The tile registers of this thread while they are in use: eight, of 16 rows of 64 bytes.
struct Configured;

impl Configured {
    /// # Safety
    ///
    /// [`is_available`] must have said so.
    unsafe fn new() -> Self {
        #[repr(C, align(64))]
        struct Palette([u8; 64]);
        let mut palette = Palette([0; 64]);
        palette.0[0] = 1;
        for register in 0..8 {
            palette.0[16 + 2 * register] = 64;
            palette.0[48 + register] = 16;
        }
        // SAFETY: the processor has the instruction by the caller's word, and reads the 64 bytes it is given.
        unsafe {
            asm!("ldtilecfg [{palette}]", palette = in(reg) &palette, options(nostack, readonly));
        }
        Self
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: there is a `Configured` only where the processor has these instructions.
        unsafe { asm!("tilerelease", options(nomem, nostack)) }
    }
}

/// Four products: rows 0 by lanes 0, rows 0 by lanes 1, rows 1 by lanes 0, rows 1 by lanes 1.
#[repr(C, align(64))]
struct Four([Tile; 4]);

/// Multiplies every panel of rows by every panel of lanes, all signed and of the same length, a multiple of
/// [`BLOCK`] as `chunk` is; gives each product and its words to `each`.
///
/// # Safety
///
/// [`is_available`] must have said so.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn fold_grid(
    rows: &[&[Group]],
    lanes: &[&[Group]],
    chunk: usize,
    each: &mut dyn FnMut(Folded<'_>),
) {
    let turned: Vec<Vec<Group>> = rows.iter().map(|groups| turn(groups)).collect();
    // SAFETY: by the caller's word.
    let configured = unsafe { Configured::new() };
    let mut words = Vec::new();
    let mut folds = Vec::new();
    let mut sums = Four([[[0; LANES]; LANES]; 4]);
    // A pair of rows stays in the nearest cache for all of its products, if there are few; so lanes come once.
    for (j, b) in lanes.chunks(2).enumerate() {
        for (i, a) in turned.chunks(2).enumerate() {
            sums.0.as_flattened_mut().as_flattened_mut().fill(0);
            folds.clear();
            let a = [a[0].as_slice(), a[a.len() - 1].as_slice()];
            multiply(&configured, a, [b[0], b[b.len() - 1]], chunk, &mut sums, &mut folds);
            for (at, tile) in sums.0.iter().enumerate() {
                let (row, lane) = (2 * i + at / 2, 2 * j + at % 2);
                if row < rows.len() && lane < lanes.len() {
                    words.clear();
                    words.extend(folds.iter().map(|four: &[Group; 4]| xor(&four[at])));
                    each(Folded { a: row, b: lane, tile, words: &words });
                }
            }
        }
    }
}

/// The XOR of a line's 16 words.
fn xor(line: &Group) -> u32 {
    let words = line.0.as_chunks::<4>().0;
    words.iter().fold(0, |all, word| all ^ u32::from_le_bytes(word.map(i8::cast_unsigned)))
}

/// Adds to four products; for each of them 16 words a chunk, whose XOR is the chunk's word.
#[target_feature(enable = "avx512f")]
fn multiply(
    _: &Configured,
    a: [&[Group]; 2],
    b: [&[Group]; 2],
    chunk: usize,
    sums: &mut Four,
    folds: &mut Vec<[Group; 4]>,
) {
    let groups = a.iter().chain(&b).map(|groups| groups.len()).min().unwrap_or(0);
    let blocks = groups / BLOCK;
    let chunk = chunk / BLOCK;
    let whole = blocks.checked_div(chunk).unwrap_or(0);
    folds.resize(whole, [Group::ZERO; 4]);
    let at = |from: usize| {
        let from = from * BLOCK;
        ([&a[0][from..groups], &a[1][from..groups]], [&b[0][from..groups], &b[1][from..groups]])
    };
    if whole > 0 {
        let (a, b) = at(0);
        // SAFETY: there is a `Configured`; every operand has `whole * chunk` blocks of 1024 bytes.
        unsafe { chunks(a, b, chunk, whole, sums, folds.as_mut_ptr()) }
    }
    let rest = blocks - whole * chunk;
    if rest > 0 {
        let mut nobody_wants = [[Group::ZERO; 4]];
        let (a, b) = at(whole * chunk);
        // SAFETY: there is a `Configured`; every operand has `rest` blocks from here on.
        unsafe { chunks(a, b, rest, 1, sums, nobody_wants.as_mut_ptr()) }
    }
}

/// `count` chunks of `blocks` blocks; both are at least one.
///
/// # Safety
///
/// The tile registers must be configured, every operand must have `count * blocks` blocks of 16 groups, and
/// `folds` must have room for `count`.
#[target_feature(enable = "avx512f")]
unsafe fn chunks(
    a: [&[Group]; 2],
    b: [&[Group]; 2],
    blocks: usize,
    count: usize,
    sums: &mut Four,
    folds: *mut [Group; 4],
) {
    // SAFETY: by the caller's word for what is read and `folds`; `sums` has the 4096 bytes that are read and written. Both
    // loops end, as their counts begin above zero. Every register that is written is named.
    unsafe {
        asm!(
            "tileloadd tmm0, [{sums} + {row}]",
            "tileloadd tmm1, [{sums} + {row} + 1024]",
            "tileloadd tmm2, [{sums} + {row} + 2048]",
            "tileloadd tmm3, [{sums} + {row} + 3072]",
            "2:",
            "mov {n}, {blocks}",
            "3:",
            "tileloadd tmm4, [{a0} + {row}]",
            "tileloadd tmm6, [{b0} + {row}]",
            "tdpbssd tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {row}]",
            "tdpbssd tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a1} + {row}]",
            "tdpbssd tmm2, tmm5, tmm6",
            "tdpbssd tmm3, tmm5, tmm7",
            "add {a0}, 1024",
            "add {a1}, 1024",
            "add {b0}, 1024",
            "add {b1}, 1024",
            "dec {n}",
            "jnz 3b",
            "tilestored [{sums} + {row}], tmm0",
            "tilestored [{sums} + {row} + 1024], tmm1",
            "tilestored [{sums} + {row} + 2048], tmm2",
            "tilestored [{sums} + {row} + 3072], tmm3",
            // Rows of a product, two XORs at a time; n is 0 here.
            "4:",
            "vmovdqa64 zmm0, [{sums} + {n}]",
            "vmovdqa64 zmm1, [{sums} + {n} + 64]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 128]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 192]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 256]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 320]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 384]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 448]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 512]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 576]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 640]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 704]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 768]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 832]",
            "vpxord zmm0, zmm0, [{sums} + {n} + 896]",
            "vpxord zmm1, zmm1, [{sums} + {n} + 960]",
            "vpxord zmm0, zmm0, zmm1",
            "vmovdqa64 [{folds}], zmm0",
            "add {folds}, 64",
            "add {n}, 1024",
            "cmp {n}, 4096",
            "jne 4b",
            "dec {count}",
            "jnz 2b",
            row = in(reg) 64_usize,
            a0 = inout(reg) a[0].as_ptr() => _,
            a1 = inout(reg) a[1].as_ptr() => _,
            b0 = inout(reg) b[0].as_ptr() => _,
            b1 = inout(reg) b[1].as_ptr() => _,
            blocks = in(reg) blocks,
            count = inout(reg) count => _,
            sums = in(reg) &raw mut *sums,
            folds = inout(reg) folds => _,
            n = out(reg) _,
            out("zmm0") _, out("zmm1") _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// Groups as rows of tile registers: line 16 x + i has the steps of lane i that are in groups 16 x to 16 x + 15.
#[target_feature(enable = "avx512f")]
fn turn(groups: &[Group]) -> Vec<Group> {
    let mut lines = Vec::with_capacity(groups.len());
    for block in groups.as_chunks::<BLOCK>().0 {
        let mut v = [_mm512_setzero_si512(); BLOCK];
        for (v, group) in v.iter_mut().zip(block) {
            *v = mem::_mm512_loadu_si512(&group.0);
        }
        // Words of two neighbours side by side, then of four, of eight and of sixteen.
        let mut w = v;
        for i in 0..8 {
            w[2 * i] = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
            w[2 * i + 1] = _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
        }
        for i in 0..4 {
            let [a, b, c, d] = [w[4 * i], w[4 * i + 1], w[4 * i + 2], w[4 * i + 3]];
            v[4 * i] = _mm512_unpacklo_epi64(a, c);
            v[4 * i + 1] = _mm512_unpackhi_epi64(a, c);
            v[4 * i + 2] = _mm512_unpacklo_epi64(b, d);
            v[4 * i + 3] = _mm512_unpackhi_epi64(b, d);
        }
        // v[4 i + j] has in its quarter q word 4 q + j of groups 4 i to 4 i + 3.
        let mut rows = [_mm512_setzero_si512(); BLOCK];
        for j in 0..4 {
            let [a, b, c, d] = [v[j], v[4 + j], v[8 + j], v[12 + j]];
            let even = [_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0x88>(c, d)];
            let odd = [_mm512_shuffle_i32x4::<0xdd>(a, b), _mm512_shuffle_i32x4::<0xdd>(c, d)];
            rows[j] = _mm512_shuffle_i32x4::<0x88>(even[0], even[1]);
            rows[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even[0], even[1]);
            rows[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd[0], odd[1]);
            rows[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd[0], odd[1]);
        }
        for row in rows {
            let mut line = Group::ZERO;
            mem::_mm512_storeu_si512(&mut line.0, row);
            lines.push(line);
        }
    }
    lines
}

/// Adds 64 steps a block to a product: the sums of signed rows (`b`) by unsigned lanes (`a`).
///
/// # Safety
///
/// [`is_available`] must have said so.
pub(super) unsafe fn add_seeded(transposed: &mut Tile, blocks: &[Operands]) {
    if blocks.is_empty() {
        return;
    }
    // SAFETY: by the caller's word.
    let _configured = unsafe { Configured::new() };
    // SAFETY: the registers are configured; `transposed` has the 1024 bytes that are read and written, every block the
    // 2048 that are read; the loop ends, as there are blocks. Every register that is written is named.
    unsafe {
        asm!(
            "tileloadd tmm0, [{sums} + {row}]",
            "2:",
            "tileloadd tmm1, [{block} + {row} + 1024]",
            "tileloadd tmm2, [{block} + {row}]",
            "tdpbsud tmm0, tmm1, tmm2",
            "add {block}, 2048",
            "dec {count}",
            "jnz 2b",
            "tilestored [{sums} + {row}], tmm0",
            row = in(reg) 64_usize,
            block = inout(reg) blocks.as_ptr() => _,
            count = inout(reg) blocks.len() => _,
            sums = in(reg) &raw mut *transposed,
            out("tmm0") _, out("tmm1") _, out("tmm2") _,
            options(nostack),
        );
    }
}
