//! A server with random behaviour. The number in the request's target chooses the behaviour.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wxtransfer_test_server::{FaultServer, Flood, Script, Step, Transport, pattern_bytes, response_head};

/// For `/resume/{n}`: the length of the file, and the offset at which the first answer breaks off.
const FILE: usize = 20_000;
const BREAK: usize = 8_000;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn milliseconds(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }
}

/// Starts a server that keeps no record, so that its memory does not grow with a million requests.
pub fn start(transport: Transport) -> FaultServer {
    FaultServer::start_without_record(transport, move |connection| {
        let mut random = Random((connection as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let tls = transport != Transport::Plain;
        let step = match random.below(40) {
            0 => Step::Reset,
            1 if tls => Step::ResetDuringHandshake,
            2 if tls => Step::CloseDuringHandshake,
            3 if tls => Step::StallBeforeHandshake,
            4 if tls => Step::ChooseTls11,
            _ => Step::Choose(script_for),
        };
        Script::new([step])
    })
}

/// The script for `/random/{n}`, `/answer/{n}` or `/resume/{n}`. `/answer/{n}` is like `/random/{n}`, but its bodies
/// are text of at most 60,000 bytes: the lower seven bits of each byte of the pattern.
fn script_for(target: &str) -> Script {
    let number = target.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0_u64);
    let mut random = Random((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    if target.starts_with("/resume/") {
        return Script::new(resumed(number));
    }
    let (path, largest) = if target.starts_with("/answer/") { ("answer", 60_000) } else { ("random", 200_000) };
    let length = match random.below(8) {
        0 => 0,
        1 => random.below(largest),
        _ => random.below(8_000),
    } as usize;
    let mut body = pattern_bytes(0, length);
    if path == "answer" {
        body.iter_mut().for_each(|byte| *byte &= 0x7f);
    }
    let end = random.below(length as u64 + 1) as usize;
    let mut head = response_head(200, &[("ETag", &format!("\"{number}\""))], Some(length as u64));
    let mut steps = Vec::new();
    if !random.one_in(20) {
        steps.push(Step::ReadWholeBody);
    }
    if random.one_in(10) {
        steps.push(Step::Delay(random.milliseconds(40)));
    }
    if random.one_in(20) {
        head.splice(0..0, response_head(103, &[], None));
    }
    match random.below(100) {
        // The whole answer, in one piece or in several, and then the next request.
        0..=59 => {
            let mut answer = [head, body].concat();
            let rest = answer.split_off(if random.one_in(8) { random.below(answer.len() as u64) as usize } else { 0 });
            if !answer.is_empty() {
                steps.extend([Step::Send(answer), Step::Delay(random.milliseconds(10))]);
            }
            steps.extend([Step::Send(rest), Step::Choose(script_for)]);
        }
        60..=65 => {
            let location = format!("/{path}/{}", number / 2);
            let status = [301, 302, 303, 307, 308][random.below(5) as usize];
            steps.extend([
                Step::Send(response_head(status, &[("Location", &location)], Some(0))),
                Step::Choose(script_for),
            ]);
        }
        66..=69 => {
            let status = [408, 429, 503, 404][random.below(4) as usize];
            steps.extend([
                Step::Send(response_head(status, &[("Retry-After", "0")], Some(0))),
                Step::Choose(script_for),
            ]);
        }
        70..=79 => {
            let fault = [Step::Close, Step::Reset, Step::CloseWithoutNotify][random.below(3) as usize].clone();
            steps.extend([Step::Send([&head, &body[..end]].concat()), fault]);
        }
        80..=83 => steps.push([Step::Close, Step::Reset][random.below(2) as usize].clone()),
        84..=86 => steps.extend([Step::Garbage(100), Step::Close]),
        // The answer is sent before the request's body is read.
        87..=88 => steps = vec![Step::Send(response_head(413, &[("Connection", "close")], Some(0))), Step::Close],
        89..=90 => steps.push(Step::Stall),
        91..=92 => steps.extend([Step::Send([&head, &body[..end]].concat()), Step::Stall]),
        93..=95 => {
            let answer = [head, body].concat();
            let slow = answer.len().min(30);
            let bytes = answer[..slow].to_vec();
            steps.extend([
                Step::SendSlowly { bytes, each_byte: Duration::from_millis(1) },
                Step::Send(answer[slow..].to_vec()),
                Step::Choose(script_for),
            ]);
        }
        96 => {
            let flood = Flood::bytes(response_head(100, &[], None));
            steps.push(Step::Flood(flood.at_most(Duration::from_millis(20), 1 << 20)));
        }
        97 => steps.extend([
            Step::Send([response_head(200, &[("Content-Encoding", "gzip")], Some(length as u64)), body].concat()),
            Step::Choose(script_for),
        ]),
        98 => {
            let head = response_head(200, &[("Transfer-Encoding", "chunked")], None);
            steps.extend([Step::Send([&head[..], b"5\r\nhello\r\n", b"zz\r\n"].concat()), Step::Close]);
        }
        _ => {
            let head = response_head(200, &[("Content-Length", "7")], Some(9));
            steps.extend([Step::Send(head), Step::Close]);
        }
    }
    Script::new(steps)
}

/// Alternates between a file that breaks off and its rest. The script does not know whether the client requested the
/// rest.
fn resumed(number: u64) -> Vec<Step> {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let tag = format!("\"{number}\"");
    let body = pattern_bytes(0, FILE);
    if TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
        let head = response_head(200, &[("ETag", &tag)], Some(FILE as u64));
        return vec![Step::ReadWholeBody, Step::Send([&head, &body[..BREAK]].concat()), Step::Close];
    }
    let range = format!("bytes {BREAK}-{}/{FILE}", FILE - 1);
    let head = response_head(206, &[("ETag", &tag), ("Content-Range", &range)], Some((FILE - BREAK) as u64));
    vec![Step::ReadWholeBody, Step::Send([&head, &body[BREAK..]].concat()), Step::Choose(script_for)]
}
