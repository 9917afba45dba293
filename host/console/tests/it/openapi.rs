//! The document says what is served, and what is served is as the document says.

use gemmine_console::http::Server;
use gemmine_console::status::{Control, Miner};
use serde_json::{Map, Value, json};

use super::client::{TOKEN, get, post, serve};

fn document(server: &Server) -> Value {
    get(server, "/api/v1/openapi.json").json()
}

/// A schema with all those that it may refer to beside it.
fn whole(document: &Value, schema: &Value) -> Value {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    whole
}

#[track_caller]
fn check(document: &Value, schema: &Value, value: &Value) {
    let schema = whole(document, schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// All values under a key, wherever it is.
fn all<'a>(value: &'a Value, wanted: &str, found: &mut Vec<&'a Value>) {
    let mut look = |value: &'a Value| all(value, wanted, found);
    match value {
        Value::Object(fields) => {
            fields.values().for_each(&mut look);
            found.extend(fields.get(wanted));
        }
        Value::Array(values) => values.iter().for_each(look),
        _ => {}
    }
}

#[test]
fn the_document_is_one() {
    let (_miner, server) = serve(4);
    let document = document(&server);
    assert_eq!(document["openapi"], "3.1.0");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    let mut ids = Vec::new();
    all(&document, "operationId", &mut ids);
    let different: std::collections::BTreeSet<_> = ids.iter().map(|id| id.to_string()).collect();
    assert_eq!(different.len(), ids.len());
}

#[test]
fn every_path_answers_as_it_is_described() {
    let (_miner, server) = serve(4);
    let document = document(&server);
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 10);
    for (path, methods) in paths {
        let (method, operation) = methods.as_object().unwrap().iter().next().unwrap();
        let answer = match (&**method, &**path) {
            // It never ends; `events.rs` looks at it.
            ("get", "/api/v1/events") => continue,
            ("get", _) => get(&server, path),
            ("post", _) => {
                let headers =
                    format!("Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n");
                post(&server, &headers, r#"{"action":"stop"}"#)
            }
            other => panic!("{other:?}"),
        };
        let described = &operation["responses"][answer.status.to_string()]["content"];
        let (kind, content) = described.as_object().unwrap().iter().next().unwrap();
        assert_eq!(answer.header("content-type"), Some(&**kind), "{path}");
        if let Some(schema) = content.get("schema") {
            check(&document, schema, &answer.json());
        }
    }
    for path in ["/nowhere", "/api/v1/status?log_since=x"] {
        check(&document, &named("Error"), &get(&server, path).json());
    }
}

/// Insists that an object has the fields that its schema names, no more and no fewer, and so on inwards.
fn same_fields(schemas: &Map<String, Value>, schema: &Value, value: &Value, place: &str) -> usize {
    let mut schema = schema;
    // Something that may be missing is one of what it is and null.
    if let Some(choices) = schema.get("anyOf") {
        schema = &choices[0];
    }
    if let Some(name) = schema.get("$ref") {
        schema = &schemas[name.as_str().unwrap().rsplit('/').next().unwrap()];
    }
    match value {
        Value::Object(fields) => {
            let described = schema["properties"].as_object().unwrap();
            let own: Vec<_> = fields.keys().collect();
            assert_eq!(own, described.keys().collect::<Vec<_>>(), "{place}");
            let required = schema["required"].as_array().unwrap();
            assert_eq!(required.len(), own.len(), "{place}: a field that may be left out");
            let inner = fields.iter().map(|(key, value)| {
                assert!(schema["properties"][key].get("description").is_some(), "{place}.{key}");
                same_fields(schemas, &described[key], value, &format!("{place}.{key}"))
            });
            inner.sum::<usize>() + own.len()
        }
        Value::Array(values) => {
            let inner = values.first().expect("the example has one of everything");
            same_fields(schemas, &schema["items"], inner, &format!("{place}[0]"))
        }
        Value::Null => panic!("{place}: the example has a value for everything"),
        _ => 0,
    }
}

#[test]
fn every_field_of_a_status_is_described() {
    let (miner, server) = serve(4);
    let document = document(&server);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let status = serde_json::to_value(&*miner.status()).unwrap();
    let fields = same_fields(schemas, &named("Status"), &status, "status");
    assert_eq!(fields, 74);
}

#[test]
fn controls_are_described_as_they_are_taken() {
    let (_miner, server) = serve(4);
    let document = document(&server);
    let name = || "a".to_owned();
    for control in [
        Control::DeviceOff { device: name() },
        Control::DeviceOn { device: name() },
        Control::SourceOff { source: name() },
        Control::SourceOn { source: name() },
        Control::Stop,
    ] {
        check(&document, &named("Control"), &serde_json::to_value(control).unwrap());
    }
    let schema = whole(&document, &named("Control"));
    for wrong in [json!({}), json!({"action": "device_off"}), json!({"action": "stop", "x": 1})] {
        assert!(!jsonschema::draft202012::is_valid(&schema, &wrong), "{wrong}");
    }
}
