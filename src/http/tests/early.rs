//! Answers that arrive while the request is being sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::support::*;
use crate::http::*;
use crate::platform::unsent_bytes;

const LENGTH: u64 = 64 << 20;
const REFUSAL: &[u8] = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large";

/// Sends an upload that is rejected, and reads the answer.
fn refused(client: &Client, url: &url::Url) {
    let mut body = PatternBody::new(LENGTH);
    let exchange = exchange();
    let mut response = post(client, url, &mut body, &exchange).unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(read_all(&mut response).unwrap(), b"too large");
    assert!(body.position < LENGTH, "the whole body was read although the server rejected it");
    assert!(exchange.body_bytes_sent() < LENGTH);
}

/// Waits until the client's system has received everything. A reset overtakes unsent bytes, which would lose the
/// answer.
fn wait_until_received(stream: &TcpStream) {
    while unsent_bytes(stream).unwrap() > 0 {
        thread::yield_now();
    }
}

/// How a server ends a connection on which it answered early.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// With unread input in the socket, so that the system sends a reset.
    Close,
    Reset,
    /// Waits for the client.
    Stay,
}

#[test]
fn early_answer_is_received_20_of_20_times() {
    for ending in [Ending::Close, Ending::Reset, Ending::Stay] {
        let server = Server::start(move |mut stream, _| {
            read_head(&mut stream).unwrap();
            stream.read_exact(&mut [0; 100_000]).unwrap();
            stream.write_all(REFUSAL).unwrap();
            wait_until_received(&stream);
            match ending {
                Ending::Close => {}
                Ending::Reset => reset(stream),
                Ending::Stay => stay(&stream),
            }
        });
        for _ in 0..20 {
            refused(&client(), &server.url());
        }
    }
}

#[test]
fn early_answer_over_tls_is_received_20_of_20_times() {
    let authority = Authority::new();
    for close_notify in [true, false] {
        let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
            read_head(&mut stream).unwrap();
            stream.read_exact(&mut [0; 100_000]).unwrap();
            stream.write_all(REFUSAL).unwrap();
            if close_notify {
                stream.conn.send_close_notify();
            }
            stream.flush().unwrap();
            wait_until_received(&stream.sock);
        });
        for _ in 0..20 {
            refused(&client_trusting(&authority), &server.tls_url());
        }
    }
}

#[test]
fn close_delimited_rejection_is_complete_after_a_reset() {
    let server = Server::start(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
        stream.write_all(b"HTTP/1.0 413 Content Too Large\r\n\r\ntoo large").unwrap();
        wait_until_received(&stream);
    });
    for _ in 0..20 {
        refused(&client(), &server.url());
    }
}

/// The reset arrives after the answer's head was read, so a read of the answer's body reports it.
#[test]
fn rejection_is_complete_if_reading_it_meets_the_reset() {
    let (let_go, may_end) = mpsc::channel::<()>();
    let (ends, ended) = mpsc::channel();
    let may_end = Mutex::new(may_end);
    let server = Server::start(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
        stream.write_all(b"HTTP/1.0 413 Content Too Large\r\n\r\ntoo large").unwrap();
        wait_until_received(&stream);
        may_end.lock().unwrap().recv().unwrap();
        reset(stream);
        ends.send(()).unwrap();
    });
    for _ in 0..5 {
        let mut body = PatternBody::new(LENGTH);
        let mut response = post(&client(), &server.url(), &mut body, &exchange()).unwrap();
        let_go.send(()).unwrap();
        ended.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(response.status, 413);
        assert_eq!(read_all(&mut response).unwrap(), b"too large");
    }
}

/// The server answers after the head, before it has read any of the body.
#[test]
fn answer_of_a_server_that_reads_no_body_is_received() {
    let server = Server::start(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(REFUSAL).unwrap();
        wait_until_received(&stream);
    });
    for _ in 0..20 {
        refused(&client(), &server.url());
    }
}

#[test]
fn a_connection_with_an_early_answer_is_not_used_again() {
    let server = Server::start(|mut stream, number| {
        read_head(&mut stream).unwrap();
        if number == 0 {
            stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n").unwrap();
            wait_for_close(&mut stream);
        } else {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        }
    });
    let client = client();
    let response = post(&client, &server.url(), &mut PatternBody::new(LENGTH), &exchange()).unwrap();
    assert_eq!(response.status, 413);
    drop(response);
    let exchange = exchange();
    assert_eq!(get(&client, &server.url(), &exchange).unwrap().status, 204);
    assert!(!exchange.trace().reused);
    assert_eq!(server.connections(), 2);
}

#[test]
fn interim_responses_do_not_stop_an_upload() {
    let length = 8 << 20;
    let server = Server::start(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let mut body = vec![0; length];
        for part in body.chunks_mut(1 << 20) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n").unwrap();
            stream.read_exact(part).unwrap();
        }
        assert!(is_pattern(&body));
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let response = post(&client(), &server.url(), &mut PatternBody::new(length as u64), &exchange()).unwrap();
    assert_eq!(response.status, 201);
}

/// An early success does not mean that the server needs no more of the body.
#[test]
fn an_early_success_does_not_stop_an_upload() {
    let length = 8 << 20;
    let (sender, received) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        sender.lock().unwrap().send(is_pattern(&body)).unwrap();
    });
    let exchange = exchange();
    let mut response = post(&client(), &server.url(), &mut PatternBody::new(length as u64), &exchange).unwrap();
    assert_eq!(read_all(&mut response).unwrap(), b"fine");
    assert!(received.recv_timeout(PATIENCE).unwrap());
}

#[test]
fn early_success_is_the_answer_although_the_server_closes() {
    let server = Server::start(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").unwrap();
    });
    for _ in 0..20 {
        let mut response = post(&client(), &server.url(), &mut PatternBody::new(LENGTH), &exchange()).unwrap();
        assert_eq!((response.status, read_all(&mut response).unwrap()), (200, b"fine".to_vec()));
    }
}

/// A TLS 1.3 server sends its tickets after the handshake, while the client is sending.
#[test]
fn session_tickets_do_not_stop_an_upload() {
    let length = 8 << 20;
    let authority = Authority::new();
    let mut config = authority.issue("test.example").config();
    config.send_tls13_tickets = 8;
    let server = tls_server(config, move |mut stream, _| {
        let request = read_request(&mut stream).unwrap();
        assert!(request.body.len() == length && is_pattern(&request.body));
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    for _ in 0..5 {
        let mut body = PatternBody::new(length as u64);
        let response = post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange()).unwrap();
        assert_eq!(response.status, 204);
    }
}

#[test]
fn a_server_that_closes_without_an_answer_is_an_error() {
    let server = Server::start(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
    });
    let error = post(&client(), &server.url(), &mut PatternBody::new(LENGTH), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Closed), "{error:?}");
}

/// Bytes in the kernel's buffer have not reached the network.
#[test]
fn bytes_in_the_kernel_do_not_count_as_sent() {
    let (sender, finish) = mpsc::channel::<()>();
    let finish = Mutex::new(finish);
    let server = Server::start(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let _ = finish.lock().unwrap().recv_timeout(PATIENCE);
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let deadline = Instant::now() + Duration::from_millis(500);
    let (exchange, _token, _waker) = exchange_with_deadline(deadline);
    let error = post(&client(), &server.url(), &mut PatternBody::new(LENGTH), &exchange).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Cancelled(_)), "{error:?}");
    sender.send(()).unwrap();
    let (counted, accepted) = (exchange.body_bytes_sent(), exchange.trace().bytes_sent);
    assert!(counted > 0);
    // Far more than the head. The server's window is closed, so this kernel holds all that it can.
    assert!(counted + 50_000 < accepted, "{counted} of {accepted} bytes that the socket accepted");
}

/// On a slow network, the records of one send leave over many seconds.
#[test]
fn each_tls_record_counts_as_sent_when_it_leaves_the_kernel() {
    let authority = Authority::new();
    let config = Arc::new(authority.issue("test.example").config());
    let exchange = exchange();
    let sender = exchange.clone();
    let server = Server::on(with_small_window(), move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
        session.complete_io(&mut stream).unwrap();
        // Less than the client encrypts for one send.
        let mut records = vec![0; 64 * 1024];
        for read in (records.len()..2_000_000).step_by(records.len()) {
            stream.read_exact(&mut records).unwrap();
            // In addition to the body there are the head and the overhead of each record.
            wait_until(|| sender.body_bytes_sent() as usize + 2000 + read / 100 > read);
            let ahead = (sender.body_bytes_sent() as usize).saturating_sub(read);
            assert!(ahead < 64 * 1024, "{ahead} more bytes are counted than the server has read, with a small window");
        }
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let mut body = PatternBody::new(LENGTH);
    assert!(post(&client_trusting(&authority), &server.tls_url(), &mut body, &exchange).is_err());
}

/// On a slow network, the last bytes leave the kernel's buffer long after the source was read.
#[test]
fn bytes_leaving_the_kernel_are_reported_after_the_source_ended() {
    // The client's kernel accepts the whole body. The server's kernel accepts only a part of it while the server does
    // not read.
    let length = 1 << 20;
    let exchange = exchange();
    let told: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (here, listener) = (Arc::downgrade(&exchange), told.clone());
    exchange.on_body_sent(move |sent| {
        if here.upgrade().is_some_and(|exchange| exchange.body_bytes_read() == length as u64) {
            listener.lock().unwrap().push(sent);
        }
    });
    let (reader, listened) = (exchange.clone(), told.clone());
    let server = Server::start(move |mut stream, _| {
        socket2::SockRef::from(&stream).set_recv_buffer_size(64 * 1024).unwrap();
        read_head(&mut stream).unwrap();
        wait_until(|| reader.body_bytes_read() == length as u64);
        let mut body = vec![0; length];
        let (first, rest) = body.split_at_mut(length / 4);
        stream.read_exact(first).unwrap();
        wait_until(|| !listened.lock().unwrap().is_empty());
        stream.read_exact(rest).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    });
    post(&client(), &server.url(), &mut PatternBody::new(length as u64), &exchange).unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() > 1 && told.is_sorted_by(|before, after| before < after), "{told:?}");
}

#[test]
fn answer_sent_together_with_the_handshake_is_received() {
    let authority = Authority::new();
    let config = authority.issue("test.example").config();
    let server = Server::start(move |mut stream, _| {
        let (_session, flight) = flight_with_data(config.clone(), &mut stream, REFUSAL);
        stream.write_all(&flight).unwrap();
        // The server reads nothing, so the client has to wait.
        stay(&stream);
    });
    refused(&client_trusting(&authority), &server.tls_url());
}

/// A server may answer before a request is complete, and still need the rest of it.
#[test]
fn a_request_that_breaks_off_after_its_answer_fails_and_ends_its_connection() {
    let authority = Authority::new();
    for is_tls in [false, true] {
        let answer = |stream: &mut dyn ReadWrite, answered: &Mutex<mpsc::Sender<()>>| {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if !matches!(stream.read(&mut byte), Ok(1)) {
                    return;
                }
                head.push(byte[0]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            if head.starts_with(b"POST") {
                answered.lock().unwrap().send(()).unwrap();
                // Read the rest of the body, until the connection ends.
                let _ = std::io::copy(stream, &mut std::io::sink());
            }
        };
        let (sender, answered) = mpsc::channel();
        let sender = Mutex::new(sender);
        let server = if is_tls {
            tls_server(authority.issue("test.example").config(), move |mut stream, _| answer(&mut stream, &sender))
        } else {
            Server::start(move |mut stream, _| answer(&mut stream, &sender))
        };
        let url = if is_tls { server.tls_url() } else { server.url() };
        let client = client_trusting(&authority);
        let mut body = BreaksOff { left: 8 << 20, answered: Some(answered) };
        let error = post(&client, &url, &mut body, &exchange()).err().expect("a failure");
        assert!(matches!(error.kind, ErrorKind::RequestBody(_)), "{error:?}");
        // The next request is not taken for the rest of the previous one.
        assert_eq!(read_all(&mut get(&client, &url, &exchange()).unwrap()).unwrap(), b"ok");
        assert_eq!(server.connections(), 2);
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

/// Returns a part of its bytes, waits until the server has answered, and fails before the end.
struct BreaksOff {
    left: usize,
    answered: Option<mpsc::Receiver<()>>,
}

impl BodySource for BreaksOff {
    fn length(&self) -> u64 {
        64 << 20
    }

    fn may_wait(&self) -> bool {
        true
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(std::io::Error::other("the file shrank"));
        }
        let count = buffer.len().min(self.left);
        self.left -= count;
        if self.left == 0
            && let Some(answered) = self.answered.take()
        {
            answered.recv_timeout(PATIENCE).unwrap();
        }
        buffer[..count].fill(b'x');
        Ok(count)
    }
}
