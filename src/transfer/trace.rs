//! `on_trace`: a HAR 1.2 entry for each hop, without secrets.
//!
//! Queries, form fields and bodies are not stored, so they cannot leak. Of the header values, only plain ranges, known
//! media types and the targets of redirects are stored.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::iso_8601;
use super::json::Object;
use crate::http::{self, Details, TlsTerms, Trace};
use crate::policy::{media_types, url};
use crate::terms::{Headers, Method};
use crate::worker::lock;

/// The maximum number of entries of one transfer that wait for the host, in addition to the newest one. A server
/// decides how many hops a transfer has, and the host decides how long it takes for an entry. Without a limit, waiting
/// entries would delay the transfer's end. With a quick host the limit is not reached: a hop makes one entry, and at
/// most five redirects follow each other.
const MAX_QUEUED: usize = 32;

/// Creates the entries of one transfer. At most one hop is active.
#[derive(Debug, Default)]
pub struct Tracer {
    hop: Mutex<Option<TracedHop>>,
    /// The entries that the host has not received yet, oldest first.
    waiting: Mutex<VecDeque<QueuedEntry>>,
}

/// An entry that waits for the host.
#[derive(Debug)]
struct QueuedEntry {
    /// All members but the number of dropped entries.
    entry: Object,
    /// The number of entries directly before this one that the host will not receive.
    dropped: u64,
}

/// The active hop.
#[derive(Debug)]
struct TracedHop {
    exchange: Arc<http::Exchange>,
    attempt: u32,
    wall_time: SystemTime,
    start: Instant,
    method: Method,
    /// Without its query.
    url: String,
    header_names: Vec<String>,
    range: Option<String>,
    answer: Option<TracedAnswer>,
    /// The target of a redirect, without its query.
    redirect: Option<String>,
}

/// The stored parts of an answer's head.
#[derive(Debug)]
struct TracedAnswer {
    status: u16,
    header_names: Vec<String>,
    media_type: String,
}

impl Tracer {
    /// Starts a hop: a request is about to be sent.
    pub fn begin(&self, exchange: &Arc<http::Exchange>, attempt: u32, request: &http::Request<'_>) {
        let headers = request.headers;
        *lock(&self.hop) = Some(TracedHop {
            exchange: exchange.clone(),
            attempt,
            wall_time: SystemTime::now(),
            start: Instant::now(),
            method: request.method,
            url: url::redacted(request.url),
            header_names: headers.iter().map(|header| header.name.to_owned()).collect(),
            range: headers.value("Range").filter(|value| is_plain_range(value)).map(str::to_owned),
            answer: None,
            redirect: None,
        });
    }

    /// The head of the answer was received.
    pub fn answered(&self, status: u16, headers: &Headers) {
        if let Some(hop) = &mut *lock(&self.hop) {
            hop.answer = Some(TracedAnswer {
                status,
                header_names: headers.iter().map(|header| header.name.to_owned()).collect(),
                media_type: known_media_type(headers.value("Content-Type").unwrap_or_default()),
            });
        }
    }

    /// The answer redirects.
    pub fn redirected(&self, target: &::url::Url) {
        if let Some(hop) = &mut *lock(&self.hop) {
            hop.redirect = Some(url::redacted(target));
        }
    }

    /// Ends the hop, if one was started, and adds its entry to the waiting ones. `failure` describes the failure of the
    /// hop.
    ///
    /// `true` if the caller must queue an event that will [take](Tracer::take) an entry. `false` if no hop was started,
    /// or if more than [`MAX_QUEUED`] entries wait. In the second case, the new entry replaces the newest one, whose
    /// event takes it.
    pub fn end(&self, failure: Option<&str>) -> bool {
        let Some(hop) = lock(&self.hop).take() else { return false };
        let trace = hop.exchange.trace();
        let body_sent = hop.exchange.body_bytes_accepted();
        self.add(hop.entry(&trace, Instant::now(), body_sent, failure))
    }

    fn add(&self, entry: Object) -> bool {
        let mut waiting = lock(&self.waiting);
        let replaced = if waiting.len() > MAX_QUEUED { waiting.pop_back() } else { None };
        let dropped = replaced.as_ref().map_or(0, QueuedEntry::count);
        waiting.push_back(QueuedEntry { entry, dropped });
        replaced.is_none()
    }

    /// The oldest waiting entry.
    pub fn take(&self) -> Option<String> {
        lock(&self.waiting).pop_front().map(QueuedEntry::finish)
    }

    /// The newest waiting entry. The others are dropped, and counted in it.
    pub fn take_last(&self) -> Option<String> {
        let mut waiting = std::mem::take(&mut *lock(&self.waiting));
        let mut last = waiting.pop_back()?;
        last.dropped += waiting.iter().map(QueuedEntry::count).sum::<u64>();
        Some(last.finish())
    }
}

impl QueuedEntry {
    /// The entry, and those that were dropped before it.
    fn count(&self) -> u64 {
        self.dropped + 1
    }

    fn finish(mut self) -> String {
        if self.dropped > 0 {
            self.entry.number("_dropped", self.dropped);
        }
        self.entry.finish()
    }
}

impl TracedHop {
    fn entry(&self, trace: &Trace, now: Instant, body_sent: u64, failure: Option<&str>) -> Object {
        let timings = Timings::new(trace, self.start, now);
        let nothing = Details::default();
        let details = trace.details.as_deref().unwrap_or(&nothing);
        let mut entry = Object::new();
        entry.text("startedDateTime", &iso_8601::text(self.wall_time));
        entry.milliseconds("time", Some(timings.total()));
        entry.object("request", |request| self.write_request(request, body_sent));
        entry.object("response", |response| self.write_response(response, details.content_bytes, failure));
        entry.object("cache", |_| {});
        entry.object("timings", |object| timings.write(object));
        if let Some(peer) = trace.peer {
            entry.text("serverIPAddress", &peer.ip().to_string());
        }
        entry.number("_attempt", self.attempt.into());
        entry.number("_connections", details.connections.into());
        entry.boolean("_reused", trace.reused);
        entry.texts("_addresses", details.addresses.iter().map(SocketAddr::to_string));
        if let Some(TlsTerms { version, cipher, is_resumed }) = details.tls {
            entry.object("_tls", |tls| {
                tls.text("version", version);
                tls.text("cipher", cipher);
                tls.boolean("resumed", is_resumed);
            });
        }
        if let Some(range) = &self.range {
            entry.text("_range", range);
        }
        entry.number("_bytesSent", trace.bytes_sent);
        entry.number("_bytesReceived", trace.bytes_received);
        entry
    }

    fn write_request(&self, request: &mut Object, body_sent: u64) {
        request.text("method", self.method.name());
        request.text("url", &self.url);
        request.text("httpVersion", "HTTP/1.1");
        request.texts("cookies", std::iter::empty());
        write_headers(request, &self.header_names);
        request.texts("queryString", std::iter::empty());
        request.number_or_unknown("headersSize", None);
        request.number_or_unknown("bodySize", Some(body_sent));
    }

    /// A hop without an answer has the status 0, as in browsers.
    fn write_response(&self, response: &mut Object, content_bytes: u64, failure: Option<&str>) {
        let (status, names, media_type) = match &self.answer {
            Some(answer) => (answer.status, answer.header_names.as_slice(), answer.media_type.as_str()),
            None => (0, &[][..], ""),
        };
        response.number("status", status.into());
        response.text("statusText", "");
        response.text("httpVersion", if self.answer.is_some() { "HTTP/1.1" } else { "" });
        response.texts("cookies", std::iter::empty());
        write_headers(response, names);
        response.object("content", |content| {
            content.number("size", content_bytes);
            content.text("mimeType", media_type);
        });
        response.text("redirectURL", self.redirect.as_deref().unwrap_or_default());
        response.number_or_unknown("headersSize", None);
        response.number_or_unknown("bodySize", None);
        if let Some(failure) = failure {
            response.text("_error", failure);
        }
    }
}

/// Writes names only. Any value may be a secret.
fn write_headers(message: &mut Object, names: &[String]) {
    message.objects("headers", names, |header, name| {
        header.text("name", name);
        header.text("value", "");
    });
}

/// The phases of HAR. `None` if a phase did not happen.
#[derive(Debug, PartialEq)]
struct Timings {
    blocked: Duration,
    dns: Option<Duration>,
    connect: Option<Duration>,
    /// Part of `connect`.
    ssl: Option<Duration>,
    send: Duration,
    wait: Duration,
    receive: Duration,
}

impl Timings {
    /// The phases of a hop from `start` to `now`. A gap between two phases counts to the later one. The time after the
    /// last known event counts to the phase in progress. So the sum of the phases is the duration of the hop.
    fn new(trace: &Trace, start: Instant, now: Instant) -> Timings {
        let end = trace.response_end.unwrap_or(now);
        let mut last = start;
        // The time since the previous phase. `until` is `None` if the phase has not ended.
        let mut phase = |until: Option<Instant>| {
            let until = until.unwrap_or(end).clamp(last, end.max(last));
            let length = until - last;
            last = until;
            length
        };
        let blocked = phase(trace.dns_start.or(trace.connect_start).or(trace.request_start));
        let dns = trace.dns_start.map(|_| phase(trace.dns_end));
        // Without TLS a connection is ready once it is open.
        let ready = if trace.tls_start.is_some() { trace.tls_end } else { trace.connect_end };
        let connect = trace.connect_start.map(|_| phase(ready));
        let ssl = trace.tls_start.map(|start| trace.tls_end.unwrap_or(end).saturating_duration_since(start));
        let send = trace.request_start.map(|_| phase(trace.request_end.or(trace.response_start)));
        let wait = trace.request_start.map(|_| phase(trace.response_start));
        let receive = trace.response_start.map(|_| phase(None));
        let [send, wait, receive] = [send, wait, receive].map(Option::unwrap_or_default);
        Timings { blocked, dns, connect, ssl, send, wait, receive }
    }

    /// The sum without `ssl`, which is part of `connect`.
    fn total(&self) -> Duration {
        let parts = [Some(self.blocked), self.dns, self.connect, Some(self.send), Some(self.wait), Some(self.receive)];
        parts.into_iter().flatten().sum()
    }

    fn write(&self, object: &mut Object) {
        object.milliseconds("blocked", Some(self.blocked));
        object.milliseconds("dns", self.dns);
        object.milliseconds("connect", self.connect);
        object.milliseconds("ssl", self.ssl);
        object.milliseconds("send", Some(self.send));
        object.milliseconds("wait", Some(self.wait));
        object.milliseconds("receive", Some(self.receive));
    }
}

/// The media type without parameters, if the library knows it.
fn known_media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_types::usual_extension(&essence).is_some() { essence } else { String::new() }
}

/// Whether a `Range` is a single range of numbers and contains nothing else.
fn is_plain_range(value: &str) -> bool {
    let Some((first, last)) = value.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return false;
    };
    let is_number = |text: &str| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(first) && is_number(last)
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
