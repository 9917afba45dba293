//! gemmine-benches
