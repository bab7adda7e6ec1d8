//! The files around the transfers. Each function waits for the disk, and gives its result to a `NativeFileResult` before
//! it returns.

use std::ffi::c_void;

use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JLongArray, JObject, JValue};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned};
use wxtransfer::ffi::file::{
    wxt_get_saved_file_info, wxt_get_saved_file_list, wxt_import_data, wxt_import_file, wxt_import_file_descriptor,
    wxt_remove_saved_file, wxt_resolve_path, wxt_save_file,
};
use wxtransfer::ffi::file_result::WxtFileResult;
use wxtransfer::ffi::status::WxtStatus;

use crate::classes::{call, with_env};
use crate::convert::{Text, list_to_java, to_java};
use crate::session::handle;

/// `wxt_save_file`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_saveFile<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    temp_file_path: JByteArray<'local>,
    file_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let (temp_file_path, file_path) = (Text::read(env, &temp_file_path)?, Text::read(env, &file_path)?);
        // SAFETY: everything lives until the call returns.
        Ok(unsafe {
            wxt_save_file(handle(session), temp_file_path.view(), file_path.view(), Some(on_result), user_data)
        })
    })
}

/// `wxt_get_saved_file_list`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_getSavedFileList<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |_, user_data| Ok(wxt_get_saved_file_list(handle(session), Some(on_result), user_data)))
}

/// `wxt_get_saved_file_info`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_getSavedFileInfo<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_get_saved_file_info(handle(session), file_path.view(), Some(on_result), user_data) })
    })
}

/// `wxt_remove_saved_file`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_removeSavedFile<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_remove_saved_file(handle(session), file_path.view(), Some(on_result), user_data) })
    })
}

/// `wxt_import_file`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_importFile<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    native_path: JByteArray<'local>,
    mode: jint,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let native_path = Text::read(env, &native_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_import_file(handle(session), native_path.view(), mode, Some(on_result), user_data) })
    })
}

/// `wxt_import_file_descriptor`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_importFileDescriptor<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_descriptor: jint,
    length: jlong,
    name: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let name = Text::read(env, &name)?;
        let length = length.cast_unsigned();
        // SAFETY: everything lives until the call returns; the app keeps the descriptor open, as Kotlin documents.
        Ok(unsafe {
            wxt_import_file_descriptor(
                handle(session),
                file_descriptor,
                length,
                name.view(),
                Some(on_result),
                user_data,
            )
        })
    })
}

/// `wxt_import_data`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_importData<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    data: JByteArray<'local>,
    name: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let (data, name) = (Text::read(env, &data)?, Text::read(env, &name)?);
        let (bytes, name) = (data.view(), name.view());
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_import_data(handle(session), bytes.ptr.cast(), bytes.len, name, Some(on_result), user_data) })
    })
}

/// `wxt_resolve_path`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_resolvePath<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_resolve_path(handle(session), file_path.view(), Some(on_result), user_data) })
    })
}

/// What the result goes to, and how that went.
struct Delivery<'a> {
    target: &'a JObject<'a>,
    outcome: Result<()>,
}

/// Runs a file function that gives its result to `target`.
pub fn operation<'local>(
    mut env: EnvUnowned<'local>,
    target: &JObject<'local>,
    run: impl FnOnce(&mut Env<'local>, *mut c_void) -> Result<WxtStatus>,
) -> jint {
    env.with_env(|env| {
        let mut delivery = Delivery { target, outcome: Ok(()) };
        let status = run(env, (&raw mut delivery).cast())?;
        delivery.outcome.map(|()| status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Takes the result of a file function.
///
/// # Safety
/// To be called by the library, with what `operation` gave it.
pub unsafe extern "C" fn on_result(user_data: *mut c_void, result: *const WxtFileResult) {
    // SAFETY: made by `operation`, which waits on this very thread.
    let delivery = unsafe { &mut *user_data.cast::<Delivery<'_>>() };
    // SAFETY: the library gives a readable result.
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

/// # Safety
/// `items` must point to `count` readable elements, unless `count` is 0.
unsafe fn list<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: passed on to the caller.
    unsafe { std::slice::from_raw_parts(items, count) }
}
