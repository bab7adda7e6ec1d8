//! The vocabulary that all rooms share: calls, methods, headers, digests, failures and log messages.

mod api;
mod call;
mod digest;
pub mod extension;
mod failure;
mod file_error;
mod header;
pub mod log;
mod method;
mod shortened;

pub use api::Api;
pub use call::Call;
pub use digest::DigestAlgorithm;
pub use failure::{Category, Failure, TransferError, errno};
pub use file_error::FileErrorKind;
pub use header::{Header, Headers, is_one_of};
pub use method::Method;
pub use shortened::shortened;
