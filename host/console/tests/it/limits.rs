//! Peers that say half of something, too much or nothing.

use std::io::Write;

use super::client::{TOKEN, connect, get, read, send, serve};

#[test]
fn peers_that_never_finish_do_not_keep_others_out() {
    let (_miner, server) = serve(4);
    // More than there are places, and each with half a head.
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: loc").unwrap();
            stream
        })
        .collect();
    assert_eq!(get(&server, "/api/v1/status").status, 200);
    drop(slow);
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let (miner, server) = serve(4);
    let mut stream = connect(&server);
    let head = format!(
        "POST /api/v1/control HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Length: 17\r\n\r\n{{\"action\""
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = read(&mut stream);
    assert_eq!((answer.status, &*answer.error()), (408, "too_slow"));
    assert_eq!(miner.asked(), []);
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let (miner, server) = serve(4);
    let authorised = format!(
        "POST /api/v1/control HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {TOKEN}\r\n"
    );
    // It says that it is long, and need not be sent for that.
    let said = format!("{authorised}Content-Length: 99999999999\r\n\r\n");
    assert_eq!(send(&server, said.as_bytes()).status, 413);
    // It does not say so.
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let chunked = format!("{authorised}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(4));
    assert_eq!(send(&server, chunked.as_bytes()).status, 413);
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(send(&server, head.as_bytes()).status, 431);
    let path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1 << 20));
    assert!((400..500).contains(&send(&server, path.as_bytes()).status));
    assert_eq!(miner.asked(), []);
}

#[test]
fn what_is_no_http_is_refused() {
    let (_miner, server) = serve(4);
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..], b"HELO\r\n\r\n"] {
        assert_eq!(send(&server, garbage).status, 400);
    }
    assert_eq!(get(&server, "/health/live").status, 200);
}
