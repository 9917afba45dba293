//! Matrices in NumPy's .npy files: reads 2-D int8 and float32, writes int32 and float32.
//!
//! Headers are not trusted: length, nesting and numbers are checked before the header is parsed,
//! and the shape is checked against the file's length before anything is allocated for it.

use std::fmt;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use npyz::{AutoSerialize, DType, NpyFile, NpyHeader, Order, Serialize, WriterBuilder};

use crate::display::shortened;
use crate::files;

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
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Int8(_) => "int8",
            Self::Float32(_) => "float32",
        }
    }
}

/// Reads a 2-D int8 or float32 matrix, in C or Fortran order.
pub fn read(path: &Path) -> Result<Operand> {
    let (file, length) = files::open_regular(path)?;
    parse(BufReader::with_capacity(1 << 20, file), length)
        .with_context(|| format!("read matrix {}", path.display()))
}

/// Reads a 2-D int8 matrix from memory, such as a data set that the program carries.
pub fn int8_from_bytes(bytes: &[u8]) -> Result<Matrix<i8>> {
    match parse(bytes, bytes.len() as u64)? {
        Operand::Int8(matrix) => Ok(matrix),
        other => bail!("its dtype is {}, not int8", other.type_name()),
    }
}

/// Reads a 2-D int32 matrix, such as a product, from a file's bytes.
pub fn int32_from_bytes(bytes: &[u8]) -> Result<Matrix<i32>> {
    let length = bytes.len() as u64;
    let (file, rows, columns, _) = parse_header(bytes, length, "int32", |dtype| match dtype {
        "<i4" | ">i4" => Some(4),
        _ => None,
    })?;
    values(file, rows, columns)
}

fn parse(reader: impl Read, length: u64) -> Result<Operand> {
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

/// A file whose header is read and fits its length: with rows, columns and bytes of a value.
fn parse_header<R: Read>(
    mut reader: R,
    length: u64,
    wanted: &str,
    item_bytes: impl Fn(&str) -> Option<u64>,
) -> Result<(NpyFile<R>, usize, usize, u64)> {
    let text = header_bytes(&mut reader)?;
    let header_length = text.len() as u64;
    let header = NpyHeader::from_reader(Cursor::new(text)).map_err(|error| {
        anyhow!("its header can't be parsed: {}", shortened(&error.to_string()))
    })?;
    let dtype = type_string(&header.dtype());
    let shown = shortened(&dtype);
    let &[rows, columns] = header.shape() else {
        bail!(
            "its shape {:?} (dtype {shown}) has {} dimensions, not 2; reshape it to a matrix first",
            header.shape(),
            header.shape().len()
        );
    };
    let item_bytes = item_bytes(&dtype).with_context(|| {
        format!(
            "its dtype is {shown} (shape {rows} x {columns}), not {wanted}; convert it with \
             .astype('int8') or .astype('float32')"
        )
    })?;
    // The digits' limit rules out overflow of the products.
    let data_bytes = rows * columns * item_bytes;
    ensure!(
        data_bytes <= DATA_BYTES_MAX,
        "its shape {rows} x {columns} (dtype {shown}) has {data_bytes} bytes of data, more than \
         the limit of {DATA_BYTES_MAX}; split it into smaller matrices"
    );
    ensure!(
        length - header_length.min(length) == data_bytes,
        "its shape {rows} x {columns} (dtype {shown}) needs {data_bytes} bytes of data, but {} \
         follow the header; the file is truncated or not what it says, write it again",
        length.saturating_sub(header_length)
    );
    let (rows, columns) = (usize::try_from(rows)?, usize::try_from(columns)?);
    Ok((NpyFile::with_header(header, reader), rows, columns, item_bytes))
}

/// The bytes from the magic to the header's end, checked so that parsing them is harmless.
fn header_bytes(reader: &mut impl Read) -> Result<Vec<u8>> {
    let not_npy = "it is not a .npy file; write one with numpy.save()";
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes).context(not_npy)?;
    ensure!(bytes.starts_with(b"\x93NUMPY"), not_npy);
    let text_length = match bytes[6] {
        1 => usize::from(u16::from_le_bytes([bytes[8], bytes[9]])),
        2 | 3 => {
            let mut high = [0; 2];
            reader.read_exact(&mut high).context(not_npy)?;
            bytes.extend(high);
            u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize
        }
        version => bail!("its .npy version is {version}, not 1, 2 or 3; {not_npy}"),
    };
    ensure!(
        text_length <= HEADER_BYTES_MAX,
        "its header claims {text_length} bytes, more than the {HEADER_BYTES_MAX} that NumPy reads"
    );
    let start = bytes.len();
    bytes.resize(start + text_length, 0);
    reader.read_exact(&mut bytes[start..]).context("it ends inside its header")?;
    check_header_text(&bytes[start..])?;
    Ok(bytes)
}

fn check_header_text(text: &[u8]) -> Result<()> {
    let mut nesting = 0_usize;
    for &byte in text {
        match byte {
            b'(' | b'[' | b'{' => nesting += 1,
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        ensure!(
            nesting <= HEADER_NESTING_MAX,
            "its header nests deeper than a plain array's; structured dtypes are not supported, \
             save one int8 or float32 field"
        );
    }
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    ensure!(
        digits <= HEADER_DIGITS_MAX,
        "its header's numbers have {digits} digits, more than any matrix here ({HEADER_DIGITS_MAX})"
    );
    Ok(())
}

fn values<T, R>(file: NpyFile<R>, rows: usize, columns: usize) -> Result<Matrix<T>>
where
    T: npyz::Deserialize + Copy,
    R: Read,
{
    let order = file.order();
    let mut values = Vec::with_capacity(rows * columns);
    for value in file.data::<T>().map_err(|error| anyhow!("{}", shortened(&error.to_string())))? {
        values.push(value.context("its data end early")?);
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
pub fn to_bytes<T: AutoSerialize + Serialize + Copy>(matrix: &Matrix<T>) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128 + size_of_val(matrix.values.as_slice()));
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[matrix.rows as u64, matrix.columns as u64])
        .writer(&mut bytes)
        .begin_nd()?;
    writer.extend(matrix.values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
