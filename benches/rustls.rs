//! Measures the cost of TLS for a client that uses rustls, in memory, without sockets and files: `seal` encrypts so many MiB
//! as an upload does, `open` decrypts them as a download does. With `--parallel`, so many connections share the bytes and
//! take turns, as transfers at once do. Prints `cpu_s SECONDS`.
//!
//! This is the library's minimum cost while it uses rustls: the cipher, and the copies inside rustls. Copies into and out
//! of the buffers are not included.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::time::{ClockId, clock_gettime};
use rustls::client::UnbufferedClientConnection;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};

/// The part of a file that the library reads at once in a large upload, and encrypts then.
const READ_AT_ONCE: usize = 10 * 16 * 1024;
/// The plaintext of the records that the library sends at once in a large upload.
const SEALED_AT_ONCE: usize = 3 * READ_AT_ONCE;
/// Small enough that the data to decrypt is in the cache, as it is directly after it was received.
const OPENED_AT_ONCE: usize = 64 * 1024;
/// Holds the records of either operation, or a handshake.
const ROOM: usize = 600 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (command, mebibytes, connections) = match &arguments[..] {
        [_, command, mebibytes] => (command, mebibytes, 1),
        [_, command, mebibytes, option, connections] if option == "--parallel" => {
            (command, mebibytes, connections.parse::<usize>().expect("a number of connections"))
        }
        _ => panic!("usage: bench_rustls seal|open MIB [--parallel CONNECTIONS]"),
    };
    let bytes = mebibytes.parse::<usize>().expect("a number of MiB") << 20;
    let (at_once, work): (usize, fn(&mut Pair, usize) -> f64) = match command.as_str() {
        "seal" => (SEALED_AT_ONCE, Pair::seal),
        "open" => (OPENED_AT_ONCE, Pair::open),
        _ => panic!("seal or open"),
    };
    let mut pairs: Vec<Pair> = (0..connections).map(|_| Pair::new()).collect();
    let seconds: f64 = (0..bytes.div_ceil(at_once)).map(|turn| work(&mut pairs[turn % connections], at_once)).sum();
    println!("cpu_s {seconds:.6}");
}

/// A client and its server.
struct Pair {
    client: UnbufferedClientConnection,
    server: ServerConnection,
    plaintext: Vec<u8>,
    /// From the client to the server. Only the accompanying length is in use.
    output: Vec<u8>,
    /// From the server to the client.
    input: Vec<u8>,
}

impl Pair {
    /// Completes the handshake of both.
    fn new() -> Pair {
        let (client, server) = configurations();
        let name = "localhost".try_into().expect("a name");
        let client = UnbufferedClientConnection::new(client, name).expect("a client");
        let mut server = ServerConnection::new(server).expect("a server");
        server.set_buffer_limit(None);
        let mut pair = Pair { client, server, plaintext: vec![7; ROOM], output: vec![0; ROOM], input: Vec::new() };
        while pair.server.is_handshaking() {
            let length = pair.step(&[], 0);
            pair.send_to_server(length);
            pair.server.write_tls(&mut pair.input).expect("room in memory");
        }
        pair.step(&[], 0);
        pair
    }

    /// Returns the CPU time in which the client encrypts `amount` bytes.
    fn seal(&mut self, amount: usize) -> f64 {
        let mut plaintext = std::mem::take(&mut self.plaintext);
        let (mut time, mut length) = (0.0, 0);
        for part in 0..amount / READ_AT_ONCE {
            // The bytes to encrypt are in the cache, as they are directly after they were read.
            plaintext[..READ_AT_ONCE].fill(part as u8);
            let begin = cpu_seconds();
            length += self.step(&plaintext[..READ_AT_ONCE], length);
            time += cpu_seconds() - begin;
        }
        assert!(length > amount, "not all was encrypted");
        black_box(&self.output[..length]);
        self.plaintext = plaintext;
        time
    }

    /// Returns the CPU time in which the client decrypts `amount` bytes.
    fn open(&mut self, amount: usize) -> f64 {
        self.server.writer().write_all(&self.plaintext[..amount]).expect("no limit");
        while self.server.wants_write() {
            self.server.write_tls(&mut self.input).expect("room in memory");
        }
        let mut opened = 0;
        let begin = cpu_seconds();
        let mut used = 0;
        while opened < amount {
            let UnbufferedStatus { mut discard, state } = self.client.process_tls_records(&mut self.input[used..]);
            let ConnectionState::ReadTraffic(mut traffic) = state.expect("records of this server") else {
                panic!("the client is not in the state of reading")
            };
            while let Some(record) = traffic.next_record() {
                let record = record.expect("a record of this server");
                discard += record.discard;
                opened += black_box(record.payload).len();
            }
            used += discard;
        }
        let time = cpu_seconds() - begin;
        self.input.drain(..used);
        time
    }

    /// Lets the client make progress with `plaintext` to send. Returns the length of its output, which is written from
    /// `begin` on.
    fn step(&mut self, plaintext: &[u8], begin: usize) -> usize {
        let (mut used, mut length, mut is_sent) = (0, begin, plaintext.is_empty());
        loop {
            let UnbufferedStatus { discard, state } = self.client.process_tls_records(&mut self.input[used..]);
            used += discard;
            match state.expect("what this server says") {
                ConnectionState::EncodeTlsData(mut data) => {
                    length += data.encode(&mut self.output[length..]).expect("room for it")
                }
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::WriteTraffic(mut traffic) if !is_sent => {
                    length += traffic.encrypt(plaintext, &mut self.output[length..]).expect("room for it");
                    is_sent = true;
                }
                ConnectionState::WriteTraffic(_) | ConnectionState::BlockedHandshake => break,
                state => panic!("unexpected: {state:?}"),
            }
        }
        self.input.drain(..used);
        length - begin
    }

    fn send_to_server(&mut self, length: usize) {
        let mut records = &self.output[..length];
        while !records.is_empty() {
            self.server.read_tls(&mut records).expect("room in memory");
            self.server.process_new_packets().expect("what this client says");
        }
    }
}

/// Configures a client and a server that agree on TLS 1.3 with AES-256-GCM.
fn configurations() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let leaf = params.signed_by(&key, &root).expect("a certificate");

    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).expect("a root");
    let provider = Arc::new(default_provider());
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate with its key");
    (Arc::new(client), Arc::new(server))
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
