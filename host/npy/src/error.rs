//! What is wrong with a file that should hold a matrix. Texts end with what to do about it.

use std::io;

use super::{DATA_BYTES_MAX, HEADER_BYTES_MAX, HEADER_DIGITS_MAX};

/// What is wrong with a file that should hold a matrix.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    /// It does not begin as one.
    #[error("it is not a .npy file; write one with numpy.save()")]
    NotNpy(#[source] Option<io::Error>),
    /// Of a version that nobody has written yet.
    #[error(
        "its .npy version is {0}, not 1, 2 or 3; it is not a .npy file; write one with numpy.save()"
    )]
    Version(u8),
    /// A header longer than NumPy reads.
    #[error("its header claims {0} bytes, more than the {HEADER_BYTES_MAX} that NumPy reads")]
    LongHeader(usize),
    /// The file ends too early.
    #[error("it ends inside its header")]
    ShortHeader(#[source] io::Error),
    /// Deeper than a dict with a tuple.
    #[error(
        "its header nests deeper than a plain array's; structured dtypes are not supported, save \
         one int8 or float32 field"
    )]
    Structured,
    /// Numbers that no matrix has.
    #[error(
        "its header's numbers have {0} digits, more than any matrix here ({HEADER_DIGITS_MAX})"
    )]
    Digits(usize),
    /// Not the dict that it should be.
    #[error("its header can't be parsed: {0}")]
    Header(String),
    /// No matrix.
    #[error(
        "its shape {shape:?} (dtype {dtype}) has {} dimensions, not 2; reshape it to a matrix first",
        .shape.len()
    )]
    Dimensions {
        /// What it is.
        shape: Vec<u64>,
        /// Its type.
        dtype: String,
    },
    /// Of another type.
    #[error(
        "its dtype is {dtype} (shape {rows} x {columns}), not {wanted}; convert it with \
         .astype('int8') or .astype('float32')"
    )]
    Type {
        /// Its type.
        dtype: String,
        /// Its rows.
        rows: u64,
        /// Its columns.
        columns: u64,
        /// What it could be.
        wanted: &'static str,
    },
    /// Too large.
    #[error(
        "its shape {rows} x {columns} (dtype {dtype}) has {data_bytes} bytes of data, more than \
         the limit of {DATA_BYTES_MAX}; split it into smaller matrices"
    )]
    Large {
        /// Its rows.
        rows: u64,
        /// Its columns.
        columns: u64,
        /// Its type.
        dtype: String,
        /// What they come to.
        data_bytes: u64,
    },
    /// More or less behind the header than that says.
    #[error(
        "its shape {rows} x {columns} (dtype {dtype}) needs {data_bytes} bytes of data, but {found} \
         follow the header; the file is truncated or not what it says, write it again"
    )]
    Length {
        /// Its rows.
        rows: u64,
        /// Its columns.
        columns: u64,
        /// Its type.
        dtype: String,
        /// What they come to.
        data_bytes: u64,
        /// What follows the header.
        found: u64,
    },
    /// The values can't be read as their type.
    #[error("{0}")]
    Data(String),
    /// The values end too early.
    #[error("its data end early")]
    ShortData(#[source] io::Error),
    /// A matrix of int8 was wanted.
    #[error("its dtype is {0}, not int8")]
    NotInt8(&'static str),
    /// The values are not as many as the shape says.
    #[error(transparent)]
    Write(io::Error),
}

/// Somebody else's text in a message: about a line of it, without what a terminal would obey.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push_str("...");
    }
    short
}
