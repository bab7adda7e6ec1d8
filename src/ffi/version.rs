//! The library's version.

use std::ffi::c_char;

/// The library's version, such as `0.2.0`: a static string that ends with a NUL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
