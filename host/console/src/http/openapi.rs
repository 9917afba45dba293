//! The document that describes all this: OpenAPI 3.1, its schemas derived from the types that are served.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::health::Health;
use super::history::Series;
use super::refused::Refusal;
use super::routes::{Operation, Route, Schema};
use crate::status::{Control, Status};

/// Where schemas are in the document.
const SCHEMAS: &str = "/components/schemas";

/// The document for these paths.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for Route { path, operation, .. } in routes {
        paths.insert((*path).into(), json!({ operation.method: describe(operation) }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "gemmine",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A running miner: its status, its metrics, and what somebody wants changed.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// All schemas by name.
fn schemas() -> Map<String, Value> {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        })
    };
    let mut served: SchemaGenerator = settings().for_serialize().into_generator();
    served.subschema_for::<Status>();
    served.subschema_for::<Health>();
    served.subschema_for::<Series>();
    served.subschema_for::<Refusal>();
    let mut taken = settings().for_deserialize().into_generator();
    taken.subschema_for::<Control>();
    let mut schemas = served.take_definitions(true);
    schemas.extend(taken.take_definitions(true));
    schemas
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{SCHEMAS}/{name}") })
}

fn describe(operation: &Operation) -> Value {
    let mut answers = Map::new();
    for answer in operation.answers {
        let schema = match answer.schema {
            Some(Schema::One(name)) => json!({ "schema": reference(name) }),
            Some(Schema::Many(name)) => {
                json!({ "schema": { "type": "array", "items": reference(name) } })
            }
            None => json!({}),
        };
        let content = json!({ answer.kind: schema });
        let described = json!({ "description": answer.description, "content": content });
        answers.insert(answer.status.to_string(), described);
    }
    let refusal = json!({ "application/json": { "schema": reference("Error") } });
    let description = "The call is refused; the message says why and what to do about it";
    answers.insert("default".into(), json!({ "description": description, "content": refusal }));
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": answers,
    });
    if operation.log_since {
        described["parameters"] = json!([{
            "name": "log_since",
            "in": "query",
            "description": "Only lines of the log with a number above this one",
            "schema": { "type": "integer", "minimum": 0 },
        }]);
    }
    if let Some(name) = operation.takes {
        let content = json!({ "application/json": { "schema": reference(name) } });
        described["requestBody"] = json!({ "required": true, "content": content });
        described["security"] = json!([{ "token": [] }]);
    }
    described
}
