//! Faults by URL, for clients that cannot hand a script over: C, Swift and Kotlin tests.

use super::script::{Script, Step, response_head};
use crate::pattern::pattern_bytes;

/// How much of a body is announced, and how much of it is sent before the fault.
const ANNOUNCED: u64 = 1024 * 1024;
const SENT: usize = 64 * 1024;

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
        _ => {
            vec![Step::ReadWholeBody, Step::Send(response_head(404, &[("Connection", "close")], Some(0))), Step::Close]
        }
    };
    Script { steps }
}
