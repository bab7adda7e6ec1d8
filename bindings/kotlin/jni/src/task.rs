//! Starts and aborts tasks.

use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JIntArray, JLongArray, JObject, JObjectArray};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned};
use wxtransfer::ffi::callback::WxtCallbacks;
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId, WxtUploadRequest};
use wxtransfer::ffi::status::{WXT_OK, WxtStatus};
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::task::{wxt_download_file, wxt_task_abort, wxt_task_set_max_bytes_per_second, wxt_upload_file};

use crate::callbacks::{callbacks, discard};
use crate::convert::{Text, TextList, explained};
use crate::parts::Parts;
use crate::session::handle;

/// `wxt_upload_file`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_uploadFile<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    url: JByteArray<'local>,
    file_path: JByteArray<'local>,
    name: JByteArray<'local>,
    header: JByteArray<'local>,
    header_lengths: JIntArray<'local>,
    form_data: JByteArray<'local>,
    form_data_lengths: JIntArray<'local>,
    file_name: JByteArray<'local>,
    timeout: jlong,
    disable_profile: jboolean,
    has_file_descriptor: jboolean,
    file_descriptor: jint,
    file_length: jlong,
    wants_traces: jboolean,
    needs_unmetered: jboolean,
    data: JByteArray<'local>,
    part_texts: JByteArray<'local>,
    part_text_lengths: JIntArray<'local>,
    part_data: JObjectArray<'local, JByteArray<'local>>,
    part_numbers: JLongArray<'local>,
    method: jint,
    raw: jboolean,
    max_bytes_per_second: jlong,
    priority: jint,
    target: JObject<'local>,
    task: JLongArray<'local>,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let url = Text::read(env, &url)?;
        let file_path = Text::read(env, &file_path)?;
        let name = Text::read(env, &name)?;
        let file_name = Text::read(env, &file_name)?;
        let header = TextList::read(env, &header, &header_lengths)?;
        let form_data = TextList::read(env, &form_data, &form_data_lengths)?;
        let (header, form_data) = (header.pairs(), form_data.pairs());
        let data = Text::read(env, &data)?;
        let parts = Parts::read(env, &part_texts, &part_text_lengths, &part_data, &part_numbers)?;
        let part_list = parts.views();
        let request = WxtUploadRequest {
            struct_size: size_of::<WxtUploadRequest>(),
            url: url.view(),
            file_path: file_path.view(),
            name: name.view(),
            header: header.as_ptr(),
            header_count: header.len(),
            form_data: form_data.as_ptr(),
            form_data_count: form_data.len(),
            file_name: file_name.view(),
            timeout: timeout as u32,
            has_file_descriptor: has_file_descriptor.into(),
            disable_profile: disable_profile.into(),
            file_descriptor,
            file_length: file_length.cast_unsigned(),
            needs_unmetered: needs_unmetered.into(),
            data: data.view().ptr.cast(),
            data_length: data.view().len,
            parts: part_list.as_ptr(),
            part_count: part_list.len(),
            method,
            raw: raw.into(),
            max_bytes_per_second: max_bytes_per_second.cast_unsigned(),
            priority,
        };
        start(env, (&target, wants_traces), &task, &reason, |callbacks, id, detail| {
            // SAFETY: everything lives until the call returns.
            unsafe { wxt_upload_file(handle(session), &request, callbacks, id, detail) }
        })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_download_file`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_downloadFile<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    url: JByteArray<'local>,
    header: JByteArray<'local>,
    header_lengths: JIntArray<'local>,
    file_path: JByteArray<'local>,
    timeout: jlong,
    disable_profile: jboolean,
    expected_sha256: JByteArray<'local>,
    expected_length: jlong,
    want_sha256: jboolean,
    verify_digest: jboolean,
    wants_traces: jboolean,
    needs_unmetered: jboolean,
    max_bytes_per_second: jlong,
    priority: jint,
    target: JObject<'local>,
    task: JLongArray<'local>,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let url = Text::read(env, &url)?;
        let file_path = Text::read(env, &file_path)?;
        let expected_sha256 = Text::read(env, &expected_sha256)?;
        let header = TextList::read(env, &header, &header_lengths)?;
        let header = header.pairs();
        let request = WxtDownloadRequest {
            struct_size: size_of::<WxtDownloadRequest>(),
            timeout: timeout as u32,
            disable_profile: disable_profile.into(),
            url: url.view(),
            header: header.as_ptr(),
            header_count: header.len(),
            file_path: file_path.view(),
            expected_sha256: expected_sha256.view(),
            expected_length: expected_length.cast_unsigned(),
            want_sha256: want_sha256.into(),
            verify_digest: verify_digest.into(),
            needs_unmetered: needs_unmetered.into(),
            max_bytes_per_second: max_bytes_per_second.cast_unsigned(),
            priority,
        };
        start(env, (&target, wants_traces), &task, &reason, |callbacks, id, detail| {
            // SAFETY: everything lives until the call returns.
            unsafe { wxt_download_file(handle(session), &request, callbacks, id, detail) }
        })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_task_abort`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_taskAbort<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    task: jlong,
) -> jint {
    wxt_task_abort(handle(session), task.cast_unsigned())
}

/// `wxt_task_set_max_bytes_per_second`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_taskSetMaxBytesPerSecond<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    task: jlong,
    bytes_per_second: jlong,
) -> jint {
    wxt_task_set_max_bytes_per_second(handle(session), task.cast_unsigned(), bytes_per_second.cast_unsigned())
}

/// Calls the starting function with callbacks for `target`, which may want traces, and writes the new task's number to
/// `task[0]`, or the reason of a refusal to `reason[0]`.
fn start<'local>(
    env: &mut Env<'local>,
    (target, wants_traces): (&JObject, bool),
    task: &JLongArray,
    reason: &JObjectArray<'local, JByteArray<'local>>,
    call: impl FnOnce(&WxtCallbacks, *mut WxtTaskId, *mut WxtStatusDetail) -> WxtStatus,
) -> Result<WxtStatus> {
    let callbacks = callbacks(env.new_global_ref(target)?, wants_traces);
    let mut id = 0;
    let status = explained(env, reason, |detail| {
        let status = call(&callbacks, &mut id, detail);
        if status != WXT_OK {
            // SAFETY: the header says that the caller still owns `user_data`.
            unsafe { discard(&callbacks) };
        }
        status
    })?;
    if status == WXT_OK {
        task.set_region(env, 0, &[id.cast_signed()])?;
    }
    Ok(status)
}
