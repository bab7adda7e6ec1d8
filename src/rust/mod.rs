//! The Rust interface: a session as a value that closes itself, callbacks as closures, failures as typed errors. Like
//! the C interface beside it, it makes no decisions.
//!
//! It contains what a Rust host needs and the rooms below do not have. The crate's root also exports the types of those
//! rooms that appear in its signatures.

mod callbacks;
mod check;
mod error;
mod files;
mod guarded;
mod handler;
mod session;
mod task;

pub use callbacks::{Callbacks, Completion, DownloadSuccess, HeadersReceived, UploadSuccess};
pub use check::UrlCheck;
pub use error::{CallFailure, Error};
pub use files::{FileInfo, FileStats, Files};
pub use session::Session;
pub use task::TransferTask;

/// The library's version, such as `0.2.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
