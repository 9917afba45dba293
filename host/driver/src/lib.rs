//! gemmine-driver
