//! Code that the examples share: a host of mini programs, and progress bars.

// Each example uses only a part of it.
#![allow(dead_code)]

pub mod bars;
pub mod host;
