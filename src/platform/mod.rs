//! What differs between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod socket;
mod waker;

pub use socket::{SEND_FLAGS, unsent_bytes};
pub use waker::Waker;
