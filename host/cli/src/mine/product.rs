//! The first pass's tiles, peeled, as the exact product; checked and written as soon as it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gemmine_pouw::kernel::Tile;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::LANES;
use gemmine_pouw::peel::{PeelStrip, peel_tile};

use super::operands::Operands;
use crate::npy::{self, Matrix};
use crate::product::{self, Check};
use crate::{files, note};

/// The product's name in the output folder.
const PRODUCT_FILE: &str = "product.npy";
/// Bytes that a .npy header of two dimensions stays below.
const HEADER_BYTES: u64 = 1 << 14;

/// Collects the product of the first pass. Holds what peels it, for the noise changes with the next.
#[derive(Debug)]
pub struct FirstPass {
    rows: usize,
    columns: usize,
    a: Vec<PeelStrip>,
    b: Vec<PeelStrip>,
    product: Vec<i32>,
}

impl FirstPass {
    /// For a product of `rows` x `columns`, which [`Operands`] has checked to be of a sensible size; tiles
    /// beyond it are padding.
    pub fn new(prepared: &PreparedJob, rows: usize, columns: usize) -> Self {
        let strips = |extent: usize| 0..extent.div_ceil(LANES) as u32;
        Self {
            rows,
            columns,
            a: strips(rows).map(|strip| prepared.peel_a(strip)).collect(),
            b: strips(columns).map(|strip| prepared.peel_b(strip)).collect(),
            product: vec![0; rows * columns],
        }
    }

    /// Peels one tile into its place.
    ///
    /// # Errors
    /// If the device returned no tile.
    pub fn take(&mut self, strip: usize, column_strip: usize, tile: Option<&Tile>) -> Result<()> {
        let (Some(a), Some(b)) = (self.a.get(strip), self.b.get(column_strip)) else {
            return Ok(());
        };
        let exact = peel_tile(tile.context("mine: the device returned no tile")?, a, b);
        let first = column_strip * LANES;
        let width = LANES.min(self.columns - first);
        let lines = self.product.chunks_mut(self.columns).skip(strip * LANES);
        for (line, exact) in lines.zip(&exact) {
            line[first..first + width].copy_from_slice(&exact[..width]);
        }
        Ok(())
    }

    /// The product.
    pub fn into_product(self) -> Matrix<i32> {
        Matrix { rows: self.rows, columns: self.columns, values: self.product }
    }
}

/// What became of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The operands are zero.
    NotWanted,
    /// The first pass did not come to its end.
    Unfinished,
    /// The device's product is not A x B.
    Wrong,
    /// Exact, and how that was checked.
    Exact(Check),
}

/// A file's bytes for a product and, if it is not the exact product's, the bound on its error.
pub type Encode<'a> = dyn Fn(&Matrix<i32>) -> Result<(Vec<u8>, Option<f64>)> + 'a;

/// Where the product goes.
#[derive(Clone, Copy)]
pub enum ProductFile<'a> {
    /// Nowhere: there is none that anybody wants.
    None,
    /// `product.npy` in the output folder, never replaced: one that is there must be this product.
    InFolder,
    /// A file that the user named, replaced.
    Named {
        /// The file.
        path: &'a Path,
        /// What goes into it.
        encode: &'a Encode<'a>,
        /// The product is of matrices that were quantised.
        quantised: bool,
    },
}

/// Checks the product and writes it.
pub struct Sink<'a> {
    operands: &'a Operands,
    file: ProductFile<'a>,
    path: PathBuf,
    /// The file is there from an earlier run, and is right.
    kept: bool,
    /// What became of it.
    pub product: Product,
    /// Where it is.
    pub written: Option<PathBuf>,
    /// How far an entry of a dequantised product can be off.
    pub error_bound: Option<f64>,
}

impl<'a> Sink<'a> {
    /// Looks at what is there already, and writes nothing.
    ///
    /// # Errors
    /// If the folder has the product of other operands, or something that is no product.
    pub fn new(operands: &'a Operands, file: ProductFile<'a>, folder: &Path) -> Result<Self> {
        let (path, kept) = match file {
            ProductFile::None => (PathBuf::new(), true),
            ProductFile::Named { path, .. } => (path.to_owned(), false),
            ProductFile::InFolder => {
                let path = folder.join(PRODUCT_FILE);
                let kept = fs::symlink_metadata(&path).is_ok();
                if kept {
                    ensure_product(operands, &path)?;
                }
                (path, kept)
            }
        };
        let product = match file {
            ProductFile::None => Product::NotWanted,
            ProductFile::InFolder | ProductFile::Named { .. } => Product::Unfinished,
        };
        Ok(Self { operands, file, path, kept, product, written: None, error_bound: None })
    }

    /// Fails if the product could not be written, before long work is done for it.
    pub fn check_writable(&self) -> Result<()> {
        if self.kept { Ok(()) } else { files::check_writable(&self.path) }
    }

    /// Takes the product in: checks it, and writes it if it is exact.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn take(&mut self, product: &Matrix<i32>) -> Result<()> {
        let Some(check) = product::check(&self.operands.a, &self.operands.b, product) else {
            self.product = Product::Wrong;
            note("the device's product is WRONG: not what the host computes; it is not written");
            return Ok(());
        };
        self.product = Product::Exact(check);
        match self.file {
            ProductFile::None => return Ok(()),
            ProductFile::InFolder if self.kept => {}
            ProductFile::InFolder => files::create_new(&self.path, &npy::to_bytes(product)?)?,
            ProductFile::Named { path, encode, .. } => {
                let (bytes, error_bound) = encode(product)?;
                files::replace(path, &bytes)?;
                self.error_bound = error_bound;
            }
        }
        self.written = Some(self.path.clone());
        Ok(())
    }
}

/// Refuses an earlier `product.npy` that is not the operands' product.
fn ensure_product(operands: &Operands, path: &Path) -> Result<()> {
    let (rows, columns) = (operands.a.rows, operands.b.columns);
    let longest = HEADER_BYTES + 4 * (rows * columns) as u64;
    let found = files::open_regular(path)
        .and_then(|_| files::read_capped(path, longest))
        .and_then(|bytes| Ok(npy::int32_from_bytes(&bytes)?));
    let same = found.is_ok_and(|found| {
        (found.rows, found.columns) == (rows, columns)
            && product::check(&operands.a, &operands.b, &found).is_some()
    });
    if same {
        return Ok(());
    }
    bail!(
        "mine: {} is there, and is not the product of these operands; choose another --out, or move it \
         away",
        path.display()
    )
}
