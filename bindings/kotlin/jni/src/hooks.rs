//! A session's executor, logger, resolver and signer, which call a `NativeHooks`.

use std::ffi::c_void;

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JIntArray, JObject, JValue};
use jni::refs::Global;
use jni::sys::{jint, jlong};
use wxtransfer::ffi::client_certificate::{WxtSigning, wxt_signing_finish};
use wxtransfer::ffi::options::{WxtExecutor, WxtLogger, WxtResolver};
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::status::WXT_INVALID_ARGUMENT;
use wxtransfer::ffi::string::WxtStr;

use crate::classes::{call, with_env};
use crate::convert::{Text, TextList, to_java};

/// The object that a session's hooks call. It must stay alive, at the same address, until the session is closed.
pub struct Hooks(pub Global<JObject<'static>>);

impl Hooks {
    /// The `context` of the C functions.
    pub fn context(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// # Safety
    /// `context` must come from a `Hooks` that is alive.
    unsafe fn target<'a>(context: *mut c_void) -> &'a JObject<'static> {
        // SAFETY: the caller guarantees it.
        unsafe { &*context.cast::<Hooks>() }.0.as_obj()
    }

    /// An executor that calls `post`.
    pub fn executor(&self) -> WxtExecutor {
        WxtExecutor { context: self.context(), post: Some(post) }
    }

    /// A logger that calls `log`.
    pub fn logger(&self) -> WxtLogger {
        WxtLogger { context: self.context(), log: Some(log) }
    }

    /// A resolver that calls `resolve`.
    pub fn resolver(&self) -> WxtResolver {
        WxtResolver { context: self.context(), resolve: Some(resolve) }
    }
}

/// One job for the executor, while Java holds it.
struct Job {
    run: unsafe extern "C" fn(*mut c_void),
    data: *mut c_void,
}

impl Job {
    /// # Safety
    /// `job` must come from `post`, and not have been run.
    unsafe fn run(job: *mut Job) {
        // SAFETY: made by `Box::into_raw`, and given back once as the caller promises.
        let job = unsafe { Box::from_raw(job) };
        // SAFETY: the library's function with its own data, called once.
        unsafe { (job.run)(job.data) };
    }
}

unsafe extern "C" fn post(context: *mut c_void, run: Option<unsafe extern "C" fn(*mut c_void)>, data: *mut c_void) {
    let Some(run) = run else { return };
    let job = Box::into_raw(Box::new(Job { run, data }));
    let posted = with_env(|env, classes| {
        // SAFETY: the session is open, so its hooks are alive; the method takes these arguments.
        unsafe { call(env, Hooks::target(context), classes.post, &[pointer(job)]) }
    });
    if posted.is_err() {
        // Java had no memory to take the job, and a job must not be dropped.
        // SAFETY: `NativeHooks.post` throws nothing, so it was not called and the job has not run.
        unsafe { Job::run(job) };
    }
}

unsafe extern "C" fn log(context: *mut c_void, level: i32, message: WxtStr) {
    // If Java has no memory for a message, the message is lost: there is no other place to report it.
    let _lost = with_env(|env, classes| {
        // SAFETY: the library passes a readable message; the rest as in `post`.
        unsafe {
            let message = to_java(env, message)?;
            let arguments = [JValue::Int(level).as_jni(), JValue::Object(&message).as_jni()];
            call(env, Hooks::target(context), classes.log, &arguments)
        }
    });
}

unsafe extern "C" fn resolve(context: *mut c_void, host: WxtStr, resolution: *mut WxtResolution) {
    let asked = with_env(|env, classes| {
        // SAFETY: the library passes a readable name; the rest as in `post`.
        unsafe {
            let host = to_java(env, host)?;
            let arguments = [JValue::Object(&host).as_jni(), pointer(resolution)];
            call(env, Hooks::target(context), classes.resolve, &arguments)
        }
    });
    if asked.is_err() {
        // SAFETY: `NativeHooks.resolve` throws nothing, so it was not called and only this code answers. With a count
        // of 0, the pointer is not read.
        unsafe { wxt_resolution_finish(resolution, std::ptr::null(), 0) };
    }
}

/// `sign` of a client certificate.
pub unsafe extern "C" fn sign(
    context: *mut c_void,
    scheme: u16,
    message: *const u8,
    message_length: usize,
    signing: *mut WxtSigning,
) {
    let asked = with_env(|env, classes| {
        // SAFETY: the library passes a readable message; the rest as in `post`.
        unsafe {
            let message = to_java(env, WxtStr { ptr: message.cast(), len: message_length })?;
            let arguments = [JValue::Int(scheme.into()).as_jni(), JValue::Object(&message).as_jni(), pointer(signing)];
            call(env, Hooks::target(context), classes.sign, &arguments)
        }
    });
    if asked.is_err() {
        // SAFETY: `NativeHooks.sign` throws nothing, so it was not called and only this code answers. With a length of
        // 0, the pointer is not read.
        unsafe { wxt_signing_finish(signing, std::ptr::null(), 0) };
    }
}

fn pointer<T>(pointer: *mut T) -> jni::sys::jvalue {
    JValue::Long(pointer.expose_provenance() as jlong).as_jni()
}

/// Runs a job that `NativeHooks.post` received. Kotlin calls it exactly once per job.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_runJob<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    job: jlong,
) {
    // SAFETY: `NativeHooks.post` received `job`, and Kotlin calls this function once.
    unsafe { Job::run(std::ptr::with_exposed_provenance_mut(job as usize)) };
}

/// `wxt_resolution_finish`. Kotlin calls it exactly once per resolution.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_resolutionFinish<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    resolution: jlong,
    addresses: JByteArray<'local>,
    address_lengths: JIntArray<'local>,
) -> jint {
    let resolution = std::ptr::with_exposed_provenance_mut::<WxtResolution>(resolution as usize);
    if resolution.is_null() {
        return WXT_INVALID_ARGUMENT;
    }
    env.with_env(|env| -> Result<_> {
        let addresses = TextList::read(env, &addresses, &address_lengths);
        let views = addresses.as_ref().map(TextList::views).unwrap_or_default();
        // SAFETY: `resolution` comes from `resolve` and is answered once, also if Java's list could not be read.
        let status = unsafe { wxt_resolution_finish(resolution, views.as_ptr(), views.len()) };
        addresses.map(|_| status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_signing_finish`. Kotlin calls it exactly once per signing.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_signingFinish<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    signing: jlong,
    signature: JByteArray<'local>,
) -> jint {
    let signing = std::ptr::with_exposed_provenance_mut::<WxtSigning>(signing as usize);
    if signing.is_null() {
        return WXT_INVALID_ARGUMENT;
    }
    env.with_env(|env| -> Result<_> {
        let signature = Text::read(env, &signature);
        let view = signature.as_ref().map_or(WxtStr::absent(), Text::view);
        // SAFETY: `signing` comes from `sign` and is answered once, also if Java's bytes could not be read.
        let status = unsafe { wxt_signing_finish(signing, view.ptr.cast(), view.len) };
        signature.map(|_| status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}
