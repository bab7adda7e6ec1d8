//! A client that uses only sockets and rustls, so that the tests see the bytes on the wire.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wxtransfer_test_server::Authority;

pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    // A test that would hang fails instead.
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

/// A configuration that trusts the shared authority and no other.
pub fn trusting() -> Arc<ClientConfig> {
    trusting_pem(Authority::shared().pem().as_bytes())
}

/// A configuration that trusts the certificate in `pem` and no other.
pub fn trusting_pem(pem: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem).expect("PEM")).expect("a root certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub fn connect_tls(address: SocketAddr, config: &Arc<ClientConfig>) -> io::Result<TlsStream> {
    let name = ServerName::try_from("localhost").expect("a name");
    let mut tls = ClientConnection::new(Arc::clone(config), name).expect("a client");
    let mut socket = connect(address);
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(tls, socket))
}

/// A response, read by its framing.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub fn get(stream: impl Read + Write, target: &str, headers: &str) -> Response {
    request(stream, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), b"")
}

pub fn request(mut stream: impl Read + Write, head: &str, body: &[u8]) -> Response {
    stream.write_all(head.as_bytes()).expect("to send the head");
    stream.write_all(body).expect("to send the body");
    read_response(stream).expect("a response")
}

pub fn read_response(stream: impl Read) -> io::Result<Response> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let status = head[9..12].parse().expect("a status");
    let mut response = Response { status, head, body: Vec::new() };
    if response.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).expect("a chunk size");
            let mut chunk = Vec::new();
            reader.by_ref().take(size + 2).read_to_end(&mut chunk)?;
            assert!(chunk.ends_with(b"\r\n"), "a whole chunk");
            response.body.extend_from_slice(&chunk[..size as usize]);
            if size == 0 {
                return Ok(response);
            }
        }
    }
    let length = response.header("content-length").expect("a length").parse().expect("a number");
    reader.take(length).read_to_end(&mut response.body)?;
    if (response.body.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(response)
}
