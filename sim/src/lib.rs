//! gemmine-sim
