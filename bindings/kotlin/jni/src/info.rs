//! The version, and the texts of statuses.

use std::ffi::{CStr, c_char};

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass};
use jni::sys::jint;
use wxtransfer::ffi::status::wxt_status_text;
use wxtransfer::ffi::version::wxt_version;

/// `wxt_version`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_version<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
) -> JByteArray<'local> {
    static_text(env, wxt_version())
}

/// `wxt_status_text`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_statusText<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    status: jint,
) -> JByteArray<'local> {
    static_text(env, wxt_status_text(status))
}

fn static_text<'local>(mut env: EnvUnowned<'local>, text: *const c_char) -> JByteArray<'local> {
    env.with_env(|env| -> Result<_> {
        // SAFETY: the header promises a static text that ends with a NUL.
        env.byte_array_from_slice(unsafe { CStr::from_ptr(text) }.to_bytes())
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}
