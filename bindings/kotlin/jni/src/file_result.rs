//! Parts of every file function: reading its texts, and passing its result to Java.

use std::ffi::c_void;

use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JLongArray, JObject, JValue};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned};
use wxtransfer::ffi::file_result::WxtFileResult;
use wxtransfer::ffi::status::WxtStatus;
use wxtransfer::ffi::string::WxtStr;

use crate::classes::{call, with_env};
use crate::convert::{Text, list_to_java, to_java};

/// The object that receives the result, and whether the delivery succeeded.
struct Delivery<'a> {
    target: &'a JObject<'a>,
    outcome: Result<()>,
}

/// Runs a file function with these texts, and passes its result to `target`.
pub fn with_texts<'local, const N: usize>(
    mut env: EnvUnowned<'local>,
    texts: [JByteArray<'local>; N],
    target: &JObject<'local>,
    run: impl FnOnce([WxtStr; N], *mut c_void) -> WxtStatus,
) -> jint {
    env.with_env(|env| {
        let texts = texts.iter().map(|text| Text::read(env, text)).collect::<Result<Vec<Text>>>()?;
        let mut delivery = Delivery { target, outcome: Ok(()) };
        let views = std::array::from_fn(|index| texts[index].view());
        let status = run(views, (&raw mut delivery).cast());
        delivery.outcome.map(|()| status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Receives the result of a file function.
///
/// # Safety
/// Must be called by the library, with the pointer from `with_texts`.
pub unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtFileResult) {
    // SAFETY: made by `with_texts`, which is running on this thread.
    let delivery = unsafe { &mut *user_data.cast::<Delivery<'_>>() };
    // SAFETY: the library passes a readable result.
    let result = unsafe { &*result };
    delivery.outcome = with_env(|env, classes| {
        // SAFETY: the lists of a readable result are readable.
        let (files, stats, names, data) = unsafe {
            (
                list(result.files, result.file_count),
                list(result.stats, result.stats_count),
                list(result.names, result.name_count),
                list(result.data, result.data_length),
            )
        };
        let file_numbers = numbers(env, files.iter().flat_map(|file| [file.size, file.create_time]))?;
        let stats_numbers = numbers(
            env,
            stats.iter().flat_map(|stats| {
                let kind = u64::from(stats.is_file) + 2 * u64::from(stats.is_directory);
                [stats.size, stats.last_accessed_time, stats.last_modified_time, stats.mode.into(), kind]
            }),
        )?;
        let data = if data.is_empty() { JByteArray::null() } else { env.byte_array_from_slice(data)? };
        // SAFETY: the texts of a readable result are readable; the method takes these arguments.
        unsafe {
            let (paths, path_lengths) =
                list_to_java(env, files.iter().flat_map(|file| [file.file_path, file.native_path]))?;
            let (stats_paths, stats_path_lengths) = list_to_java(env, stats.iter().map(|stats| stats.path))?;
            let (names, name_lengths) = list_to_java(env, names.iter().copied())?;
            let (err_msg, detail) = (to_java(env, result.err_msg)?, to_java(env, result.detail)?);
            let digest = to_java(env, result.digest)?;
            let arguments = [
                JValue::Object(&err_msg),
                JValue::Int(result.err_no),
                JValue::Int(result.category),
                JValue::Object(&detail),
                JValue::Bool(result.retryable),
                JValue::Object(&paths),
                JValue::Object(&path_lengths),
                JValue::Object(&file_numbers),
                JValue::Object(&stats_paths),
                JValue::Object(&stats_path_lengths),
                JValue::Object(&stats_numbers),
                JValue::Object(&names),
                JValue::Object(&name_lengths),
                JValue::Object(&digest),
                JValue::Object(&data),
            ]
            .map(|argument| argument.as_jni());
            call(env, delivery.target, classes.set_file_result, &arguments)
        }
    });
}

fn numbers<'local>(env: &mut Env<'local>, numbers: impl Iterator<Item = u64>) -> Result<JLongArray<'local>> {
    let numbers: Vec<jlong> = numbers.map(u64::cast_signed).collect();
    let array = JLongArray::new(env, numbers.len())?;
    array.set_region(env, 0, &numbers)?;
    Ok(array)
}

/// A list of a result.
///
/// # Safety
/// `items` must point to `count` readable elements, unless `count` is 0.
pub unsafe fn list<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller guarantees it.
    unsafe { std::slice::from_raw_parts(items, count) }
}
