//! Texts and statuses of the C interface as Rust has them.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::slice;

use wxtransfer::ffi::status::{WXT_OK, WxtStatus, wxt_status_text};
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::version::wxt_version;

/// The library's version.
pub fn version() -> String {
    // SAFETY: the text is static and ends with a NUL.
    unsafe { CStr::from_ptr(wxt_version()) }.to_string_lossy().into_owned()
}

/// An absent string for an empty one.
pub fn text(text: &str) -> WxtStr {
    if text.is_empty() { WxtStr::absent() } else { WxtStr::new(text) }
}

/// A copy of what a callback was given; empty for an absent string.
///
/// # Safety
/// `text` must be readable.
pub unsafe fn string(text: WxtStr) -> String {
    if text.ptr.is_null() {
        return String::new();
    }
    // SAFETY: passed on to the caller.
    let bytes = unsafe { slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// The status in words, if it is an error.
pub fn checked(status: WxtStatus) -> Result<(), String> {
    if status == WXT_OK {
        return Ok(());
    }
    // SAFETY: the text is static and ends with a NUL.
    Err(unsafe { CStr::from_ptr(wxt_status_text(status)) }.to_string_lossy().into_owned())
}
