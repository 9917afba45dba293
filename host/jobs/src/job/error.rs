//! Why a job can't be read.

use gemmine_pouw::limits::CERT_VERSION;
use gemmine_pouw::target::TargetError;

const WHOLE: &str = "save the whole object that getMiningInfo returns";

/// The first value of a job that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayJobError {
    /// Not an object.
    #[error(
        "it is not a JSON object; save the object that the gateway's getMiningInfo returns: {0}"
    )]
    Json(String),
    /// A whole answer.
    #[error("it is a whole JSON-RPC message; save only the object under its key `result`")]
    Message,
    /// A key is missing.
    #[error("it has no `{0}`; {WHOLE}")]
    Missing(&'static str),
    /// Not a header.
    #[error(
        "incomplete_header_bytes {value} {why}; it must be the base64 of 76 bytes, as the gateway \
         sends it"
    )]
    Header {
        /// The value seen.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not an integer.
    #[error("cert_version {0} is not an integer; Pearl mainnet has 3")]
    CertVersionType(String),
    /// An integer far beyond any version.
    #[error("certificate version {0} (unknown) is not implemented, expected {CERT_VERSION}")]
    CertVersion(String),
    /// Not a whole number.
    #[error(
        "target {0} is not a whole number; it must be a JSON integer with all its digits, as the \
         gateway sends it"
    )]
    TargetType(String),
    /// More than 256 bits.
    #[error("target {0} is above 2^256 - 1; take the job anew")]
    TargetRange(String),
    /// Not a string.
    #[error("share_target {0} is not a string; it must be 64 hex digits")]
    ShareTargetType(String),
    /// Not a target.
    #[error("share_target {value} can't be read: {error}")]
    ShareTarget {
        /// The value seen.
        value: String,
        /// What is wrong with it.
        error: TargetError,
    },
}
