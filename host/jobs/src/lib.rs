//! Where work comes from and where shares go.
//!
//! | module | owns |
//! |---|---|
//! | [`work`] | what a source hands out, and what it gets back |

pub mod work;
