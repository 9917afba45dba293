//! The life of a connection, without one.
