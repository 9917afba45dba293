//! What a miner is told: in a TOML file, by the environment and by flags.
//!
//! Flags count before the environment, that before the file, and that before defaults; each is a [`Layer`]. Every
//! value of a [`Config`] knows where it comes from ([`Setting`]), and whatever is wrong is found in one go, with its
//! line ([`Problem`]). Nothing here opens a device or a connection.
//!
//! ```
//! let config = gemmine_config::Config::parse("[http]\nlisten = '127.0.0.1:8647'").unwrap();
//! let listen = &config.http.unwrap().listen;
//! assert_eq!(listen.port(), 8647);
//! assert_eq!(listen.origin.to_string(), "line 2");
//!
//! let problems = gemmine_config::Config::parse("[http]\nlisen = '127.0.0.1:8647'").unwrap_err();
//! assert_eq!(problems[0].to_string(), "line 2: http.lisen is no key; did you mean `listen`?");
//! ```
//!
//! | module | owns |
//! |---|---|
//! | [`config`] | what there is to tell, as types |
//! | [`keys`] | which keys there are: names, meanings, variables of the environment |
//! | [`layer`] | what one place says: a file, the environment, flags |
//! | [`origin`] | where a value comes from, and what is wrong with one |
//! | [`endpoint`], [`secret`] | addresses of sources; passwords and tokens |
//! | `resolve` | layers into a configuration |
//! | `files` | whether the files that it names are there |

pub mod config;
pub mod endpoint;
mod files;
pub mod keys;
pub mod layer;
pub mod origin;
mod resolve;
pub mod secret;

pub use config::{Config, Entry, Shown};
pub use endpoint::Endpoint;
pub use layer::Layer;
pub use origin::{Origin, Place, Problem, Setting};
pub use secret::Secret;

/// A configuration with every key, commented.
pub const EXAMPLE: &str = include_str!("../gemmine.example.toml");
