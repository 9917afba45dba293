//! One grid on the card: its operands, its sums, its fold registers.

use std::sync::Arc;

use cudarc::driver::{CudaFunction, CudaSlice, CudaStream, DeviceRepr, ValidAsZeroBits};
use gemmine_driver::{Descriptor, Grid};
use gemmine_pouw::panel::{LANES, Panel};
use gemmine_pouw::tile::FOLD_WORDS;

use super::calls::{Multiply, Shape, failed, fold};
use crate::error::GpuError;

/// Who wants the answers.
#[derive(Debug)]
pub enum Wanted {
    /// Descriptors, by their tags, and whether their products are wanted.
    Tiles(Vec<(u32, bool)>),
    /// A grid, by its tag.
    Grid(u64),
}

/// Every row panel with every column panel.
#[derive(Debug)]
pub struct Order {
    pub a: Vec<Arc<Panel>>,
    pub b: Vec<Arc<Panel>>,
    pub steps: usize,
    pub chunk_steps: usize,
    pub ticket_key: [u8; 32],
    pub bound_le: [u8; 32],
    pub wanted: Wanted,
}

impl Order {
    pub fn of_grid(grid: Grid) -> Self {
        let Grid { tag, a, b, steps, chunk_steps, ticket_key, bound_le } = grid;
        Self {
            a: a.panels(),
            b,
            steps,
            chunk_steps,
            ticket_key,
            bound_le,
            wanted: Wanted::Grid(tag),
        }
    }

    pub fn of_tile(descriptor: &Descriptor, a: Arc<Panel>, b: Arc<Panel>) -> Self {
        let Descriptor { tag, steps, chunk_steps, ticket_key, bound_le, .. } = *descriptor;
        let wanted = Wanted::Tiles(vec![(tag, descriptor.want_tile)]);
        Self { a: vec![a], b: vec![b], steps, chunk_steps, ticket_key, bound_le, wanted }
    }

    /// Whether a tile can go with these.
    pub fn takes(&self, descriptor: &Descriptor, a: &Arc<Panel>) -> bool {
        matches!(self.wanted, Wanted::Tiles(_))
            && Arc::ptr_eq(&self.a[0], a)
            && self.steps == descriptor.steps
            && self.chunk_steps == descriptor.chunk_steps
            && self.ticket_key == descriptor.ticket_key
            && self.bound_le == descriptor.bound_le
    }

    /// One more tile of the row.
    pub fn add(&mut self, descriptor: &Descriptor, b: Arc<Panel>) {
        if let Wanted::Tiles(tags) = &mut self.wanted {
            tags.push((descriptor.tag, descriptor.want_tile));
            self.b.push(b);
        }
    }

    fn wants_products(&self) -> bool {
        matches!(&self.wanted, Wanted::Tiles(tags) if tags.iter().any(|(_, want)| *want))
    }
}

/// What came of an order.
#[derive(Debug)]
pub struct Made {
    /// Fold registers, tiles row by row.
    pub registers: Vec<[u32; FOLD_WORDS]>,
    /// Sums by columns, where products are wanted: of tiles of one row.
    sums: Vec<i32>,
}

impl Made {
    /// The product of a tile of an order that has one row.
    pub fn product(&self, column: usize) -> Option<Box<[[i32; LANES]; LANES]>> {
        let sums = self.sums.get(column * LANES * LANES..(column + 1) * LANES * LANES)?;
        let mut tile = Box::new([[0; LANES]; LANES]);
        for (i, row) in tile.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                *sum = sums[j * LANES + i];
            }
        }
        Some(tile)
    }
}

/// Buffers of one order, which grow as they must.
#[derive(Debug)]
pub struct Frame {
    a: CudaSlice<i8>,
    b: CudaSlice<i8>,
    /// What `b` holds: it is often the same again.
    held: Vec<Arc<Panel>>,
    sums: CudaSlice<i32>,
    registers: CudaSlice<u32>,
}

impl Frame {
    pub fn new(stream: &Arc<CudaStream>) -> Result<Self, GpuError> {
        Ok(Self {
            a: room(stream, 1)?,
            b: room(stream, 1)?,
            held: Vec::new(),
            sums: room(stream, 1)?,
            registers: room(stream, 1)?,
        })
    }

    /// Queues all of an order.
    pub fn make(
        &mut self,
        order: &Order,
        stream: &Arc<CudaStream>,
        multiply: &mut Multiply,
        kernel: &CudaFunction,
    ) -> Result<(), GpuError> {
        let Order { a, b, steps, chunk_steps, .. } = order;
        let (tiles, steps, chunk) = (a.len() * b.len(), *steps, *chunk_steps);
        grow(stream, &mut self.a, a.len() * LANES * steps)?;
        stream.memcpy_htod(&rows(a), &mut self.a).map_err(|error| failed(&error))?;
        let same = |(one, other): (&Arc<Panel>, &Arc<Panel>)| Arc::ptr_eq(one, other);
        if self.held.len() != b.len() || !self.held.iter().zip(b).all(same) {
            grow(stream, &mut self.b, b.len() * LANES * steps)?;
            stream.memcpy_htod(&rows(b), &mut self.b).map_err(|error| failed(&error))?;
            self.held.clone_from(b);
        }
        grow(stream, &mut self.sums, tiles * LANES * LANES)?;
        grow(stream, &mut self.registers, tiles * FOLD_WORDS)?;
        stream.memset_zeros(&mut self.registers).map_err(|error| failed(&error))?;
        let shape = Shape { m: LANES * a.len(), n: LANES * b.len(), k: steps };
        let operands = (&self.a, &self.b);
        for number in 0..steps / chunk {
            multiply.accumulate(shape, (number * chunk, chunk), operands, &mut self.sums)?;
            let tiles = (a.len(), b.len());
            fold((stream, kernel), &self.sums, &mut self.registers, tiles, number)?;
        }
        let whole = steps / chunk * chunk;
        if order.wants_products() && whole < steps {
            multiply.accumulate(shape, (whole, steps - whole), operands, &mut self.sums)?;
        }
        Ok(())
    }

    /// Reads what has been made, once it is.
    pub fn read(&self, order: &Order, stream: &Arc<CudaStream>) -> Result<Made, GpuError> {
        let tiles = order.a.len() * order.b.len();
        let words = self.registers.slice(0..tiles * FOLD_WORDS);
        let words: Vec<u32> = stream.clone_dtoh(&words).map_err(|error| failed(&error))?;
        let sums = if order.wants_products() {
            let sums = self.sums.slice(0..tiles * LANES * LANES);
            stream.clone_dtoh(&sums).map_err(|error| failed(&error))?
        } else {
            Vec::new()
        };
        stream.synchronize().map_err(|error| failed(&error))?;
        Ok(Made { registers: words.as_chunks::<FOLD_WORDS>().0.to_vec(), sums })
    }
}

/// Lanes of panels, one behind the other.
fn rows(panels: &[Arc<Panel>]) -> Vec<i8> {
    panels.iter().flat_map(|panel| (0..LANES).flat_map(|lane| panel.lane(lane))).collect()
}

fn room<T: DeviceRepr + ValidAsZeroBits>(
    stream: &Arc<CudaStream>,
    length: usize,
) -> Result<CudaSlice<T>, GpuError> {
    stream.alloc_zeros(length).map_err(|error| failed(&error))
}

/// Makes a buffer as long as is needed.
fn grow<T: DeviceRepr + ValidAsZeroBits>(
    stream: &Arc<CudaStream>,
    buffer: &mut CudaSlice<T>,
    length: usize,
) -> Result<(), GpuError> {
    if buffer.len() < length {
        *buffer = room(stream, length)?;
    }
    Ok(())
}
