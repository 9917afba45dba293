//! gemmine-hdl
