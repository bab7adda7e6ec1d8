//! Initialisation of the trust store on Android.

use std::ffi::c_void;

use super::guard::guard;
use super::refusal::RefusedCall;
use super::status::{WXT_TRUST_STORE_UNAVAILABLE, WxtStatus};
use crate::platform::initialise_trust_store;

/// Gives the library access to Android's trust store. Call it once per process, before the first `wxt_session_open`
/// without `root_certificates`, which otherwise returns `WXT_TRUST_STORE_UNAVAILABLE`. After a success, further calls
/// do nothing.
///
/// `jni_env` is the calling thread's `JNIEnv *`, without a pending exception. `context` is a `jobject`: any
/// `android.content.Context` of the app. The library takes the app's class loader from it and keeps no reference to it.
/// Any thread that is attached to the virtual machine.
///
/// The app must contain the Java class `org.wxtransfer.CertificateVerifier`, and its shrinker must keep it. The AAR
/// contains the class and the shrinker's rule. The class uses Android's classes only, so an app whose own code is all C
/// can contain it alone. The library's threads attach themselves to the virtual machine for each question, and detach
/// themselves after it.
///
/// A program without a virtual machine, and an app without Java classes (`android:hasCode="false"`), cannot ask
/// Android. They set `root_certificates`.
///
/// - `WXT_OK`: the trust store can be used.
/// - `WXT_INVALID_ARGUMENT`: a pointer is NULL.
/// - `WXT_TRUST_STORE_UNAVAILABLE`: `context` is not a context, or the app lacks that class or its method. No exception
///   is pending then. The function may be called again. One status stands for both: Kotlin and Java can only pass a
///   context, and C can ask `IsInstanceOf`.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `jni_env` and `context` must be as described above.
#[cfg(target_os = "android")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_android_init(jni_env: *mut c_void, context: *mut c_void) -> WxtStatus {
    guard(|| {
        for (pointer, name) in [(jni_env, "jni_env"), (context, "context")] {
            if pointer.is_null() {
                return Err(RefusedCall::null(name));
            }
        }
        // SAFETY: passed on to the caller.
        if unsafe { initialise_trust_store(jni_env, context) } {
            return Ok(());
        }
        let reason = "context is not a context, or the app lacks the class org.wxtransfer.CertificateVerifier";
        Err(RefusedCall::new(WXT_TRUST_STORE_UNAVAILABLE, reason))
    })
}
