//! The buffers of one dispatch, and how its answers are read.

use wgpu::{BindGroup, BindGroupEntry, Buffer, BufferUsages, CommandEncoder};

use super::setup::{PARAMS_BYTES, Setup, buffer};
use super::{Answer, Answers, PRODUCT_TILES};
use crate::batch::JOBS;
use crate::error::GpuError;

/// Bytes of a tile's ticket, and whether it is a hit.
pub const ANSWER_BYTES: u64 = 36;
/// Bytes of a job's key and bound.
const JOB_BYTES: u64 = 64;
/// Bytes of a tile's product.
pub const PRODUCT_BYTES: u64 = 1024;

/// The buffers of one dispatch.
#[derive(Debug)]
pub struct Frame {
    /// Where each tile's panels are.
    pub tiles: Buffer,
    /// What tickets are made and judged by.
    pub jobs: Buffer,
    /// What the tiles share.
    pub params: Buffer,
    /// All of them, as the shader has them.
    pub bind_group: BindGroup,
    /// What the host reads: answers, and products behind them.
    pub readback: Buffer,
    answers: Buffer,
    products: Buffer,
}

impl Frame {
    pub fn new(setup: &Setup) -> Self {
        use BufferUsages as Use;
        let count = setup.tiles() as u64;
        let make = |label, size, usage| buffer(&setup.device, label, size, usage);
        let tiles = make("tiles", 16 * count, Use::STORAGE | Use::COPY_DST);
        let jobs = make("jobs", JOB_BYTES * JOBS as u64, Use::STORAGE | Use::COPY_DST);
        let params = make("params", PARAMS_BYTES, Use::UNIFORM | Use::COPY_DST);
        let answers = make("answers", ANSWER_BYTES * count, Use::STORAGE | Use::COPY_SRC);
        let product_bytes = PRODUCT_BYTES * PRODUCT_TILES as u64;
        let products = make("products", product_bytes, Use::STORAGE | Use::COPY_SRC);
        let most =
            (ANSWER_BYTES * count).max(PRODUCT_TILES as u64 * (ANSWER_BYTES + PRODUCT_BYTES));
        let readback = make("readback", most, Use::COPY_DST | Use::MAP_READ);
        let [a, b] = &setup.panels;
        let bound = [a, b, &tiles, &params, &answers, &products, &jobs];
        let entries: Vec<BindGroupEntry<'_>> = (0..)
            .zip(bound)
            .map(|(binding, buffer)| BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bind_group = setup.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &setup.layout,
            entries: &entries,
        });
        Self { tiles, jobs, params, bind_group, readback, answers, products }
    }

    /// Copies what comes back; how many bytes that are.
    pub fn copy_back(&self, encoder: &mut CommandEncoder, tiles: usize, want_tile: bool) -> u64 {
        let answers = ANSWER_BYTES * tiles as u64;
        encoder.copy_buffer_to_buffer(&self.answers, 0, &self.readback, 0, answers);
        if !want_tile {
            return answers;
        }
        let products = PRODUCT_BYTES * tiles as u64;
        encoder.copy_buffer_to_buffer(&self.products, 0, &self.readback, answers, products);
        answers + products
    }

    /// Reads what has come back.
    pub fn read(&self, tiles: usize, want_tile: bool) -> Result<Answers, GpuError> {
        let answers = ANSWER_BYTES * tiles as u64;
        let products = if want_tile { PRODUCT_BYTES * tiles as u64 } else { 0 };
        let unreadable = |error: wgpu::MapRangeError| {
            GpuError::Failed(format!("its answers can't be read: {error}"))
        };
        let read = {
            let view = self.readback.get_mapped_range(0..answers + products).map_err(unreadable)?;
            let (answers, products) = view.split_at(answers as usize);
            let answers = answers.as_chunks::<{ ANSWER_BYTES as usize }>().0;
            let products = products.as_chunks::<{ PRODUCT_BYTES as usize }>().0;
            Answers {
                tiles: answers.iter().map(answer).collect(),
                products: products.iter().map(product).collect(),
            }
        };
        self.readback.unmap();
        Ok(read)
    }
}

fn answer(bytes: &[u8; ANSWER_BYTES as usize]) -> Answer {
    let mut ticket = [0; 32];
    ticket.copy_from_slice(&bytes[..32]);
    Answer { ticket, hit: bytes[32] != 0 }
}

fn product(bytes: &[u8; PRODUCT_BYTES as usize]) -> [[i32; 16]; 16] {
    let mut rows = [[0; 16]; 16];
    for (sum, bytes) in rows.as_flattened_mut().iter_mut().zip(bytes.as_chunks::<4>().0) {
        *sum = i32::from_le_bytes(*bytes);
    }
    rows
}
