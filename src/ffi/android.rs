//! What an Android app calls before its first session.

use std::ffi::c_void;

use super::guard::guard;
use super::status::{WXT_INVALID_ARGUMENT, WXT_TRUST_STORE_UNAVAILABLE, WxtStatus};
use crate::platform::initialise_trust_store;

/// Lets sessions ask Android whether they may trust a server. Call it once in the process, before the first
/// `wxt_session_open` without `root_certificates`: that call gives `WXT_TRUST_STORE_UNAVAILABLE` until this one
/// has succeeded. Later calls do nothing.
///
/// `jni_env` is the calling thread's `JNIEnv *`, without a pending exception. `context` is a `jobject`: any
/// `android.content.Context` of the app. The library takes the app's class loader from it and keeps no reference to it.
/// Any thread that is attached to the virtual machine.
///
/// The app must carry the Java class `org.wxtransfer.CertificateVerifier`, which its shrinker must keep. The AAR has both the
/// class and the shrinker's rule. The class needs no other class than Android's, so an app whose own code is all C can carry
/// it alone. The library's threads attach themselves to the virtual machine for each question, and detach themselves after it.
///
/// A program without a virtual machine, and an app without Java classes (`android:hasCode="false"`), cannot ask Android: they
/// give `root_certificates`.
///
/// - `WXT_INVALID_ARGUMENT`: a pointer is NULL.
/// - `WXT_TRUST_STORE_UNAVAILABLE`: `context` is no context, or the app lacks that class or its method. No exception is
///   pending then. It may be called again.
/// - `WXT_INTERNAL`.
///
/// # Safety
/// `jni_env` and `context` must be what is said above.
#[cfg(target_os = "android")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_android_init(jni_env: *mut c_void, context: *mut c_void) -> WxtStatus {
    guard(|| {
        if jni_env.is_null() || context.is_null() {
            return Err(WXT_INVALID_ARGUMENT);
        }
        // SAFETY: passed on to the caller.
        if unsafe { initialise_trust_store(jni_env, context) } { Ok(()) } else { Err(WXT_TRUST_STORE_UNAVAILABLE) }
    })
}
