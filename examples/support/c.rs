//! Converts strings and statuses of the C interface to Rust types and back.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::slice;

use wxtransfer::ffi::status::{WXT_OK, WxtStatus, wxt_status_text};
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::version::wxt_version;

/// The library's version.
pub fn version() -> String {
    // SAFETY: the text is static and ends with a NUL.
    unsafe { CStr::from_ptr(wxt_version()) }.to_string_lossy().into_owned()
}

/// The text as a C string. An empty one becomes absent.
pub fn text(text: &str) -> WxtStr {
    if text.is_empty() { WxtStr::absent() } else { WxtStr::new(text) }
}

/// A copy of a C string. Empty if the string is absent.
///
/// # Safety
/// `text` must be readable.
pub unsafe fn string(text: WxtStr) -> String {
    if text.ptr.is_null() {
        return String::new();
    }
    // SAFETY: the caller guarantees it.
    let bytes = unsafe { slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// The status text as an error, unless the status is `WXT_OK`.
pub fn checked(status: WxtStatus) -> Result<(), String> {
    if status == WXT_OK {
        return Ok(());
    }
    // SAFETY: the text is static and ends with a NUL.
    Err(unsafe { CStr::from_ptr(wxt_status_text(status)) }.to_string_lossy().into_owned())
}

/// Calls a function that also gives the reason of its status.
pub fn explained(call: impl FnOnce(*mut WxtStatusDetail) -> WxtStatus) -> Result<(), String> {
    let mut detail = WxtStatusDetail::empty();
    let status = call(&mut detail);
    checked(status).map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&detail.reason())))
}
