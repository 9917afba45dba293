//! A gateway line by line.
