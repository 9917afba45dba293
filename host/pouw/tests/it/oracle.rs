//! Recorded verdicts of Pearl's own verifier: ours must agree on all of them, and name the rule.

use crate::common::{digest, rule, signal};
use base64::Engine;
use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::digest::hash;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::noise::{Noise, noise_row};
use gemmine_pouw::proof::{Opening, PlainProof};
use gemmine_pouw::target::{target_from_nbits, to_hex};
use gemmine_pouw::tree::Tree;
use gemmine_pouw::verify::{Refusal, Verified, verify};
use serde_json::Value;

const RECORD: &str = include_str!("../data/pearl-accepted-proof.json");

struct Oracle {
    record: Value,
    header: Header76,
    blob: Vec<u8>,
}

fn oracle() -> Oracle {
    let record: Value = serde_json::from_str(RECORD).unwrap();
    let header = Header76::from_slice(&hex::decode(text(&record["header_hex"])).unwrap()).unwrap();
    let engine = base64::engine::general_purpose::STANDARD;
    let blob = engine.decode(text(&record["plain_proof_b64"])).unwrap();
    Oracle { record, header, blob }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn job(oracle: &Oracle, seed: u64) -> PreparedJob {
    let [a, bt] = matrices(seed);
    PreparedJob::new(oracle.header, MiningConfig::native(2048, 128), a, bt).unwrap()
}

fn matrices(seed: u64) -> [Matrix; 2] {
    ["A", "B"].map(|side| signal(&format!("pearl-oracle/{side}/{seed}"), 32, 2048))
}

fn judge(oracle: &Oracle, check: &Value, blob: &[u8]) -> Result<Verified, Refusal> {
    let header = match check["header_hex"].as_str() {
        Some(hex) => Header76::from_slice(&hex::decode(hex).unwrap()).unwrap(),
        None => oracle.header,
    };
    let nbits = check["nbits_override"].as_u64().filter(|nbits| *nbits != 0);
    let target = nbits.map(|nbits| target_from_nbits(nbits as u32));
    verify(&header, check["cert_version"].as_u64().unwrap_or(3) as u32, blob, target)
}

fn agree(check: &Value, verdict: &Result<Verified, Refusal>, expected_rule: &str) {
    let name = text(&check["name"]);
    let accept = check["result"]["accept"].as_bool().unwrap();
    assert_eq!(verdict.is_ok(), accept, "{name}: {verdict:?}");
    assert_eq!(rule(verdict), expected_rule, "{name}: {verdict:?}");
}

fn edited(blob: &[u8], edit: &Value) -> Vec<u8> {
    let mut blob = blob.to_vec();
    if let Some(at) = edit["at"].as_u64() {
        let at = at as usize;
        if let Some(mask) = edit["xor"].as_u64() {
            blob[at] ^= mask as u8;
        }
        if let Some(value) = edit["set_u64"].as_u64() {
            blob[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    if let Some(tail) = edit["append"].as_str() {
        blob.extend(hex::decode(tail).unwrap());
    }
    let cut = edit["truncate"].as_u64().unwrap_or(0) as usize;
    blob.truncate(blob.len() - cut);
    blob
}

/// The rule that each byte edit breaks, by the record's name for it.
const RULES: [(&str, &str); 35] = [
    ("original", "accepted"),
    ("m low byte", "leaf-count-a"),
    ("m byte 7 (m>u32)", "dimensions"),
    ("n low byte", "leaf-count-b"),
    ("k low byte", "leaf-count-a"),
    ("noise_rank -> x2", "root-a"),
    ("a leaf0 byte0", "root-a"),
    ("a leaf0 last byte", "root-a"),
    ("a last leaf last byte", "root-a"),
    ("a leaf0 length prefix", "deserialise"),
    ("a leaf_indices[0]", "leaf-index-a"),
    ("a total_leaves", "leaf-count-a"),
    ("a root byte0", "root-a"),
    ("a row_indices[0]", "pattern-a"),
    ("a row_indices[last]", "pattern-a"),
    ("bt leaf0 byte0", "root-b"),
    ("bt root byte0", "root-b"),
    ("bt row_indices[0]", "pattern-b"),
    ("bt leaf_indices[0]", "leaf-index-b"),
    ("bt total_leaves", "leaf-count-b"),
    ("moe tag 1", "moe"),
    ("a sibling[0] byte0", "root-a"),
    ("bt sibling[0] byte0", "root-b"),
    ("one zero byte appended", "deserialise"),
    ("moe tag removed (legacy V1 blob)", "accepted"),
    ("last 2 bytes removed", "deserialise"),
    ("empty", "deserialise"),
    ("as cert_version", "cert-version"),
    ("as cert_version", "cert-version"),
    ("as cert_version", "cert-version"),
    ("as cert_version", "cert-version"),
    ("as cert_version", "cert-version"),
    ("nbits_override 0x1b010000 (hard)", "bound"),
    ("nbits_override 0x2000ffff (easy)", "accepted"),
    ("header timestamp+1", "root-a"),
];

#[test]
fn every_byte_edit_has_the_recorded_verdict() {
    let oracle = oracle();
    let checks = oracle.record["checks"].as_array().unwrap();
    assert_eq!(checks.len(), RULES.len());
    for (check, (name, expected)) in checks.iter().zip(RULES) {
        assert_eq!(text(&check["name"]), name);
        let blob = edited(&oracle.blob, &check["edit"]);
        agree(check, &judge(&oracle, check, &blob), expected);
    }
}

#[test]
fn every_structural_edit_has_the_recorded_verdict() {
    let oracle = oracle();
    let easy = job(&oracle, 7);
    let proof = easy.proof(0, 16).unwrap();
    let mut judged = 0;
    for check in oracle.record["structural_checks"].as_array().unwrap() {
        let (blob, expected) = structural(&oracle, check, &proof);
        let name = text(&check["name"]);
        if let Some(length) = check["len"].as_u64() {
            assert_eq!(blob.len() as u64, length, "{name}");
        }
        assert_eq!(hash(&blob), digest(text(&check["blake3"])), "{name}");
        agree(check, &judge(&oracle, check, &blob), expected);
        judged += 1;
    }
    assert_eq!(judged, 10);
}

fn structural(oracle: &Oracle, check: &Value, proof: &PlainProof) -> (Vec<u8>, &'static str) {
    let mut edit = proof.clone();
    let rule = match text(&check["name"]) {
        "a: one extra sibling appended" => {
            edit.a.siblings.push([0; 32]);
            "accepted"
        }
        "a: last sibling dropped" => {
            edit.a.siblings.pop();
            "siblings-a"
        }
        "a: last opened leaf dropped" => {
            edit.a.leaves.pop();
            edit.a.leaf_indices.pop();
            "cover-a"
        }
        "a: leaves 0,1 given in swapped order (data and index)" => {
            edit.a.leaves.swap(0, 1);
            edit.a.leaf_indices.swap(0, 1);
            "accepted"
        }
        "a: row_indices 0,1 swapped" => {
            edit.a.row_indices.swap(0, 1);
            "pattern-a"
        }
        "a: one row fewer" => {
            edit.a.row_indices.pop();
            "root-a"
        }
        "a: every leaf of A opened (superset), no siblings" => {
            let [a, _] = matrices(7);
            let rows: Vec<u32> = (0..32).collect();
            let key = job(oracle, 7);
            let all = Opening::new(&a, &Tree::new(key.job_key(), &a.bytes()), &rows).unwrap();
            assert!(all.siblings.is_empty());
            edit.a = Opening { row_indices: proof.a.row_indices.clone(), ..all };
            "accepted"
        }
        _ => return out_of_range(oracle, check),
    };
    (edit.encode(), rule)
}

/// A proof over an A with one value outside [-64, 64], which `PreparedJob` refuses to make.
fn out_of_range(oracle: &Oracle, check: &Value) -> (Vec<u8>, &'static str) {
    let edit = &check["edit"];
    let number = |name: &str| edit[name].as_i64().unwrap();
    let (row, column) = (number("A_row") as usize, number("A_col") as usize);
    let [mut a, bt] = matrices(7);
    a.write(row, column, &[number("value") as i8]).unwrap();
    let key = *job(oracle, 7).job_key();
    let open = |matrix: &Matrix, first: u32| {
        let rows: Vec<u32> = (first..first + 16).collect();
        Opening::new(matrix, &Tree::new(&key, &matrix.bytes()), &rows).unwrap()
    };
    let proof =
        PlainProof { m: 32, n: 32, k: 2048, noise_rank: 128, a: open(&a, 0), bt: open(&bt, 16) };
    (proof.encode(), if row < 16 { "values-a" } else { "accepted" })
}

#[test]
fn every_recorded_value() {
    let oracle = oracle();
    let (record, values) = (&oracle.record, &oracle.record["values"]);
    let job = job(&oracle, 7);
    assert_eq!(hash(&job.a().bytes()), digest(text(&record["A_blake3"])));
    assert_eq!(hash(&job.bt().bytes()), digest(text(&record["BT_blake3"])));
    let hex_of = |name: &str| digest(text(&values[name]));
    assert_eq!(hex::encode(job.config().to_bytes()), text(&values["config_hex"]));
    assert_eq!(*job.job_key(), hex_of("job_key"));
    assert_eq!(job.hash_a(), hex_of("hash_a"));
    assert_eq!(job.hash_b(), hex_of("hash_b"));
    assert_eq!(gemmine_pouw::seeds::bound_a(&job.hash_a(), 32), hex_of("bound_a"));
    assert_eq!(gemmine_pouw::seeds::bound_b(&job.hash_b(), 32), hex_of("bound_b"));
    assert_eq!(job.seeds().a, hex_of("a_noise_seed"));
    assert_eq!(job.seeds().b, hex_of("b_noise_seed"));
    assert_eq!(to_hex(job.bound(None)), text(&values["penalized_bound_be_hex"]));

    // Of the tile's 16 rows.
    let noise_hash = |noise: &Noise, first: usize| {
        let row = |row| noise_row(noise.factor_row(row), noise.pairs());
        let rows = (first..first + 16).flat_map(row);
        hash(&rows.map(i8::cast_unsigned).collect::<Vec<u8>>())
    };
    assert_eq!(noise_hash(job.noise_a(), 0), hex_of("noise_a_blake3"));
    assert_eq!(noise_hash(job.noise_b(), 16), hex_of("noise_bt_blake3"));

    let golden = job.golden(0, 16).unwrap();
    let words = values["jackpot_words"].as_array().unwrap();
    let register: Vec<String> = golden.register.iter().map(|word| format!("{word:08x}")).collect();
    assert_eq!(register, words.iter().map(text).collect::<Vec<_>>());
    assert_eq!(job.recheck(0, 16).unwrap().ticket, hex_of("hash_jackpot"));
    assert_eq!(job.fold(0, 16), job.recheck(0, 16));

    let verified = verify(&oracle.header, 3, &oracle.blob, None).unwrap();
    assert_eq!(verified.ticket, hex_of("hash_jackpot"));
    assert_eq!((verified.t_row, verified.t_col, verified.m, verified.n), (0, 16, 32, 32));
    assert_eq!((verified.config, verified.seeds), (*job.config(), *job.seeds()));
    assert_eq!((verified.bound, verified.register), (job.bound(None), golden.register));
}

#[test]
fn proof_is_rebuilt_and_reserialised_byte_for_byte() {
    let oracle = oracle();
    assert_eq!(hash(&oracle.blob), digest(text(&oracle.record["plain_proof_blake3"])));
    assert_eq!(job(&oracle, 7).proof(0, 16).unwrap().encode(), oracle.blob);
    let decoded = PlainProof::decode(&oracle.blob).unwrap();
    assert_eq!(decoded.encode(), oracle.blob);
    let legacy = PlainProof::decode(&oracle.blob[..oracle.blob.len() - 1]).unwrap();
    assert_eq!(legacy, decoded);
}

#[test]
fn losing_tile_is_refused_by_the_bound() {
    let oracle = oracle();
    let losing = &oracle.record["losing_tile"];
    let job = job(&oracle, 0);
    let blob = job.proof(0, 0).unwrap().encode();
    assert_eq!(blob.len() as u64, losing["plain_proof_len"].as_u64().unwrap());
    assert_eq!(hash(&blob), digest(text(&losing["plain_proof_blake3"])));
    assert_eq!(job.recheck(0, 0).unwrap().ticket, digest(text(&losing["hash_jackpot"])));
    assert_eq!(rule(&verify(&oracle.header, 3, &blob, None)), "bound");
}
