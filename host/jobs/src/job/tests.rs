//! Jobs digit by digit, and hostile ones.

use super::*;

/// A job as a gateway sends it: `target` has 70 digits, and there is a key gemmine does not know.
const GATEWAY: &str = r#"{"incomplete_header_bytes": "AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAn56dnJuamZiXlpWUk5KRkI+OjYyLiomIh4aFhIOCgYBmZmZmAAABHg==", "target": 6901746346790563787434755862277025452451108972170386555162524223799296, "cert_version": 3, "ancestor_headers": [ ], "later": 1.50}"#;

fn check_error(text: &str, expected: &str) {
    let message = GatewayJob::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
}

#[test]
fn a_gateway_job_survives_digit_by_digit() {
    let mut job = GatewayJob::parse(GATEWAY.as_bytes()).unwrap();
    assert_eq!(job.header.nbits(), 0x1e01_0000);
    assert_eq!(job.target, job.network_target());
    assert_eq!(job.target_warning(), None);
    assert_eq!(job.share_target, None);
    job.set_share_target(U256::from(0xabc)).unwrap();
    let text = job.to_json();
    for kept in [
        "\"target\": 6901746346790563787434755862277025452451108972170386555162524223799296,",
        "\"ancestor_headers\": [ ],",
        "\"later\": 1.50,",
        "\"share_target\": \"0000000000000000000000000000000000000000000000000000000000000abc\"",
    ] {
        assert!(text.contains(kept), "{text} lost {kept}");
    }
    let again = GatewayJob::parse(text.as_bytes()).unwrap();
    assert_eq!(again.share_target, Some(U256::from(0xabc)));
    assert_eq!(again.to_json(), text);
}

#[test]
fn the_largest_target_is_kept_and_the_next_refused() {
    let with = |target: &str| {
        GATEWAY.replace(
            "6901746346790563787434755862277025452451108972170386555162524223799296",
            target,
        )
    };
    let most = U256::MAX.to_string();
    let job = GatewayJob::parse(with(&most).as_bytes()).unwrap();
    assert_eq!(job.target, U256::MAX);
    assert!(job.to_json().contains(&most));
    assert!(job.target_warning().unwrap().contains("nbits 0x1e010000"));
    let next = most.replace("639935", "639936");
    check_error(&with(&next), "is above 2^256 - 1");
    check_error(&with(&"9".repeat(100_000)), "is above 2^256 - 1");
    for bad in ["1.5", "-1", "1e60", "\"5\"", "null", "true"] {
        check_error(&with(bad), &format!("target {bad} is not a whole number"));
    }
}

#[test]
fn errors_name_the_value_and_the_remedy() {
    check_error("", "not a JSON object");
    check_error("[1]", "not a JSON object");
    check_error("{\"a\": 1} x", "not a JSON object");
    check_error(&"[".repeat(200_000), "not a JSON object");
    check_error(r#"{"jsonrpc": "2.0", "result": {}}"#, "only the object under its key `result`");
    check_error(r#"{"target": 1, "cert_version": 3}"#, "no `incomplete_header_bytes`");
    check_error(&GATEWAY.replace("\"target\"", "\"t\""), "no `target`");
    check_error(&GATEWAY.replace("\"later\"", "\"target\""), "`target` is there twice");
    check_error(&GATEWAY.replace("AAAAIB8e", "AAAAIB8-"), "is not base64");
    check_error(&GATEWAY.replace("AAAAIB8e", "AAAA"), "has 73 bytes");
    check_error(&GATEWAY.replace(": 3", ": \"3\""), "cert_version \"3\" is not an integer");
    let short = GATEWAY.replace("\"later\": 1.50", "\"share_target\": \"ff\"");
    check_error(&short, "share_target \"ff\" can't be read: target of 2 characters");
    check_error(
        &GATEWAY.replace("\"later\"", "\"share_target\""),
        "share_target 1.50 is not a string",
    );
}

#[test]
fn versions_beyond_32_bits_are_unknown_ones() {
    for bad in ["4294967296", "99999999999999999999", "-3"] {
        let text = GATEWAY.replace(": 3", &format!(": {bad}"));
        check_error(&text, &format!("certificate version {bad} (unknown)"));
    }
    for bad in ["3.0", "3e0", "null"] {
        let text = GATEWAY.replace(": 3", &format!(": {bad}"));
        check_error(&text, &format!("cert_version {bad} is not an integer"));
    }
}

#[test]
fn keys_are_limited() {
    let with = |keys: usize| {
        let keys: String = (0..keys).map(|key| format!("\"{key}\":0,")).collect();
        GATEWAY.replacen('{', &format!("{{{keys}"), 1)
    };
    GatewayJob::parse(with(995).as_bytes()).unwrap();
    check_error(&with(996), "it has more than 1000 keys");
    check_error(&with(104_000), "it has more than 1000 keys");
}

#[test]
fn the_local_job_is_asymmetric_and_its_target_is_its_headers() {
    let job = GatewayJob::simnet().unwrap();
    assert_eq!(job.cert_version, 3);
    assert_eq!(job.target_warning(), None);
    let bytes = job.header.as_bytes();
    for hash in [&bytes[4..36], &bytes[36..68]] {
        let mut distinct = hash.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 32);
    }
    assert_ne!(bytes[4..36], bytes[36..68]);
    assert_eq!(GatewayJob::simnet().unwrap().to_json(), job.to_json());
}

#[test]
fn local_jobs_differ_in_their_header_alone() {
    let mut seen = Vec::new();
    for number in [0, 1, 2, 256, u32::MAX] {
        let job = GatewayJob::simnet_block(number).unwrap();
        assert_eq!((job.cert_version, job.target_warning()), (3, None));
        assert!(!seen.contains(&job.header), "block {number}");
        seen.push(job.header);
    }
}

#[test]
fn what_no_rule_names_makes_no_other_work() {
    let parse = |text: &str| GatewayJob::parse(text.as_bytes()).unwrap();
    let job = parse(GATEWAY);
    assert!(job.same_work(&parse(&GATEWAY.replace("1.50", "2"))));
    assert!(!job.same_work(&parse(&GATEWAY.replace("AAAAIB8e", "BAAAIB8e"))));
    assert!(!job.same_work(&parse(&GATEWAY.replace("\"cert_version\": 3", "\"cert_version\": 4"))));
    assert!(!job.same_work(&parse(&GATEWAY.replace("3799296", "3799297"))));
}
