//! What a function of the C interface returns.

use std::ffi::c_char;

/// What a function returns: `WXT_OK`, or why the call was refused.
///
/// A status other than `WXT_OK` is about a mistake of the host or a lack of resources. Nothing was started, no callback
/// will run, and `user_data` stays the caller's. What a page can get wrong (its URL, path, header or domain) is never a
/// status: it comes through `on_fail` and `on_complete`.
pub type WxtStatus = i32;

/// The call did what it says.
pub const WXT_OK: WxtStatus = 0;
/// A required pointer is NULL, a string has a length but no bytes, or a value is outside its range.
pub const WXT_INVALID_ARGUMENT: WxtStatus = 1;
/// `struct_size` is not the size of a known version of the struct, or a newer host filled fields that this library
/// does not know.
pub const WXT_INVALID_STRUCT_SIZE: WxtStatus = 2;
/// A string of the session's options is not UTF-8.
pub const WXT_INVALID_UTF8: WxtStatus = 3;
/// The session is closing or closed, or the handle never was a session.
pub const WXT_SESSION_CLOSED: WxtStatus = 4;
/// The function waits for callbacks, so it cannot be called from one.
pub const WXT_CALLED_FROM_CALLBACK: WxtStatus = 5;
/// No task with this number is queued or running: it has ended, or never was. For `wxt_header_find`: no such header.
pub const WXT_NOT_FOUND: WxtStatus = 6;
/// `client_version` or `base_library_version` is not numbers separated by dots.
pub const WXT_INVALID_VERSION: WxtStatus = 7;
/// An entry of a domain list is not a host with an optional port, or is for `http` without `allow_plain_http`. The log
/// says which entry.
pub const WXT_INVALID_DOMAIN: WxtStatus = 8;
/// `root_certificates` holds no certificate, or one that cannot be read.
pub const WXT_INVALID_CERTIFICATE: WxtStatus = 9;
/// A pin has no host, or its hash is not 32 bytes.
pub const WXT_INVALID_PIN: WxtStatus = 10;
/// `proxy` is not `http://[user:password@]host:port`.
pub const WXT_INVALID_PROXY: WxtStatus = 11;
/// The data directory cannot be created or used; the log says why.
pub const WXT_STORAGE_FAILED: WxtStatus = 12;
/// Another open session has the same mini program's directory, and its sharing is exclusive.
pub const WXT_STORAGE_LOCKED: WxtStatus = 13;
/// The operating system's trust store cannot be used; on Android: it was never initialised.
pub const WXT_TRUST_STORE_UNAVAILABLE: WxtStatus = 14;
/// No thread, descriptor or memory is left. The same call may succeed later.
pub const WXT_OUT_OF_RESOURCES: WxtStatus = 15;
/// A bug of the library, caught; nothing was started.
pub const WXT_INTERNAL: WxtStatus = 16;

/// A status in words, for a log. The text is static and ends with a NUL; an unknown status has a text too.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn wxt_status_text(status: WxtStatus) -> *const c_char {
    let text = match status {
        WXT_OK => c"ok",
        WXT_INVALID_ARGUMENT => c"invalid argument",
        WXT_INVALID_STRUCT_SIZE => c"invalid struct size",
        WXT_INVALID_UTF8 => c"invalid UTF-8",
        WXT_SESSION_CLOSED => c"session closed",
        WXT_CALLED_FROM_CALLBACK => c"called from a callback",
        WXT_NOT_FOUND => c"not found",
        WXT_INVALID_VERSION => c"invalid version",
        WXT_INVALID_DOMAIN => c"invalid domain list entry",
        WXT_INVALID_CERTIFICATE => c"invalid root certificate",
        WXT_INVALID_PIN => c"invalid pin",
        WXT_INVALID_PROXY => c"invalid proxy",
        WXT_STORAGE_FAILED => c"storage failed",
        WXT_STORAGE_LOCKED => c"storage locked by another session",
        WXT_TRUST_STORE_UNAVAILABLE => c"trust store unavailable",
        WXT_OUT_OF_RESOURCES => c"out of resources",
        WXT_INTERNAL => c"internal error",
        _ => c"unknown status",
    };
    text.as_ptr()
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    /// The text of a status, with the unsafe part in one place.
    #[expect(unsafe_code, reason = "the function gives what C reads")]
    fn text(status: WxtStatus) -> &'static str {
        // SAFETY: the text is static and ends with a NUL.
        unsafe { CStr::from_ptr(wxt_status_text(status)) }.to_str().unwrap()
    }

    #[test]
    fn a_text_has_the_words_of_the_name() {
        let constants = include_str!("status.rs").lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("pub const WXT_")?.split_once(": WxtStatus = ")?;
            Some((name, value.strip_suffix(';')?.parse::<WxtStatus>().ok()?))
        });
        let mut count = 0;
        for (name, status) in constants {
            let text = text(status).replace('-', "").to_lowercase();
            for word in name.to_lowercase().split('_') {
                assert!(text.split(' ').any(|other| other == word), "{name}: {text}");
            }
            count += 1;
        }
        assert_eq!(count, WXT_INTERNAL + 1);
    }
}
