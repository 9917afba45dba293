//! Matrices in NumPy's .npy files: reads 2-D int8 and float32, writes int32 and float32.
//!
//! Headers are not trusted: length, nesting and numbers are checked before the header is parsed,
//! and the shape is checked against the file's length before anything is allocated for it.

mod error;

use std::fmt;
use std::io::{Cursor, Read};

use npyz::{AutoSerialize, DType, NpyFile, NpyHeader, Order, Serialize, WriterBuilder};

pub use error::NpyError;
use error::shortened;

/// NumPy's own limit for a header that it reads.
const HEADER_BYTES_MAX: usize = 10_000;
/// A plain array's header is a dict that holds a tuple.
const HEADER_NESTING_MAX: usize = 2;
/// Digits of all the header's numbers together; keeps every product of dimensions below 10^18.
const HEADER_DIGITS_MAX: usize = 18;
/// Data that one matrix may have.
const DATA_BYTES_MAX: u64 = 4 << 30;

/// A matrix in row-major order.
#[derive(Clone, PartialEq, Eq)]
pub struct Matrix<T> {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// `rows * columns` values, row by row.
    pub values: Vec<T>,
}

impl<T> fmt::Debug for Matrix<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Matrix({} x {})", self.rows, self.columns)
    }
}

impl<T: Copy> Matrix<T> {
    /// The matrix with rows and columns swapped.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let (rows, columns) = (self.columns, self.rows);
        let value = |index| self.values[(index % columns) * rows + index / columns];
        let values = (0..self.values.len()).map(value).collect();
        Self { rows, columns, values }
    }
}

/// A matrix as a file holds it.
#[derive(Debug)]
pub enum Operand {
    /// `|i1`.
    Int8(Matrix<i8>),
    /// `<f4` or `>f4`.
    Float32(Matrix<f32>),
}

impl Operand {
    /// The element type's NumPy name.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Int8(_) => "int8",
            Self::Float32(_) => "float32",
        }
    }
}

/// Reads a 2-D int8 or float32 matrix of a file with so many bytes, in C or Fortran order.
///
/// # Errors
/// [`NpyError`] with the first thing that is wrong.
pub fn read(reader: impl Read, length: u64) -> Result<Operand, NpyError> {
    let item_bytes = |dtype: &str| match dtype {
        "|i1" | "<i1" | ">i1" => Some(1),
        "<f4" | ">f4" => Some(4),
        _ => None,
    };
    let (file, rows, columns, item_bytes) =
        parse_header(reader, length, "int8 or float32", item_bytes)?;
    match item_bytes {
        1 => Ok(Operand::Int8(values(file, rows, columns)?)),
        _ => Ok(Operand::Float32(values(file, rows, columns)?)),
    }
}

/// Reads a 2-D int8 matrix from memory, such as a data set that a program carries.
///
/// # Errors
/// [`NpyError`], also if it is one of float32.
pub fn int8_from_bytes(bytes: &[u8]) -> Result<Matrix<i8>, NpyError> {
    match read(bytes, bytes.len() as u64)? {
        Operand::Int8(matrix) => Ok(matrix),
        other => Err(NpyError::NotInt8(other.type_name())),
    }
}

/// Reads a 2-D int32 matrix, such as a product, from a file's bytes.
///
/// # Errors
/// [`NpyError`] with the first thing that is wrong.
pub fn int32_from_bytes(bytes: &[u8]) -> Result<Matrix<i32>, NpyError> {
    let length = bytes.len() as u64;
    let (file, rows, columns, _) = parse_header(bytes, length, "int32", |dtype| match dtype {
        "<i4" | ">i4" => Some(4),
        _ => None,
    })?;
    values(file, rows, columns)
}

/// A file whose header is read and fits its length: with rows, columns and bytes of a value.
fn parse_header<R: Read>(
    mut reader: R,
    length: u64,
    wanted: &'static str,
    item_bytes: impl Fn(&str) -> Option<u64>,
) -> Result<(NpyFile<R>, usize, usize, u64), NpyError> {
    let text = header_bytes(&mut reader)?;
    let header_length = text.len() as u64;
    let header = NpyHeader::from_reader(Cursor::new(text))
        .map_err(|error| NpyError::Header(shortened(&error.to_string())))?;
    let dtype = type_string(&header.dtype());
    let shown = shortened(&dtype);
    let &[rows, columns] = header.shape() else {
        return Err(NpyError::Dimensions { shape: header.shape().to_vec(), dtype: shown });
    };
    let item_bytes = item_bytes(&dtype).ok_or_else(|| NpyError::Type {
        dtype: shown.clone(),
        rows,
        columns,
        wanted,
    })?;
    // The digits' limit rules out overflow of the products.
    let data_bytes = rows * columns * item_bytes;
    if data_bytes > DATA_BYTES_MAX {
        return Err(NpyError::Large { rows, columns, dtype: shown, data_bytes });
    }
    let found = length.saturating_sub(header_length);
    if found != data_bytes {
        return Err(NpyError::Length { rows, columns, dtype: shown, data_bytes, found });
    }
    let size = |size: u64| {
        usize::try_from(size).map_err(|_| NpyError::Large {
            rows,
            columns,
            dtype: shown.clone(),
            data_bytes,
        })
    };
    Ok((NpyFile::with_header(header, reader), size(rows)?, size(columns)?, item_bytes))
}

/// The bytes from the magic to the header's end, checked so that parsing them is harmless.
fn header_bytes(reader: &mut impl Read) -> Result<Vec<u8>, NpyError> {
    let short = |error| NpyError::NotNpy(Some(error));
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes).map_err(short)?;
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(NpyError::NotNpy(None));
    }
    let text_length = match bytes[6] {
        1 => usize::from(u16::from_le_bytes([bytes[8], bytes[9]])),
        2 | 3 => {
            let mut high = [0; 2];
            reader.read_exact(&mut high).map_err(short)?;
            bytes.extend(high);
            u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize
        }
        version => return Err(NpyError::Version(version)),
    };
    if text_length > HEADER_BYTES_MAX {
        return Err(NpyError::LongHeader(text_length));
    }
    let start = bytes.len();
    bytes.resize(start + text_length, 0);
    reader.read_exact(&mut bytes[start..]).map_err(NpyError::ShortHeader)?;
    check_header_text(&bytes[start..])?;
    Ok(bytes)
}

fn check_header_text(text: &[u8]) -> Result<(), NpyError> {
    let mut nesting = 0_usize;
    for &byte in text {
        match byte {
            b'(' | b'[' | b'{' => nesting += 1,
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > HEADER_NESTING_MAX {
            return Err(NpyError::Structured);
        }
    }
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits > HEADER_DIGITS_MAX {
        return Err(NpyError::Digits(digits));
    }
    Ok(())
}

fn values<T, R>(file: NpyFile<R>, rows: usize, columns: usize) -> Result<Matrix<T>, NpyError>
where
    T: npyz::Deserialize + Copy,
    R: Read,
{
    let order = file.order();
    let mut values = Vec::with_capacity(rows * columns);
    let data = file.data::<T>().map_err(|error| NpyError::Data(shortened(&error.to_string())))?;
    for value in data {
        values.push(value.map_err(NpyError::ShortData)?);
    }
    Ok(match order {
        Order::C => Matrix { rows, columns, values },
        Order::Fortran => Matrix { rows: columns, columns: rows, values }.transposed(),
    })
}

fn type_string(dtype: &DType) -> String {
    match dtype {
        DType::Plain(plain) => plain.to_string(),
        other => other.descr(),
    }
}

/// The bytes of a C-order .npy file.
///
/// # Errors
/// [`NpyError::Write`] if there are other than `rows * columns` values.
pub fn to_bytes<T: AutoSerialize + Serialize + Copy>(
    matrix: &Matrix<T>,
) -> Result<Vec<u8>, NpyError> {
    let mut bytes = Vec::with_capacity(128 + size_of_val(matrix.values.as_slice()));
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[matrix.rows as u64, matrix.columns as u64])
        .writer(&mut bytes)
        .begin_nd()
        .map_err(NpyError::Write)?;
    writer.extend(matrix.values.iter().copied()).map_err(NpyError::Write)?;
    writer.finish().map_err(NpyError::Write)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
