//! What is changed, and who may.

use std::net::SocketAddr;

use gemmine_console::http::{Error, Options, Server, Token};
use gemmine_console::status::Control;

use super::client::{TOKEN, bind, post, serve};
use super::fake::Fake;

const JSON: &str = "Content-Type: application/json\r\n";
const OFF: &str = r#"{"action":"device_off","device":"processor"}"#;

fn bearer(token: &str) -> String {
    format!("{JSON}Authorization: Bearer {token}\r\n")
}

#[test]
fn what_is_asked_with_the_token_arrives() {
    let (miner, server) = serve(4);
    let device = || "processor".to_owned();
    let source = || "pool2".to_owned();
    let controls = [
        (OFF, Control::DeviceOff { device: device() }),
        (r#"{"action":"device_on","device":"processor"}"#, Control::DeviceOn { device: device() }),
        (r#"{"action":"source_off","source":"pool2"}"#, Control::SourceOff { source: source() }),
        (r#"{"action":"source_on","source":"pool2"}"#, Control::SourceOn { source: source() }),
        (r#"{"action":"stop"}"#, Control::Stop),
    ];
    for (body, _) in &controls {
        let answer = post(&server, &bearer(TOKEN), body);
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.json().to_string(), *body);
    }
    assert_eq!(miner.asked(), controls.map(|(_, control)| control));
    // Schemes have no case, and a charset changes nothing.
    let shouted = "content-type: Application/JSON; charset=utf-8\r\nauthorization: bEARER ";
    assert_eq!(post(&server, &format!("{shouted}{TOKEN}\r\n"), OFF).status, 202);
}

#[test]
fn nothing_else_arrives() {
    let (miner, server) = serve(4);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let authorised = format!("Authorization: Bearer {TOKEN}\r\n");
    let long = format!("{{\"action\":\"{}\"}}", "x".repeat(5000));
    let cases: [(String, &str, (u16, &str)); 13] = [
        (JSON.into(), OFF, (401, "unauthorised")),
        (bearer(""), OFF, (401, "unauthorised")),
        (bearer("a-token-for-tests-0123456788"), OFF, (401, "unauthorised")),
        (bearer(&TOKEN[1..]), OFF, (401, "unauthorised")),
        (format!("{JSON}Authorization: Basic {TOKEN}\r\n"), OFF, (401, "unauthorised")),
        (format!("{JSON}Authorization: {TOKEN}\r\n"), OFF, (401, "unauthorised")),
        (format!("{form}{authorised}"), OFF, (415, "not_json")),
        (format!("Content-Type: text/plain\r\n{authorised}"), OFF, (415, "not_json")),
        (authorised, OFF, (415, "not_json")),
        (bearer(TOKEN), &long, (413, "too_large")),
        (bearer(TOKEN), "", (400, "bad_control")),
        (bearer(TOKEN), r#"{"action":"self_destruct"}"#, (400, "bad_control")),
        (bearer(TOKEN), r#"{"action":"stop","device":"processor"}"#, (400, "bad_control")),
    ];
    for (headers, body, (status, error)) in cases {
        let answer = post(&server, &headers, body);
        assert_eq!((answer.status, &*answer.error()), (status, error), "{headers}{body}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    assert_eq!(miner.asked(), []);
}

#[test]
fn a_name_that_there_is_not_is_said_to_be_so() {
    let (_miner, server) = serve(4);
    let answer = post(&server, &bearer(TOKEN), r#"{"action":"device_off","device":"abacus"}"#);
    assert_eq!((answer.status, &*answer.error()), (404, "unknown_name"));
    assert!(answer.body.contains("no device or source has this name"), "{answer:?}");
}

#[test]
fn without_a_token_nothing_can_be_changed() {
    let miner = Fake::new(4);
    let server = bind(&miner, None, &[]);
    for headers in [JSON.into(), bearer(""), bearer(TOKEN)] {
        let answer = post(&server, &headers, OFF);
        assert_eq!((answer.status, &*answer.error()), (403, "no_token"), "{headers}");
    }
    assert_eq!(miner.asked(), []);
    assert_eq!(server.warning(), None);
}

#[test]
fn who_listens_to_everybody_is_warned() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let warning = |token: Option<&str>| {
        let token = token.map(|token| Token::new(token).unwrap());
        let options = Options { token, ..Default::default() };
        let server = Server::bind(everywhere, options, Fake::new(4)).unwrap();
        server.warning().unwrap().to_owned()
    };
    assert!(warning(None).contains("nothing can be changed over it"));
    assert!(warning(Some(TOKEN)).contains("needs the token"));
}

#[test]
fn tokens_that_are_none_are_refused_and_none_is_shown() {
    let long = "x".repeat(257);
    for wrong in
        ["", "short", "fifteen-letters", "with a space in its middle", "schlüssel-schlüssel", &long]
    {
        let error = Token::new(wrong).unwrap_err();
        let Error::Token { length, .. } = error else { panic!("{error:?}") };
        assert_eq!(length, wrong.chars().count());
        assert!(wrong.is_empty() || !error.to_string().contains(wrong));
    }
    let token = Token::new(" 0123456789abcdef\n").unwrap();
    assert_eq!(format!("{token:?}"), "Token(..)");
}
