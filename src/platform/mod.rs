//! What differs between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod clone;
mod waker;

pub use clone::clone_file;
pub use waker::Waker;
