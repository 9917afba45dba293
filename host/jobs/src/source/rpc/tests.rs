//! Lines as peers send them, and as none should.

use super::*;

fn message(text: &str) -> Message<'_> {
    Message::parse(text.as_bytes()).unwrap().unwrap()
}

#[test]
fn parts_stay_text() {
    let text = r#" {"id": 7, "result": {"target": 123456789012345678901234567890, "x": 1.50}} "#;
    let found = message(text);
    let result = found.result.unwrap().get();
    assert_eq!(result, r#"{"target": 123456789012345678901234567890, "x": 1.50}"#);
    assert_eq!(found.number(), Some(7));
    assert!(found.error.is_none() && found.method().is_none());
    // What is null is not there.
    assert!(message(r#"{"error": null, "id": null}"#).error.is_none());
    assert_eq!(message(r#"{"method": "a\u0062"}"#).method().unwrap(), "ab");
    assert!(message(r#"{"method": 5}"#).method().is_none());
}

#[test]
fn numbers_may_be_strings() {
    for (id, number) in [
        ("12", Some(12)),
        ("\"12\"", Some(12)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("\"\"", None),
        ("\"+1\"", None),
        ("\"a\"", None),
        ("[1]", None),
        ("null", None),
        ("true", None),
    ] {
        let line = format!("{{\"id\": {id}}}");
        match Message::parse(line.as_bytes()) {
            Ok(Some(message)) => assert_eq!(message.number(), number, "{id}"),
            // Not JSON.
            _ => assert_eq!(id, "+1"),
        }
    }
}

#[test]
fn only_objects_are_messages() {
    assert!(Message::parse(b" \t\r").unwrap().is_none());
    for bad in ["x", "1", "null", "[]", "[1,2,3,4,5]", "{", "{}{}", r#"{"id":1,"id":2}"#, "\"{}\""]
    {
        let error = Message::parse(bad.as_bytes()).unwrap_err();
        assert!(error.contains("not a JSON object"), "{error}");
    }
    assert!(Message::parse(b"{\"id\": \"\xff\"}").is_err());
    for open in ["[", "{\"a\":"] {
        assert!(Message::parse(open.repeat(200_000).as_bytes()).is_err());
        let deep = format!("{{\"result\": {}1", open.repeat(100_000));
        assert!(Message::parse(deep.as_bytes()).is_err());
    }
}

#[test]
fn errors_have_many_shapes() {
    let check = |text: &str, code: i64, expected: &str| {
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let expected = PeerError { code, text: expected.into() };
        assert_eq!(PeerError::parse(raw), expected, "{text}");
    };
    check(r#"{"code": -32602, "message": "Invalid params"}"#, -32602, "Invalid params");
    check(r#"{"code": 1, "message": "a", "data": "b"}"#, 1, "a: b");
    check(r#"{"code": "1", "message": null}"#, 0, r#"{"code": "1", "message": null}"#);
    check(r#"[21, "job not found", null]"#, 21, "job not found");
    check(r#"[21]"#, 21, "[21]");
    check(r#"[]"#, 0, "[]");
    check(r#""low\n difficulty""#, 0, "low  difficulty");
    check("23", 23, "23");
    check("true", 0, "true");
    check("99999999999999999999", 0, "99999999999999999999");
    // Deeper than anything that is read.
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    check(&deep, 0, &format!("{}...", "[".repeat(160)));
}

#[test]
fn an_answer_counts_once() {
    let mut requests = Requests::new();
    let (first, second, third) = (requests.open('a'), requests.open('b'), requests.open('c'));
    requests.forget(&'c');
    let answer = |id: u64| format!("{{\"id\":{id},\"result\":true}}");
    assert_eq!(requests.answered(&message(&answer(second))), Some('b'));
    assert_eq!(requests.answered(&message(&answer(second))), None);
    assert_eq!(requests.answered(&message(&answer(third))), None);
    assert_eq!(requests.answered(&message("{}")), None);
    requests.forget_all();
    assert_eq!(requests.answered(&message(&answer(first))), None);
    assert!(requests.open('d') > third);
}
