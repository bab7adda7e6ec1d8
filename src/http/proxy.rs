//! A tunnel through an HTTP proxy (RFC 9110 section 9.3.6).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;

use super::connection::MAX_INTERIM_BYTES;
use super::error::{Error, ErrorKind};
use super::exchange::Exchange;
use super::head::{Answering, Head, HeadReader};
use super::stream::{Interest, Stream};
use crate::terms::log::{Level, Log};
use crate::worker::sizes::PROXY_ANSWER;

/// An HTTP proxy. Every connection uses a tunnel through it, also for a plain `http` URL.
#[derive(Clone)]
pub struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl Proxy {
    /// Parses `http://[user:password@]host[:port]`. The default port is 80. User name and password are percent-encoded.
    ///
    /// # Errors
    /// [`ErrorKind::Proxy`] for another scheme, a path or a missing host.
    pub fn parse(url: &str) -> Result<Proxy, Error> {
        let bad = |detail: &str| Error::new(ErrorKind::Proxy, format!("proxy {detail}"));
        let url = url::Url::parse(url).map_err(|error| bad(&format!("cannot be read: {error}")))?;
        if url.scheme() != "http" {
            return Err(bad("is not an http URL"));
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

    /// The host, without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// Opens a tunnel to `target` (host and port) on a connection to the proxy.
    pub(super) fn open_tunnel(
        &self,
        exchange: &Exchange,
        stream: &mut Stream,
        target: &str,
        log: &Log,
    ) -> Result<(), Error> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
        }
        request.push_str("\r\n");
        send(exchange, stream, request.as_bytes())?;
        let head = receive_head(exchange, stream)?;
        for repair in &head.repairs {
            log.write(Level::Warning, || format!("the head of the proxy's answer was malformed: {repair}"));
        }
        match head.status {
            200..300 => Ok(()),
            407 => {
                let detail = "the proxy requires a user name and password, or rejects those that were given";
                Err(Error::new(ErrorKind::ProxyRefused(407), detail))
            }
            status => Err(Error::new(
                ErrorKind::ProxyRefused(status),
                format!("the proxy refused the tunnel with the status {status}"),
            )),
        }
    }
}

/// Omits the credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({}:{})", self.host, self.port)
    }
}

fn send(exchange: &Exchange, stream: &mut Stream, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        exchange.worker().turn(bytes.len())?;
        match stream.write(exchange, bytes).map_err(failed)? {
            Some(sent) => bytes = &bytes[sent..],
            None => drop(stream.wait(exchange, Interest::Writable, None)?),
        }
    }
    Ok(())
}

/// Receives the head of the final response. A server behind the tunnel does not send before the client does, so no
/// bytes may follow the head.
fn receive_head(exchange: &Exchange, stream: &mut Stream) -> Result<Head, Error> {
    let malformed = |_| Error::new(ErrorKind::Proxy, "the proxy's answer is not HTTP/1.1");
    let mut input = exchange.worker().take_buffer(PROXY_ANSWER)?;
    let (mut end, mut interim_bytes) = (0, 0);
    let mut reader = HeadReader::default();
    loop {
        let received = match stream.read(exchange, &mut input[end..]).map_err(failed)? {
            Some(0) => return Err(Error::new(ErrorKind::Proxy, "the proxy closed the connection")),
            Some(received) => received,
            None => {
                stream.wait(exchange, Interest::Readable, None)?;
                continue;
            }
        };
        exchange.worker().turn(received)?;
        end += received;
        while let Some((head, size)) = reader.read(&input[..end], Answering::Connect).map_err(malformed)? {
            if !head.is_interim() {
                if head.status < 300 && size != end {
                    return Err(Error::new(ErrorKind::Proxy, "the proxy sent more than its answer"));
                }
                return Ok(head);
            }
            exchange.worker().turn(size)?;
            input.copy_within(size..end, 0);
            end -= size;
            reader = HeadReader::default();
            interim_bytes += size;
            if interim_bytes > MAX_INTERIM_BYTES {
                return Err(Error::protocol("the proxy sends interim responses, and does not stop"));
            }
        }
        // The reader limits the size of a head, so the buffer does not grow without end.
        if end == input.len() {
            exchange.worker().grow(&mut input, end * 2)?;
        }
    }
}

fn failed(error: Error) -> Error {
    match error.kind {
        ErrorKind::Closed => {
            Error::new(ErrorKind::Proxy, format!("the connection to the proxy failed: {}", error.detail))
        }
        _ => error,
    }
}
