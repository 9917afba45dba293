//! Job sources against scripted peers on this machine.
