//! Lines of a pearl-gateway: see `wire` for what must hold.

use gemmine_jobs::job::GatewayJob;
use gemmine_jobs::source::connection::Dialect;
use gemmine_jobs::work::SourceId;

use crate::wire::{Known, check};

/// A job as a gateway sent it, recorded from pearl-gateway.
pub(crate) const JOB: &str = r#"{"incomplete_header_bytes": "AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAn56dnJuamZiXlpWUk5KRkI+OjYyLiomIh4aFhIOCgYBmZmZmAAABHg==", "target": 6901746346790563787434755862277025452451108972170386555162524223799296, "cert_version": 3, "ancestor_headers": []}"#;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let job = GatewayJob::parse(JOB.as_bytes()).expect("a recorded job");
    let work = job.work(SourceId(3), JOB);
    check(&Dialect::Gateway, &Known { job: work.name, context: work.context }, bytes);
}
