//! Code that the examples share: a host that uses the library through its C interface, and progress bars.

// Each example uses only a part of it.
#![allow(dead_code)]

pub mod bars;
pub mod c;
pub mod host;
