//! The choice, step by step.
