//! Where work comes from and where shares go.
//!
//! | module | owns |
//! |---|---|
//! | [`work`] | what a source hands out, and what it gets back |
//! | [`job`] | the object that a Pearl gateway sends as a job |
//! | [`source`] | job sources: protocols as state machines, the threads that run them, which one is worked for |
//! | `text` | somebody else's words, made safe to show |

pub mod job;
pub mod source;
mod text;
pub mod work;
