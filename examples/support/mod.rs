//! What the examples share: a host that uses the library through its C interface, and progress bars.

// Each example uses its own part of this.
#![allow(dead_code)]

pub mod bars;
pub mod c;
pub mod host;
