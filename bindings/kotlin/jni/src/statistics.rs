//! A session's statistics.

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JClass, JLongArray};
use jni::sys::{jint, jlong};
use wxtransfer::ffi::statistics::{WxtSessionStatistics, wxt_session_statistics};
use wxtransfer::ffi::status::WXT_OK;

use crate::session::handle;
use crate::structs::statistics_numbers;

/// `wxt_session_statistics`. `numbers` receives the statistics in the order of the struct's fields.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionStatistics<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    numbers: JLongArray<'local>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let mut statistics =
            WxtSessionStatistics { struct_size: size_of::<WxtSessionStatistics>(), ..WxtSessionStatistics::default() };
        // SAFETY: the struct is writable, and says its size.
        let status = unsafe { wxt_session_statistics(handle(session), &mut statistics) };
        if status == WXT_OK {
            numbers.set_region(env, 0, &statistics_numbers(&statistics))?;
        }
        Ok(status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}
