//! What a running miner shows, as those who look at it see it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod api;
mod browser;
mod client;
mod control;
mod events;
mod fake;
mod grafana;
mod guard;
mod limits;
mod looks;
mod metrics;
mod openapi;
mod terminal;
