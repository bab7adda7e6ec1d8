//! The Java methods that native code calls, looked up once.

use std::sync::OnceLock;
use std::thread;

use jni::errors::{Error, Result};
use jni::objects::{JClass, JMethodID, JObject};
use jni::refs::Global;
use jni::signature::{Primitive, ReturnType};
use jni::strings::JNIString;
use jni::sys::jvalue;
use jni::{AttachConfig, DEFAULT_LOCAL_FRAME_CAPACITY, Env, JavaVM, jni_sig, jni_str};

static CLASSES: OnceLock<Classes> = OnceLock::new();

/// The classes whose objects native code calls. Holding a class keeps its methods' ids valid.
pub struct Classes {
    _callbacks: Global<JClass<'static>>,
    _hooks: Global<JClass<'static>>,
    _file_result: Global<JClass<'static>>,
    _url_check: Global<JClass<'static>>,
    /// `NativeCallbacks.onHeadersReceived`.
    pub on_headers_received: JMethodID,
    /// `NativeCallbacks.onProgress`.
    pub on_progress: JMethodID,
    /// `NativeCallbacks.onSuccess`.
    pub on_success: JMethodID,
    /// `NativeCallbacks.onFail`.
    pub on_fail: JMethodID,
    /// `NativeCallbacks.onComplete`.
    pub on_complete: JMethodID,
    /// `NativeCallbacks.onTrace`.
    pub on_trace: JMethodID,
    /// `NativeCallbacks.release`.
    pub release: JMethodID,
    /// `NativeHooks.post`.
    pub post: JMethodID,
    /// `NativeHooks.log`.
    pub log: JMethodID,
    /// `NativeHooks.resolve`.
    pub resolve: JMethodID,
    /// `NativeHooks.sign`.
    pub sign: JMethodID,
    /// `NativeFileResult.set`.
    pub set_file_result: JMethodID,
    /// `NativeUrlCheck.set`.
    pub set_url_check: JMethodID,
}

impl Classes {
    /// Looks up all classes and methods, for `JNI_OnLoad`.
    pub fn load(env: &mut Env) -> Result<()> {
        let callbacks = env.find_class(jni_str!("org/wxtransfer/NativeCallbacks"))?;
        let hooks = env.find_class(jni_str!("org/wxtransfer/NativeHooks"))?;
        let file_result = env.find_class(jni_str!("org/wxtransfer/NativeFileResult"))?;
        let url_check = env.find_class(jni_str!("org/wxtransfer/NativeUrlCheck"))?;
        let classes = Classes {
            on_headers_received: env.get_method_id(&callbacks, jni_str!("onHeadersReceived"), jni_sig!("(JI[B[I)V"))?,
            on_progress: env.get_method_id(&callbacks, jni_str!("onProgress"), jni_sig!("(JJJI)V"))?,
            on_success: env.get_method_id(&callbacks, jni_str!("onSuccess"), jni_sig!("(J[J[B[I[B[I[J[B[I)V"))?,
            on_fail: env.get_method_id(&callbacks, jni_str!("onFail"), jni_sig!("(J[J[B[I[J[B[I)V"))?,
            on_complete: env.get_method_id(&callbacks, jni_str!("onComplete"), jni_sig!("(J)V"))?,
            on_trace: env.get_method_id(&callbacks, jni_str!("onTrace"), jni_sig!("(J[B)V"))?,
            release: env.get_method_id(&callbacks, jni_str!("release"), jni_sig!("()V"))?,
            post: env.get_method_id(&hooks, jni_str!("post"), jni_sig!("(J)V"))?,
            log: env.get_method_id(&hooks, jni_str!("log"), jni_sig!("(I[B)V"))?,
            resolve: env.get_method_id(&hooks, jni_str!("resolve"), jni_sig!("([BJ)V"))?,
            sign: env.get_method_id(&hooks, jni_str!("sign"), jni_sig!("(I[BJ)V"))?,
            set_file_result: env.get_method_id(
                &file_result,
                jni_str!("set"),
                jni_sig!("([BII[BZ[B[I[J[B[I[J[B[I[B[B)V"),
            )?,
            set_url_check: env.get_method_id(&url_check, jni_str!("set"), jni_sig!("([BZII[B[B[B[B[B[I[B[I)V"))?,
            _callbacks: env.new_global_ref(&callbacks)?,
            _hooks: env.new_global_ref(&hooks)?,
            _file_result: env.new_global_ref(&file_result)?,
            _url_check: env.new_global_ref(&url_check)?,
        };
        // If the library is loaded a second time, the classes of the first time are kept.
        CLASSES.get_or_init(|| classes);
        Ok(())
    }

    /// The classes and methods that `load` has found.
    pub fn get() -> Result<&'static Classes> {
        CLASSES.get().ok_or(Error::UninitializedJavaVM)
    }
}

/// Runs `body` on the current thread. A thread of the library is attached at its first call, and detached when the
/// thread ends. A Java exception does not stay pending; it is returned as the error.
pub fn with_env(body: impl FnOnce(&mut Env, &Classes) -> Result<()>) -> Result<()> {
    let classes = Classes::get()?;
    // The name identifies the thread in a dump of the app's threads.
    let name = thread::current().name().map(JNIString::from);
    let config = || name.as_ref().map_or_else(AttachConfig::new, |name| AttachConfig::new().thread_name(name));
    JavaVM::singleton()?
        .attach_current_thread_with_config(config, Some(DEFAULT_LOCAL_FRAME_CAPACITY), |env| body(env, classes))
}

/// Calls a method that returns nothing.
///
/// # Safety
/// `method` must be of `object`'s class, take `arguments` and return nothing.
pub unsafe fn call(env: &mut Env, object: &JObject, method: JMethodID, arguments: &[jvalue]) -> Result<()> {
    // SAFETY: the caller guarantees it.
    unsafe { env.call_method_unchecked(object, method, ReturnType::Primitive(Primitive::Void), arguments) }?;
    Ok(())
}
