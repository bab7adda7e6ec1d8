//! The steps a connection follows.

use std::time::Duration;

use super::flood::Flood;
use super::targets::Targets;
use super::tls_records::TlsRecord;

/// One step of a [`Script`]. A step that finds the connection broken or the server dropped ends the script.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads to the end of a request's head, the empty line.
    ReadHead,
    /// Reads this many bytes of the body.
    ReadBody(u64),
    /// Reads the rest of the body by the last head's `Content-Length`; nothing if it had none.
    ReadWholeBody,
    /// Reads until the peer closes.
    ReadAll,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one at a time, with a pause after each.
    SendSlowly {
        /// The bytes to send.
        bytes: Vec<u8>,
        /// The pause.
        each_byte: Duration,
    },
    /// Sends this many bytes that are not HTTP.
    Garbage(usize),
    /// Sends these TLS records. After it, bytes from the client are not decrypted, and only records can be sent. Only
    /// on TLS.
    SendRecords(Vec<TlsRecord>),
    /// Sends until the flood ends. With records, the restrictions of `SendRecords` apply.
    Flood(Flood),
    /// Waits.
    Delay(Duration),
    /// Waits for [`FaultServer::signal`](crate::FaultServer::signal).
    AwaitSignal,
    /// Neither reads nor writes until the peer closes. It cannot detect the end of a peer whose unsent data exceeds the
    /// socket's buffers. A test that needs that end must use `AwaitSignal` and `ReadAll`.
    Stall,
    /// Ends the stream in order, on TLS with close_notify, then reads until the peer closes. A server must do so, or a
    /// reset could lose its last response (RFC 9112 section 9.6). Ends the script. The end of a script does the same.
    Close,
    /// As `Close`, but on TLS without close_notify: the client sees a truncated stream.
    CloseWithoutNotify,
    /// Resets the connection (RST). Ends the script.
    Reset,
    /// `Stall`, before TLS has answered the client's first byte.
    StallBeforeHandshake,
    /// `Reset`, after the client's first message.
    ResetDuringHandshake,
    /// `CloseWithoutNotify`, after the client's first message.
    CloseDuringHandshake,
    /// Answers the client's first message by choosing TLS 1.1, then reads until the peer closes. rustls does not
    /// support TLS 1.1, so the answer is hand-made and ends there; a client that accepted it would wait for a
    /// certificate.
    ChooseTls11,
    /// Switches a TLS server to plain TCP. Only before the handshake.
    PlainOnTlsPort,
    /// Reads a head and continues with the script for its request target.
    Choose(fn(target: &str) -> Script),
    /// Reads a head and continues with the script that these targets have for it.
    ByTarget(Targets),
}

/// The steps of one connection, in order. After the last step, the connection is closed as by [`Step::Close`].
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(super) steps: Vec<Step>,
}

impl Script {
    /// A script of these steps.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Script {
        Script { steps: steps.into_iter().collect() }
    }

    /// Reads one complete request and answers it. The connection stays open for the steps that [`then`](Script::then)
    /// adds.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Script {
        let mut response = response_head(status, headers, Some(body.len() as u64));
        response.extend_from_slice(body);
        Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(response)])
    }

    /// Reads one whole request, announces `body` with its full length, sends the first `at` bytes of it, then does
    /// `fault`: `Close` truncates, `Reset` resets, `Stall` stalls.
    ///
    /// # Panics
    /// If `at` is beyond the body.
    pub fn fault_at(at: usize, headers: &[(&str, &str)], body: &[u8], fault: Step) -> Script {
        let mut response = response_head(200, headers, Some(body.len() as u64));
        response.extend_from_slice(&body[..at]);
        Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(response), fault])
    }

    /// As [`fault_at`](Script::fault_at), but the body is chunked: the last chunk is never sent.
    pub fn fault_in_chunks_at(at: usize, headers: &[(&str, &str)], body: &[u8], fault: Step) -> Script {
        let mut headers = headers.to_vec();
        headers.push(("Transfer-Encoding", "chunked"));
        let mut response = response_head(200, &headers, None);
        // Announces one byte more than it sends, so that the cut is inside a chunk.
        response.extend_from_slice(format!("{:x}\r\n", at + 1).as_bytes());
        response.extend_from_slice(&body[..at]);
        Script::new([Step::ReadHead, Step::ReadWholeBody, Step::Send(response), fault])
    }

    /// This script, followed by another on the same connection.
    pub fn then(mut self, next: impl Into<Script>) -> Script {
        self.steps.extend(next.into().steps);
        self
    }
}

impl From<Step> for Script {
    fn from(step: Step) -> Script {
        Script::new([step])
    }
}

impl<const N: usize> From<[Step; N]> for Script {
    fn from(steps: [Step; N]) -> Script {
        Script::new(steps)
    }
}

/// The head of an HTTP/1.1 response, with `Content-Length` if a length is given.
pub fn response_head(status: u16, headers: &[(&str, &str)], content_length: Option<u64>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Test\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = content_length {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}
