//! A minimal HTTP/1.1 server for a page on this machine: one request per connection, and one thread per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use url::form_urlencoded;

const LONGEST_HEAD: u64 = 64 * 1024;
const LONGEST_BODY: u64 = 256 * 1024 * 1024;
/// The page loads nothing from other origins. It needs `eval` to run the programs that the user edits.
const POLICY: &str =
    "default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' blob:; media-src 'self' blob:";

/// A request from the page.
pub struct Request {
    pub method: String,
    pub path: String,
    query: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A parameter of the query. Empty if it is missing.
    pub fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// An answer.
pub enum Answer {
    Content {
        content_type: &'static str,
        body: Vec<u8>,
    },
    Error {
        status: &'static str,
        reason: String,
    },
    /// This function sends the answer and owns the rest of the connection.
    Stream(Box<dyn FnOnce(TcpStream) -> io::Result<()>>),
}

/// A listening loopback port.
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    pub fn bind(port: u16) -> io::Result<Listener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Listener { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until accepting fails.
    pub fn serve(&self, answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> io::Result<()> {
        let answer = Arc::new(answer);
        loop {
            let (socket, _) = self.listener.accept()?;
            let (answer, address) = (Arc::clone(&answer), self.address);
            // Errors are ignored: the browser may close the connection at any time.
            thread::spawn(move || _ = serve_one(socket, address, &*answer));
        }
    }
}

fn serve_one(socket: TcpStream, address: SocketAddr, answer: &impl Fn(Request) -> Answer) -> io::Result<()> {
    let mut reader = BufReader::new(socket);
    let answer = match read_request(&mut reader, address)? {
        Ok(request) => answer(request),
        Err(status) => Answer::Error { status, reason: status.to_owned() },
    };
    let mut socket = reader.into_inner();
    match answer {
        Answer::Content { content_type, body } => write_answer(&mut socket, "200 OK", content_type, &body),
        Answer::Error { status, reason } => write_answer(&mut socket, status, "text/plain", reason.as_bytes()),
        Answer::Stream(run) => run(socket),
    }
}

fn write_answer(socket: &mut TcpStream, status: &str, content_type: &str, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: {POLICY}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes())?;
    socket.write_all(body)
}

/// The request, or the status with which it is refused.
fn read_request(reader: &mut BufReader<TcpStream>, address: SocketAddr) -> io::Result<Result<Request, &'static str>> {
    let mut head = String::new();
    let mut limited = reader.by_ref().take(LONGEST_HEAD);
    while !head.ends_with("\r\n\r\n") {
        if limited.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let header = |wanted: &str| {
        head.lines().skip(1).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    // Other sites must not reach the host through the user's browser. Checking Host also stops DNS rebinding.
    let is_ours = |host: &str| host == address.to_string() || host == format!("localhost:{}", address.port());
    let of_our_page = |origin: &str| origin.strip_prefix("http://").is_some_and(is_ours);
    if !header("host").is_some_and(is_ours) || !header("origin").is_none_or(of_our_page) {
        return Ok(Err("403 Forbidden"));
    }
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > LONGEST_BODY {
        return Ok(Err("413 Content Too Large"));
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), form_urlencoded::parse(query.as_bytes()).into_owned().collect());
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(Ok(Request { method, path, query, body }))
}
