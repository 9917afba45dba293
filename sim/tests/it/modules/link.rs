//! The engines of the memory link between neighbours that take their time, like the real ones, and hold every
//! transaction against plain functions: data, order, addresses and counts.

mod arbiter;
mod completions;
mod engine;
mod fetch;
mod plain;
mod reader;
mod sides;
mod whole;
mod writer;
