//! Temporary and saved files. Each function waits for the disk, and passes its result to a `NativeFileResult` before
//! it returns.

use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jint, jlong};
use wxtransfer::ffi::file::{
    wxt_get_saved_file_info, wxt_get_saved_file_list, wxt_import_data, wxt_import_file, wxt_import_file_descriptor,
    wxt_remove_saved_file, wxt_resolve_path, wxt_save_file,
};

use crate::file_result::{on_result, with_texts};
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
    with_texts(env, [temp_file_path, file_path], &target, |[temp_file_path, file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_save_file(handle(session), temp_file_path, file_path, Some(on_result), user_data) }
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
    with_texts(env, [], &target, |[], user_data| {
        // SAFETY: the callback belongs to its `user_data`.
        unsafe { wxt_get_saved_file_list(handle(session), Some(on_result), user_data) }
    })
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
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_get_saved_file_info(handle(session), file_path, Some(on_result), user_data) }
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
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_remove_saved_file(handle(session), file_path, Some(on_result), user_data) }
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
    with_texts(env, [native_path], &target, |[native_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_import_file(handle(session), native_path, mode, Some(on_result), user_data) }
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
    with_texts(env, [name], &target, |[name], user_data| {
        let length = length.cast_unsigned();
        // SAFETY: the texts live until the call returns; the app keeps the descriptor open, as Kotlin documents.
        unsafe {
            wxt_import_file_descriptor(handle(session), file_descriptor, length, name, Some(on_result), user_data)
        }
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
    with_texts(env, [data, name], &target, |[data, name], user_data| {
        // SAFETY: the bytes and the text live until the call returns.
        unsafe { wxt_import_data(handle(session), data.ptr.cast(), data.len, name, Some(on_result), user_data) }
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
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_resolve_path(handle(session), file_path, Some(on_result), user_data) }
    })
}
