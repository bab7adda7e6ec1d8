//! During a large body, the library waits for a limited time until many bytes are in the socket. During a small body,
//! it does not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::support::*;
use crate::http::sockets::OpenSocket;
use crate::http::stream::{Interest, Stream};
use crate::http::{Exchange, Response};
use crate::platform::LOW_WATER_MARK;
use crate::worker::{Rate, Worker};

/// More than the threshold for waiting for many bytes, for any sizes of the reads.
const LENGTH: usize = 8 * LOW_WATER_MARK as usize;
const READS: usize = 40;
/// Long enough for the reader to start waiting, in most cases.
const PAUSE: Duration = Duration::from_millis(1);
/// A read that takes at least this long has waited for more bytes. Such a wait may last 250 ms.
const LONG: Duration = Duration::from_millis(5);

#[test]
fn stream_wait_lasts_until_enough_bytes_arrived() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = Socket::from(TcpStream::connect(address).unwrap());
    let (mut sender, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let (mut stream, exchange) = (Stream::new(Arc::new(OpenSocket::new(socket)), address), exchange());

    sender.write_all(b"little").unwrap();
    assert!(stream.wait(&exchange, Interest::Readable, Some(Instant::now() + PATIENCE)).unwrap().input);
    assert!(!stream.gather(LOW_WATER_MARK, &exchange, Some(Instant::now() + Duration::from_millis(20))).unwrap().input);
    let sending = thread::spawn(move || sender.write_all(&vec![0; LOW_WATER_MARK as usize]).map(|()| sender));
    assert!(stream.gather(LOW_WATER_MARK, &exchange, Some(Instant::now() + PATIENCE)).unwrap().input);
    let mut space = vec![0; 2 * LOW_WATER_MARK as usize];
    assert!(stream.read(&exchange, &mut space).unwrap().unwrap() >= LOW_WATER_MARK as usize);
    drop(sending.join().unwrap().unwrap());
}

#[test]
fn wait_needs_no_more_bytes_than_the_rate_limit_allows() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = Socket::from(TcpStream::connect(address).unwrap());
    let (mut sender, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut stream = Stream::new(Arc::new(OpenSocket::new(socket)), address);
    // A thousand bytes a turn.
    let worker = Worker::for_call(Arc::default()).with_rates(Arc::new(Rate::new(8000)), Arc::new(Rate::new(0)));
    let exchange = Exchange::new(Arc::new(worker), ALL_REPORTS);

    sender.write_all(&[0; 30_000]).unwrap();
    assert!(stream.wait(&exchange, Interest::Readable, Some(Instant::now() + PATIENCE)).unwrap().input);
    let mut received = 0;
    while let Some(count) = stream.read(&exchange, &mut [0; 30_000]).unwrap() {
        received += count;
    }
    assert!((1000..30_000).contains(&received), "{received}");
    assert!(stream.gather(LOW_WATER_MARK, &exchange, Some(Instant::now() + PATIENCE)).unwrap().input);
}

#[test]
fn after_a_partial_send_the_next_send_needs_a_wait() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = Socket::from(TcpStream::connect(address).unwrap());
    let (mut receiver, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let (mut stream, exchange) = (Stream::new(Arc::new(OpenSocket::new(socket)), address), exchange());

    let bytes = vec![0; 16 * 1024 * 1024];
    let mut sent = 0;
    // The first send is usually partial. If the peer takes much at once, a later send is.
    while let Some(more) = stream.write(&exchange, &bytes).unwrap() {
        sent += more;
        if more < bytes.len() {
            break;
        }
    }
    // There is space again, but only the wait may detect it.
    receiver.read_exact(&mut vec![0; sent]).unwrap();
    assert_eq!(stream.write(&exchange, b"x").unwrap(), None);
    assert!(stream.wait(&exchange, Interest::Writable, Some(Instant::now() + PATIENCE)).unwrap().output);
    assert_eq!(stream.write(&exchange, b"x").unwrap(), Some(1));
}

/// The number of [`READS`] reads of `piece` bytes that take long. Each piece is sent shortly after `may_send`.
fn long_reads(response: &mut Response, piece: usize, may_send: &mpsc::Sender<bool>) -> usize {
    let mut buffer = vec![0; piece];
    let mut long = 0;
    for _ in 0..READS {
        let start = Instant::now();
        may_send.send(true).unwrap();
        let mut received = 0;
        while received < piece {
            received += response.read(&mut buffer[received..]).unwrap();
        }
        // A slow machine can only increase the count.
        if start.elapsed() >= LONG {
            long += 1;
        }
    }
    may_send.send(false).unwrap();
    long
}

/// The server's side of [`long_reads`].
fn send_pieces(stream: &mut impl Write, length: usize, piece: usize, may_send: &Mutex<mpsc::Receiver<bool>>) {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").unwrap();
    let piece = vec![b'x'; piece];
    while may_send.lock().unwrap().recv_timeout(PATIENCE).unwrap() {
        thread::sleep(PAUSE);
        stream.write_all(&piece).unwrap();
    }
}

#[test]
fn wait_for_a_large_body_does_not_end_at_its_first_bytes() {
    let (sender, may_send) = mpsc::channel();
    let may_send = Mutex::new(may_send);
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream);
        send_pieces(&mut stream, LENGTH, 1, &may_send);
    });
    let mut response = get(&client(), &server.url(), &exchange()).unwrap();
    let long = long_reads(&mut response, 1, &sender);
    assert!(long >= READS / 2, "{long} long reads");
}

#[test]
fn very_large_tls_body_waits_for_more_than_other_bodies() {
    const PIECE: usize = LOW_WATER_MARK as usize * 3 / 2;
    // After all reads, more bytes are left than the threshold of a very large body.
    const LENGTH: usize = READS * PIECE + 16 * 1024 * 1024;
    let (sender, may_send) = mpsc::channel();
    let may_send = Mutex::new(may_send);
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        read_request(&mut stream);
        send_pieces(&mut stream, LENGTH, PIECE, &may_send);
    });
    let client = client_trusting(&authority);
    let mut response = get(&client, &server.tls_url(), &exchange()).unwrap();
    let long = long_reads(&mut response, PIECE, &sender);
    assert!(long >= READS / 2, "{long} long reads");
}

#[test]
fn few_bytes_of_a_large_body_are_delivered_if_no_more_arrive() {
    for chunked in [false, true] {
        let (had, may_send) = mpsc::channel();
        let may_send = Mutex::new(may_send);
        let server = Server::start(move |mut stream, _| {
            read_request(&mut stream);
            let framing = if chunked { "Transfer-Encoding: chunked" } else { &format!("Content-Length: {LENGTH}") };
            write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").unwrap();
            while may_send.lock().unwrap().recv_timeout(PATIENCE).unwrap() {
                stream.write_all(if chunked { b"5\r\nbytes\r\n" } else { b"bytes" }).unwrap();
            }
        });
        let mut response = get(&client(), &server.url(), &exchange()).unwrap();
        let mut buffer = [0; 16];
        for _ in 0..3 {
            had.send(true).unwrap();
            assert_eq!(response.read(&mut buffer).unwrap(), 5);
        }
        had.send(false).unwrap();
    }
}

#[test]
fn small_answer_after_a_large_one_is_not_delayed() {
    let (had, may_send) = mpsc::channel();
    let may_send = Mutex::new(may_send);
    let server = Server::start(move |mut stream, _| {
        while read_request(&mut stream).is_some() {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").unwrap();
            stream.write_all(b"x").unwrap();
            // The client has asked for more and found nothing, or is about to.
            may_send.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            stream.write_all(&vec![b'x'; LENGTH - 1]).unwrap();
            read_request(&mut stream).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    });
    let client = client();
    // The system decides how many bytes of the rest are read at once, and whether a wait comes before their end.
    for _ in 0..20 {
        let mut response = get(&client, &server.url(), &exchange()).unwrap();
        assert_eq!(response.read(&mut [0; 1]).unwrap(), 1);
        had.send(()).unwrap();
        assert_eq!(read_all(&mut response).unwrap().len(), LENGTH - 1);
        assert_eq!(read_all(&mut get(&client, &server.url(), &exchange()).unwrap()).unwrap(), b"ok");
    }
    assert_eq!(server.connections(), 1);
}
