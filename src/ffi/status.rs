//! The statuses that functions of the C interface return.

use std::ffi::c_char;

/// The result of a function: `WXT_OK`, or the reason why the call was refused.
///
/// A status other than `WXT_OK` reports a mistake of the host, a lack of resources, a data directory that cannot be
/// used, or a bug of the library that was caught. `WXT_NOT_FOUND` reports that a task has ended, or that a header is
/// missing. If a function that starts a task or makes a file call returns such a status, nothing was started, no
/// callback of this call runs, and `user_data` still belongs to the caller. The comments of the other functions say
/// what has happened then. Mistakes of a page (in a URL, path, header or domain) are never reported as a status. They
/// are reported through `on_fail` and `on_complete`.
///
/// `wxt_status_text` puts a status into words, and `WxtStatusDetail` says what exactly is wrong.
pub type WxtStatus = i32;

/// The call was accepted or has done its work.
pub const WXT_OK: WxtStatus = 0;
/// A required pointer is NULL, a pointer is misaligned, a string or list has a length but no pointer, or a value is out
/// of its range.
pub const WXT_INVALID_ARGUMENT: WxtStatus = 1;
/// `struct_size` is too small, above 4,096 or not a multiple of a pointer's size, or the host set fields that this
/// version of the library does not know.
pub const WXT_INVALID_STRUCT_SIZE: WxtStatus = 2;
/// A string that the host itself chose (a session option, the server of `wxt_session_prepare`) is not UTF-8.
pub const WXT_INVALID_UTF8: WxtStatus = 3;
/// The session is closing or closed, or the handle was never one of a session.
pub const WXT_SESSION_CLOSED: WxtStatus = 4;
/// `wxt_session_close` was called from a callback. It waits for callbacks, so it would wait for itself.
pub const WXT_CALLED_FROM_CALLBACK: WxtStatus = 5;
/// No task with this number is waiting or running (functions of a task), or there is no such header
/// (`wxt_header_find`).
pub const WXT_NOT_FOUND: WxtStatus = 6;
/// `client_version` or `base_library_version` is not a list of numbers separated by dots.
pub const WXT_INVALID_VERSION: WxtStatus = 7;
/// A domain list has an entry that is not a host with an optional port, or that is an `http` entry without
/// `allow_plain_http`.
pub const WXT_INVALID_DOMAIN: WxtStatus = 8;
/// `root_certificates` contains no certificate or an unreadable one, or `client_certificate` cannot be used.
pub const WXT_INVALID_CERTIFICATE: WxtStatus = 9;
/// A pin has no valid host, or its hash is not 32 bytes long.
pub const WXT_INVALID_PIN: WxtStatus = 10;
/// `proxy` is not `http://[user:password@]host[:port]`.
pub const WXT_INVALID_PROXY: WxtStatus = 11;
/// The data directory cannot be created or used, or a partial file cannot be deleted.
pub const WXT_STORAGE_FAILED: WxtStatus = 12;
/// Another open session uses the same mini program's directory, and one of the two is `WXT_STORAGE_EXCLUSIVE`.
pub const WXT_STORAGE_LOCKED: WxtStatus = 13;
/// The system's trust store cannot be used. On Android, `wxt_android_init` has not succeeded.
pub const WXT_TRUST_STORE_UNAVAILABLE: WxtStatus = 14;
/// No thread, descriptor or memory is left. The same call may succeed later.
pub const WXT_OUT_OF_RESOURCES: WxtStatus = 15;
/// A bug of the library, which was caught. Nothing was started.
pub const WXT_INTERNAL: WxtStatus = 16;

/// The English text of a status, for a log: a static string that ends with a NUL. An unknown status has a text, too.
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
        WXT_INVALID_CERTIFICATE => c"invalid certificate",
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

    /// The text of a status. Keeps the unsafe block in one place.
    #[expect(unsafe_code, reason = "the function returns a C string")]
    fn text(status: WxtStatus) -> &'static str {
        // SAFETY: the text is static and ends with a NUL.
        unsafe { CStr::from_ptr(wxt_status_text(status)) }.to_str().unwrap()
    }

    #[test]
    fn each_text_contains_the_words_of_its_constant() {
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
