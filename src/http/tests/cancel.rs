//! A stop and the deadline end every phase of an exchange.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::support::*;
use crate::http::*;
use crate::worker::{StopReason, StopSignal, Worker};

/// A phase in which an exchange hangs: the client, the URL, and the values that make it hang. `reached` is signalled
/// when it hangs.
struct Hanging {
    client: Client,
    url: url::Url,
    body_length: u64,
    _keep: Vec<Box<dyn Send + Sync>>,
}

type Phase = (&'static str, fn(Sender<()>) -> Hanging);

const PHASES: [Phase; 8] = [
    ("name resolution", in_resolution),
    ("connect", in_connect),
    ("proxy", in_proxy),
    ("TLS handshake", in_handshake),
    ("send", in_send),
    ("TLS send", in_tls_send),
    ("wait", in_wait),
    ("receive", in_receive),
];

fn hanging(client: Client, url: url::Url, keep: impl Send + Sync + 'static) -> Hanging {
    Hanging { client, url, body_length: 0, _keep: vec![Box::new(keep)] }
}

/// Keeps every look-up unanswered.
struct SilentResolver {
    asked: Mutex<Sender<()>>,
    answers: Mutex<Vec<ResolverAnswer>>,
}

impl Resolver for SilentResolver {
    fn resolve(&self, _: &str, answer: ResolverAnswer) {
        self.answers.lock().unwrap().push(answer);
        self.asked.lock().unwrap().send(()).unwrap();
    }
}

fn in_resolution(reached: Sender<()>) -> Hanging {
    let resolver = Arc::new(SilentResolver { asked: Mutex::new(reached), answers: Mutex::default() });
    let client = Client::new(ClientOptions { resolver: Some(resolver), ..options() }).unwrap();
    hanging(client, url::Url::parse("http://test.example/").unwrap(), ())
}

fn in_connect(reached: Sender<()>) -> Hanging {
    let hole = BlackHole::at(Ipv4Addr::LOCALHOST, 0);
    let url = url::Url::parse(&format!("http://127.0.0.1:{}/", hole.port)).unwrap();
    reached.send(()).unwrap();
    hanging(client(), url, hole)
}

/// A server that signals a connection and then sends nothing.
fn silent(reached: Sender<()>) -> Server {
    let reached = Mutex::new(reached);
    Server::start(move |mut stream, _| {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        reached.lock().unwrap().send(()).unwrap();
        wait_for_close(&mut stream);
    })
}

fn in_proxy(reached: Sender<()>) -> Hanging {
    let server = silent(reached);
    let proxy = Proxy::parse(&format!("http://{}", server.address)).unwrap();
    let client = Client::new(ClientOptions { proxy: Some(proxy), ..options() }).unwrap();
    hanging(client, url::Url::parse("http://test.example/").unwrap(), server)
}

fn in_handshake(reached: Sender<()>) -> Hanging {
    let server = silent(reached);
    hanging(client_trusting(&Authority::new()), server.tls_url(), server)
}

fn in_send(reached: Sender<()>) -> Hanging {
    let reached = Mutex::new(reached);
    let (done, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::start(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        reached.lock().unwrap().send(()).unwrap();
        // Nothing is read until the test ends.
        let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
    });
    let mut hanging = hanging(client(), server.url(), (done, server));
    hanging.body_length = 1 << 30;
    hanging
}

fn in_tls_send(reached: Sender<()>) -> Hanging {
    let reached = Mutex::new(reached);
    let (done, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        read_head(&mut stream).unwrap();
        reached.lock().unwrap().send(()).unwrap();
        let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
    });
    let mut hanging = hanging(client_trusting(&authority), server.tls_url(), (done, server));
    hanging.body_length = 1 << 30;
    hanging
}

fn in_wait(reached: Sender<()>) -> Hanging {
    let reached = Mutex::new(reached);
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream).unwrap();
        reached.lock().unwrap().send(()).unwrap();
        wait_for_close(&mut stream);
    });
    hanging(client(), server.url(), server)
}

fn in_receive(reached: Sender<()>) -> Hanging {
    let reached = Mutex::new(reached);
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").unwrap();
        reached.lock().unwrap().send(()).unwrap();
        wait_for_close(&mut stream);
    });
    hanging(client(), server.url(), server)
}

fn run(hanging: &Hanging, exchange: &Arc<Exchange>) -> Error {
    let mut body = PatternBody::new(hanging.body_length);
    let result = match hanging.body_length {
        0 => get(&hanging.client, &hanging.url, exchange),
        _ => post(&hanging.client, &hanging.url, &mut body, exchange),
    };
    match result.and_then(|mut response| read_all(&mut response)) {
        Err(error) => error,
        Ok(_) => panic!("the exchange did not hang"),
    }
}

#[test]
fn a_cancel_ends_every_phase_at_once() {
    for (name, phase) in PHASES {
        let (reached, was_reached) = mpsc::channel();
        let hanging = phase(reached);
        let (exchange, token, _waker) = exchange_with_deadline(Instant::now() + PATIENCE);
        let (error, cancelled_at) = thread::scope(|scope| {
            let exchange = scope.spawn(|| (run(&hanging, &exchange), Instant::now()));
            was_reached.recv_timeout(PATIENCE).unwrap();
            let cancelled_at = Instant::now();
            assert!(token.request(StopReason::Interrupted));
            let (error, ended_at) = exchange.join().unwrap();
            assert!(ended_at - cancelled_at < Duration::from_secs(1), "{name} took {:?}", ended_at - cancelled_at);
            (error, cancelled_at)
        });
        assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Interrupted)), "{name}: {error:?}");
        assert!(cancelled_at.elapsed() < PATIENCE);
    }
}

#[test]
fn a_deadline_ends_every_phase() {
    for (name, phase) in PHASES {
        let (reached, _was_reached) = mpsc::channel();
        let hanging = phase(reached);
        let begin = Instant::now();
        let (exchange, _token, _waker) = exchange_with_deadline(begin + Duration::from_millis(150));
        let error = run(&hanging, &exchange);
        let took = begin.elapsed();
        assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::DeadlinePassed)), "{name}: {error:?}");
        assert!(took >= Duration::from_millis(150), "{name} took {took:?}");
        assert!(took < Duration::from_secs(2), "{name} took {took:?}");
    }
}

#[test]
fn limit_for_connecting_ends_only_the_phases_before_the_request() {
    let error_of = |phase: fn(Sender<()>) -> Hanging, limit, deadline| {
        let (reached, _was_reached) = mpsc::channel();
        let hanging = phase(reached);
        let (exchange, _token, _waker) = exchange_with_deadline(Instant::now() + deadline);
        exchange.limit_connecting(Some(limit), false);
        run(&hanging, &exchange)
    };
    thread::scope(|scope| {
        for (name, phase) in PHASES {
            scope.spawn(move || match name {
                "name resolution" | "connect" | "proxy" | "TLS handshake" => {
                    let error = error_of(phase, Duration::from_millis(50), PATIENCE);
                    assert!(matches!(error.kind, ErrorKind::Connect), "{name}: {error:?}");
                }
                _ => {
                    // Connecting takes less time than the limit, and the phase that hangs takes more.
                    let error = error_of(phase, Duration::from_secs(3), Duration::from_millis(3500));
                    assert!(
                        matches!(error.kind, ErrorKind::Cancelled(StopReason::DeadlinePassed)),
                        "{name}: {error:?}"
                    );
                }
            });
        }
    });
}

#[test]
fn a_cancelled_exchange_does_not_begin() {
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let (exchange, token, _waker) = exchange_with_deadline(Instant::now() + PATIENCE);
    token.request(StopReason::Aborted);
    let error = get(&client(), &server.url(), &exchange).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
    assert_eq!(server.connections(), 0);
}

/// Megabytes may be buffered before the stop.
#[test]
fn buffered_bytes_are_not_read_after_a_cancel() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let (exchange, token, _waker) = exchange_with_deadline(Instant::now() + PATIENCE);
    let (client, url) = (client(), server.url());
    let mut response = get(&client, &url, &exchange).unwrap();
    assert_eq!(response.read(&mut [0; 1]).unwrap(), 1);
    token.request(StopReason::Aborted);
    let error = response.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
}

#[test]
fn wake_without_a_stop_is_ignored() {
    let (sender, woken) = mpsc::channel::<()>();
    let woken = Mutex::new(woken);
    let server = Server::start(move |mut stream, _| {
        read_request(&mut stream).unwrap();
        woken.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let (exchange, _token, waker) = exchange_with_deadline(Instant::now() + PATIENCE);
    waker.wake();
    let (client, url) = (client(), server.url());
    let status = thread::scope(|scope| {
        let exchange = scope.spawn(|| get(&client, &url, &exchange).unwrap().status);
        for _ in 0..20 {
            waker.wake();
            let begin = Instant::now();
            while waker.is_readable() {
                assert!(begin.elapsed() < PATIENCE, "the wait does not end");
                thread::yield_now();
            }
        }
        sender.send(()).unwrap();
        exchange.join().unwrap()
    });
    assert_eq!(status, 204);
}

/// A loopback port that does not complete connections, because its queue is full.
pub struct BlackHole {
    pub port: u16,
    _listener: TcpListener,
    _queue: Vec<socket2::Socket>,
}

impl BlackHole {
    pub fn at(address: Ipv4Addr, port: u16) -> BlackHole {
        use socket2::{Domain, Socket, Type};
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from((address, port)).into()).unwrap();
        listener.listen(0).unwrap();
        let listener = TcpListener::from(listener);
        let target = listener.local_addr().unwrap();
        // Two connections fill the queue on any system. Four are used to be sure.
        let queue: Vec<Socket> = (0..4)
            .map(|_| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                socket.set_nonblocking(true).unwrap();
                let _ = socket.connect(&target.into());
                socket
            })
            .collect();
        let refused = TcpStream::connect_timeout(&target, Duration::from_millis(100)).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut, "the queue is not full");
        BlackHole { port: target.port(), _listener: listener, _queue: queue }
    }

    pub fn address(&self) -> IpAddr {
        self._listener.local_addr().unwrap().ip()
    }
}

/// A waiting source fails with its own error when it is stopped. The exchange still reports the stop.
#[test]
fn stopped_source_is_not_reported_as_a_source_failure() {
    struct GivesUp(Arc<StopSignal>);
    impl BodySource for GivesUp {
        fn length(&self) -> u64 {
            10
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
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            self.0.request(StopReason::Aborted);
            Err(std::io::Error::other("gave up"))
        }
    }
    let server = Server::start(|stream, _| stay(&stream));
    let token = Arc::new(StopSignal::new());
    let exchange = Arc::new(Exchange::new(Arc::new(Worker::for_call(token.clone())), ALL_REPORTS));
    let (client, url, mut body) = (client(), server.url(), GivesUp(token));
    let request = Request {
        method: Method::Post,
        url: &url,
        headers: &Headers::default(),
        body: Some(&mut body),
        may_be_sent_again: true,
        body_limit: u64::MAX,
    };
    let error = client.send(request, &exchange, &|| Ok(false)).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
}
