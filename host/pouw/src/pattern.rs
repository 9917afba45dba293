//! Which rows or columns make a tile: three levels of (factor, length).
//!
//! Level i repeats what the inner levels describe `length` times, `stride` apart, where
//! `stride_i = factor_i * (stride_{i-1} * length_{i-1})` and strides start at 1. `0..16` is (1,16),(1,1),(1,1);
//! `[0,8,64,72]` is (8,2),(4,2),(1,1). Every pattern has one spelling only: see [`PatternError`].

use alloc::vec::Vec;

/// Levels of a pattern.
pub const LEVELS: usize = 3;
/// The largest `stride * length` of a level.
pub const MAX_PERIOD: u32 = 1 << 24;
/// Index lists longer than this are refused unread: a legal tile has at most 128 rows or columns.
pub const MAX_LIST: usize = 4096;

/// Why bytes or an index list are not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The list has no index, or too many.
    #[error("index list of length {0}, expected 1 to {MAX_LIST}")]
    Length(usize),
    /// The list does not start at 0; subtract its first index.
    #[error("index list starts at {0}, expected 0")]
    Start(u32),
    /// The list is not strictly increasing.
    #[error("index {at} of the list is not above the one before it, expected increasing indices")]
    Order {
        /// Position in the list.
        at: usize,
    },
    /// No nesting of three levels gives this list.
    #[error("index list is not a pattern of at most {LEVELS} levels")]
    NotNested,
    /// A level after a level of length 1 is not (1, 1).
    #[error("level {level} follows a level of length 1, expected factor 1 and length 1")]
    AfterUnit {
        /// The level, from 0.
        level: usize,
    },
    /// A level of length 1 has a factor, which moves nothing.
    #[error("level {level} has length 1 and a factor above 1, expected factor 1")]
    IdleFactor {
        /// The level, from 0.
        level: usize,
    },
    /// A level other than the first has factor 1: one stride spelt as two.
    #[error("level {level} has factor 1, expected at least 2 (merge it with the level below)")]
    SplitStride {
        /// The level, from 0.
        level: usize,
    },
    /// A factor or length outside 1..=256.
    #[error("level {level} has {value} as factor or length, expected 1 to 256")]
    Range {
        /// The level, from 0.
        level: usize,
        /// The value seen.
        value: u32,
    },
    /// `stride * length` exceeds 2^24.
    #[error("level {level} spans {period} indices, expected at most {MAX_PERIOD}")]
    Period {
        /// The level, from 0.
        level: usize,
        /// Its stride times its length.
        period: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Level {
    factor: u32,
    length: u32,
}

/// A canonical pattern of row or column offsets within a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    levels: [Level; LEVELS],
}

impl Pattern {
    /// Offsets 0..16: the accelerator's native side.
    pub const NATIVE: Self = Self {
        levels: [
            Level { factor: 1, length: 16 },
            Level { factor: 1, length: 1 },
            Level { factor: 1, length: 1 },
        ],
    };

    /// Offsets `0..length`.
    ///
    /// # Errors
    /// [`PatternError::Range`] unless `length` is 1 to 256.
    pub fn contiguous(length: u32) -> Result<Self, PatternError> {
        let unit = Level { factor: 1, length: 1 };
        Self::from_levels([Level { factor: 1, length }, unit, unit])
    }

    /// Reads the six bytes of the config: three pairs (factor - 1, length - 1).
    ///
    /// # Errors
    /// [`PatternError`] when the bytes are not the canonical spelling of a pattern.
    pub fn from_bytes(bytes: [u8; 2 * LEVELS]) -> Result<Self, PatternError> {
        let level = |i: usize| Level {
            factor: u32::from(bytes[2 * i]) + 1,
            length: u32::from(bytes[2 * i + 1]) + 1,
        };
        Self::from_levels([level(0), level(1), level(2)])
    }

    /// The six bytes of the config.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 2 * LEVELS] {
        let mut bytes = [0; 2 * LEVELS];
        for (pair, level) in bytes.chunks_exact_mut(2).zip(&self.levels) {
            // Both are 1 to 256 by construction.
            pair[0] = (level.factor - 1) as u8;
            pair[1] = (level.length - 1) as u8;
        }
        bytes
    }

    /// Finds the pattern of a strictly increasing index list that starts at 0.
    ///
    /// # Errors
    /// [`PatternError`] when no canonical pattern gives exactly this list.
    pub fn from_offsets(offsets: &[u32]) -> Result<Self, PatternError> {
        if offsets.is_empty() || offsets.len() > MAX_LIST {
            return Err(PatternError::Length(offsets.len()));
        }
        if offsets[0] != 0 {
            return Err(PatternError::Start(offsets[0]));
        }
        if let Some(at) = offsets.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(PatternError::Order { at: at + 1 });
        }
        // (stride, length), outermost first.
        let mut found = Vec::new();
        let mut rest = offsets;
        while rest.len() > 1 {
            let period = smallest_period(rest).ok_or(PatternError::NotNested)?;
            if found.len() == LEVELS {
                return Err(PatternError::NotNested);
            }
            found.push((rest[period], (rest.len() / period) as u32));
            rest = &rest[..period];
        }
        let mut levels = [Level { factor: 1, length: 1 }; LEVELS];
        let mut period = 1;
        for (level, (stride, length)) in levels.iter_mut().zip(found.into_iter().rev()) {
            // Widened: only `from_levels` below bounds a period.
            let wide = u64::from(stride);
            if !wide.is_multiple_of(period) {
                return Err(PatternError::NotNested);
            }
            *level = Level { factor: (wide / period) as u32, length };
            period = wide * u64::from(length);
        }
        Self::from_levels(levels)
    }

    /// The offsets, ascending. At most 2^24 of them when read from bytes, 4096 from a list.
    #[must_use]
    pub fn offsets(&self) -> Vec<u32> {
        let mut offsets = alloc::vec![0];
        for (stride, length) in self.strides() {
            let inner = offsets.clone();
            for repeat in 1..length {
                offsets.extend(inner.iter().map(|offset| offset + repeat * stride));
            }
        }
        offsets
    }

    /// How many offsets there are: h for rows, w for columns.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.levels.iter().map(|level| level.length).product()
    }

    /// The largest offset.
    #[must_use]
    pub fn max_offset(&self) -> u32 {
        self.strides().iter().map(|(stride, length)| stride * (length - 1)).sum()
    }

    /// Whether a tile may start at `offset`, so that tiles of this pattern never overlap.
    #[must_use]
    pub fn is_legal_offset(&self, offset: u32) -> bool {
        let mut rest = offset;
        self.strides().iter().rev().all(|&(stride, length)| {
            rest %= stride * length;
            rest < stride
        })
    }

    /// The legal starts of tiles inside `extent` rows or columns, ascending.
    pub fn legal_offsets(&self, extent: u32) -> impl Iterator<Item = u32> + use<> {
        let pattern = *self;
        (0..extent.saturating_sub(self.max_offset())).filter(move |&t| pattern.is_legal_offset(t))
    }

    /// (stride, length) of each level, innermost first.
    fn strides(&self) -> [(u32, u32); LEVELS] {
        let mut period = 1;
        self.levels.map(|level| {
            let stride = level.factor * period;
            period = stride * level.length;
            (stride, level.length)
        })
    }

    fn from_levels(levels: [Level; LEVELS]) -> Result<Self, PatternError> {
        let mut period = 1u64;
        let mut ended = false;
        for (at, level) in levels.iter().enumerate() {
            for value in [level.factor, level.length] {
                if !(1..=256).contains(&value) {
                    return Err(PatternError::Range { level: at, value });
                }
            }
            if ended && (level.factor, level.length) != (1, 1) {
                return Err(PatternError::AfterUnit { level: at });
            }
            ended |= level.length == 1;
            if ended && level.factor != 1 {
                return Err(PatternError::IdleFactor { level: at });
            }
            if !ended && at > 0 && level.factor == 1 {
                return Err(PatternError::SplitStride { level: at });
            }
            period *= u64::from(level.factor) * u64::from(level.length);
            if period > u64::from(MAX_PERIOD) {
                return Err(PatternError::Period { level: at, period });
            }
        }
        Ok(Self { levels })
    }
}

/// The smallest proper divisor p of the length with `list[i + p] = list[i] + list[p]` for all i.
fn smallest_period(list: &[u32]) -> Option<usize> {
    (1..list.len()).filter(|p| list.len().is_multiple_of(*p)).find(|&p| {
        list.iter().zip(&list[p..]).all(|(low, high)| low.checked_add(list[p]) == Some(*high))
    })
}
