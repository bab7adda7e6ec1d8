//! `FileSystemManager`. Each function waits for the disk, and gives its result to a `NativeFileResult` before it returns.

use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jboolean, jint, jlong};
use wxtransfer::ffi::file_system::{
    wxt_file_access, wxt_file_copy, wxt_file_info, wxt_file_list_directory, wxt_file_make_directory, wxt_file_read,
    wxt_file_remove_directory, wxt_file_rename, wxt_file_stat, wxt_file_unlink, wxt_file_write,
};

use crate::convert::Text;
use crate::files::{on_result, operation};
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
    operation(env, &target, |env, user_data| {
        let path = Text::read(env, &path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_access(handle(session), path.view(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let path = Text::read(env, &path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_stat(handle(session), path.view(), recursive.into(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_unlink(handle(session), file_path.view(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let src_path = Text::read(env, &src_path)?;
        let dest_path = Text::read(env, &dest_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_copy(handle(session), src_path.view(), dest_path.view(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let old_path = Text::read(env, &old_path)?;
        let new_path = Text::read(env, &new_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_rename(handle(session), old_path.view(), new_path.view(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let dir_path = Text::read(env, &dir_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe {
            wxt_file_make_directory(handle(session), dir_path.view(), recursive.into(), Some(on_result), user_data)
        })
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
    operation(env, &target, |env, user_data| {
        let dir_path = Text::read(env, &dir_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe {
            wxt_file_remove_directory(handle(session), dir_path.view(), recursive.into(), Some(on_result), user_data)
        })
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
    operation(env, &target, |env, user_data| {
        let dir_path = Text::read(env, &dir_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_list_directory(handle(session), dir_path.view(), Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe { wxt_file_info(handle(session), file_path.view(), digest_algorithm, Some(on_result), user_data) })
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
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe {
            wxt_file_read(
                handle(session),
                file_path.view(),
                position.cast_unsigned(),
                length.cast_unsigned(),
                Some(on_result),
                user_data,
            )
        })
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
    operation(env, &target, |env, user_data| {
        let file_path = Text::read(env, &file_path)?;
        let data = Text::read(env, &data)?;
        // SAFETY: everything lives until the call returns.
        Ok(unsafe {
            wxt_file_write(
                handle(session),
                file_path.view(),
                data.view().ptr.cast(),
                data.view().len,
                mode,
                position.cast_unsigned(),
                Some(on_result),
                user_data,
            )
        })
    })
}
