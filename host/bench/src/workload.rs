//! What a device is measured at: work as the networks have it, with operands that are the same for everybody.
//!
//! A job that nobody waits for: its header and seed are constant, and no ticket is a share. All else is what a miner
//! does: commit, noise, tiles and tickets, pass after pass.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use gemmine_fleet::piece::{Cursor, Piece};
use gemmine_fleet::production::{Kind, NONCE_VALUES, Product, Production};
use gemmine_fleet::runner::Task;
use gemmine_jobs::work::{self, Job, SourceId};
use gemmine_pouw::U256;
use gemmine_pouw::amadeus::SEED_BYTES;
use gemmine_pouw::config::Header76;
use gemmine_pouw::matrix::Matrix;
use gemmine_report::result::Protocol;

/// The largest operand, in values.
pub const VALUES_MAX: usize = 1 << 28;

/// Sizes of a Pearl product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A.
    pub m: usize,
    /// Columns of B.
    pub n: usize,
    /// Columns of A.
    pub k: usize,
    /// Rank of the noise, and steps of a chunk.
    pub rank: u16,
}

/// What the operands of a Pearl product are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// Every value of -64 to 63 equally often, from a hash: a product that somebody could want.
    Uniform,
    /// Zeros, which is of no use to anybody; a device that grows the noise itself needs no operands for it.
    Zero,
}

/// What a result says of the work that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// What it was by.
    pub protocol: Protocol,
    /// What was counted: tickets, attempts or tiles.
    pub unit: &'static str,
    /// Multiply-accumulates of one of them.
    pub macs: f64,
    /// Sizes and operands, for people.
    pub description: String,
}

/// Work without an end.
#[derive(Debug)]
pub struct Workload {
    production: Arc<Production>,
    cursor: Cursor,
    task: Task,
    description: String,
}

impl Workload {
    /// Passes of one Pearl product.
    ///
    /// # Errors
    /// If the shape is not that of a job that Pearl takes.
    pub fn pearl(shape: Shape, operands: Operands) -> Result<Self> {
        let Shape { m, n, k, rank } = shape;
        let shown = format!("m = {m}, n = {n}, k = {k}, r = {rank}");
        ensure!(
            m % 16 == 0 && n % 16 == 0 && m >= 16 && n >= 16,
            "measure a product of {shown}: m and n must be multiples of 16, since tiles are 16 x 16"
        );
        for rows in [m, n] {
            ensure!(
                rows.checked_mul(k).is_some_and(|values| values <= VALUES_MAX),
                "measure a product of {shown}: an operand may have {VALUES_MAX} values at most"
            );
        }
        let zero_signal = operands == Operands::Zero;
        let matrix = |name: &str, rows: usize| {
            let values = if zero_signal { vec![0; rows * k] } else { uniform(name, rows * k) };
            Matrix::new(rows, k, values)
        };
        let (distribution, use_) = match operands {
            Operands::Uniform => ("uniform over -64 to 63, from BLAKE3 of the operand's name", ""),
            Operands::Zero => ("all zero", ", a zero signal: of no use to anybody"),
        };
        let description = format!("{shown}, operands {distribution}{use_}");
        let made = || -> Result<Production> {
            let product = Product {
                a: matrix("A", m)?,
                bt: matrix("B", n)?,
                nonce: (m - 16, k.saturating_sub(NONCE_VALUES)..k),
                rank,
                zero_signal,
                description: description.clone(),
            };
            let work = work::Work::Pearl {
                header: Header76([0; 76]),
                share_target: U256::zero(),
                network_target: U256::zero(),
            };
            Production::new(1, job(work), Some(&Arc::new(product)), 0)
        };
        let production = made().with_context(|| format!("measure a product of {shown}"))?;
        Ok(Self::of(production, Task::Pearl { steps: k, zero_signal }, description))
    }

    /// Attempts of Amadeus.
    ///
    /// # Errors
    /// None that a caller can bring about.
    pub fn amadeus() -> Result<Self> {
        let work = work::Work::Amadeus { seed: Box::new([0; SEED_BYTES]), bits: 256 };
        let production = Production::new(1, job(work), None, 0)?;
        let description =
            "attempts of k = 50,240 on a seed of zeros, nonces counted from 0".to_owned();
        Ok(Self::of(production, Task::Amadeus, description))
    }

    fn of(production: Production, task: Task, description: String) -> Self {
        let cursor = Cursor::new(production.whole(), 0);
        Self { production: Arc::new(production), cursor, task, description }
    }

    /// What devices must be opened for.
    pub fn task(&self) -> Task {
        self.task
    }

    /// What a result says of it.
    pub fn work(&self) -> Work {
        let (protocol, unit) = match &self.production.kind {
            Kind::Amadeus(_) => (Protocol::Amadeus, "attempts"),
            Kind::Pearl(pearl) if pearl.product().zero_signal => {
                (Protocol::PearlZeroSignal, "tickets")
            }
            Kind::Pearl(_) => (Protocol::Pearl, "tickets"),
        };
        Work {
            protocol,
            unit,
            macs: self.production.macs_per_ticket(),
            description: self.description.clone(),
        }
    }

    /// Sizes and operands, for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What pieces are of.
    pub fn production(&self) -> &Arc<Production> {
        &self.production
    }

    /// The next so many tickets. A device that scans takes one piece at once, perhaps a shorter one.
    pub fn take(&mut self, tickets: u32, one_piece: bool) -> Vec<Piece> {
        let mut pieces = vec![self.cursor.take(tickets)];
        let mut taken = pieces[0].tickets();
        while !one_piece && taken < u64::from(tickets) {
            let piece = self.cursor.take(tickets - taken as u32);
            taken += piece.tickets();
            pieces.push(piece);
        }
        pieces
    }

    /// Takes back what a device left.
    pub fn give_back(&mut self, pieces: Vec<Piece>) {
        self.cursor.give_back(pieces);
    }
}

/// Values of an operand: the same ones on every computer.
pub(crate) fn uniform(name: &str, values: usize) -> Vec<i8> {
    let mut hasher = blake3::Hasher::new_derive_key("gemmine 2026 operands of a measurement");
    hasher.update(name.as_bytes());
    let mut bytes = vec![0; values];
    hasher.finalize_xof().fill(&mut bytes);
    bytes.into_iter().map(|byte| (byte & 0x7f) as i8 - 64).collect()
}

fn job(work: work::Work) -> Arc<Job> {
    Arc::new(Job {
        source: SourceId(0),
        name: "measurement".into(),
        context: "".into(),
        height: None,
        work,
    })
}

#[cfg(test)]
mod tests;
