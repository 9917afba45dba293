//! Proofs as files, one a share.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::amadeus::SOLUTION_BYTES;

use super::entry::Protocol;
use super::storage::{Files, Storage};
use crate::work::{Proof, ShareId};

/// Longest proof file that is read. The limits of the rule allow about 5 MiB of leaves and siblings, 7 MiB in
/// base64; the rest is room for needless leaves, which are legal.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Most names that are tried for a proof's file.
const NAMES_MAX: u32 = 9;

/// Why a proof can't be read back.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no such share without an answer.
    #[error("find share {0} among those without an answer")]
    NotPending(ShareId),
    /// What the source needs with it was too long to be kept.
    #[error("submit share {0} again: what its source needs with it was too long to be kept")]
    NoContext(ShareId),
    /// The file is gone, or can't be read.
    #[error("read proof {file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// The file is too long for any proof.
    #[error("read proof {file}: it has more than {FILE_BYTES_MAX} bytes; no proof is that long")]
    Long {
        /// The file.
        file: String,
    },
    /// The file is not what was written.
    #[error("read proof {file}: {what}; the file was changed")]
    Changed {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
}

impl ProofError {
    /// Whether the proof may be read another time: the disk refused, and the file is not known to be gone.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() != io::ErrorKind::NotFound)
    }
}

/// The bytes that a hash and a verifier see.
pub(super) fn bytes(proof: &Proof) -> &[u8] {
    match proof {
        Proof::Pearl(bytes) => bytes,
        Proof::Amadeus(bytes) => &bytes[..],
    }
}

/// Writes a proof's file, if it is not there already, and tells its name. Hashes of Amadeus begin with zeros, so two
/// shares may have their first 16 digits in common: then the second one's file has all of them. Whatever else has that
/// name is left alone, too.
pub(super) fn write(
    storage: &mut dyn Storage,
    share: &ShareId,
    proof: &Proof,
) -> io::Result<String> {
    let digits = share.to_string();
    let (extension, content) = match proof {
        Proof::Pearl(bytes) => ("b64", STANDARD.encode(bytes).into_bytes()),
        Proof::Amadeus(bytes) => ("bin", bytes.to_vec()),
    };
    let others = (2..=NAMES_MAX).map(|number| format!("{digits}-{number}"));
    for stem in [digits[..16].to_owned(), digits.clone()].into_iter().chain(others) {
        let name = format!("share-{stem}.{extension}");
        match storage.create(&name, &content) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // A process that died here before its line was written left just this file.
                if holds(storage, &name, &content) {
                    return Ok(name);
                }
            }
            Err(error) => return Err(error),
        }
    }
    let text =
        format!("there are {NAMES_MAX} other files share-{digits}*.{extension}; move them away");
    Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
}

fn holds(files: &dyn Files, name: &str, content: &[u8]) -> bool {
    let mut found = Vec::new();
    let read = files
        .read(name)
        .and_then(|file| file.take(content.len() as u64 + 1).read_to_end(&mut found));
    read.is_ok() && found == content
}

/// Reads a proof back and holds it against the hash in the log.
///
/// # Errors
/// If the file is not there, or is not what was written.
pub fn read_proof(
    files: &dyn Files,
    file: &str,
    protocol: Protocol,
    blake3_hex: &str,
) -> Result<Proof, ProofError> {
    let io = |error| ProofError::Io { file: file.to_owned(), error };
    let changed = |what| ProofError::Changed { file: file.to_owned(), what };
    let mut bytes = Vec::new();
    let reader = files.read(file).map_err(io)?;
    reader.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ProofError::Long { file: file.to_owned() });
    }
    if protocol == Protocol::Pearl {
        bytes = STANDARD.decode(&bytes).map_err(|error| changed(format!("no base64: {error}")))?;
    }
    let found = blake3::hash(&bytes).to_hex();
    if found.as_str() != blake3_hex {
        return Err(changed(format!("its BLAKE3 is {found}, not {blake3_hex}")));
    }
    match protocol {
        Protocol::Pearl => Ok(Proof::Pearl(bytes.into())),
        Protocol::Amadeus => {
            let length = bytes.len();
            let solution: Box<[u8; SOLUTION_BYTES]> = bytes
                .into_boxed_slice()
                .try_into()
                .map_err(|_| changed(format!("{length} bytes, not {SOLUTION_BYTES}")))?;
            Ok(Proof::Amadeus(solution))
        }
    }
}
