//! Connections that do not come about, and what ends them.

use std::net::TcpListener;
use std::time::Duration;

use gemmine_jobs::source::handle::Command;
use gemmine_jobs::source::report::SourceState;
use gemmine_jobs::source::sockets::SpawnError;

use crate::peer::{Peer, Transport};
use crate::support::{Setup, let_in};

/// What is said of a connection that does not come about.
fn check(setup: Setup, expected: &str) {
    let running = setup.start();
    let told = running.told();
    assert!(told.starts_with("down: connect to ") && told.contains(expected), "{told}");
    assert!(running.handle.report().connections == 0);
}

#[test]
fn nobody_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(
        Setup::at(&format!("tcp://127.0.0.1:{port}")),
        "refused (os error 111); check that it runs and listens there",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    check(Setup::at(&format!("unix://{}", path.display())), "check that it runs and listens there");
    // A file that is no socket.
    std::fs::write(&path, "").unwrap();
    check(Setup::at(&format!("unix://{}", path.display())), "refused");
    // Longer than a part of a name can be, so nobody is asked for it.
    check(Setup::at(&format!("tcp://{}:1", "x".repeat(64))), "check the host's name");
}

#[test]
fn names_are_looked_up() {
    let peer = Peer::new(Transport::Tcp);
    let endpoint = peer.endpoint.to_string().replace("127.0.0.1", "localhost");
    let running = Setup::at(&endpoint).start();
    // `localhost` may be ::1 first, where nobody listens.
    let mut pool = peer.accept();
    let_in(&mut pool);
    assert_eq!(running.told(), "up");
}

#[test]
fn whom_nobody_vouches_for_is_not_trusted() {
    let peer = Peer::new(Transport::Tls);
    let mut setup = Setup::pool(&peer);
    setup.socket.tls_ca = None;
    let running = setup.start();
    let mut connection = peer.accept();
    // Goes on until the other side gives up.
    assert!(connection.send(b"x").is_err() || connection.is_closed());
    let told = running.told();
    assert!(told.contains("TLS: ") && told.contains("`tls_ca` names your own authority"), "{told}");

    let peer = Peer::tls("other.example");
    let running = Setup::pool(&peer).start();
    let mut connection = peer.accept();
    assert!(connection.send(b"x").is_err() || connection.is_closed());
    let told = running.told();
    assert!(told.contains("TLS: ") && told.contains("not valid for name"), "{told}");
}

#[test]
fn a_peer_without_tls_is_no_peer_with_it() {
    let peer = Peer::new(Transport::Tcp);
    let endpoint = peer.endpoint.to_string().replace("tcp:", "tls:");
    let running = Setup::at(&endpoint).start();
    let mut connection = peer.accept();
    connection.say("hello");
    let told = running.told();
    assert!(told.contains("TLS: "), "{told}");
    drop(connection);

    // One that says nothing at all.
    let mut setup = Setup::at(&endpoint);
    setup.socket.connect_timeout = Duration::from_millis(200);
    let running = setup.start();
    let _silent = peer.accept();
    let told = running.told();
    assert!(told.contains("no connection within 0.2 s; check the host"), "{told}");
}

#[test]
fn certificates_to_trust_are_looked_at() {
    for (pem, expected) in [
        ("", "there is no certificate in it"),
        ("hello", "there is no certificate in it"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "read the certificates"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "read the certificates"),
    ] {
        let mut setup = Setup::at("tls://127.0.0.1:1");
        setup.socket.tls_ca = Some(pem.as_bytes().to_vec());
        let error = match setup.spawn() {
            Err(error @ SpawnError::Tls(_)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn standby_closes_and_activation_connects() {
    let peer = Peer::new(Transport::Tcp);
    let running = Setup::pool(&peer).start();
    let mut pool = peer.accept();
    let_in(&mut pool);
    assert_eq!(running.told(), "up");
    running.handle.command(Command::Standby);
    assert_eq!(running.told(), "down: not needed for now");
    assert!(pool.is_closed());
    running.handle.command(Command::Off);
    running.handle.command(Command::Activate);
    running.handle.command(Command::On);
    let mut pool = peer.accept();
    let_in(&mut pool);
    assert_eq!(running.told(), "up");
    drop(running);
    assert!(pool.is_closed());
}

#[test]
fn a_source_without_a_command_does_nothing() {
    let peer = Peer::new(Transport::Tcp);
    let (handle, events) = Setup::pool(&peer).spawn().unwrap();
    assert_eq!(handle.report().state, SourceState::Standby);
    drop(handle);
    // The thread has ended, and said nothing.
    assert!(events.recv_timeout(crate::support::PATIENCE).is_err());
}
