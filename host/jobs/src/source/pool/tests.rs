//! A pool line by line.
