//! `gemmine receipts`: what was found and what became of it, held against the proofs, and as a table.
//!
//! A folder may have the log of shares that `gemmine run` writes ([`gemmine_jobs::share_log`]), the receipts that
//! `gemmine mine` writes ([`log`]), or both.

mod audit;
mod export;
mod list;
mod log;
mod record;
mod rows;

use anyhow::Result;

use crate::args::ReceiptsCommand;
use crate::outcome::Outcome;

pub use log::{Contents, FILE_NAME, Log, check};
pub use record::{Receipt, Record, SolutionReceipt};

/// Runs the command.
///
/// # Errors
/// If a folder can't be read, or a file not be written.
pub fn run(command: &ReceiptsCommand) -> Result<Outcome> {
    match command {
        ReceiptsCommand::List(args) => list::run(args),
        ReceiptsCommand::Verify(args) => audit::run(args),
        ReceiptsCommand::Export(args) => export::run(args),
    }
}
