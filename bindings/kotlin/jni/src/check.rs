//! Checks a URL against the session's rules.

use std::ffi::c_void;

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JIntArray, JObject, JValue};
use jni::sys::{jint, jlong};
use wxtransfer::ffi::check::{WxtUrlCheck, wxt_check_url};

use crate::classes::{call, with_env};
use crate::convert::{Text, TextList, list_to_java, to_java};
use crate::file_result::list;
use crate::session::handle;

/// The object that receives the result, and whether the delivery succeeded.
struct Delivery<'a> {
    target: &'a JObject<'a>,
    outcome: Result<()>,
}

/// `wxt_check_url`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_checkUrl<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    api: jint,
    url: JByteArray<'local>,
    header: JByteArray<'local>,
    header_lengths: JIntArray<'local>,
    target: JObject<'local>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let url = Text::read(env, &url)?;
        let header = TextList::read(env, &header, &header_lengths)?;
        let header = header.pairs();
        let mut delivery = Delivery { target: &target, outcome: Ok(()) };
        let user_data = (&raw mut delivery).cast();
        // SAFETY: everything lives until the call returns.
        let status = unsafe {
            wxt_check_url(handle(session), api, url.view(), header.as_ptr(), header.len(), Some(on_result), user_data)
        };
        delivery.outcome.map(|()| status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtUrlCheck) {
    // SAFETY: made by the function above, which is running on this thread.
    let delivery = unsafe { &mut *user_data.cast::<Delivery<'_>>() };
    // SAFETY: the library passes a readable result.
    let result = unsafe { &*result };
    delivery.outcome = with_env(|env, classes| {
        // SAFETY: the texts and lists of a readable result are readable; the method takes these arguments.
        unsafe {
            let (url, err_msg, detail) =
                (to_java(env, result.url)?, to_java(env, result.err_msg)?, to_java(env, result.detail)?);
            let (rule, referer) = (to_java(env, result.rule)?, to_java(env, result.referer)?);
            let dropped = list(result.dropped_headers, result.dropped_header_count);
            let (dropped, dropped_lengths) = list_to_java(env, dropped.iter().copied())?;
            let quirks = list(result.quirks, result.quirk_count);
            let (quirks, quirk_lengths) = list_to_java(env, quirks.iter().copied())?;
            let arguments = [
                JValue::Object(&url),
                JValue::Bool(result.allowed),
                JValue::Int(result.err_no),
                JValue::Int(result.category),
                JValue::Object(&err_msg),
                JValue::Object(&detail),
                JValue::Object(&rule),
                JValue::Object(&referer),
                JValue::Object(&dropped),
                JValue::Object(&dropped_lengths),
                JValue::Object(&quirks),
                JValue::Object(&quirk_lengths),
            ]
            .map(|argument| argument.as_jni());
            call(env, delivery.target, classes.set_url_check, &arguments)
        }
    });
}
