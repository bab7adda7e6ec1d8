//! Converts the callbacks of a transfer to messages.

// The C interface uses raw pointers. Each call fulfils the requirements of the header.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::c_void;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use wxtransfer::ffi::callback::{
    WXT_PROFILE_ABSENT, WXT_PROGRESS_UNKNOWN, WXT_TOTAL_UNKNOWN, WxtCallbacks, WxtCompletion, WxtFailure,
    WxtHeadersReceived, WxtProfile, WxtProgress, WxtSuccess,
};
use wxtransfer::ffi::request::WxtTaskId;
use wxtransfer::ffi::string::{WxtPair, WxtStr};

use crate::c::string;
use crate::call::{Call, INTERNAL};
use crate::session::Session;

/// The transfers that have not ended, by their call number.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<i64, Entry>>>);

#[derive(Default)]
struct Entry {
    /// `None` while the task is being started.
    task: Option<WxtTaskId>,
    aborted: bool,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task whose callbacks answer `call`. The last callback may run before `begin` returns.
    pub fn start(&self, session: &Session, call: Call, begin: impl FnOnce(&WxtCallbacks) -> Result<WxtTaskId, String>) {
        let number = call.number;
        self.lock().insert(number, Entry::default());
        let task = Box::into_raw(Box::new(Task { call, running: self.clone() }));
        let callbacks = WxtCallbacks {
            struct_size: size_of::<WxtCallbacks>(),
            user_data: task.cast(),
            on_headers_received: Some(on_headers_received),
            on_progress: Some(on_progress),
            on_success: Some(on_success),
            on_fail: Some(on_fail),
            on_complete: Some(on_complete),
            release: Some(release),
            on_trace: None,
        };
        match begin(&callbacks) {
            Err(reason) => {
                // SAFETY: nothing was started, so `user_data` still belongs to this function.
                let task = unsafe { Box::from_raw(task) };
                self.lock().remove(&number);
                task.call.refuse(&reason, INTERNAL);
            }
            Ok(id) => {
                let aborted = self.lock().get_mut(&number).is_some_and(|entry| {
                    entry.task = Some(id);
                    entry.aborted
                });
                if aborted {
                    session.abort(id);
                }
            }
        }
    }

    /// Aborts the task of a call, if it exists, also while it is being started.
    pub fn abort(&self, session: &Session, number: i64) {
        let task = self.lock().get_mut(&number).and_then(|entry| {
            entry.aborted = true;
            entry.task
        });
        if let Some(task) = task {
            session.abort(task);
        }
    }

    /// Aborts the tasks of all calls.
    pub fn abort_all(&self, session: &Session) {
        let numbers: Vec<i64> = self.lock().keys().copied().collect();
        for number in numbers {
            self.abort(session, number);
        }
    }
}

/// The target of `user_data`.
struct Task {
    call: Call,
    running: Running,
}

/// # Safety
/// `user_data` must belong to a task whose `release` has not run.
unsafe fn task<'a>(user_data: *mut c_void) -> &'a Task {
    // SAFETY: created by `Running::start`, and freed by `release`, which runs last.
    unsafe { &*user_data.cast::<Task>() }
}

unsafe extern "C" fn on_headers_received(user_data: *mut c_void, _: WxtTaskId, event: *const WxtHeadersReceived) {
    // SAFETY: a callback's arguments are valid until it returns. This applies to every callback below.
    unsafe {
        let event = &*event;
        let header = pairs(event.header, event.header_count);
        let result = json!({ "header": joined(&header), "statusCode": event.status_code });
        task(user_data).call.event("headersReceived", &result);
    }
}

unsafe extern "C" fn on_progress(user_data: *mut c_void, _: WxtTaskId, event: *const WxtProgress) {
    // SAFETY: as above.
    unsafe {
        let (event, call) = (&*event, &task(user_data).call);
        let (total, expected) = match call.api.as_str() {
            "uploadFile" => ("totalBytesSent", "totalBytesExpectedToSend"),
            _ => ("totalBytesWritten", "totalBytesExpectedToWrite"),
        };
        let mut result = Map::new();
        if event.progress != WXT_PROGRESS_UNKNOWN {
            result.insert("progress".into(), event.progress.into());
        }
        result.insert(total.into(), event.total_bytes.into());
        if event.total_bytes_expected != WXT_TOTAL_UNKNOWN {
            result.insert(expected.into(), event.total_bytes_expected.into());
        }
        call.event("progressUpdate", &result.into());
    }
}

unsafe extern "C" fn on_success(user_data: *mut c_void, _: WxtTaskId, event: *const WxtSuccess) {
    // SAFETY: as above.
    unsafe {
        let (event, Task { call, .. }) = (&*event, task(user_data));
        let mut result = Map::new();
        result.insert("errMsg".into(), string(event.err_msg).into());
        result.insert("statusCode".into(), event.status_code.into());
        if call.api == "uploadFile" {
            result.insert("data".into(), string(event.data).into());
        } else {
            insert_text(&mut result, "tempFilePath", event.temp_file_path);
            insert_text(&mut result, "filePath", event.file_path);
            result.insert("dataLength".into(), event.data_length.into());
        }
        let header = pairs(event.header, event.header_count);
        let is_cookie = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("set-cookie");
        result.insert("header".into(), joined(&header));
        result.insert("cookies".into(), header.iter().filter(is_cookie).map(|(_, value)| value.as_str()).collect());
        if let Some(times) = event.profile.as_ref() {
            result.insert("profile".into(), profile(times));
        }
        call.succeed(&result.into());
    }
}

unsafe extern "C" fn on_fail(user_data: *mut c_void, _: WxtTaskId, event: *const WxtFailure) {
    // SAFETY: as above.
    unsafe {
        let failure = json!({ "errMsg": string((*event).err_msg), "errno": (*event).err_no });
        task(user_data).call.fail(&failure);
    }
}

unsafe extern "C" fn on_complete(user_data: *mut c_void, _: WxtTaskId, _: *const WxtCompletion) {
    // SAFETY: as above.
    let task = unsafe { task(user_data) };
    task.running.lock().remove(&task.call.number);
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    // SAFETY: it runs once, after every other callback of the task.
    drop(unsafe { Box::from_raw(user_data.cast::<Task>()) });
}

/// # Safety
/// `text` must be readable.
unsafe fn insert_text(result: &mut Map<String, Value>, name: &str, text: WxtStr) {
    if !text.ptr.is_null() {
        // SAFETY: the caller guarantees it.
        result.insert(name.into(), unsafe { string(text) }.into());
    }
}

/// # Safety
/// `header` must point to `count` readable pairs.
unsafe fn pairs(header: *const WxtPair, count: usize) -> Vec<(String, String)> {
    // SAFETY: the caller guarantees it.
    unsafe {
        let pairs = if count == 0 { &[] } else { slice::from_raw_parts(header, count) };
        pairs.iter().map(|pair| (string(pair.name), string(pair.value))).collect()
    }
}

/// An object of the headers. Values of the same name are joined; names are case-insensitive (RFC 9110 §5.1).
fn joined(pairs: &[(String, String)]) -> Value {
    let mut header = Map::new();
    for (name, value) in pairs {
        let known = header.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match known {
            Some((_, Value::String(values))) => *values += &format!(", {value}"),
            _ => _ = header.insert(name.clone(), value.clone().into()),
        }
    }
    header.into()
}

/// # Safety
/// The profile's texts must be readable.
unsafe fn profile(profile: &WxtProfile) -> Value {
    let mut result: Map<String, Value> = [
        ("invokeStart", profile.invoke_start),
        ("queueStart", profile.queue_start),
        ("queueEnd", profile.queue_end),
        ("fetchStart", profile.fetch_start),
        ("redirectStart", profile.redirect_start),
        ("redirectEnd", profile.redirect_end),
        ("domainLookUpStart", profile.domain_look_up_start),
        ("domainLookUpEnd", profile.domain_look_up_end),
        ("connectStart", profile.connect_start),
        ("connectEnd", profile.connect_end),
        ("SSLconnectionStart", profile.ssl_connection_start),
        ("SSLconnectionEnd", profile.ssl_connection_end),
        ("requestStart", profile.request_start),
        ("requestEnd", profile.request_end),
        ("responseStart", profile.response_start),
        ("responseEnd", profile.response_end),
        ("sendBytesCount", profile.send_bytes_count),
        ("receivedBytedCount", profile.received_byted_count),
        ("rtt", profile.rtt),
        ("httpRttEstimate", profile.http_rtt_estimate),
        ("transportRttEstimate", profile.transport_rtt_estimate),
        ("throughputKbps", profile.throughput_kbps),
        ("downstreamThroughputKbpsEstimate", profile.downstream_throughput_kbps_estimate),
        ("estimate_nettype", profile.estimate_nettype),
    ]
    .into_iter()
    .filter(|(_, value)| *value != WXT_PROFILE_ABSENT)
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    // SAFETY: the caller guarantees it.
    unsafe {
        insert_text(&mut result, "peerIP", profile.peer_ip);
        insert_text(&mut result, "protocol", profile.protocol);
    }
    result.insert("port".into(), profile.port.into());
    result.insert("socketReused".into(), profile.socket_reused.into());
    result.insert("usingHighPerformanceMode".into(), profile.using_high_performance_mode.into());
    result.into()
}
