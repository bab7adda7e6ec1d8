//! Which library this is.

use std::ffi::c_char;

/// The library's version, such as `0.1.0`: static, and ended by a NUL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
