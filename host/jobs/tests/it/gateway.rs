//! A gateway, over everything that a connection goes over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::peer::{Connection, Peer, TRANSPORTS};
use crate::support::{Setup, submission};

/// A job as a gateway sends it, recorded from pearl-gateway, and a key that we do not know.
const JOB: &str = r#"{"incomplete_header_bytes": "AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAn56dnJuamZiXlpWUk5KRkI+OjYyLiomIh4aFhIOCgYBmZmZmAAABHg==", "target": 6901746346790563787434755862277025452451108972170386555162524223799296, "cert_version": 3, "ancestor_headers": [], "zzz": 1.50e+7}"#;

/// Hears questions for work, and answers them, until a share comes: that line.
fn share(gateway: &mut Connection) -> String {
    loop {
        let line = gateway.hear();
        let asked: Value = serde_json::from_str(&line).unwrap();
        match asked["method"].as_str().unwrap() {
            "getMiningInfo" => {
                assert_eq!(asked["params"], serde_json::json!({}));
                let id = &asked["id"];
                gateway.say(&format!(r#"{{"jsonrpc": "2.0", "result": {JOB}, "id": {id}}}"#));
            }
            _ => return line,
        }
    }
}

#[test]
fn shares_come_through_with_their_job() {
    for transport in TRANSPORTS {
        let peer = Peer::new(transport);
        let running = Setup::gateway(&peer).start();
        let mut gateway = peer.accept();
        // Its first question, before anything else.
        assert!(gateway.hear().contains("getMiningInfo"));
        gateway.say(&format!(r#"{{"jsonrpc": "2.0", "result": {JOB}, "id": 1}}"#));
        assert_eq!(running.told(), "up");
        let job = running.job();
        assert_eq!(&*job.context, JOB);
        // As long as a proof of Pearl's is.
        running.submit(submission(1, &job, 67_057));
        let line = share(&mut gateway);
        let asked: Value = serde_json::from_str(&line).unwrap();
        let (id, proof) = (&asked["id"], STANDARD.encode(vec![1; 67_057]));
        let expected = format!(
            r#"{{"jsonrpc":"2.0","method":"submitPlainProof","id":{id},"params":{{"plain_proof":"{proof}","mining_job":{JOB}}}}}"#
        );
        assert_eq!(line, expected);
        drop(gateway);
        assert_eq!(running.told(), "sent 1");
        assert!(running.told().starts_with("down: "), "{transport:?}");

        let mut gateway = peer.accept();
        let line = share(&mut gateway);
        let asked: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(asked["params"]["plain_proof"], proof);
        gateway.say(&format!(r#"{{"jsonrpc":"2.0","result":"submitted","id":{}}}"#, asked["id"]));
        let told: Vec<_> = (0..4).map(|_| running.told()).collect();
        assert_eq!(told[0], "up");
        // It goes as soon as we are in, which the job's answer says.
        assert!(told.contains(&"sent 1".into()) && told.contains(&format!("job {}", job.name)));
        assert_eq!(told[3], "1 acknowledged");
    }
}

#[test]
fn a_pause_and_its_end() {
    let peer = Peer::new(crate::peer::Transport::Tcp);
    let running = Setup::gateway(&peer).start();
    let mut gateway = peer.accept();
    let mut asked = || -> (String, u64) {
        let line = gateway.hear();
        let value: Value = serde_json::from_str(&line).unwrap();
        (line, value["id"].as_u64().unwrap())
    };
    let (line, id) = asked();
    assert!(line.contains("getMiningInfo"));
    gateway.say(&format!(
        r#"{{"jsonrpc": "2.0", "error": {{"code": -32001, "message": "mining_paused: no block template available"}}, "id": {id}}}"#
    ));
    assert_eq!(running.told(), "up");
    assert_eq!(running.told(), "paused: mining_paused: no block template available");
    assert!(gateway.hear().contains("\"id\":2,"));
    let four = JOB.replace(": 3", ": 4");
    gateway.say(&format!(r#"{{"jsonrpc": "2.0", "result": {four}, "id": 2}}"#));
    assert!(running.told().starts_with("refused: certificate version 4"));
    assert!(gateway.hear().contains("\"id\":3,"));
    gateway.say(&format!(r#"{{"jsonrpc": "2.0", "result": {JOB}, "id": 3}}"#));
    assert!(running.told().starts_with("job "));
}
