//! Whether the system's trust store can be used, and its initialisation on Android.

/// Whether the system's certificate verifier can be used. It needs no initialisation here.
#[cfg(not(target_os = "android"))]
pub fn trust_store_is_ready() -> bool {
    true
}

#[cfg(target_os = "android")]
pub use android::{initialise_trust_store, trust_store_is_ready};

#[cfg(target_os = "android")]
mod android {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicBool, Ordering};

    use jni::errors::Error;
    use jni::objects::{JClassLoader, JObject};
    use jni::{Env, EnvUnowned, Outcome, jni_sig, jni_str};

    /// `rustls-platform-verifier` panics if it was not initialised, and does not report whether it was.
    static READY: AtomicBool = AtomicBool::new(false);

    /// Whether [`initialise_trust_store`] succeeded.
    pub fn trust_store_is_ready() -> bool {
        READY.load(Ordering::SeqCst)
    }

    /// Gives the certificate verifier the virtual machine, the app's context and its class loader. Later calls change
    /// nothing.
    ///
    /// Returns `false` if the context is not one, or the app lacks `org.rustls.platformverifier.CertificateVerifier`.
    /// No exception is left pending then.
    ///
    /// # Safety
    /// `env` must be the `JNIEnv` of this thread without a pending exception, and `context` a reference to an object
    /// that is valid in it.
    #[expect(unsafe_code, reason = "the host hands over plain pointers")]
    pub unsafe fn initialise_trust_store(env: *mut c_void, context: *mut c_void) -> bool {
        if trust_store_is_ready() {
            return true;
        }
        // SAFETY: the caller promises that it is this thread's.
        let mut unowned = unsafe { EnvUnowned::from_raw(env.cast()) };
        let outcome = unowned.with_env(|env| -> Result<(), Error> {
            // SAFETY: the caller promises that it is a valid reference.
            let context = unsafe { JObject::from_raw(env, context.cast()) };
            let result = initialise(env, context);
            if result.is_err() {
                env.exception_clear();
            }
            result
        });
        let ready = matches!(outcome.into_outcome(), Outcome::Ok(()));
        READY.fetch_or(ready, Ordering::SeqCst);
        ready
    }

    /// Looks up the verifier's class first: its own initialisation cannot be undone and succeeds without the class, but
    /// then every handshake fails.
    fn initialise(env: &mut Env<'_>, context: JObject<'_>) -> Result<(), Error> {
        const LOCAL_REFERENCES: usize = 8;
        env.with_local_frame(LOCAL_REFERENCES, |env| {
            let loader =
                env.call_method(&context, jni_str!("getClassLoader"), jni_sig!(() -> JClassLoader), &[])?.l()?;
            let loader = env.cast_local::<JClassLoader>(loader)?;
            let name = env.new_string("org.rustls.platformverifier.CertificateVerifier")?;
            loader.load_class(env, name)?;
            rustls_platform_verifier::android::init_with_env(env, context)
        })
    }
}
