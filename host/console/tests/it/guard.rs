//! Which calls are heard at all, and what every answer says of itself.

use gemmine_console::http::{Error, Options, Server};

use super::client::{bind, get, post, send, serve};
use super::fake::Fake;

#[test]
fn only_names_that_the_server_goes_by_are_heard() {
    let miner = Fake::new(4);
    let server = bind(&miner, None, &["Miner.lan", "10.1.2.3"]);
    let port = server.address().port();
    let good = [
        "localhost".to_owned(),
        "LOCALHOST:80".into(),
        "127.0.0.1".into(),
        format!("127.0.0.1:{port}"),
        "127.9.9.9".into(),
        "[::1]:1".into(),
        "miner.lan".into(),
        "miner.lan.:8080".into(),
        "10.1.2.3".into(),
    ];
    for host in good {
        let request = format!("GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(send(&server, request.as_bytes()).status, 200, "{host}");
    }
    let bad = [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "Host: evil.example:80\r\n",
        "Host: localhost@evil.example\r\n",
        "Host: evil.example@localhost\r\n",
        "Host: 10.1.2.4\r\n",
        "Host: 192.168.1.1\r\n",
        "Host: \r\n",
        "Host: localhost:\r\n",
        "Host: localhost/\r\n",
        "Host: l\u{f6}calhost\r\n",
        "",
        "Host: localhost\r\nHost: evil.example\r\n",
    ];
    for host in bad {
        for path in ["/health/live", "/", "/nowhere", "http://evil.example/health/live"] {
            let answer = send(&server, format!("GET {path} HTTP/1.1\r\n{host}\r\n").as_bytes());
            assert_eq!((answer.status, &*answer.error()), (421, "unknown_host"), "{host}{path}");
        }
    }
    let inline = "GET http://evil.example/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(send(&server, inline.as_bytes()).status, 421);
}

#[test]
fn names_are_names() {
    for wrong in ["", "http://miner.lan", "miner.lan:80", "miner.lan/", "a b", "me@miner.lan"] {
        let options = Options { names: vec![wrong.into()], ..Default::default() };
        let error = Server::bind(([127, 0, 0, 1], 0).into(), options, Fake::new(4)).unwrap_err();
        assert!(matches!(&error, Error::Name { name } if name == wrong), "{error}");
    }
}

#[test]
fn every_answer_forbids_what_it_need_not_allow() {
    let (_miner, server) = serve(4);
    let mut answers: Vec<_> = ["/", "/page/page.js", "/api/v1/status", "/metrics", "/nowhere"]
        .map(|path| get(&server, path))
        .into();
    answers.push(post(&server, "", "{}"));
    answers.push(send(&server, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
    answers.push(send(
        &server,
        b"OPTIONS /api/v1/control HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\
          Access-Control-Request-Method: POST\r\n\r\n",
    ));
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(!answer.head.to_lowercase().contains("access-control"), "{answer:?}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (miner, server) = serve(4);
    let address = server.address();
    let error = Server::bind(address, Options::default(), miner).unwrap_err();
    assert!(error.to_string().starts_with(&format!("listen on {address}: ")), "{error}");
}
