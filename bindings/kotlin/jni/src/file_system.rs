//! `FileSystemManager`. Each function waits for the disk, and passes its result to a `NativeFileResult` before it
//! returns.

use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jboolean, jint, jlong};
use wxtransfer::ffi::file_system::{
    wxt_file_access, wxt_file_copy, wxt_file_info, wxt_file_list_directory, wxt_file_make_directory, wxt_file_read,
    wxt_file_remove_directory, wxt_file_rename, wxt_file_stat, wxt_file_unlink, wxt_file_write,
};

use crate::file_result::{on_result, with_texts};
use crate::session::handle;

/// `wxt_file_access`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileAccess<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [path], &target, |[path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_access(handle(session), path, Some(on_result), user_data) }
    })
}

/// `wxt_file_stat`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileStat<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    path: JByteArray<'local>,
    recursive: jboolean,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [path], &target, |[path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_stat(handle(session), path, recursive.into(), Some(on_result), user_data) }
    })
}

/// `wxt_file_unlink`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileUnlink<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_unlink(handle(session), file_path, Some(on_result), user_data) }
    })
}

/// `wxt_file_copy`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileCopy<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    src_path: JByteArray<'local>,
    dest_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [src_path, dest_path], &target, |[src_path, dest_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_copy(handle(session), src_path, dest_path, Some(on_result), user_data) }
    })
}

/// `wxt_file_rename`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileRename<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    old_path: JByteArray<'local>,
    new_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [old_path, new_path], &target, |[old_path, new_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_rename(handle(session), old_path, new_path, Some(on_result), user_data) }
    })
}

/// `wxt_file_make_directory`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileMakeDirectory<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    dir_path: JByteArray<'local>,
    recursive: jboolean,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [dir_path], &target, |[dir_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_make_directory(handle(session), dir_path, recursive.into(), Some(on_result), user_data) }
    })
}

/// `wxt_file_remove_directory`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileRemoveDirectory<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    dir_path: JByteArray<'local>,
    recursive: jboolean,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [dir_path], &target, |[dir_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_remove_directory(handle(session), dir_path, recursive.into(), Some(on_result), user_data) }
    })
}

/// `wxt_file_list_directory`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileListDirectory<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    dir_path: JByteArray<'local>,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [dir_path], &target, |[dir_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_list_directory(handle(session), dir_path, Some(on_result), user_data) }
    })
}

/// `wxt_file_info`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileInfo<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    digest_algorithm: jint,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe { wxt_file_info(handle(session), file_path, digest_algorithm, Some(on_result), user_data) }
    })
}

/// `wxt_file_read`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileRead<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    position: jlong,
    length: jlong,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [file_path], &target, |[file_path], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe {
            wxt_file_read(
                handle(session),
                file_path,
                position.cast_unsigned(),
                length.cast_unsigned(),
                Some(on_result),
                user_data,
            )
        }
    })
}

/// `wxt_file_write`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_fileWrite<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    file_path: JByteArray<'local>,
    data: JByteArray<'local>,
    mode: jint,
    position: jlong,
    target: JObject<'local>,
) -> jint {
    with_texts(env, [file_path, data], &target, |[file_path, data], user_data| {
        // SAFETY: the texts live until the call returns.
        unsafe {
            wxt_file_write(
                handle(session),
                file_path,
                data.ptr.cast(),
                data.len,
                mode,
                position.cast_unsigned(),
                Some(on_result),
                user_data,
            )
        }
    })
}
