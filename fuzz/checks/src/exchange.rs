//! A download over a real connection succeeds with the body that the server sent, or fails.
//!
//! Input: if the first bit is 0, a description of a valid answer, of the place where it is cut, and of the bytes after
//! it on the connection; else the size of the pieces, and the bytes that the server sends.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use crate::answer::Answer;
use crate::chunks::{dechunked, is_part};
use crate::host::Host;
use crate::input::Input;
use crate::scripted_server::{ScriptedServer, read_head};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct World {
    host: Host,
    server: ScriptedServer,
    url: String,
}

thread_local! {
    static WORLD: World = World::new();
}

impl World {
    fn new() -> World {
        let server = ScriptedServer::start(answer_ok);
        World {
            host: Host::open(&crate::certificate::certificate().root),
            url: format!("http://{}/", server.address),
            server,
        }
    }
}

/// Checks one input.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    WORLD.with(|world| if input.flag() { check_bytes(world, &mut input) } else { check_answer(world, &mut input) });
}

fn check_answer(world: &World, input: &mut Input<'_>) {
    let answer = Answer::read(input);
    let sent = match input.flag() {
        true => input.number() % (answer.bytes.len() + 1),
        false => answer.bytes.len(),
    };
    let stays_open = sent == answer.bytes.len() && !answer.ends_with_connection();
    let mut bytes = answer.bytes[..sent].to_vec();
    if stays_open {
        bytes.extend_from_slice(input.bytes());
    }
    let piece = input.number();
    world.server.expect(Box::new(move |stream| send(stream, &bytes, piece, stays_open)));
    let result = world.host.download(&world.url);
    world.server.wait();
    answer.assert(&result, &answer.expected(sent, true));
    if stays_open {
        // Bytes after an answer are never taken for the next one.
        let next = world.host.download(&world.url).expect("the next answer is valid");
        assert_eq!((next.status, next.body.as_slice()), (200, &b"ok"[..]), "after {answer:?}");
        world.host.close_idle();
    }
}

fn check_bytes(world: &World, input: &mut Input<'_>) {
    let piece = input.number();
    let bytes = input.rest();
    // A redirect could lead away from loopback.
    if bytes.to_ascii_lowercase().windows(8).any(|word| word == b"location") {
        return;
    }
    let sent = bytes.to_vec();
    world.server.expect(Box::new(move |stream| send(stream, &sent, piece, false)));
    let result = world.host.download(&world.url);
    world.server.wait();
    if let Some((status, body)) = strictly_parsed(bytes) {
        let success = result.unwrap_or_else(|failed| panic!("{failed:?} for a valid answer"));
        assert_eq!((success.status, success.body.as_slice()), (status, body.as_slice()));
    } else if let Ok(success) = result {
        assert!((200..1000).contains(&success.status), "{}", success.status);
        assert!(success.is_coded || is_part(&success.body, bytes), "bytes that the server did not send");
    }
}

/// Sends an answer to the first request of a connection.
fn send(stream: &mut TcpStream, bytes: &[u8], piece: usize, stays_open: bool) {
    if !read_head(stream) {
        return;
    }
    for piece in bytes.chunks(if piece == 0 { usize::MAX } else { piece }) {
        // The client may have given up.
        if stream.write_all(piece).is_err() {
            return;
        }
    }
    if !stays_open {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

/// Answers all further requests of a connection.
fn answer_ok(stream: &mut TcpStream) {
    while read_head(stream) && stream.write_all(OK).is_ok() {}
}

/// The status and body of an answer that httparse accepts and that has no oddity. `None` for all other answers, which
/// may be valid or not.
fn strictly_parsed(bytes: &[u8]) -> Option<(i32, Vec<u8>)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(size) = response.parse(bytes).ok()? else { return None };
    let (code, rest) = (response.code?, &bytes[size..]);
    if matches!(code, 100 | 102 | 103) {
        return strictly_parsed(rest);
    }
    if !(200..600).contains(&code) || matches!(code, 204 | 304) || response.version != Some(1) {
        return None;
    }
    let values = |name: &str| -> Vec<&[u8]> {
        response
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
            .collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    let body = match (lengths.as_slice(), codings.as_slice(), values("content-encoding").as_slice()) {
        ([], [], []) => rest.to_vec(),
        ([length], [], []) if length.iter().all(u8::is_ascii_digit) => {
            rest.get(..std::str::from_utf8(length).ok()?.parse().ok()?)?.to_vec()
        }
        ([], [b"chunked"], []) => dechunked(rest)?.0,
        _ => return None,
    };
    Some((code.into(), body))
}
