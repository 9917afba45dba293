//! gemmine-pouw
