//! A task's callbacks, which call a `NativeCallbacks`.
//!
//! That class catches the exceptions of the app's code. The calls fail only if Java has no memory left. If a result is
//! lost in this way, `NativeCallbacks` fails the task in `release`.

use std::ffi::c_void;

use jni::Env;
use jni::errors::Result;
use jni::objects::{JByteArray, JIntArray, JLongArray, JMethodID, JObject, JValue};
use jni::refs::Global;
use jni::sys::{jlong, jvalue};
use wxtransfer::ffi::callback::{
    WxtCallbacks, WxtCompletion, WxtFailure, WxtHeadersReceived, WxtProfile, WxtProgress, WxtSuccess, WxtTrace,
};
use wxtransfer::ffi::request::WxtTaskId;
use wxtransfer::ffi::string::{WxtPair, WxtStr};

use crate::classes::{Classes, call, with_env};
use crate::convert::{list_to_java, to_java};
use crate::structs::{failure_numbers, failure_texts, profile_numbers, profile_texts, success_numbers, success_texts};

/// The object that a task's callbacks call: its `user_data`.
type Target = Global<JObject<'static>>;

/// The callbacks of one task. If the task was not started, [`discard`] must free its `user_data`.
pub fn callbacks(target: Target, wants_traces: bool) -> WxtCallbacks {
    WxtCallbacks {
        struct_size: size_of::<WxtCallbacks>(),
        user_data: Box::into_raw(Box::new(target)).cast(),
        on_headers_received: Some(on_headers_received),
        on_progress: Some(on_progress),
        on_success: Some(on_success),
        on_fail: Some(on_fail),
        on_complete: Some(on_complete),
        release: Some(release),
        on_trace: if wants_traces { Some(on_trace) } else { None },
    }
}

/// Drops the `user_data` of callbacks that will never run.
///
/// # Safety
/// The library must not own the callbacks.
pub unsafe fn discard(callbacks: &WxtCallbacks) {
    // SAFETY: made by `callbacks`, and the caller guarantees that nothing else owns it.
    drop(unsafe { Box::from_raw(callbacks.user_data.cast::<Target>()) });
}

unsafe extern "C" fn on_headers_received(user_data: *mut c_void, task: WxtTaskId, event: *const WxtHeadersReceived) {
    // SAFETY: the library passes a readable event, and the method takes these arguments.
    unsafe {
        deliver(user_data, |env, classes| {
            let event = &*event;
            let (bytes, lengths) = header(env, event.header, event.header_count)?;
            let arguments = [id(task), int(event.status_code), object(&bytes), object(&lengths)];
            Ok((classes.on_headers_received, arguments.to_vec()))
        });
    }
}

unsafe extern "C" fn on_progress(user_data: *mut c_void, task: WxtTaskId, event: *const WxtProgress) {
    // SAFETY: the library passes a readable event, and the method takes these arguments.
    unsafe {
        deliver(user_data, |_, classes| {
            let event = &*event;
            // "Unknown" is the greatest number in C; the same bits are -1 in Java.
            let arguments = [
                id(task),
                long(event.total_bytes),
                long(event.total_bytes_expected),
                int(event.progress.cast_signed()),
            ];
            Ok((classes.on_progress, arguments.to_vec()))
        });
    }
}

unsafe extern "C" fn on_success(user_data: *mut c_void, task: WxtTaskId, event: *const WxtSuccess) {
    // SAFETY: the library passes a readable event, and the method takes these arguments.
    unsafe {
        deliver(user_data, |env, classes| {
            let event = &*event;
            let values = Values::to_java(env, &success_numbers(event), success_texts(event))?;
            let (header, header_lengths) = header(env, event.header, event.header_count)?;
            let profile = profile(env, event.profile.as_ref())?;
            let header = [object(&header), object(&header_lengths)];
            let arguments = [&[id(task)][..], &values.arguments(), &header, &profile.arguments()].concat();
            Ok((classes.on_success, arguments))
        });
    }
}

unsafe extern "C" fn on_fail(user_data: *mut c_void, task: WxtTaskId, event: *const WxtFailure) {
    // SAFETY: the library passes a readable event, and the method takes these arguments.
    unsafe {
        deliver(user_data, |env, classes| {
            let event = &*event;
            let values = Values::to_java(env, &failure_numbers(event), failure_texts(event))?;
            let profile = profile(env, event.profile.as_ref())?;
            let arguments = [&[id(task)][..], &values.arguments(), &profile.arguments()].concat();
            Ok((classes.on_fail, arguments))
        });
    }
}

unsafe extern "C" fn on_complete(user_data: *mut c_void, task: WxtTaskId, _event: *const WxtCompletion) {
    // SAFETY: the method takes this argument. The event's content was passed to the callback before.
    unsafe { deliver(user_data, |_, classes| Ok((classes.on_complete, vec![id(task)]))) };
}

unsafe extern "C" fn on_trace(user_data: *mut c_void, task: WxtTaskId, event: *const WxtTrace) {
    // SAFETY: the library passes a readable event, and the method takes these arguments.
    unsafe {
        deliver(user_data, |env, classes| {
            let arguments = [id(task), text(env, (*event).entry)?];
            Ok((classes.on_trace, arguments.to_vec()))
        });
    }
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    // SAFETY: the method takes no argument.
    unsafe { deliver(user_data, |_, classes| Ok((classes.release, Vec::new()))) };
    // SAFETY: made by `callbacks`; this is the last use of it.
    drop(unsafe { Box::from_raw(user_data.cast::<Target>()) });
}

/// Calls the method with the arguments that `prepare` makes.
///
/// # Safety
/// `user_data` must come from `callbacks`, and the method must be one of `NativeCallbacks` that takes the arguments.
unsafe fn deliver(
    user_data: *mut c_void,
    prepare: impl FnOnce(&mut Env, &Classes) -> Result<(JMethodID, Vec<jvalue>)>,
) {
    // SAFETY: the caller guarantees it; it lives until `release` drops it.
    let target = unsafe { &*user_data.cast::<Target>() };
    // The call is lost only if Java has no memory left; see the module's documentation.
    let _lost = with_env(|env, classes| {
        let (method, arguments) = prepare(env, classes)?;
        // SAFETY: the caller guarantees it.
        unsafe { call(env, target.as_obj(), method, &arguments) }
    });
}

/// A struct in the form for Java: its numbers and its texts.
struct Values<'local> {
    numbers: JLongArray<'local>,
    texts: JByteArray<'local>,
    text_lengths: JIntArray<'local>,
}

impl<'local> Values<'local> {
    /// # Safety
    /// The texts must be readable.
    unsafe fn to_java(env: &mut Env<'local>, numbers: &[jlong], texts: Vec<WxtStr>) -> Result<Values<'local>> {
        let array = JLongArray::new(env, numbers.len())?;
        array.set_region(env, 0, numbers)?;
        // SAFETY: the caller guarantees it.
        let (texts, text_lengths) = unsafe { list_to_java(env, texts.into_iter()) }?;
        Ok(Values { numbers: array, texts, text_lengths })
    }

    fn arguments(&self) -> [jvalue; 3] {
        [object(&self.numbers), object(&self.texts), object(&self.text_lengths)]
    }
}

/// A profile. Its numbers are `null` if there is none.
///
/// # Safety
/// The profile's texts must be readable.
unsafe fn profile<'local>(env: &mut Env<'local>, profile: Option<&WxtProfile>) -> Result<Values<'local>> {
    let texts = profile.map_or_else(Vec::new, profile_texts);
    let numbers = profile.map_or_else(Vec::new, profile_numbers);
    // SAFETY: the caller guarantees it.
    let values = unsafe { Values::to_java(env, &numbers, texts) }?;
    Ok(if profile.is_some() { values } else { Values { numbers: JLongArray::null(), ..values } })
}

/// The names and values of a header, alternately.
///
/// # Safety
/// `header` must point to `count` readable pairs.
unsafe fn header<'local>(
    env: &mut Env<'local>,
    header: *const WxtPair,
    count: usize,
) -> Result<(JByteArray<'local>, JIntArray<'local>)> {
    // SAFETY: the caller guarantees it.
    let pairs = if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(header, count) } };
    // SAFETY: as above.
    unsafe { list_to_java(env, pairs.iter().flat_map(|pair| [pair.name, pair.value])) }
}

/// # Safety
/// `text` must be readable.
unsafe fn text(env: &mut Env, text: WxtStr) -> Result<jvalue> {
    // SAFETY: the caller guarantees it.
    let text = unsafe { to_java(env, text) }?;
    Ok(object(&text))
}

fn id(task: WxtTaskId) -> jvalue {
    long(task)
}

fn long(number: u64) -> jvalue {
    JValue::Long(number.cast_signed()).as_jni()
}

fn int(number: i32) -> jvalue {
    JValue::Int(number).as_jni()
}

fn object(object: &JObject) -> jvalue {
    JValue::Object(object).as_jni()
}
