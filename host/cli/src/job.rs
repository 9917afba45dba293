//! Job files: the object that a Pearl gateway's `getMiningInfo` returns, saved.

use std::path::Path;

use anyhow::{Context, Error, Result};
use gemmine_jobs::job::GatewayJobError;
pub use gemmine_jobs::job::{GatewayJob, JOB_BYTES_MAX};

use crate::files;
use crate::outcome::Named;

/// Reads a job file.
pub fn read(path: &Path) -> Result<GatewayJob> {
    let bytes = files::read_capped(path, JOB_BYTES_MAX)?;
    let job = GatewayJob::parse(&bytes).map_err(|error| match error {
        // The one error that is also a rule of the verifier.
        GatewayJobError::CertVersion(_) => {
            Error::from(Named { rule: "cert-version", message: error.to_string() })
        }
        error => error.into(),
    });
    job.with_context(|| format!("read job {}", path.display()))
}
