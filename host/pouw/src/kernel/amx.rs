//! AMX: `tdpbssd` multiplies 16 rows of 64 steps by 64 steps of 16 lanes, 16,384 MACs an instruction.
//!
//! For the lanes a panel is what a tile register wants: 16 groups, one a row of the register. For the rows it has to be
//! turned, so that a row of the register is a lane's 64 steps; that costs as much as a product of 16 tiles and
//! is done once a grid.
//!
//! A grid is multiplied by blocks of four panels a side, chunk by chunk, so that a chunk's operands and the sixteen
//! sums are in the first cache: all of an operand comes from the second one once for four products. In a block two panels
//! a side at a time: each of four accumulators waits for its last product while the three others go on, and what is
//! loaded is used twice. For its word a chunk's accumulators go to memory, and are read back while the next four are
//! multiplied. What is in the way of more is said in `benches/README.md`, with what the unit does alone ([`limit`]).
#![expect(unsafe_code, reason = "the compiler has no stable functions for tile registers")]

mod limit;
mod lines;

use core::arch::asm;
use core::arch::x86_64::*;
use std::sync::OnceLock;

use safe_unaligned_simd::x86_64 as mem;

use super::xof::Operands;
use super::{Folded, Tile};
use crate::panel::{Group, LANES};

pub(super) use limit::products_alone;
pub(super) use lines::Lines;

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

impl Four {
    const ZERO: Self = Self([[[0; LANES]; LANES]; 4]);
}

/// Pairs of panels a side of a block.
const PAIRS: usize = 2;
/// Panels of rows that go by while the lanes go by once: with k = 2048 half a megabyte, which the second cache holds.
const ROWS: usize = 16;

/// Multiplies so many panels of rows by every panel of lanes, all signed and of the same length, a multiple of
/// [`BLOCK`] as `chunk` is; gives each product and its words to `each`. `turned` writes a panel of rows as rows of tile
/// registers: line 16 x + i has steps 64 x to 64 x + 63 of row i.
///
/// # Safety
///
/// [`is_available`] must have said so.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn fold_grid(
    rows: usize,
    turned: &mut dyn FnMut(usize, &mut [Group]),
    lanes: &[&[Group]],
    chunk: usize,
    each: &mut dyn FnMut(Folded<'_>),
) {
    // SAFETY: by the caller's word.
    let configured = unsafe { Configured::new() };
    let mut block = Block::default();
    let length = lanes.first().map_or(0, |groups| groups.len()).max(1);
    let mut lines = vec![Group::ZERO; rows.min(ROWS) * length];
    for from in (0..rows).step_by(ROWS) {
        let lines = &mut lines[..(rows - from).min(ROWS) * length];
        for (row, lines) in (from..).zip(lines.chunks_mut(length)) {
            turned(row, lines);
        }
        let turned: Vec<&[Group]> = lines.chunks(length).collect();
        for (j, b) in lanes.chunks(2 * PAIRS).enumerate() {
            for (i, a) in turned.chunks(2 * PAIRS).enumerate() {
                block.multiply(&configured, a, b, chunk);
                block.tell([from + 2 * PAIRS * i, 2 * PAIRS * j], [a.len(), b.len()], each);
            }
        }
    }
}

/// The products of up to `2 * PAIRS` panels a side.
struct Block {
    sums: [Four; PAIRS * PAIRS],
    /// For each product a line of 16 words a chunk, whose XOR is the chunk's word.
    folds: Vec<Group>,
    /// Chunks that have a word.
    whole: usize,
    words: Vec<u32>,
    /// What is read and written where there is nothing to fold.
    idle: (Four, [Group; 4]),
}

impl Default for Block {
    fn default() -> Self {
        Self {
            sums: [Four::ZERO; PAIRS * PAIRS],
            folds: Vec::new(),
            whole: 0,
            words: Vec::new(),
            idle: (Four::ZERO, [Group::ZERO; 4]),
        }
    }
}

/// Four sums that are to be folded, and where their lines go: each so many bytes behind the one before.
#[derive(Clone, Copy)]
struct Fold {
    sums: *const Four,
    lines: *mut Group,
    stride: usize,
}

impl Block {
    /// All sums and lines of these panels.
    #[target_feature(enable = "avx512f")]
    fn multiply(&mut self, _: &Configured, a: &[&[Group]], b: &[&[Group]], chunk: usize) {
        let groups = a.iter().chain(b).map(|groups| groups.len()).min().unwrap_or(0);
        let blocks = groups / BLOCK;
        let chunk = chunk / BLOCK;
        self.whole = blocks.checked_div(chunk).unwrap_or(0);
        self.folds.resize(4 * self.sums.len() * self.whole, Group::ZERO);
        self.sums = [Four::ZERO; PAIRS * PAIRS];
        let idle = Fold {
            sums: &raw const self.idle.0,
            lines: self.idle.1.as_mut_ptr(),
            stride: size_of::<Group>(),
        };
        let (sums, folds) = (self.sums.as_mut_ptr(), self.folds.as_mut_ptr());
        // The four before, whose lines are made meanwhile.
        let mut before = idle;
        let mut from = 0;
        while from < blocks {
            // What is left behind the last whole chunk has no word.
            let number = from.checked_div(chunk).filter(|&number| number < self.whole);
            let count = if number.is_some() { chunk } else { blocks - from };
            let first = from * BLOCK;
            for (i, a) in a.chunks(2).enumerate() {
                for (j, b) in b.chunks(2).enumerate() {
                    let at = PAIRS * i + j;
                    let operands = [a[0], a[a.len() - 1], b[0], b[b.len() - 1]].map(|groups| {
                        groups[first..groups.len().min(first + count * BLOCK)].as_ptr()
                    });
                    let sums = sums.wrapping_add(at);
                    // SAFETY: there is a `Configured`; every operand has `count` blocks from here on, of 1024 bytes;
                    // `before` is `idle` or has the sums and lines of this block, and nobody else has them now.
                    unsafe { add(operands, count, sums, before) };
                    before = match number {
                        Some(number) => Fold {
                            sums,
                            lines: folds.wrapping_add(4 * at * self.whole + number),
                            stride: self.whole * size_of::<Group>(),
                        },
                        None => idle,
                    };
                }
            }
            from += count;
        }
        // SAFETY: as above; no block is multiplied, so no operand is read.
        unsafe { fold(before) };
    }

    /// Gives what was multiplied to `each`: so many panels a side, from these ones on.
    #[target_feature(enable = "avx512f")]
    fn tell(&mut self, first: [usize; 2], panels: [usize; 2], each: &mut dyn FnMut(Folded<'_>)) {
        for row in 0..panels[0] {
            for lane in 0..panels[1] {
                let (at, of) = (PAIRS * (row / 2) + lane / 2, 2 * (row % 2) + lane % 2);
                let lines = &self.folds[(4 * at + of) * self.whole..][..self.whole];
                self.words.clear();
                for lines in lines.chunks(16) {
                    self.words.extend_from_slice(&xors(lines)[..lines.len()]);
                }
                let tile = &self.sums[at].0[of];
                each(Folded { a: first[0] + row, b: first[1] + lane, tile, words: &self.words });
            }
        }
    }
}

/// The XOR of the 16 words of each line, of 16 at most.
#[target_feature(enable = "avx512f")]
fn xors(lines: &[Group]) -> [u32; 16] {
    let mut v = [_mm512_setzero_si512(); 16];
    for (v, line) in v.iter_mut().zip(lines) {
        *v = mem::_mm512_loadu_si512(&line.0);
    }
    // Words of two lines side by side, half as many of each; then of four, of eight and of sixteen.
    let pairs: [_; 8] = core::array::from_fn(|i| {
        let [a, b] = [v[2 * i], v[2 * i + 1]];
        _mm512_xor_si512(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b))
    });
    let fours: [_; 4] = core::array::from_fn(|i| {
        let [a, b] = [pairs[2 * i], pairs[2 * i + 1]];
        _mm512_xor_si512(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b))
    });
    let halve = |a, b| {
        let [even, odd] = [_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b)];
        _mm512_xor_si512(even, odd)
    };
    let all = halve(halve(fours[0], fours[1]), halve(fours[2], fours[3]));
    let mut words = [0; 16];
    mem::_mm512_storeu_si512(&mut words, all);
    words
}

/// Adds `blocks` blocks, one at least, of rows 0 and 1 and lanes 0 and 1 to four products, and folds others meanwhile.
///
/// # Safety
///
/// The tile registers must be configured, every operand must have `blocks` blocks of 16 groups; `sums` and `before`
/// must be there, and nobody else's. They may be the same sums: those are read before they are written.
#[target_feature(enable = "avx512f")]
unsafe fn add(operands: [*const Group; 4], blocks: usize, sums: *mut Four, before: Fold) {
    // SAFETY: by the caller's word for what is read and written; both loops end, as `blocks` is not zero. Every register
    // that is written is named.
    unsafe {
        asm!(
            "tileloadd tmm4, [{a0} + {row}]",
            "tileloadd tmm6, [{b0} + {row}]",
            "tileloadd tmm0, [{sums} + {row}]",
            "tdpbssd tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {row}]",
            "tileloadd tmm1, [{sums} + {row} + 1024]",
            "tdpbssd tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a1} + {row}]",
            "tileloadd tmm2, [{sums} + {row} + 2048]",
            "tdpbssd tmm2, tmm5, tmm6",
            "tileloadd tmm3, [{sums} + {row} + 3072]",
            "tdpbssd tmm3, tmm5, tmm7",
            // Rows of a product, two XORs at a time.
            "xor {n:e}, {n:e}",
            "4:",
            "vmovdqa64 zmm0, [{before} + {n}]",
            "vmovdqa64 zmm1, [{before} + {n} + 64]",
            "vpxord zmm0, zmm0, [{before} + {n} + 128]",
            "vpxord zmm1, zmm1, [{before} + {n} + 192]",
            "vpxord zmm0, zmm0, [{before} + {n} + 256]",
            "vpxord zmm1, zmm1, [{before} + {n} + 320]",
            "vpxord zmm0, zmm0, [{before} + {n} + 384]",
            "vpxord zmm1, zmm1, [{before} + {n} + 448]",
            "vpxord zmm0, zmm0, [{before} + {n} + 512]",
            "vpxord zmm1, zmm1, [{before} + {n} + 576]",
            "vpxord zmm0, zmm0, [{before} + {n} + 640]",
            "vpxord zmm1, zmm1, [{before} + {n} + 704]",
            "vpxord zmm0, zmm0, [{before} + {n} + 768]",
            "vpxord zmm1, zmm1, [{before} + {n} + 832]",
            "vpxord zmm0, zmm0, [{before} + {n} + 896]",
            "vpxord zmm1, zmm1, [{before} + {n} + 960]",
            "vpxord zmm0, zmm0, zmm1",
            "vmovdqa64 [{lines}], zmm0",
            "add {lines}, {stride}",
            "add {n}, 1024",
            "cmp {n}, 4096",
            "jne 4b",
            "dec {blocks}",
            "jz 5f",
            "3:",
            "add {a0}, 1024",
            "add {b0}, 1024",
            "add {a1}, 1024",
            "add {b1}, 1024",
            "tileloadd tmm4, [{a0} + {row}]",
            "tileloadd tmm6, [{b0} + {row}]",
            "tdpbssd tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {row}]",
            "tdpbssd tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a1} + {row}]",
            "tdpbssd tmm2, tmm5, tmm6",
            "tdpbssd tmm3, tmm5, tmm7",
            "dec {blocks}",
            "jnz 3b",
            "5:",
            "tilestored [{sums} + {row}], tmm0",
            "tilestored [{sums} + {row} + 1024], tmm1",
            "tilestored [{sums} + {row} + 2048], tmm2",
            "tilestored [{sums} + {row} + 3072], tmm3",
            row = in(reg) 64_usize,
            a0 = inout(reg) operands[0] => _,
            a1 = inout(reg) operands[1] => _,
            b0 = inout(reg) operands[2] => _,
            b1 = inout(reg) operands[3] => _,
            blocks = inout(reg) blocks => _,
            sums = in(reg) sums,
            before = in(reg) before.sums,
            lines = inout(reg) before.lines => _,
            stride = in(reg) before.stride,
            n = out(reg) _,
            out("zmm0") _, out("zmm1") _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// Folds four products.
///
/// # Safety
///
/// They and their lines must be there, and nobody else's.
#[target_feature(enable = "avx512f")]
unsafe fn fold(four: Fold) {
    // SAFETY: by the caller's word.
    let sums = unsafe { &*four.sums };
    for (at, tile) in sums.0.iter().enumerate() {
        let mut line = _mm512_setzero_si512();
        for row in tile {
            line = _mm512_xor_si512(line, mem::_mm512_loadu_si512(row));
        }
        let mut bytes = Group::ZERO;
        mem::_mm512_storeu_si512(&mut bytes.0, line);
        // SAFETY: by the caller's word there are four lines, each a stride behind the one before.
        unsafe { four.lines.byte_add(at * four.stride).write(bytes) };
    }
}

/// Groups as rows of tile registers: line 16 x + i has the steps of lane i that are in groups 16 x to 16 x + 15.
#[target_feature(enable = "avx512f")]
pub(super) fn turn(groups: &[Group], lines: &mut [Group]) {
    let blocks = groups.as_chunks::<BLOCK>().0.iter();
    for (block, lines) in blocks.zip(lines.as_chunks_mut::<BLOCK>().0) {
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
        for (line, row) in lines.iter_mut().zip(rows) {
            mem::_mm512_storeu_si512(&mut line.0, row);
        }
    }
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
