//! What a running miner shows, as those who look at it see it.

mod api;
mod browser;
mod chromium;
mod client;
mod control;
mod events;
mod fake;
mod grafana;
mod guard;
mod limits;
mod metrics;
mod openapi;
