//! Passes the events of a task to the host's C callbacks.

use std::ffi::c_void;
use std::ptr;
use std::time::Duration;

use super::callback::{
    WXT_PROFILE_ABSENT, WXT_PROGRESS_UNKNOWN, WXT_TOTAL_UNKNOWN, WxtCallbacks, WxtCompletion, WxtFailure,
    WxtHeadersReceived, WxtProfile, WxtProgress, WxtSuccess, WxtTrace,
};
use super::string::{WxtPair, WxtStr};
use crate::task::{End, Handler, Progress, TaskId};
use crate::terms::{Call, Headers, TransferError};
use crate::transfer::{Content, Counts, Profile, QueueTimes, ReceivedHead, Success};

/// The host's callbacks for one task. Dropping it calls `release`.
pub struct CallbackHandler {
    call: Call,
    callbacks: WxtCallbacks,
}

// SAFETY: the header tells the host that callbacks and `user_data` are used on other threads, by one thread at a time.
unsafe impl Send for CallbackHandler {}

impl CallbackHandler {
    /// From here on `user_data` belongs to the task, and `release` will run.
    pub fn new(call: Call, callbacks: WxtCallbacks) -> CallbackHandler {
        CallbackHandler { call, callbacks }
    }

    fn user_data(&self) -> *mut c_void {
        self.callbacks.user_data
    }

    fn complete(&self, task: TaskId, success: *const WxtSuccess, failure: *const WxtFailure) {
        if let Some(on_complete) = self.callbacks.on_complete {
            let completion = WxtCompletion { struct_size: size_of::<WxtCompletion>(), success, failure };
            // SAFETY: the host's function, called as the header says; the event is valid until it returns.
            unsafe { on_complete(self.user_data(), task, &completion) };
        }
    }

    fn succeeded(&self, task: TaskId, outcome: &Success, counts: Counts, profile: *const WxtProfile) {
        let native_path;
        let header = wire_header(&outcome.headers);
        let mut success = WxtSuccess {
            struct_size: size_of::<WxtSuccess>(),
            err_msg: WxtStr::absent(),
            status_code: outcome.status.into(),
            data: WxtStr::absent(),
            temp_file_path: WxtStr::absent(),
            file_path: WxtStr::absent(),
            native_path: WxtStr::absent(),
            data_length: 0,
            header: pointer_to(&header),
            header_count: header.len(),
            profile,
            attempts: counts.attempts,
            resumed_from: counts.resumed_from,
            sha256: WxtStr::optional(outcome.sha256.as_deref()),
        };
        let err_msg = format!("{}:ok", self.call.name());
        success.err_msg = WxtStr::new(&err_msg);
        match &outcome.content {
            Content::Data { text, length } => {
                success.data = WxtStr::new(text);
                success.data_length = *length;
            }
            Content::TemporaryFile(file) | Content::TargetFile(file) => {
                native_path = file.native_path.to_string_lossy();
                success.native_path = WxtStr::new(&native_path);
                success.data_length = file.length;
                if matches!(outcome.content, Content::TemporaryFile(_)) {
                    success.temp_file_path = WxtStr::new(&file.path);
                } else {
                    success.file_path = WxtStr::new(&file.path);
                }
            }
        }
        if let Some(on_success) = self.callbacks.on_success {
            // SAFETY: as above.
            unsafe { on_success(self.user_data(), task, &success) };
        }
        self.complete(task, &success, ptr::null());
    }

    fn failed(&self, task: TaskId, error: &TransferError, counts: Counts, profile: *const WxtProfile) {
        let err_msg = error.err_msg(self.call);
        let failure = WxtFailure {
            struct_size: size_of::<WxtFailure>(),
            err_msg: WxtStr::new(&err_msg),
            err_no: error.err_no(self.call),
            category: error.category() as i32,
            detail: WxtStr::new(&error.detail),
            retryable: error.retryable(),
            profile,
            attempts: counts.attempts,
            resumed_from: counts.resumed_from,
        };
        if let Some(on_fail) = self.callbacks.on_fail {
            // SAFETY: as above.
            unsafe { on_fail(self.user_data(), task, &failure) };
        }
        self.complete(task, ptr::null(), &failure);
    }
}

impl Handler for CallbackHandler {
    fn headers_received(&mut self, task: TaskId, head: &ReceivedHead) {
        let Some(on_headers_received) = self.callbacks.on_headers_received else { return };
        let header = wire_header(&head.headers);
        let event = WxtHeadersReceived {
            struct_size: size_of::<WxtHeadersReceived>(),
            header: pointer_to(&header),
            header_count: header.len(),
            status_code: head.status.into(),
        };
        // SAFETY: the host's function, called as the header says; the event is valid until it returns.
        unsafe { on_headers_received(self.user_data(), task, &event) };
    }

    fn wants_traces(&self) -> bool {
        self.callbacks.on_trace.is_some()
    }

    fn traced(&mut self, task: TaskId, entry: &str) {
        let Some(on_trace) = self.callbacks.on_trace else { return };
        let event = WxtTrace { struct_size: size_of::<WxtTrace>(), entry: WxtStr::new(entry) };
        // SAFETY: the host's function, called as the header says; the event is valid until it returns.
        unsafe { on_trace(self.user_data(), task, &event) };
    }

    fn wants_headers(&self) -> bool {
        self.callbacks.on_headers_received.is_some()
    }

    fn wants_progress(&self) -> bool {
        self.callbacks.on_progress.is_some()
    }

    fn progress(&mut self, task: TaskId, progress: Progress) {
        let Some(on_progress) = self.callbacks.on_progress else { return };
        let event = WxtProgress {
            struct_size: size_of::<WxtProgress>(),
            total_bytes: progress.total_bytes,
            total_bytes_expected: progress.total_bytes_expected.unwrap_or(WXT_TOTAL_UNKNOWN),
            progress: progress.progress.unwrap_or(WXT_PROGRESS_UNKNOWN),
        };
        // SAFETY: the host's function, called as the header says; the event is valid until it returns.
        unsafe { on_progress(self.user_data(), task, &event) };
    }

    fn completed(&mut self, task: TaskId, end: End) {
        let End { result, profile, counts } = end;
        let peer_ip = profile.as_ref().and_then(|profile| profile.peer).map(|peer| peer.ip().to_string());
        let profile = profile.as_ref().map(|profile| wire_profile(profile, peer_ip.as_deref()));
        let profile = profile.as_ref().map_or(ptr::null(), ptr::from_ref);
        match &result {
            Ok(outcome) => self.succeeded(task, outcome, counts, profile),
            Err(error) => self.failed(task, error, counts, profile),
        }
    }
}

impl Drop for CallbackHandler {
    fn drop(&mut self) {
        if let Some(release) = self.callbacks.release {
            // SAFETY: the host's function, called once, after all other callbacks.
            unsafe { release(self.callbacks.user_data) };
        }
    }
}

/// The pairs borrow the strings of `headers`.
fn wire_header(headers: &Headers) -> Vec<WxtPair> {
    headers.iter().map(|header| WxtPair { name: WxtStr::new(header.name), value: WxtStr::new(header.value) }).collect()
}

/// NULL for an empty list.
fn pointer_to(pairs: &[WxtPair]) -> *const WxtPair {
    if pairs.is_empty() { ptr::null() } else { pairs.as_ptr() }
}

fn wire_profile(profile: &Profile, peer_ip: Option<&str>) -> WxtProfile {
    let queue_time = |time: fn(QueueTimes) -> u64| profile.queue.map_or(WXT_PROFILE_ABSENT, time);
    let Profile { observed, estimated, .. } = profile;
    WxtProfile {
        struct_size: size_of::<WxtProfile>(),
        invoke_start: queue_time(|times| times.invoke_start),
        queue_start: queue_time(|times| times.queue_start),
        queue_end: queue_time(|times| times.queue_end),
        fetch_start: profile.fetch_start,
        redirect_start: profile.redirect.start,
        redirect_end: profile.redirect.end,
        domain_look_up_start: profile.domain_look_up.start,
        domain_look_up_end: profile.domain_look_up.end,
        connect_start: profile.connect.start,
        connect_end: profile.connect.end,
        ssl_connection_start: profile.ssl_connection.start,
        ssl_connection_end: profile.ssl_connection.end,
        request_start: profile.request.start,
        request_end: profile.request.end,
        response_start: profile.response.start,
        response_end: profile.response.end,
        send_bytes_count: profile.bytes_sent,
        received_byted_count: profile.bytes_received,
        rtt: milliseconds(observed.transport_round_trip),
        http_rtt_estimate: milliseconds(estimated.http_round_trip),
        transport_rtt_estimate: milliseconds(estimated.transport_round_trip),
        throughput_kbps: observed.throughput.unwrap_or(WXT_PROFILE_ABSENT),
        downstream_throughput_kbps_estimate: estimated.throughput.unwrap_or(WXT_PROFILE_ABSENT),
        estimate_nettype: estimated.effective_type() as u64,
        peer_ip: WxtStr::optional(peer_ip),
        protocol: WxtStr::optional(profile.peer.map(|_| "http1.1")),
        port: profile.peer.map_or(0, |peer| peer.port()),
        socket_reused: profile.socket_reused,
        using_high_performance_mode: false,
    }
}

/// Rounded to the nearest millisecond.
fn milliseconds(time: Option<Duration>) -> u64 {
    time.map_or(WXT_PROFILE_ABSENT, |time| {
        let rounded = time.saturating_add(Duration::from_micros(500)).as_millis();
        u64::try_from(rounded).unwrap_or(WXT_PROFILE_ABSENT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::NetworkConditions;

    #[test]
    fn each_member_of_a_profile_is_in_its_own_field() {
        let mut profile = Profile {
            queue: Some(QueueTimes { invoke_start: 1, queue_start: 2, queue_end: 3 }),
            fetch_start: 6,
            peer: Some("192.0.2.1:443".parse().unwrap()),
            socket_reused: true,
            bytes_sent: 17,
            bytes_received: 18,
            observed: NetworkConditions {
                http_round_trip: None,
                transport_round_trip: Some(Duration::from_micros(19_499)),
                throughput: Some(20),
            },
            estimated: NetworkConditions {
                http_round_trip: Some(Duration::from_micros(20_500)),
                transport_round_trip: Some(Duration::from_millis(22)),
                throughput: Some(23),
            },
            ..Profile::default()
        };
        let spans = [
            (&mut profile.redirect, 4),
            (&mut profile.domain_look_up, 7),
            (&mut profile.connect, 9),
            (&mut profile.ssl_connection, 11),
            (&mut profile.request, 13),
            (&mut profile.response, 15),
        ];
        for (span, start) in spans {
            (span.start, span.end) = (start, start + 1);
        }
        let wire = wire_profile(&profile, Some("192.0.2.1"));
        assert_eq!((wire.invoke_start, wire.queue_start, wire.queue_end), (1, 2, 3));
        assert_eq!((wire.redirect_start, wire.redirect_end, wire.fetch_start), (4, 5, 6));
        assert_eq!((wire.domain_look_up_start, wire.domain_look_up_end), (7, 8));
        assert_eq!((wire.connect_start, wire.connect_end), (9, 10));
        assert_eq!((wire.ssl_connection_start, wire.ssl_connection_end), (11, 12));
        assert_eq!((wire.request_start, wire.request_end), (13, 14));
        assert_eq!((wire.response_start, wire.response_end), (15, 16));
        assert_eq!((wire.send_bytes_count, wire.received_byted_count), (17, 18));
        assert_eq!((wire.peer_ip.len, wire.protocol.len, wire.port), ("192.0.2.1".len(), "http1.1".len(), 443));
        assert_eq!((wire.rtt, wire.throughput_kbps), (19, 20));
        assert_eq!((wire.http_rtt_estimate, wire.transport_rtt_estimate), (21, 22));
        assert_eq!((wire.downstream_throughput_kbps_estimate, wire.estimate_nettype), (23, 2));
        assert!(wire.socket_reused && !wire.using_high_performance_mode);
        let unknown = wire_profile(&Profile::default(), None);
        assert!(unknown.peer_ip.ptr.is_null() && unknown.protocol.ptr.is_null() && !unknown.socket_reused);
        let absent = [
            unknown.invoke_start,
            unknown.queue_start,
            unknown.queue_end,
            unknown.rtt,
            unknown.http_rtt_estimate,
            unknown.transport_rtt_estimate,
            unknown.throughput_kbps,
            unknown.downstream_throughput_kbps_estimate,
        ];
        assert_eq!(absent, [WXT_PROFILE_ABSENT; 8]);
        assert_eq!((unknown.estimate_nettype, unknown.fetch_start, unknown.port), (0, 0, 0));
    }
}
