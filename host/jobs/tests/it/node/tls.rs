//! The same behind TLS: who is trusted, and by whose word.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// An authority made up for a test, and its certificate as PEM.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A peer on this machine that has a certificate for a name and answers with a seed.
    fn peer(&self, name: &str) -> Peer {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let peer = Peer::start(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            hear(&mut stream);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {SEED_BYTES}\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &[7; SEED_BYTES]].concat());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        });
        Peer { url: peer.url.replace("http:", "https:"), ..peer }
    }
}

fn seed(peer: &Peer, tls_ca: Option<&Authority>) -> Result<[u8; SEED_BYTES], NodeError> {
    let tls_ca = tls_ca.map(|authority| authority.pem.clone());
    node(&peer.url, NodeOptions { tls_ca, ..NodeOptions::default() }).seed()
}

#[test]
fn a_node_is_trusted_by_the_authority_that_is_named() {
    let (authority, other) = (Authority::new(), Authority::new());
    let peer = authority.peer("127.0.0.1");
    assert_eq!(seed(&peer, Some(&authority)).unwrap(), [7; SEED_BYTES]);
    let both = [&other.pem[..], &authority.pem[..]].concat();
    let options = NodeOptions { tls_ca: Some(both), ..NodeOptions::default() };
    node(&peer.url, options).seed().unwrap();
    for (peer, trusted) in [
        (&peer, None),
        (&peer, Some(&other)),
        // Its certificate is for another host.
        (&authority.peer("127.0.0.2"), Some(&authority)),
    ] {
        let error = seed(peer, trusted).unwrap_err();
        assert!(matches!(error, NodeError::Tls { .. }) && !error.may_pass(), "{error}");
        assert!(error.to_string().contains("--tls-ca names your own authority"), "{error}");
    }
}

#[test]
fn tls_and_plain_http_do_not_meet() {
    let authority = Authority::new();
    let peer = authority.peer("127.0.0.1");
    let plain = Peer { url: peer.url.replace("https:", "http:"), ..peer };
    check(&plain, "check that it is a node that listens there");
    let peer = Peer::answering("200 OK", &[7; SEED_BYTES]);
    let secure = Peer { url: peer.url.replace("http:", "https:"), ..peer };
    let text = seed(&secure, Some(&authority)).unwrap_err().to_string();
    assert!(text.contains("check that"), "{text}");
}

#[test]
fn certificates_that_are_none_are_refused() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    for (pem, part) in [
        ("", "there is no certificate in it"),
        ("no PEM", "there is no certificate in it"),
        (&key, "there is no certificate in it"),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "give PEM"),
    ] {
        let options = NodeOptions { tls_ca: Some(pem.into()), ..NodeOptions::default() };
        let text = Node::new("https://127.0.0.1", options).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    }
}
