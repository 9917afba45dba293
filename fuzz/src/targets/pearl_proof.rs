//! A Pearl proof, which somebody may have made to be taken for one.
//!
//! The first byte says whether the rest is a proof as it is, or edits of a recorded proof that is right. What is read
//! is written again as the same bytes; what is taken has a ticket that meets the bound; and whatever is edited under
//! the recorded header, no other ticket is taken, since everything that it follows from is committed to.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::config::Header76;
use gemmine_pouw::proof::{DecodeError, PlainProof};
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::verify::{Refusal, Verified, verify};

use crate::input::Input;
use crate::plain;

const RECORD: &str = include_str!("../../../host/pouw/tests/data/pearl-accepted-proof.json");
/// Offsets of every number, length and count of the recorded proof.
const NUMBERS: [usize; 16] = [
    0, 8, 16, 24, 32, 40, 33_064, 33_328, 33_368, 33_408, 33_544, 33_552, 66_576, 66_840, 66_880,
    66_920,
];
/// The only certificate version that there is a rule for here.
const VERSION: u32 = 3;

/// A proof that Pearl's own verifier has taken.
struct Record {
    header: Header76,
    proof: Vec<u8>,
    verified: Verified,
}

static RIGHT: LazyLock<Record> = LazyLock::new(|| {
    let record: serde_json::Value = serde_json::from_str(RECORD).expect("a record");
    let text = |key: &str| record[key].as_str().expect("a text").to_owned();
    let header = hex::decode(text("header_hex")).expect("hex");
    let header = Header76::from_slice(&header).expect("a header");
    let proof = STANDARD.decode(text("plain_proof_b64")).expect("base64");
    let verified = verify(&header, VERSION, &proof, None).expect("a proof that is right");
    Record { header, proof, verified }
});

/// The recorded proof and its header.
pub(crate) fn recorded() -> (&'static Header76, &'static [u8]) {
    (&RIGHT.header, &RIGHT.proof)
}

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let options = input.byte();
    let target = match options >> 1 & 3 {
        0 => None,
        1 => Some(U256::MAX),
        2 => Some(U256::one() << input.byte()),
        _ => Some(U256::from_big_endian(&input.array::<32>())),
    };
    let version = if options & 8 == 0 { VERSION } else { input.word() };
    let mut header = RIGHT.header;
    if options & 16 != 0 {
        let at = usize::from(input.byte()) % header.0.len();
        header.0[at] = input.byte();
    }
    let proof = match options & 1 {
        0 => edited(&mut input),
        _ => input.rest().to_vec(),
    };
    check(&header, version, &proof, target);
}

/// The recorded proof with what the input wants done to it.
fn edited(input: &mut Input<'_>) -> Vec<u8> {
    let mut proof = RIGHT.proof.clone();
    while !input.is_empty() {
        let edit = input.byte();
        let at = input.word() as usize % (proof.len() + 1);
        match edit % 7 {
            0 => proof.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= input.byte()),
            1 => {
                let at = NUMBERS[at % NUMBERS.len()];
                overwrite(&mut proof, at, &input.long().to_le_bytes());
            }
            2 => proof.truncate(at),
            3 => drop(proof.splice(at..at, input.piece().to_vec())),
            4 => {
                let end = (at + usize::from(input.half())).min(proof.len());
                proof.drain(at..end);
            }
            5 => overwrite(&mut proof, at, input.piece()),
            _ => {
                // One leaf, sibling or row again, elsewhere.
                let from = input.word() as usize % (proof.len() + 1);
                let piece = proof.iter().copied().skip(from).take(input.half().into());
                let piece: Vec<u8> = piece.collect();
                overwrite(&mut proof, at, &piece);
            }
        }
    }
    proof
}

fn overwrite(proof: &mut [u8], at: usize, bytes: &[u8]) {
    proof.iter_mut().skip(at).zip(bytes).for_each(|(old, new)| *old = *new);
}

fn check(header: &Header76, version: u32, proof: &[u8], target: Option<U256>) {
    let decoded = PlainProof::decode(proof);
    match &decoded {
        Ok(decoded) => {
            let written = decoded.encode();
            // The last byte may be missing in an old one.
            assert_eq!(&written[..written.len().min(proof.len())], proof);
            assert!(written.len() <= proof.len() + 1);
            assert_eq!(PlainProof::decode(&written).as_ref(), Ok(decoded));
        }
        Err(error) => plain::message(error),
    }
    match verify(header, version, proof, target) {
        Ok(found) => taken(header, &decoded, &found, target),
        Err(refusal) => refused(&decoded, &refusal, version),
    }
}

fn taken(
    header: &Header76,
    decoded: &Result<PlainProof, DecodeError>,
    found: &Verified,
    target: Option<U256>,
) {
    let decoded = decoded.as_ref().expect("what is taken can be read");
    assert!(meets(&found.ticket, found.bound), "{found:?}");
    assert_eq!((u64::from(found.m), u64::from(found.n)), (decoded.m, decoded.n));
    let again = verify(header, VERSION, &decoded.encode(), target);
    assert_eq!(again.as_ref(), Ok(found), "written again");
    if *header == RIGHT.header {
        assert_eq!(found.ticket, RIGHT.verified.ticket, "another ticket: {found:?}");
        assert_eq!((found.t_row, found.t_col), (RIGHT.verified.t_row, RIGHT.verified.t_col));
    }
}

fn refused(decoded: &Result<PlainProof, DecodeError>, refusal: &Refusal, version: u32) {
    plain::message(refusal);
    assert!(!refusal.rule().is_empty());
    if refusal.is_unreadable() {
        assert!(decoded.is_err(), "{refusal} of a proof that can be read");
    } else if version == VERSION && decoded.is_err() {
        assert!(matches!(refusal, Refusal::Decode(_)), "{refusal} of a proof that can't be read");
    }
}
