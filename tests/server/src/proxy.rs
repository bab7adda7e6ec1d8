//! A proxy that only knows `CONNECT`, for targets on this machine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use data_encoding::BASE64;

use crate::acceptor::Acceptor;

const LONGEST_HEAD: u64 = 64 * 1024;

/// A `CONNECT` request that a [`ProxyServer`] has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyConnect {
    /// The target as the client sent it, `host:port`.
    pub target: String,
    /// The status of the response: 200, 403 (a target without an address), 405 (not `CONNECT`), 407 or 502.
    pub status: u16,
    /// The whole head, as received.
    pub head: String,
}

/// A `CONNECT` proxy on 127.0.0.1, until it is dropped.
pub struct ProxyServer {
    connects: Arc<Mutex<Vec<ProxyConnect>>>,
    acceptor: Acceptor,
}

impl ProxyServer {
    /// Starts a proxy; with `credentials` (user, password) it requires Basic authentication.
    pub fn start(credentials: Option<(&str, &str)>) -> ProxyServer {
        let expected = credentials
            .map(|(user, password)| format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())));
        ProxyServer::serve_with(expected, loopback_address)
    }

    /// Starts a proxy that does not look names up: `lead` maps a target, `host:port`, to an address on this machine, or
    /// to `None`, which is answered with 403.
    pub fn leading(lead: impl Fn(&str) -> Option<SocketAddr> + Send + Sync + 'static) -> ProxyServer {
        ProxyServer::serve_with(None, lead)
    }

    fn serve_with(
        credentials: Option<String>,
        lead: impl Fn(&str) -> Option<SocketAddr> + Send + Sync + 'static,
    ) -> ProxyServer {
        let connects = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&connects);
        let acceptor = Acceptor::start(move |_, client| {
            // The client sees the error; for the proxy it only ends the connection.
            let _ = serve(client, credentials.as_deref(), &lead, &record);
        });
        ProxyServer { connects, acceptor }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.acceptor.address())
    }

    /// The proxy's address.
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// The requests so far, in the order of the responses.
    pub fn connects(&self) -> Vec<ProxyConnect> {
        self.connects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    client: Arc<TcpStream>,
    credentials: Option<&str>,
    lead: &impl Fn(&str) -> Option<SocketAddr>,
    record: &Mutex<Vec<ProxyConnect>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(&*client);
    let head = read_head(&mut reader)?;
    let mut request_line = head.lines().next().unwrap_or_default().split(' ');
    let method = request_line.next().unwrap_or_default();
    let target = request_line.next().unwrap_or_default().to_owned();
    let authorised = credentials.is_none_or(|expected| authorization(&head) == Some(expected));
    let upstream = match (method, authorised, lead(&target)) {
        ("CONNECT", true, Some(address)) => TcpStream::connect(address).map_err(|_| "502 Bad Gateway"),
        ("CONNECT", true, None) => Err("403 Forbidden"),
        ("CONNECT", false, _) => Err("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\""),
        _ => Err("405 Method Not Allowed"),
    };
    let answer = upstream.as_ref().map_or_else(
        |status| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        |_| "HTTP/1.1 200 Connection established\r\n\r\n".to_owned(),
    );
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    record.lock().unwrap_or_else(PoisonError::into_inner).push(ProxyConnect { target, status, head });
    (&*client).write_all(answer.as_bytes())?;
    let Ok(upstream) = upstream else {
        return client.shutdown(Shutdown::Both);
    };
    // Bytes that arrived with the head belong to the tunnel.
    (&upstream).write_all(reader.buffer())?;
    tunnel(&client, &Arc::new(upstream));
    Ok(())
}

fn read_head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    let mut limited = reader.take(LONGEST_HEAD);
    while !head.ends_with("\r\n\r\n") {
        if limited.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn authorization(head: &str) -> Option<&str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim())
    })
}

/// The address of `host:port` if it is on this machine. Names are not looked up: traffic must stay on the loopback.
fn loopback_address(target: &str) -> Option<SocketAddr> {
    let (host, port) = target.rsplit_once(':')?;
    let port = port.parse().ok()?;
    if host.eq_ignore_ascii_case("localhost") {
        return Some((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    address.is_loopback().then_some(SocketAddr::new(address, port))
}

/// Copies in both directions until both have ended. An error in either direction only means that the peer is gone.
fn tunnel(client: &Arc<TcpStream>, upstream: &Arc<TcpStream>) {
    let (from, to) = (Arc::clone(upstream), Arc::clone(client));
    let answers = thread::spawn(move || {
        if io::copy(&mut &*from, &mut &*to).is_err() {
            // The client is gone, while the other direction may be blocked by a server that does not read.
            let _ = from.shutdown(Shutdown::Both);
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &**client, &mut &**upstream);
    // HTTP clients do not half-close a connection, so the whole tunnel ends.
    let _ = upstream.shutdown(Shutdown::Both);
    let _ = answers.join();
}
