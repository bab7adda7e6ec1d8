//! Faults by URL, for clients that cannot pass a script: C, Swift and Kotlin tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::form_urlencoded;

use super::connection::RequestHead;
use super::flood::Flood;
use super::script::{Script, Step, response_head};
use super::tls_records::TlsRecord;
use crate::pattern::pattern_bytes;

/// The length of the file, and the number of bytes that are sent before the fault.
const FILE: u64 = 1024 * 1024;
const SENT: u64 = 64 * 1024;
/// The limit of a flood that the client does not end.
const FLOOD_TIME: Duration = Duration::from_secs(20);
const FLOOD_BYTES: u64 = 4 << 30;
/// The time from the end of a response to the flood after it. By then the connection is idle in the client's pool.
const IDLE_TIME: Duration = Duration::from_millis(50);

/// Chooses a script by the request's target; 404 for a target that names no fault. Clones share their counts.
///
/// | target | what happens |
/// |---|---|
/// | `/fault/stall-before-answer` | the request is read, nothing is answered |
/// | `/fault/stall-in-upload` | the request's body is not read |
/// | `/fault/stall-in-body` | 64 KiB of a 1 MiB file, then nothing |
/// | `/fault/truncate` | 64 KiB of a 1 MiB file, then an orderly end |
/// | `/fault/truncate-chunked` | the same inside a chunk |
/// | `/fault/reset` | 64 KiB of a 1 MiB file, then a reset |
/// | `/fault/close` | the request is read, then the end |
/// | `/fault/garbage` | an answer that is no HTTP |
/// | `/fault/status` | the status `code`, with `Retry-After` if the query has `retry-after` |
/// | `/fault/early-answer` | 413 before the request's body is read, then the end |
/// | `/fault/flood-interim` | the request's head is read, then 1xx heads follow without end |
/// | `/fault/flood-records` | the same with TLS records without plaintext (only on TLS) |
/// | `/fault/flood-idle` | 200 and no body; 50 ms later the connection is flooded with 1xx heads |
/// | `/fault/flood-idle-records` | the same with TLS records without plaintext (only on TLS) |
///
/// A flood ends when the client closes, or after 20 seconds. The queries `times` and `ranges` are described in the
/// crate's README.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// The number of requests for each target, if the target's query needs it.
    requests: Arc<Mutex<HashMap<String, u64>>>,
}

impl Targets {
    /// Chooses the script for a request whose head has been read.
    pub(super) fn script(&self, request: &RequestHead) -> Script {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let query = match Query::read(query) {
            Ok(query) => query,
            Err(parameter) => return self.answer(400, &[], format!("{parameter} has an unknown value\n").as_bytes()),
        };
        let number = if query.counts() { self.count(&request.target) } else { 1 };
        let Some(fault) = self.fault(path, request, &query, number) else {
            return self.answer(404, &[], b"");
        };
        if query.times.is_none_or(|times| number <= times) {
            return fault;
        }
        if request.method != "GET" {
            return self.answer(200, &[], b"ok");
        }
        let (head, body) = query.file(request, number);
        self.then_next(vec![Step::ReadWholeBody, Step::Send([head, body].concat())])
    }

    /// Returns the number of this request of the target, counted from 1.
    fn count(&self, target: &str) -> u64 {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = requests.entry(target.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn fault(&self, path: &str, request: &RequestHead, query: &Query, number: u64) -> Option<Script> {
        let part_of_file = || {
            let (mut bytes, mut body) = query.file(request, number);
            body.truncate(SENT as usize);
            bytes.append(&mut body);
            Step::Send(bytes)
        };
        let steps = match path {
            "/fault/stall-before-answer" => vec![Step::ReadWholeBody, Step::Stall],
            "/fault/stall-in-upload" => vec![Step::Stall],
            "/fault/stall-in-body" => vec![Step::ReadWholeBody, part_of_file(), Step::Stall],
            "/fault/truncate" => vec![Step::ReadWholeBody, part_of_file(), Step::Close],
            "/fault/truncate-chunked" => vec![
                Step::ReadWholeBody,
                Step::Send(response_head(200, &[("Transfer-Encoding", "chunked")], None)),
                Step::Send(b"10000\r\nthe beginning of a chunk".to_vec()),
                Step::Close,
            ],
            "/fault/reset" => vec![Step::ReadWholeBody, part_of_file(), Step::Reset],
            "/fault/close" => vec![Step::ReadWholeBody, Step::Close],
            "/fault/garbage" => vec![Step::ReadWholeBody, Step::Garbage(4096), Step::Close],
            "/fault/status" => {
                let seconds = query.retry_after.map(|seconds| seconds.to_string());
                let headers: Vec<_> = seconds.iter().map(|seconds| ("Retry-After", seconds.as_str())).collect();
                return Some(self.answer(query.code, &headers, b""));
            }
            "/fault/early-answer" => {
                let mut answer = response_head(413, &[("Connection", "close")], Some(9));
                answer.extend_from_slice(b"too large");
                vec![Step::Send(answer), Step::Close]
            }
            "/fault/flood-interim" => vec![interim_flood()],
            "/fault/flood-records" => vec![record_flood()],
            "/fault/flood-idle" => {
                vec![
                    Step::ReadWholeBody,
                    Step::Send(response_head(200, &[], Some(0))),
                    Step::Delay(IDLE_TIME),
                    interim_flood(),
                ]
            }
            "/fault/flood-idle-records" => {
                vec![
                    Step::ReadWholeBody,
                    Step::Send(response_head(200, &[], Some(0))),
                    Step::Delay(IDLE_TIME),
                    record_flood(),
                ]
            }
            _ => return None,
        };
        Some(Script { steps })
    }

    fn answer(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Script {
        let head = response_head(status, headers, Some(body.len() as u64));
        self.then_next(vec![Step::ReadWholeBody, Step::Send([&head, body].concat())])
    }

    /// The connection stays open for the next request.
    fn then_next(&self, mut steps: Vec<Step>) -> Script {
        steps.push(Step::ByTarget(self.clone()));
        Script { steps }
    }
}

/// How the server answers requests for a part of its file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ranges {
    /// Correct, as in RFC 9110.
    Correct,
    /// Each answer has another `ETag`, so no part fits an earlier one.
    Changed,
    /// Each part starts one byte later than requested.
    Wrong,
    /// 416.
    Refused,
}

/// The parameters of a target. Others are allowed, so that two tests can have targets of their own.
struct Query {
    /// The fault happens in this many requests. Without it, in all of them.
    times: Option<u64>,
    /// Without it, the file has no `ETag` and no ranges.
    ranges: Option<Ranges>,
    code: u16,
    retry_after: Option<u64>,
}

impl Query {
    /// Fails with the name of a parameter whose value is unknown.
    fn read(query: &str) -> Result<Query, String> {
        let mut read = Query { times: None, ranges: None, code: 503, retry_after: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = match &*name {
                "times" => value.parse().map(|times| read.times = Some(times)).is_ok(),
                "retry-after" => value.parse().map(|seconds| read.retry_after = Some(seconds)).is_ok(),
                "code" => {
                    read.code = value.parse().unwrap_or(0);
                    (200..=599).contains(&read.code)
                }
                "ranges" => {
                    read.ranges = match &*value {
                        "yes" => Some(Ranges::Correct),
                        "changed" => Some(Ranges::Changed),
                        "wrong" => Some(Ranges::Wrong),
                        "refused" => Some(Ranges::Refused),
                        _ => None,
                    };
                    read.ranges.is_some()
                }
                _ => true,
            };
            if !known {
                return Err(name.into_owned());
            }
        }
        Ok(read)
    }

    fn counts(&self) -> bool {
        self.times.is_some() || self.ranges == Some(Ranges::Changed)
    }

    /// The head and the body of the answer with the file, or with the requested part of it.
    fn file(&self, request: &RequestHead, number: u64) -> (Vec<u8>, Vec<u8>) {
        let tag =
            if self.ranges == Some(Ranges::Changed) { format!("\"file-{number}\"") } else { "\"file\"".to_owned() };
        let mut headers = vec![("Content-Type", "application/octet-stream")];
        let Some(ranges) = self.ranges else {
            return (response_head(200, &headers, Some(FILE)), pattern_bytes(0, FILE as usize));
        };
        headers.extend([("ETag", &*tag), ("Accept-Ranges", "bytes")]);
        let is_current = request.if_range.as_ref().is_none_or(|validator| *validator == tag);
        let first = match request.range_start {
            Some(first) if is_current => first,
            _ => return (response_head(200, &headers, Some(FILE)), pattern_bytes(0, FILE as usize)),
        };
        let first = if ranges == Ranges::Wrong { first + 1 } else { first };
        if ranges == Ranges::Refused || first >= FILE {
            let range = format!("bytes */{FILE}");
            headers.push(("Content-Range", &range));
            return (response_head(416, &headers, Some(0)), Vec::new());
        }
        let range = format!("bytes {first}-{}/{FILE}", FILE - 1);
        headers.push(("Content-Range", &range));
        (response_head(206, &headers, Some(FILE - first)), pattern_bytes(first, (FILE - first) as usize))
    }
}

fn interim_flood() -> Step {
    // The shortest head, which costs the client most per byte.
    Step::Flood(Flood::bytes(response_head(100, &[], None)).at_most(FLOOD_TIME, FLOOD_BYTES))
}

fn record_flood() -> Step {
    Step::Flood(Flood::records([TlsRecord::SessionTicket]).at_most(FLOOD_TIME, FLOOD_BYTES))
}
