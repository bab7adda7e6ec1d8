//! Each fault, as a client sees it on the wire.

mod client;

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use client::{connect, connect_tls, get, read_response, request, trusting};
use wxtransfer_test_server::{
    BlackHole, Event, FaultServer, Identity, MaximumTls, Script, Step, Transport, pattern_bytes,
};

const REQUEST: &[u8] = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

fn plain(script: impl Into<Script>) -> FaultServer {
    FaultServer::start(Transport::Plain, vec![script.into()])
}

fn tls(script: impl Into<Script>) -> FaultServer {
    FaultServer::start(Transport::TLS, vec![script.into()])
}

/// The bytes that the server sends until it ends or breaks the stream.
fn read_to_end(stream: &mut impl Read) -> (Vec<u8>, io::Result<()>) {
    let mut bytes = Vec::new();
    let result = stream.read_to_end(&mut bytes).map(|_| ());
    (bytes, result)
}

/// The error of the client's handshake.
fn refused_handshake(transport: Transport, script: impl Into<Script>) -> io::Error {
    let server = FaultServer::start(transport, vec![script.into()]);
    connect_tls(server.address(), &trusting()).expect_err("a failed handshake")
}

#[test]
fn answers_follow_each_other_on_one_connection() {
    let answer = |body: &[u8]| Script::answer(201, &[("X-A", "b")], body);
    let server = plain(answer(b"one").then(answer(b"two")));
    let mut stream = connect(server.address());
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
    let first = request(&mut stream, head, b"12345");
    assert_eq!((first.status, first.header("x-a"), &first.body[..]), (201, Some("b"), &b"one"[..]));
    assert_eq!(request(&mut stream, head, b"67890").body, b"two");
    assert!(server.happened(Event::BodyBytesRead(0, 10)));
    assert!(!server.happened(Event::BodyBytesRead(0, 11)));
    assert_eq!(server.received(0), format!("{head}12345{head}67890").into_bytes());
    assert_eq!(server.connections(), 1);
}

#[test]
fn body_ends_at_the_byte_of_the_script() {
    for (fault, expected) in [(Step::Close, None), (Step::Reset, Some(ErrorKind::ConnectionReset))] {
        // The signal holds the reset back until the client has read: a reset may overtake what was sent before it.
        let server = plain(Script::fault_at(7, &[], b"0123456789", Step::AwaitSignal).then(fault));
        let mut stream = connect(server.address());
        stream.write_all(REQUEST).expect("to send");
        let head = b"HTTP/1.1 200 Test\r\nContent-Length: 10\r\n\r\n0123456";
        let mut start = vec![0; head.len()];
        stream.read_exact(&mut start).expect("the start of the answer");
        assert_eq!(start, head);
        server.signal(0);
        let (rest, end) = read_to_end(&mut stream);
        assert_eq!((rest, end.err().map(|error| error.kind())), (Vec::new(), expected));
    }
}

#[test]
fn a_chunked_body_ends_inside_a_chunk() {
    let server = plain(Script::fault_in_chunks_at(3, &[], b"0123456789", Step::Close));
    let mut stream = connect(server.address());
    stream.write_all(REQUEST).expect("to send");
    let (bytes, end) = read_to_end(&mut stream);
    assert!(end.is_ok());
    assert!(bytes.ends_with(b"chunked\r\n\r\n4\r\n012"), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn tls_ends_with_and_without_close_notify() {
    for (step, orderly) in [(Step::Close, true), (Step::CloseWithoutNotify, false)] {
        let server = tls([Step::ReadHead, Step::Send(b"abc".to_vec()), step]);
        let mut stream = connect_tls(server.address(), &trusting()).expect("a handshake");
        stream.write_all(REQUEST).expect("to send");
        let (bytes, end) = read_to_end(&mut stream);
        assert_eq!((&bytes[..], end.is_ok()), (&b"abc"[..], orderly));
        drop(stream);
        server.wait_for(Event::PeerClosed(0));
    }
}

#[test]
fn stall_ends_with_the_peer_or_the_server() {
    let server = plain([Step::ReadHead, Step::Stall]);
    let mut stream = connect(server.address());
    // The unread bytes after the head must not hide the peer's end.
    stream.write_all(&[REQUEST, b"unread"].concat()).expect("to send");
    server.wait_for(Event::StepReached(0, 1));
    assert!(!server.happened(Event::PeerClosed(0)));
    stream.write_all(b"more that nobody reads").expect("to send");
    drop(stream);
    server.wait_for(Event::PeerClosed(0));
    server.wait_for(Event::Finished(0));

    let server = tls([Step::StallBeforeHandshake]);
    let mut stream = connect(server.address());
    server.wait_for(Event::StepReached(0, 0));
    drop(server);
    assert_eq!(read_to_end(&mut stream).0, b"");
}

/// The client of a complete answer may end the connection before the server does.
#[test]
fn close_step_detects_a_reset_by_the_peer() {
    for end in [Step::Close, Step::CloseWithoutNotify] {
        let server = plain(Script::new([Step::ReadHead, Step::AwaitSignal, end]));
        let mut stream = connect(server.address());
        stream.write_all(REQUEST).expect("to send");
        server.wait_for(Event::HeadRead(0));
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("to change the socket");
        drop(stream);
        server.signal(0);
        server.wait_for(Event::PeerClosed(0));
    }
}

#[test]
fn delays_and_slow_bytes_take_their_time() {
    let start = Instant::now();
    let bytes = b"slow".to_vec();
    let each_byte = Duration::from_millis(20);
    let server = plain([Step::Delay(Duration::from_millis(20)), Step::SendSlowly { bytes, each_byte }]);
    assert_eq!(read_to_end(&mut connect(server.address())).0, b"slow");
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[test]
fn garbage_has_its_length_and_is_no_http() {
    let server = plain([Step::Garbage(10), Step::Close]);
    let (bytes, _) = read_to_end(&mut connect(server.address()));
    assert_eq!((bytes.len(), bytes.is_ascii()), (10, false));
}

#[test]
fn received_bytes_of_a_body_are_counted_at_once() {
    let server = plain([Step::ReadHead, Step::ReadBody(4), Step::AwaitSignal, Step::ReadAll]);
    let mut stream = connect(server.address());
    stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234").expect("to send");
    server.wait_for(Event::BodyBytesRead(0, 4));
    server.signal(0);
    stream.write_all(b"56789").expect("to send");
    server.wait_for(Event::BodyBytesRead(0, 9));
    drop(stream);
    server.wait_for(Event::PeerClosed(0));
}

#[test]
fn script_waits_for_each_signal() {
    let server = plain([Step::AwaitSignal, Step::Send(b"x".to_vec())]);
    let mut stream = connect(server.address());
    server.wait_for(Event::StepReached(0, 0));
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let error = stream.read(&mut [0]).expect_err("nothing to read yet");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    server.signal(0);
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    assert_eq!(read_to_end(&mut stream).0, b"x");
}

#[test]
fn connections_beyond_the_list_are_reset() {
    let server = plain(Script::answer(200, &[], b""));
    assert_eq!(get(connect(server.address()), "/", "").status, 200);
    let mut second = connect(server.address());
    server.wait_for(Event::Finished(1));
    let error = read_to_end(&mut second).1.expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn only_the_valid_identity_is_accepted() {
    use rustls::CertificateError::{ExpiredContext, NotValidForNameContext, NotValidYetContext, UnknownIssuer};
    use rustls::Error::InvalidCertificate;
    let error_for = |identity| {
        let server =
            FaultServer::start(Transport::Tls { identity, maximum: MaximumTls::Tls13 }, vec![Step::ReadAll.into()]);
        let error = connect_tls(server.address(), &trusting()).expect_err("a refused certificate");
        server.wait_for(Event::Finished(0));
        assert!(server.failure(0).is_some(), "the server records the failure");
        error.downcast::<rustls::Error>().expect("an error of rustls")
    };
    assert!(matches!(error_for(Identity::Expired), InvalidCertificate(ExpiredContext { .. })));
    assert!(matches!(error_for(Identity::NotYetValid), InvalidCertificate(NotValidYetContext { .. })));
    assert!(matches!(error_for(Identity::WrongHost), InvalidCertificate(NotValidForNameContext { .. })));
    for identity in [Identity::SelfSigned, Identity::UnknownCa, Identity::MissingIntermediate] {
        let error = error_for(identity);
        assert!(matches!(error, InvalidCertificate(UnknownIssuer)), "{identity:?}: {error:?}");
    }
    let server = tls(Script::answer(200, &[], b"fine"));
    let stream = connect_tls(server.address(), &trusting()).expect("a handshake");
    assert_eq!(get(stream, "/", "").body, b"fine");
}

#[test]
fn highest_tls_version_can_be_limited() {
    let transport = Transport::Tls { identity: Identity::Valid, maximum: MaximumTls::Tls12 };
    let server = FaultServer::start(transport, vec![Script::answer(200, &[], b"")]);
    let stream = connect_tls(server.address(), &trusting()).expect("a handshake");
    assert_eq!(stream.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));

    let error = refused_handshake(Transport::TLS, Step::ChooseTls11).downcast::<rustls::Error>();
    let error = error.expect("an error of rustls");
    assert!(matches!(error, rustls::Error::PeerIncompatible(_)), "{error:?}");
}

#[test]
fn handshakes_break_as_scripted() {
    assert_eq!(refused_handshake(Transport::TLS, Step::ResetDuringHandshake).kind(), ErrorKind::ConnectionReset);
    assert_eq!(refused_handshake(Transport::TLS, Step::CloseDuringHandshake).kind(), ErrorKind::UnexpectedEof);
    let plain_answer = Script::from(Step::PlainOnTlsPort).then([Step::Send(b"HTTP/1.1 400 Test\r\n\r\n".to_vec())]);
    let error = refused_handshake(Transport::TLS, plain_answer).downcast::<rustls::Error>();
    assert!(matches!(error, Ok(rustls::Error::InvalidMessage(_))), "{error:?}");
}

#[test]
fn faults_can_be_chosen_by_url() {
    let server = FaultServer::by_target(Transport::Plain);
    let ask = |target: &str| {
        let mut stream = connect(server.address());
        write!(stream, "POST /fault/{target} HTTP/1.1\r\nContent-Length: 0\r\n\r\n").expect("to send");
        stream
    };
    let early = read_response(ask("early-answer")).expect("an answer");
    assert_eq!((early.status, &early.body[..]), (413, &b"too large"[..]));
    let (truncated, end) = read_to_end(&mut ask("truncate?n=1"));
    assert!(end.is_ok() && truncated.ends_with(&pattern_bytes(0, 64 * 1024)));
    assert_eq!(read_to_end(&mut ask("reset")).1.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!(read_to_end(&mut ask("close")).0, b"");
    assert_eq!(read_to_end(&mut ask("garbage")).0.len(), 4096);
    let mut flood = [0; 100_000];
    ask("flood-interim").read_exact(&mut flood).expect("a flood");
    assert!(flood.starts_with(b"HTTP/1.1 100 "));
    ask("flood-idle").read_exact(&mut flood).expect("an answer and a flood");
    assert!(flood.starts_with(b"HTTP/1.1 200 "));
    assert_eq!(read_response(ask("unknown")).expect("an answer").status, 404);
}

const FILE: usize = 1024 * 1024;
const SENT: usize = 64 * 1024;

#[test]
fn fault_happens_only_the_requested_number_of_times() {
    let server = FaultServer::by_target(Transport::Plain);
    let target = "/fault/truncate?times=2";
    for _ in 0..2 {
        let mut stream = connect(server.address());
        write!(stream, "GET {target} HTTP/1.1\r\n\r\n").expect("to send");
        assert!(read_to_end(&mut stream).0.ends_with(&pattern_bytes(0, SENT)));
    }
    let mut stream = connect(server.address());
    for _ in 0..2 {
        let whole = get(&mut stream, target, "Range: bytes=5-\r\n");
        assert_eq!((whole.status, whole.header("etag")), (200, None));
        assert!(whole.body == pattern_bytes(0, FILE));
    }
    let post = "POST /fault/close?times=0 HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(request(&mut stream, post, b"abc").body, b"ok");
    // Another parameter makes it another target.
    let mut other = connect(server.address());
    write!(other, "GET {target}&test=2 HTTP/1.1\r\n\r\n").expect("to send");
    assert!(read_to_end(&mut other).0.ends_with(&pattern_bytes(0, SENT)));
}

#[test]
fn status_fault_sends_retry_after_and_ends_after_its_times() {
    let server = FaultServer::by_target(Transport::Plain);
    let mut stream = connect(server.address());
    let target = "/fault/status?code=429&retry-after=7&times=1";
    let first = get(&mut stream, target, "");
    assert_eq!((first.status, first.header("retry-after")), (429, Some("7")));
    assert_eq!(get(&mut stream, target, "").status, 200);
    let default = get(&mut stream, "/fault/status", "");
    assert_eq!((default.status, default.header("retry-after")), (503, None));
    for unknown in ["times=x", "times=-1", "ranges=maybe", "code=101", "retry-after=soon"] {
        assert_eq!(get(&mut stream, &format!("/fault/status?{unknown}"), "").status, 400, "{unknown}");
    }
    assert_eq!(get(&mut stream, "/fault/unknown?times=0", "").status, 404);
}

#[test]
fn file_supports_ranges_with_the_query_parameter() {
    let server = FaultServer::by_target(Transport::Plain);
    let mut stream = connect(server.address());
    let mut part =
        |ranges: &str, headers: &str| get(&mut stream, &format!("/fault/reset?times=0&ranges={ranges}"), headers);
    let whole = part("yes", "");
    assert_eq!((whole.status, whole.header("etag")), (200, Some("\"file\"")));
    let rest = part("yes", "Range: bytes=1048570-\r\nIf-Range: \"file\"\r\n");
    assert_eq!((rest.status, rest.header("content-range")), (206, Some("bytes 1048570-1048575/1048576")));
    assert_eq!(rest.body, pattern_bytes(1_048_570, 6));
    assert_eq!(part("yes", "Range: bytes=5-\r\nIf-Range: \"other\"\r\n").status, 200);
    assert_eq!(part("yes", "Range: bytes=1048576-\r\n").status, 416);

    let tag = part("changed", "").header("etag").expect("a tag").to_owned();
    let changed = part("changed", &format!("Range: bytes=5-\r\nIf-Range: {tag}\r\n"));
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(&*tag));
    let wrong = part("wrong", "Range: bytes=5-\r\n");
    assert_eq!((wrong.status, wrong.header("content-range")), (206, Some("bytes 6-1048575/1048576")));
    let refused = part("refused", "Range: bytes=5-\r\n");
    assert_eq!((refused.status, refused.header("content-range")), (416, Some("bytes */1048576")));
    assert_eq!(part("refused", "").status, 200);
}

#[test]
fn fault_applies_to_range_requests() {
    let server = FaultServer::by_target(Transport::Plain);
    let mut stream = connect(server.address());
    let request = "GET /fault/truncate?ranges=yes HTTP/1.1\r\nRange: bytes=65536-\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("to send");
    let (bytes, end) = read_to_end(&mut stream);
    assert!(end.is_ok() && bytes.starts_with(b"HTTP/1.1 206 ") && bytes.ends_with(&pattern_bytes(65_536, SENT)));
}

#[test]
fn black_hole_accepts_no_connection() {
    let hole = BlackHole::start();
    let error = std::net::TcpStream::connect_timeout(&hole.address(), Duration::from_millis(300));
    assert_eq!(error.expect_err("no connection").kind(), ErrorKind::TimedOut);
}
