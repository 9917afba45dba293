//! One module a target: what is read, and what must hold.

pub mod board;
pub mod board_toml;
pub mod chain;
pub mod config;
pub mod control;
pub mod endpoint;
pub mod gateway;
pub mod gateway_job;
pub mod manifest;
pub mod meter;
pub mod node;
pub mod npy;
pub mod pcie_answers;
pub mod pcie_window;
pub mod pearl_proof;
pub mod pool;
pub mod serial_device;
pub mod serial_frame;
pub mod share_log;
pub mod solution;
