//! A tunnel through an HTTP proxy (RFC 9110 section 9.3.6).

use std::fmt;
use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;

use super::error::{Error, ErrorKind};
use super::head::{Answering, Head, HeadReader};
use super::stream::{Interest, Stream};

/// An HTTP proxy. Every connection goes through a tunnel, that of a plain `http` URL too.
#[derive(Clone)]
pub struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`; the port is 80 where there is none, and the user's name and password
    /// are percent-encoded.
    ///
    /// # Errors
    /// [`ErrorKind::Proxy`] for any other scheme, a path or a missing host.
    pub fn parse(url: &str) -> Result<Proxy, Error> {
        let bad = |detail: &str| Error::new(ErrorKind::Proxy, format!("the proxy's URL {detail}"));
        let url = url::Url::parse(url).map_err(|error| bad(&format!("cannot be read: {error}")))?;
        if url.scheme() != "http" {
            return Err(bad("is not http"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("has more than a host and a port"));
        }
        let host = url.host_str().ok_or_else(|| bad("has no host"))?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let authorization = has_user.then(|| {
            let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
            credentials.push(b':');
            credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
            format!("Basic {}", BASE64.encode(credentials))
        });
        Ok(Proxy { host: host.to_owned(), port: url.port().unwrap_or(80), authorization })
    }

    /// Opens a tunnel to `target`, a host and a port, on a connection to the proxy.
    pub(super) fn open_tunnel(&self, stream: &mut Stream, target: &str) -> Result<(), Error> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
        }
        request.push_str("\r\n");
        send(stream, request.as_bytes())?;
        match receive_head(stream)?.status {
            200..300 => Ok(()),
            407 => Err(Error::new(ErrorKind::Proxy, "the proxy wants another user name and password")),
            status => {
                Err(Error::new(ErrorKind::Proxy, format!("the proxy refused the tunnel with the status {status}")))
            }
        }
    }
}

/// Without the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({}:{})", self.host, self.port)
    }
}

fn send(stream: &mut Stream, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.wait(Interest::Writable, None)?;
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(())
}

/// The final response's head. The peer behind the tunnel stays silent until it is spoken to, so nothing can follow.
fn receive_head(stream: &mut Stream) -> Result<Head, Error> {
    let mut input = vec![0; 4096];
    let mut end = 0;
    let mut reader = HeadReader::default();
    loop {
        match stream.read(&mut input[end..]) {
            Ok(0) => return Err(Error::new(ErrorKind::Proxy, "the proxy closed the connection")),
            Ok(received) => end += received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.wait(Interest::Readable, None)?;
                continue;
            }
            Err(error) => return Err(failed(&error)),
        }
        let malformed = || Error::new(ErrorKind::Proxy, "the proxy's answer is not HTTP/1.1");
        while let Some((head, size)) = reader.read(&input[..end], Answering::Connect).map_err(|_| malformed())? {
            if head.is_interim() {
                input.copy_within(size..end, 0);
                end -= size;
                reader = HeadReader::default();
            } else if head.status < 300 && size != end {
                return Err(Error::new(ErrorKind::Proxy, "the proxy sent more than its answer"));
            } else {
                return Ok(head);
            }
        }
        if end == input.len() {
            input.resize(end * 2, 0);
        }
    }
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Proxy, format!("the connection to the proxy failed: {error}"))
}
