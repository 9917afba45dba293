//! The rules that a proof can break, each with a stable name and a message.

use crate::limits::LimitError;
use crate::matrix::MatrixError;
use crate::noise::Side;
use crate::pattern::PatternError;
use crate::proof::DecodeError;
use crate::target::U256;
use crate::tree::TreeError;

/// The first rule that a proof breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not a dense proof with whole leaves.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A parameter, or the certificate version, is out of range.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A dimension is zero, or larger than its field.
    #[error("{name} = {found}, expected 1 to {max}")]
    Dimension {
        /// The field.
        name: &'static str,
        /// The value seen.
        found: u64,
        /// The largest that fits.
        max: u64,
    },
    /// The tree is not the matrix's size.
    #[error("{}: {found} leaves, the matrix has {expected}", side_name(*.side))]
    LeafCount {
        /// A or B.
        side: Side,
        /// The claim.
        found: u64,
        /// What the dimensions give.
        expected: u64,
    },
    /// Not one index for every leaf.
    #[error("{}: {indices} leaf indices for {leaves} leaves", side_name(*.side))]
    LeafIndices {
        /// A or B.
        side: Side,
        /// Indices given.
        indices: usize,
        /// Leaves given.
        leaves: usize,
    },
    /// A row outside the matrix.
    #[error("{}: row {row} is outside a matrix of {rows} rows", side_name(*.side))]
    Row {
        /// A or B.
        side: Side,
        /// The row.
        row: u64,
        /// m or n.
        rows: u64,
    },
    /// The rows are not a tile's.
    #[error("{}: {error}", side_name(*.side))]
    Pattern {
        /// A or B.
        side: Side,
        /// What is wrong with them.
        error: PatternError,
    },
    /// A tile must not start here.
    #[error("{}: tile starts at {offset}, which its pattern does not allow", side_name(*.side))]
    Offset {
        /// A or B.
        side: Side,
        /// The first row.
        offset: u32,
    },
    /// A needed leaf is missing.
    #[error("{}: row {row} needs leaf {leaf}, which is not opened", side_name(*.side))]
    Cover {
        /// A or B.
        side: Side,
        /// The row.
        row: u64,
        /// The leaf.
        leaf: u64,
    },
    /// The opening leads nowhere.
    #[error("{}: {error}", side_name(*.side))]
    Tree {
        /// A or B.
        side: Side,
        /// Why.
        error: TreeError,
    },
    /// The opening leads to another root.
    #[error("{}: the opened leaves do not lead to the claimed root", side_name(*.side))]
    Root {
        /// A or B.
        side: Side,
    },
    /// A value outside [-64, 64]; its row is counted within the strip.
    #[error("{}: {error}", side_name(*.side))]
    Value {
        /// A or B.
        side: Side,
        /// The value and its place.
        error: MatrixError,
    },
    /// The ticket is above the bound.
    #[error("ticket {ticket:064x} is above the bound {bound:064x}")]
    Bound {
        /// The ticket as a number.
        ticket: U256,
        /// The bound.
        bound: U256,
    },
}

impl Refusal {
    /// A stable name of the rule, with the side where there is one: `root-a`, `values-b`, `bound`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Decode(DecodeError::LeafLength { .. }) => "leaf-length",
            Self::Decode(DecodeError::Moe) => "moe",
            Self::Decode(_) => "deserialise",
            Self::Limit(limit) => limit.rule(),
            Self::Dimension { .. } => "dimensions",
            Self::LeafCount { side, .. } => by_side(*side, "leaf-count-a", "leaf-count-b"),
            Self::LeafIndices { side, .. } => by_side(*side, "leaf-index-a", "leaf-index-b"),
            Self::Row { side, .. } => by_side(*side, "rows-a", "rows-b"),
            Self::Pattern { side, .. } => by_side(*side, "pattern-a", "pattern-b"),
            Self::Offset { side, .. } => by_side(*side, "offset-a", "offset-b"),
            Self::Cover { side, .. } => by_side(*side, "cover-a", "cover-b"),
            Self::Tree { side, error: TreeError::Siblings { .. } } => {
                by_side(*side, "siblings-a", "siblings-b")
            }
            Self::Tree { side, .. } => by_side(*side, "leaf-index-a", "leaf-index-b"),
            Self::Root { side } => by_side(*side, "root-a", "root-b"),
            Self::Value { side, .. } => by_side(*side, "values-a", "values-b"),
            Self::Bound { .. } => "bound",
        }
    }

    /// Whether the bytes could not be read at all, as opposed to a proof that breaks a rule.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Decode(
                DecodeError::Truncated { .. }
                    | DecodeError::Trailing(_)
                    | DecodeError::OptionTag(_)
            )
        )
    }
}

const fn by_side(side: Side, a: &'static str, b: &'static str) -> &'static str {
    match side {
        Side::A => a,
        Side::B => b,
    }
}

const fn side_name(side: Side) -> &'static str {
    by_side(side, "A", "B transposed")
}
