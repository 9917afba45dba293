//! Addresses of sources, as the configuration and as the sources read them.
//!
//! What is read and written again reads as the same; what the configuration takes, the source that it is for takes as
//! well; and what stands before an `@`, which may be a password, is in no message.

use gemmine_config::Endpoint as Configured;
use gemmine_jobs::amadeus::node::{Node, NodeOptions};
use gemmine_jobs::source::endpoint::{Endpoint, GATEWAY_PORT};

use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for port in [None, Some(GATEWAY_PORT)] {
        match Configured::parse(text, port) {
            Ok(endpoint) => configured(&endpoint),
            Err(error) => plain::message(&error),
        }
        match Endpoint::parse(text, port) {
            Ok(endpoint) => {
                let written = endpoint.to_string();
                assert_eq!(written.parse::<Endpoint>().as_ref(), Ok(&endpoint), "{written}");
            }
            Err(error) => plain::message(&error),
        }
    }
    node(text);
    hidden(text);
}

/// What the configuration takes, the source takes.
pub(crate) fn configured(endpoint: &Configured) {
    let written = endpoint.to_string();
    assert_eq!(written.parse::<Configured>().as_ref(), Ok(endpoint), "{written}");
    match endpoint {
        Configured::Tcp(_) | Configured::Tls(_) | Configured::Unix(_) => {
            let source = Endpoint::parse(&written, None);
            let source =
                source.unwrap_or_else(|error| panic!("the configuration takes it: {error}"));
            assert_eq!(source.to_string(), written);
        }
        Configured::Http(_) | Configured::Https(_) => {
            let node = Node::new(&written, NodeOptions::default());
            let node = node.unwrap_or_else(|error| panic!("the configuration takes it: {error}"));
            assert_eq!(node.url(), written);
        }
    }
}

fn node(text: &str) {
    match Node::new(text, NodeOptions::default()) {
        Ok(node) => {
            let url = node.url();
            let again = Node::new(url, NodeOptions::default());
            assert_eq!(again.expect("a node's own URL").url(), url);
        }
        Err(error) => plain::message(&error),
    }
}

/// Messages don't tell two users apart.
fn hidden(text: &str) {
    let Some((scheme, rest)) = text.split_once("://") else { return };
    let Some((_, host)) = rest.rsplit_once('@') else { return };
    if !matches!(scheme, "tcp" | "tls") {
        return;
    }
    let of = |user: &str| {
        let text = format!("{scheme}://{user}@{host}");
        let configured = Configured::parse(&text, None).map_err(|error| error.to_string());
        let source = Endpoint::parse(&text, None).map_err(|error| error.to_string());
        (configured, source)
    };
    assert_eq!(of("me:first-word"), of("me:other-word"));
}
