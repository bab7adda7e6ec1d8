//! What differs between Linux, Android, macOS and iOS, and the few system calls that need `unsafe`.

mod waker;

pub use waker::Waker;

/// Waits until `file` can be read.
pub fn wait_readable(_file: &std::fs::File, _cancel: &crate::cancel::CancelToken) -> std::io::Result<()> {
    Ok(())
}
