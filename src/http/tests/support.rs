//! Scripted servers, and helpers that perform an exchange in one call.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::Socket;

use crate::http::connect::MayConnect;
use crate::http::sockets::OpenSocket;
use crate::http::stream::Stream;
use crate::http::*;
use crate::platform::Waker;
use crate::terms::log::Log;
use crate::worker::{StopSignal, Worker};

/// Long enough for the slowest machine. A passing test never waits this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Polls for a condition that nothing signals.
pub fn wait_until(holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "the condition does not hold");
        thread::yield_now();
    }
}

/// A listener whose connections have a small receive buffer.
pub fn with_small_window() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket2::SockRef::from(&listener).set_recv_buffer_size(8 * 1024).unwrap();
    listener
}

/// A listener that runs `serve` for each connection on its own thread, until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `serve` receives the connection and its number, from 0.
    pub fn start(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Server {
        Server::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), serve)
    }

    pub fn on(listener: TcpListener, serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> Server {
        let address = listener.local_addr().unwrap();
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (stopped, count, kept, serve) = (stop.clone(), connections.clone(), open.clone(), Arc::new(serve));
        let thread = thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                // Checked under the lock: either `drop` finds the connection in `open`, or this loop finds `stop` set.
                let mut open = kept.lock().unwrap();
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.unwrap();
                open.push(stream.try_clone().unwrap());
                drop(open);
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // Output is sent at once, because a close with unread input would discard unsent output.
                stream.set_nodelay(true).unwrap();
                let (serve, number, kept) = (serve.clone(), count.fetch_add(1, Ordering::SeqCst), kept.clone());
                threads.push(thread::spawn(move || {
                    let address = stream.peer_addr().ok();
                    serve(stream, number);
                    kept.lock().unwrap().retain(|other: &TcpStream| other.peer_addr().ok() != address);
                }));
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
        Server { address, connections, stop, open, thread: Some(thread) }
    }

    /// A server that answers each request with the same bytes and keeps connections open.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::start(move |mut stream, _| {
            while read_request(&mut stream).is_some() {
                if stream.write_all(&answer).is_err() {
                    break;
                }
            }
        })
    }

    /// A server that sends the bytes after the first request and closes.
    pub fn answering_once(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::start(move |mut stream, _| {
            read_request(&mut stream);
            let _ = stream.write_all(&answer);
        })
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn url(&self) -> url::Url {
        url::Url::parse(&format!("http://{}/", self.address)).unwrap()
    }

    pub fn tls_url(&self) -> url::Url {
        url::Url::parse(&format!("https://test.example:{}/", self.address.port())).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let result = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            result.unwrap().unwrap();
        }
    }
}

/// A request as received.
#[derive(Debug)]
pub struct ReceivedRequest {
    pub head: String,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// The values of a header, by its exact spelling.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).filter(|(n, _)| *n == name).map(|(_, v)| v).collect()
    }
}

/// Reads a head and the body that its Content-Length announces. `None` if the client closes.
pub fn read_request(stream: &mut impl Read) -> Option<ReceivedRequest> {
    let head = read_head(stream)?;
    let length = content_length(&head);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(ReceivedRequest { head, body })
}

pub fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap())
}

pub fn content_length(head: &str) -> usize {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"));
    line.map_or(0, |line| line.split_once(':').unwrap().1.trim().parse().unwrap())
}

/// Closes with a reset.
pub fn reset(stream: TcpStream) {
    let socket = socket2::Socket::from(stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
}

/// Keeps the connection open without reading, until the server is dropped or the client resets it.
pub fn stay(stream: &TcpStream) {
    use rustix::event::{PollFd, PollFlags, poll};
    poll(&mut [PollFd::new(stream, PollFlags::empty())], None).unwrap();
}

/// Waits until the peer closes.
pub fn wait_for_close(stream: &mut impl Read) {
    let mut buffer = [0; 16 * 1024];
    while !matches!(stream.read(&mut buffer), Ok(0) | Err(_)) {}
}

/// A connection to `address`, and its socket.
pub fn connected(address: SocketAddr) -> (Stream, TcpStream) {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_nonblocking(true).unwrap();
    (Stream::new(Arc::new(OpenSocket::new(Socket::from(socket.try_clone().unwrap()))), address), socket)
}

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub root: CertificateDer<'static>,
    pub root_pem: String,
}

/// The certificates and key of a server.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    pub spki_sha256: [u8; 32],
}

impl Authority {
    pub fn new() -> Authority {
        Authority::named("test authority")
    }

    pub fn named(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        Authority::of(params)
    }

    /// A self-signed authority.
    pub fn of(params: CertificateParams) -> Authority {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { root: certificate.der().clone(), root_pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    /// Creates an authority whose certificate this authority issues. Its `root` is that certificate.
    pub fn authority_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Authority { root: certificate.der().clone(), root_pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    pub fn issue(&self, host: &str) -> Identity {
        self.issue_with(host, |_| {})
    }

    pub fn issue_with(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity::new(certificate.der().clone(), key)
    }
}

impl Identity {
    pub fn new(certificate: CertificateDer<'static>, key: KeyPair) -> Identity {
        use rcgen::PublicKeyData;
        let digest = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
        Identity {
            chain: vec![certificate],
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            spki_sha256: digest.as_ref().try_into().unwrap(),
        }
    }

    /// Also sends the certificates of these authorities.
    pub fn below(mut self, authorities: &[&Authority]) -> Identity {
        self.chain.extend(authorities.iter().map(|authority| authority.root.clone()));
        self
    }

    pub fn config(self) -> ServerConfig {
        self.config_of(rustls::DEFAULT_VERSIONS)
    }

    pub fn config_of(self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .unwrap()
    }
}

pub type TlsServerStream = StreamOwned<ServerConnection, TcpStream>;

/// The first flight of a server that sends `data` before the client has finished (RFC 8446 section 4.4.4), for a client
/// that has connected. Nothing is sent yet.
pub fn flight_with_data(mut config: ServerConfig, stream: &mut TcpStream, data: &[u8]) -> (ServerConnection, Vec<u8>) {
    config.send_half_rtt_data = true;
    let mut session = ServerConnection::new(Arc::new(config)).unwrap();
    session.writer().write_all(data).unwrap();
    while !session.wants_write() {
        session.read_tls(stream).unwrap();
        session.process_new_packets().unwrap();
    }
    let mut flight = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut flight).unwrap();
    }
    (session, flight)
}

/// A TLS server. A failed handshake ends the connection.
pub fn tls_server(config: ServerConfig, serve: impl Fn(TlsServerStream, usize) + Send + Sync + 'static) -> Server {
    let config = Arc::new(config);
    Server::start(move |stream, number| {
        let session = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        if stream.conn.complete_io(&mut stream.sock).is_ok() {
            serve(stream, number);
        }
    })
}

/// Resolves every name to the same addresses, and counts the look-ups.
pub struct FixedResolver {
    pub addresses: Vec<IpAddr>,
    pub calls: AtomicUsize,
}

impl FixedResolver {
    pub fn loopback() -> Arc<FixedResolver> {
        FixedResolver::new(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
    }

    pub fn new(addresses: Vec<IpAddr>) -> Arc<FixedResolver> {
        Arc::new(FixedResolver { addresses, calls: AtomicUsize::new(0) })
    }
}

impl Resolver for FixedResolver {
    fn resolve(&self, _: &str, answer: ResolverAnswer) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let addresses = self.addresses.clone();
        thread::spawn(move || answer.finish(addresses));
    }
}

pub fn options() -> ClientOptions {
    ClientOptions {
        low_speed: None,
        trust: Trust::Platform,
        pins: Vec::new(),
        certificate: None,
        proxy: None,
        resolver: Some(FixedResolver::loopback()),
        address_rule: None,
        log: Log::default(),
    }
}

pub fn client() -> Client {
    Client::new(options()).unwrap()
}

pub fn client_trusting(authority: &Authority) -> Client {
    Client::new(ClientOptions { trust: Trust::Roots(vec![authority.root.clone()]), ..options() }).unwrap()
}

pub const ALL_REPORTS: Reports = Reports { progress: true, round_trip: true, trace: true };

/// An exchange with a waker and a deadline, as on a worker thread.
pub fn exchange() -> Arc<Exchange> {
    exchange_with_deadline(Instant::now() + PATIENCE).0
}

pub fn exchange_with_deadline(deadline: Instant) -> (Arc<Exchange>, Arc<StopSignal>, Arc<Waker>) {
    let stop = Arc::new(StopSignal::new());
    stop.set_deadline(deadline);
    let worker = Worker::for_call(stop.clone());
    let waker = worker.waker().unwrap();
    (Arc::new(Exchange::new(Arc::new(worker), ALL_REPORTS)), stop, waker)
}

pub fn get<'a>(client: &'a Client, url: &'a url::Url, exchange: &Arc<Exchange>) -> Result<Response, Error> {
    get_with(client, url, exchange, &|| Ok(false))
}

/// As [`get`], with a function that runs before each attempt to connect.
pub fn get_with<'a>(
    client: &'a Client,
    url: &'a url::Url,
    exchange: &Arc<Exchange>,
    may_connect: MayConnect<'_>,
) -> Result<Response, Error> {
    client.send(
        Request {
            method: Method::Get,
            url,
            headers: &Headers::default(),
            body: None,
            may_be_sent_again: true,
            body_limit: u64::MAX,
        },
        exchange,
        may_connect,
    )
}

pub fn post(
    client: &Client,
    url: &url::Url,
    body: &mut dyn BodySource,
    exchange: &Arc<Exchange>,
) -> Result<Response, Error> {
    client.send(
        Request {
            method: Method::Post,
            url,
            headers: &Headers::default(),
            body: Some(body),
            may_be_sent_again: true,
            body_limit: u64::MAX,
        },
        exchange,
        &|| Ok(false),
    )
}

/// The whole body, or the error that ended it.
pub fn read_all(response: &mut Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let mut buffer = [0; 8 * 1024];
    loop {
        match response.read(&mut buffer)? {
            0 => return Ok(body),
            received => body.extend_from_slice(&buffer[..received]),
        }
    }
}

/// A body with a repeating pattern of any length. Records how it is read.
pub struct PatternBody {
    pub length: u64,
    pub position: u64,
    pub rewinds: u32,
    /// The position where reading ends, if before the length.
    pub ends_at: u64,
    /// The result of reading at that position.
    pub end: fn() -> io::Result<usize>,
}

pub fn pattern_byte(position: u64) -> u8 {
    (position % 251) as u8
}

impl PatternBody {
    pub fn new(length: u64) -> PatternBody {
        PatternBody { length, position: 0, rewinds: 0, ends_at: length, end: || Ok(0) }
    }
}

impl BodySource for PatternBody {
    fn length(&self) -> u64 {
        self.length
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn can_rewind(&self) -> bool {
        true
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.position = 0;
        self.rewinds += 1;
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min((self.ends_at - self.position) as usize);
        if count == 0 {
            return (self.end)();
        }
        for (offset, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = pattern_byte(self.position + offset as u64);
        }
        self.position += count as u64;
        Ok(count)
    }
}

pub fn is_pattern(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(position, byte)| *byte == pattern_byte(position as u64))
}
