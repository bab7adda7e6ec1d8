//! How connections end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use super::support::*;
use crate::http::*;
use crate::worker::StopReason;

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Aborts an upload of `length` bytes once `reached` holds. Returns the number of bytes that the socket accepted, and
/// the number that arrived.
fn aborted_upload(length: u64, reached: impl Fn(&Exchange) -> bool + Send + 'static) -> (u64, u64) {
    let (aborted, abort) = mpsc::channel::<()>();
    let abort = Mutex::new(abort);
    let (sender, received) = mpsc::channel();
    let server = Server::on(with_small_window(), move |mut stream, _| {
        abort.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        let (mut total, mut bytes) = (0, [0; 64 * 1024]);
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            total += count as u64;
        }
        sender.send(total).unwrap();
    });
    let (exchange, token, _waker) = exchange_with_deadline(Instant::now() + PATIENCE);
    let watched = exchange.clone();
    let watching = thread::spawn(move || {
        wait_until(|| reached(&watched));
        token.request(StopReason::Aborted);
    });
    let error = post(&client(), &server.url(), &mut PatternBody::new(length), &exchange).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
    watching.join().unwrap();
    exchange.worker().drop_deferred();
    aborted.send(()).unwrap();
    (exchange.trace().bytes_sent, received.recv_timeout(PATIENCE).unwrap())
}

#[test]
fn after_an_abort_nothing_more_is_sent() {
    // In the middle of the body, and while waiting for the answer: the kernel accepts a whole megabyte.
    let megabyte = 1 << 20;
    for (accepted, came) in [
        aborted_upload(64 << 20, move |exchange| exchange.trace().bytes_sent > megabyte),
        aborted_upload(megabyte, move |exchange| exchange.trace().bytes_sent > megabyte),
    ] {
        assert!(came + 50_000 < accepted, "{came} of {accepted} accepted bytes arrived");
    }
}

/// Like nginx (RFC 9112 section 9.6), closes its sending side after `serve` and reads until the client closes. It
/// answers on the next connection only after that.
fn lingering_server(serve: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Server {
    let closed = AtomicBool::new(false);
    Server::start(move |mut stream, number| {
        if number == 0 {
            serve(&mut stream);
            stream.shutdown(Shutdown::Write).unwrap();
            wait_for_close(&mut stream);
            closed.store(true, Ordering::SeqCst);
        } else {
            read_request(&mut stream).unwrap();
            wait_until(|| closed.load(Ordering::SeqCst));
            stream.write_all(NO_CONTENT).unwrap();
        }
    })
}

#[test]
fn connection_is_closed_after_an_answer_that_ends_it() {
    let server = lingering_server(|stream| {
        read_request(stream).unwrap();
        let head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head).unwrap();
    });
    let client = client();
    let exchange = exchange();
    let response = post(&client, &server.url(), &mut PatternBody::new(100), &exchange).unwrap();
    assert_eq!(response.status, 307);
    response.discard();
    assert_eq!(post(&client, &server.url(), &mut PatternBody::new(100), &exchange).unwrap().status, 204);
}

#[test]
fn dead_kept_connection_is_closed_before_the_retry() {
    let server = lingering_server(|stream| {
        read_request(stream).unwrap();
        stream.write_all(NO_CONTENT).unwrap();
        read_request(stream).unwrap();
    });
    let client = client();
    for _ in 0..2 {
        assert_eq!(get(&client, &server.url(), &exchange()).unwrap().status, 204);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

/// The server may already process an upload that was sent completely (RFC 9110 section 9.2.2).
#[test]
fn upload_is_sent_again_only_in_part_if_the_device_ended_its_connection() {
    let end_of_upload = |length: u64| {
        let (sender, received) = mpsc::channel();
        let server = Server::on(with_small_window(), move |mut stream, number| {
            if number > 0 {
                return;
            }
            read_request(&mut stream).unwrap();
            stream.write_all(NO_CONTENT).unwrap();
            read_head(&mut stream).unwrap();
            stream.read_exact(&mut [0; 100]).unwrap();
            sender.send(()).unwrap();
            wait_for_close(&mut stream);
        });
        let client = Arc::new(client());
        assert_eq!(get(&client, &server.url(), &exchange()).unwrap().status, 204);
        let suspended = client.clone();
        let suspending = thread::spawn(move || {
            received.recv_timeout(PATIENCE).unwrap();
            suspended.suspend();
        });
        let error = post(&client, &server.url(), &mut PatternBody::new(length), &exchange()).err().unwrap();
        suspending.join().unwrap();
        error.kind
    };
    assert!(matches!(end_of_upload(100), ErrorKind::Closed));
    // A new connection was tried, which a suspended client refuses.
    assert!(matches!(end_of_upload(64 << 20), ErrorKind::Connect));
}

/// A body whose bytes come from a pipe that stays empty.
struct SilentPipe(OwnedFd);

impl BodySource for SilentPipe {
    fn length(&self) -> u64 {
        1000
    }
    fn may_wait(&self) -> bool {
        true
    }
    fn next_pipe(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
    fn can_rewind(&self) -> bool {
        false
    }
    fn rewind(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// The server has answered early with a success, but still needs the rest of the body.
#[test]
fn upload_cut_off_by_the_device_fails() {
    let (reader, _writer) = rustix::pipe::pipe().unwrap();
    let bodies: [Box<dyn BodySource>; 2] = [Box::new(PatternBody::new(64 << 20)), Box::new(SilentPipe(reader))];
    for mut body in bodies {
        let (sender, received) = mpsc::channel();
        let server = Server::on(with_small_window(), move |mut stream, number| {
            if number == 0 {
                read_head(&mut stream).unwrap();
                stream.write_all(NO_CONTENT).unwrap();
                sender.send(()).unwrap();
                wait_for_close(&mut stream);
            }
        });
        let client = Arc::new(client());
        let suspended = client.clone();
        let suspending = thread::spawn(move || {
            received.recv_timeout(PATIENCE).unwrap();
            suspended.suspend();
        });
        let error = post(&client, &server.url(), &mut *body, &exchange()).err().unwrap();
        suspending.join().unwrap();
        assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
        assert!(error.detail.contains("suspended"), "{error:?}");
    }
}

/// The request is sent again once a suitable network is available.
#[test]
fn download_whose_connection_the_device_ended_waits_for_a_network() {
    let (sender, received) = mpsc::channel();
    let server = Server::start(move |mut stream, number| {
        read_request(&mut stream).unwrap();
        stream.write_all(NO_CONTENT).unwrap();
        if number == 0 {
            read_head(&mut stream).unwrap();
            sender.send(()).unwrap();
            wait_for_close(&mut stream);
        }
    });
    let client = client();
    assert_eq!(get(&client, &server.url(), &exchange()).unwrap().status, 204);
    thread::scope(|scope| {
        let suspended = &client;
        scope.spawn(move || {
            received.recv_timeout(PATIENCE).unwrap();
            suspended.suspend();
        });
        let may_connect = || {
            client.go_on();
            Ok(false)
        };
        assert_eq!(get_with(&client, &server.url(), &exchange(), &may_connect).unwrap().status, 204);
    });
    assert_eq!(server.connections(), 2);
}

/// An alert reaches the server behind data that the kernel still holds.
#[test]
fn alert_is_sent_after_the_request() {
    let length = 1 << 20;
    let authority = Authority::new();
    let config = Arc::new(authority.issue("test.example").config());
    let exchange = exchange();
    let sent = exchange.clone();
    let (failed, failure) = mpsc::channel::<()>();
    let failure = Mutex::new(failure);
    let (sender, seen) = mpsc::channel();
    let server = Server::on(with_small_window(), move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
        session.complete_io(&mut stream).unwrap();
        wait_until(|| sent.trace().bytes_sent > length);
        // A record that cannot be decrypted.
        let broken = [&[23, 3, 3, 0, 32][..], &[7; 32]].concat();
        stream.write_all(&broken).unwrap();
        failure.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        let end = loop {
            match session.read_tls(&mut stream) {
                Ok(0) => break "no alert".to_owned(),
                Ok(_) => {}
                Err(error) => break error.to_string(),
            }
            if let Err(error) = session.process_new_packets() {
                break error.to_string();
            }
            while let Ok(1..) = session.reader().read(&mut [0; 64 * 1024]) {}
        };
        sender.send(end).unwrap();
    });
    let mut body = PatternBody::new(length);
    let error = post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Tls(_)), "{error:?}");
    exchange.worker().drop_deferred();
    failed.send(()).unwrap();
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "received fatal alert: BadRecordMac");
}
