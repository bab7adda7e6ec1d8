//! The C interface: C structs become owned Rust values, and back. No policy, and the only `unsafe` code besides
//! `platform`.
//!
//! `include/wxtransfer.h` is made of this module by cbindgen, comments included.

// Sound because each block says why; see the module's documentation.
#![allow(unsafe_code)]

pub mod callback;
pub mod error;
mod executor;
mod guard;
mod handler;
pub mod options;
mod read;
pub mod request;
pub mod resolver;
pub mod session;
pub mod status;
pub mod string;
pub mod task;

use std::ffi::c_char;

/// The library's version, such as `0.1.0`: static, and ended by a NUL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
