//! Faults by URL, for clients that cannot pass a script: C, Swift and Kotlin tests.

use std::time::Duration;

use super::flood::Flood;
use super::script::{Script, Step, response_head};
use super::tls_records::TlsRecord;
use crate::pattern::pattern_bytes;

/// The announced length of a body, and the length that is sent before the fault.
const ANNOUNCED: u64 = 1024 * 1024;
const SENT: usize = 64 * 1024;
/// The limit of a flood that the client does not end.
const FLOOD_TIME: Duration = Duration::from_secs(20);
const FLOOD_BYTES: u64 = 4 << 30;
/// The time from the end of a response to the flood after it. By then the connection is idle in the client's pool.
const IDLE_TIME: Duration = Duration::from_millis(50);

/// The script for a request target whose head has been read; 404 for a target that names no fault.
///
/// | target | what happens |
/// |---|---|
/// | `/fault/stall-before-answer` | the request is read, nothing is answered |
/// | `/fault/stall-in-upload` | the request's body is not read |
/// | `/fault/stall-in-body` | 64 KiB of a 1 MiB body, then nothing |
/// | `/fault/truncate` | 64 KiB of a 1 MiB body, then an orderly end |
/// | `/fault/truncate-chunked` | the same inside a chunk |
/// | `/fault/reset` | 64 KiB of a 1 MiB body, then a reset |
/// | `/fault/close` | the request is read, then the end |
/// | `/fault/garbage` | an answer that is no HTTP |
/// | `/fault/early-answer` | 413 before the request's body is read, then the end |
/// | `/fault/flood-interim` | the request's head is read, then 1xx heads follow without end |
/// | `/fault/flood-records` | the same with TLS records without plaintext (only on TLS) |
/// | `/fault/flood-idle` | 200 and no body; 50 ms later the connection is flooded with 1xx heads |
/// | `/fault/flood-idle-records` | the same with TLS records without plaintext (only on TLS) |
///
/// A flood ends when the client closes, or after 20 seconds.
pub fn script_for_target(target: &str) -> Script {
    let part_of_body = || {
        let mut bytes = response_head(200, &[("Content-Type", "application/octet-stream")], Some(ANNOUNCED));
        bytes.extend(pattern_bytes(0, SENT));
        Step::Send(bytes)
    };
    let steps = match target.split('?').next().unwrap_or_default() {
        "/fault/stall-before-answer" => vec![Step::ReadWholeBody, Step::Stall],
        "/fault/stall-in-upload" => vec![Step::Stall],
        "/fault/stall-in-body" => vec![Step::ReadWholeBody, part_of_body(), Step::Stall],
        "/fault/truncate" => vec![Step::ReadWholeBody, part_of_body(), Step::Close],
        "/fault/truncate-chunked" => vec![
            Step::ReadWholeBody,
            Step::Send(response_head(200, &[("Transfer-Encoding", "chunked")], None)),
            Step::Send(b"10000\r\nthe beginning of a chunk".to_vec()),
            Step::Close,
        ],
        "/fault/reset" => vec![Step::ReadWholeBody, part_of_body(), Step::Reset],
        "/fault/close" => vec![Step::ReadWholeBody, Step::Close],
        "/fault/garbage" => vec![Step::ReadWholeBody, Step::Garbage(4096), Step::Close],
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
        _ => {
            vec![Step::ReadWholeBody, Step::Send(response_head(404, &[("Connection", "close")], Some(0))), Step::Close]
        }
    };
    Script { steps }
}

fn interim_flood() -> Step {
    // The shortest head, which costs the client most per byte.
    Step::Flood(Flood::bytes(response_head(100, &[], None)).at_most(FLOOD_TIME, FLOOD_BYTES))
}

fn record_flood() -> Step {
    Step::Flood(Flood::records([TlsRecord::SessionTicket]).at_most(FLOOD_TIME, FLOOD_BYTES))
}
