//! The dashboard for Grafana asks only for metrics that there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::client::serve;
use super::metrics::samples;

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../../grafana/gemmine.json")).unwrap()
}

/// All texts under a key, wherever it is.
fn texts(value: &Value, wanted: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == wanted => found.push(text.clone()),
                    other => texts(other, wanted, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, wanted, found)),
        _ => {}
    }
}

/// Words of an expression.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
}

#[test]
fn every_metric_and_label_exists() {
    let (_miner, server) = serve(4);
    let samples = samples(&server);
    let mut labels = BTreeMap::<&str, BTreeSet<&str>>::new();
    for name in samples.keys() {
        let (name, rest) = name.split_once('{').unwrap_or((name, ""));
        let keys = rest.split("=\"").filter_map(|part| part.rsplit(['"', ',']).next());
        labels.entry(name).or_default().extend(keys);
    }
    let mut expressions = Vec::new();
    texts(&dashboard(), "expr", &mut expressions);
    assert!(expressions.len() >= 12, "{expressions:?}");
    let mut asked = BTreeSet::new();
    for expression in &expressions {
        for word in words(expression).filter(|word| word.starts_with("gemmine_")) {
            assert!(labels.contains_key(word), "{expression} asks for {word}");
            asked.insert(word.to_owned());
        }
        // Labels stand before `=` and `=~`.
        let name = words(expression).find(|word| word.starts_with("gemmine_")).unwrap();
        for part in expression.split(['{', ',']).filter_map(|part| part.split_once('=')) {
            let label = part.0.trim();
            let own = ["instance", "job"].contains(&label);
            assert!(own || labels[name].contains(label), "{expression} asks for {label}");
        }
    }
    assert!(asked.iter().any(|name| name.starts_with("gemmine_device")));
    assert!(asked.iter().any(|name| name.starts_with("gemmine_source")));
}

#[test]
fn panels_have_titles_units_and_places_of_their_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let side = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{panel}");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(places.insert((x, y)), "{} lies on another", panel["title"]);
            }
        }
    }
}
