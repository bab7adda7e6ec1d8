//! What differs between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod clone;
mod socket;
mod waker;

pub use clone::clone_file;
pub use socket::{SEND_FLAGS, unsent_bytes};
pub use waker::Waker;
