//! Converts the events of a transfer to messages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use wxtransfer::{
    Callbacks, Completion, DownloadSuccess, Error, Headers, NetworkConditions, Profile, Progress, TransferTask,
    UploadSuccess,
};

use crate::call::{Call, INTERNAL};

/// The transfers that have not ended, by their call number.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<i64, Entry>>>);

#[derive(Default)]
struct Entry {
    /// `None` while the task is being started.
    task: Option<TransferTask>,
    aborted: bool,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task whose closures answer `call`. The last one may run before `begin` returns.
    pub fn start<T: Answer>(&self, call: Call, begin: impl FnOnce(Callbacks<T>) -> Result<TransferTask, Error>) {
        let (number, call) = (call.number, Arc::new(call));
        self.lock().insert(number, Entry::default());
        match begin(self.callbacks(&call)) {
            Err(error) => {
                self.lock().remove(&number);
                call.refuse(&error.to_string(), INTERNAL);
            }
            Ok(task) => {
                let aborted = self.lock().get_mut(&number).is_some_and(|entry| {
                    entry.task = Some(task.clone());
                    entry.aborted
                });
                if aborted {
                    task.abort();
                }
            }
        }
    }

    fn callbacks<T: Answer>(&self, call: &Arc<Call>) -> Callbacks<T> {
        let (running, at_the_end, at_headers, at_progress) =
            (self.clone(), Arc::clone(call), Arc::clone(call), Arc::clone(call));
        Callbacks::new(move |completion: Completion<T>| {
            match completion.result {
                Ok(success) => {
                    let mut result = success.result();
                    if let Some(times) = &completion.profile {
                        result.insert("profile".into(), profile(times));
                    }
                    at_the_end.succeed(&result.into());
                }
                Err(failure) => at_the_end.fail(&json!({ "errMsg": failure.err_msg, "errno": failure.err_no })),
            }
            running.lock().remove(&at_the_end.number);
        })
        .on_headers_received(move |_, received| {
            let result = json!({ "header": joined(&received.header), "statusCode": received.status_code });
            at_headers.event("headersReceived", &result);
        })
        .on_progress(move |_, newest| at_progress.event("progressUpdate", &progress::<T>(newest)))
    }

    /// Aborts the task of a call, if it exists, also while it is being started.
    pub fn abort(&self, number: i64) {
        let task = self.lock().get_mut(&number).and_then(|entry| {
            entry.aborted = true;
            entry.task.clone()
        });
        if let Some(task) = task {
            task.abort();
        }
    }

    /// Aborts the tasks of all calls.
    pub fn abort_all(&self) {
        let numbers: Vec<i64> = self.lock().keys().copied().collect();
        for number in numbers {
            self.abort(number);
        }
    }
}

/// A success in the page's form.
pub trait Answer: 'static {
    /// The names of the numbers of bytes in `progressUpdate`: so far, and in total.
    const BYTES: (&'static str, &'static str);

    /// The members of the page's `success`, without the profile.
    fn result(self) -> Map<String, Value>;
}

impl Answer for UploadSuccess {
    const BYTES: (&'static str, &'static str) = ("totalBytesSent", "totalBytesExpectedToSend");

    fn result(self) -> Map<String, Value> {
        let mut result = head(self.err_msg, self.status_code, &self.header);
        result.insert("data".into(), self.data.into());
        result
    }
}

impl Answer for DownloadSuccess {
    const BYTES: (&'static str, &'static str) = ("totalBytesWritten", "totalBytesExpectedToWrite");

    fn result(self) -> Map<String, Value> {
        let mut result = head(self.err_msg, self.status_code, &self.header);
        let paths = [("tempFilePath", self.temp_file_path), ("filePath", self.file_path)];
        result.extend(paths.into_iter().filter_map(|(name, path)| Some((name.to_owned(), path?.into()))));
        result.insert("dataLength".into(), self.data_length.into());
        result
    }
}

fn head(err_msg: &str, status_code: u16, header: &Headers) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert("errMsg".into(), err_msg.into());
    result.insert("statusCode".into(), status_code.into());
    result.insert("header".into(), joined(header));
    result.insert("cookies".into(), header.values("Set-Cookie").collect());
    result
}

fn progress<T: Answer>(newest: &Progress) -> Value {
    let (total, expected) = T::BYTES;
    let numbers = [
        ("progress", newest.progress.map(u64::from)),
        (total, Some(newest.total_bytes)),
        (expected, newest.total_bytes_expected),
    ];
    members(numbers).into()
}

/// The members that have a value.
fn members<const N: usize>(numbers: [(&str, Option<u64>); N]) -> Map<String, Value> {
    numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number?.into()))).collect()
}

/// An object of the headers. Values of the same name are joined; names are case-insensitive (RFC 9110 §5.1).
fn joined(headers: &Headers) -> Value {
    let mut joined = Map::new();
    for header in headers.iter() {
        let known = joined.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(header.name));
        match known {
            Some((_, Value::String(values))) => *values += &format!(", {}", header.value),
            _ => _ = joined.insert(header.name.to_owned(), header.value.into()),
        }
    }
    joined.into()
}

fn profile(profile: &Profile) -> Value {
    let Profile { queue, observed, estimated, .. } = profile;
    let mut result = members([
        ("invokeStart", queue.map(|times| times.invoke_start)),
        ("queueStart", queue.map(|times| times.queue_start)),
        ("queueEnd", queue.map(|times| times.queue_end)),
        ("fetchStart", Some(profile.fetch_start)),
        ("redirectStart", Some(profile.redirect.start)),
        ("redirectEnd", Some(profile.redirect.end)),
        ("domainLookUpStart", Some(profile.domain_look_up.start)),
        ("domainLookUpEnd", Some(profile.domain_look_up.end)),
        ("connectStart", Some(profile.connect.start)),
        ("connectEnd", Some(profile.connect.end)),
        ("SSLconnectionStart", Some(profile.ssl_connection.start)),
        ("SSLconnectionEnd", Some(profile.ssl_connection.end)),
        ("requestStart", Some(profile.request.start)),
        ("requestEnd", Some(profile.request.end)),
        ("responseStart", Some(profile.response.start)),
        ("responseEnd", Some(profile.response.end)),
        ("sendBytesCount", Some(profile.bytes_sent)),
        ("receivedBytedCount", Some(profile.bytes_received)),
        ("rtt", milliseconds(observed.transport_round_trip)),
        ("httpRttEstimate", milliseconds(estimated.http_round_trip)),
        ("transportRttEstimate", milliseconds(estimated.transport_round_trip)),
        ("throughputKbps", observed.throughput),
        ("downstreamThroughputKbpsEstimate", estimated.throughput),
        ("estimate_nettype", Some(net_type(estimated))),
        ("port", Some(profile.peer.map_or(0, |peer| peer.port().into()))),
    ]);
    if let Some(peer) = profile.peer {
        result.insert("peerIP".into(), peer.ip().to_string().into());
        result.insert("protocol".into(), "http1.1".into());
    }
    result.insert("socketReused".into(), profile.socket_reused.into());
    result.insert("usingHighPerformanceMode".into(), false.into());
    result.into()
}

fn net_type(estimated: &NetworkConditions) -> u64 {
    estimated.effective_type() as u64
}

/// Rounded to the nearest millisecond.
fn milliseconds(time: Option<Duration>) -> Option<u64> {
    u64::try_from((time? + Duration::from_micros(500)).as_millis()).ok()
}
