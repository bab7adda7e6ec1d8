//! What differs between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod waker;

pub use waker::Waker;
