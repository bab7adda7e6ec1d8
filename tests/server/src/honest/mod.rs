//! A well-behaved HTTP/1.1 server that records its requests.

mod answer;
mod head_tap;
mod range;
mod record;
mod routes;
mod upload;

pub use record::{Part, ReceivedBody, ReceivedRequest, TlsInfo};

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::client_identity::ClientKey;
use crate::identity::{Authority, Identity, MaximumTls};
use head_tap::HeadTap;
use record::{ConnectionInfo, Record};
use routes::Routes;

/// How a [`Server`] is started. The default suits tests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The directory for `ca.pem` and the `.pem` and `.key` of each [`ClientKey`]; if absent, a temporary directory of
    /// the server.
    pub directory: Option<PathBuf>,
    /// The highest version on the TLS port.
    pub maximum_tls: MaximumTls,
}

/// A well-behaved server on three ports of 127.0.0.1, until it is dropped: plain, TLS, and TLS that requires a client
/// certificate.
///
/// Every method may be called from any thread that is not itself an asynchronous task. Routes accept any method unless
/// stated otherwise. The server reads a request's body to its end before it answers.
///
/// | route | answer |
/// |---|---|
/// | `POST /upload` | the received form, as JSON: `method`, `headers`, `parts`, `fields`, `files`, `content_length` |
/// | `/raw` | the received body as JSON: `method`, `headers`, `length`, `sha256` |
/// | `/bytes/{n}` | n bytes of the [pattern](crate::pattern_byte), with `ETag`, `Last-Modified` and ranges; `chunked=1`, `gzip=1`, `type=image/png`; `digest=1` has the `Repr-Digest` of the n bytes, `digest=0` that of another body |
/// | `/headers` | the request's method, target and headers as JSON |
/// | `/redirect/{code}?to=…&n=…` | n redirects (1 if absent), the last one to `to` (`/headers` if absent) |
/// | `/status/{code}` | that status |
/// | `/text?charset=…` | 你好，世界 in `utf-8`, `gbk` or `utf-16le`, café in `iso-8859-1`; `bom=1` adds a UTF-8 byte order mark; without `charset`, UTF-8 without a declaration; `invalid` is UTF-8 with an invalid byte |
/// | `/cookies` | `Set-Cookie` and `Vary` twice each |
/// | `/slow?ms=…` | an answer after that time |
/// | `POST /sign/{key}/{scheme}` | the signature of the body by the key of a [client certificate](ClientKey), named as [there](ClientKey::name), and a scheme in decimal |
/// | `/drip?n=…&ms=…` | n bytes, one every so many milliseconds |
pub struct Server {
    plain: SocketAddr,
    tls: SocketAddr,
    mutual: SocketAddr,
    record: Arc<Record>,
    ca_file: PathBuf,
    _temporary_directory: Option<tempfile::TempDir>,
    _runtime: Runtime,
}

impl Server {
    /// Starts the server; it accepts when this returns.
    ///
    /// # Panics
    /// If no port can be bound, no thread started, or `ca.pem` not written.
    pub fn start(options: Options) -> Server {
        Server::try_start(options).expect("the test server starts")
    }

    fn try_start(options: Options) -> std::io::Result<Server> {
        let (directory, temporary_directory) = match options.directory {
            Some(directory) => (directory, None),
            None => {
                let temporary = tempfile::tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let ca_file = directory.join("ca.pem");
        std::fs::write(&ca_file, Authority::shared().pem())?;
        for which in ClientKey::ALL {
            let client = Authority::shared().client(which);
            std::fs::write(directory.join(format!("client-{}.pem", which.name())), client.chain_pem())?;
            std::fs::write(directory.join(format!("client-{}.key", which.name())), client.key_pem())?;
        }

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let record = Arc::new(Record::new());
        let config = Authority::shared().server_config(Identity::Valid, options.maximum_tls);
        let mutual_config = Authority::shared().mutual_config(options.maximum_tls);
        let bind = || runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let (plain_listener, tls_listener, mutual_listener) = (bind()?, bind()?, bind()?);
        let (plain, tls) = (plain_listener.local_addr()?, tls_listener.local_addr()?);
        let mutual = mutual_listener.local_addr()?;
        runtime.spawn(accept_all(plain_listener, None, Arc::clone(&record)));
        runtime.spawn(accept_all(tls_listener, Some(TlsAcceptor::from(config)), Arc::clone(&record)));
        runtime.spawn(accept_all(mutual_listener, Some(TlsAcceptor::from(mutual_config)), Arc::clone(&record)));
        Ok(Server { plain, tls, mutual, record, ca_file, _temporary_directory: temporary_directory, _runtime: runtime })
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.plain)
    }

    /// `https://localhost:PORT` followed by `path`.
    pub fn https_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls.port())
    }

    /// `https://localhost:PORT` of the port that requires a client certificate, followed by `path`.
    pub fn mutual_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.mutual.port())
    }

    /// The address of the plain HTTP port.
    pub fn address(&self) -> SocketAddr {
        self.plain
    }

    /// The address of the TLS port.
    pub fn tls_address(&self) -> SocketAddr {
        self.tls
    }

    /// The root certificate of the TLS port's certificate, as PEM.
    pub fn ca_pem(&self) -> &'static str {
        Authority::shared().pem()
    }

    /// A file that holds [`ca_pem`](Server::ca_pem), while the server lives.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Every request so far, in the order in which their heads arrived.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.record.requests()
    }

    /// Waits until the heads of at least `count` requests have arrived, and returns all. A body may still be
    /// incomplete: it is complete once the client has its response.
    ///
    /// # Panics
    /// After [`WAIT_LIMIT`](crate::WAIT_LIMIT).
    pub fn wait_for_requests(&self, count: usize) -> Vec<ReceivedRequest> {
        self.record.wait_for_requests(count)
    }

    /// How many connections were accepted, on all ports together.
    pub fn connections(&self) -> u64 {
        self.record.connections()
    }

    /// Waits until no more than `count` connections are open.
    ///
    /// # Panics
    /// After [`WAIT_LIMIT`](crate::WAIT_LIMIT).
    pub fn wait_for_open_connections(&self, count: u64) {
        self.record.wait_for_open_connections(count);
    }
}

async fn accept_all(listener: TcpListener, tls: Option<TlsAcceptor>, record: Arc<Record>) {
    loop {
        let Ok((socket, peer)) = listener.accept().await else {
            // Probably out of descriptors: wait for other connections to end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(serve(socket, peer, tls.clone(), Arc::clone(&record)));
    }
}

async fn serve(socket: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, record: Arc<Record>) {
    let connection = record.open_connection();
    // Disables Nagle's algorithm, so that small responses do not wait for acknowledgements.
    let _ = socket.set_nodelay(true);
    let info = ConnectionInfo { number: connection.number(), peer, tls: None };
    match tls {
        None => speak_http(socket, info, record.clone()).await,
        Some(acceptor) => {
            // A client that refuses the certificate is not an error here.
            let Ok(stream) = acceptor.accept(socket).await else {
                return;
            };
            let info = ConnectionInfo { tls: Some(TlsInfo::of(stream.get_ref().1)), ..info };
            speak_http(stream, info, record.clone()).await;
        }
    }
}

async fn speak_http(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, info: ConnectionInfo, record: Arc<Record>) {
    let (stream, heads) = HeadTap::new(stream);
    let routes = Routes::new(info, heads, record);
    let service = service_fn(|request| routes.answer(request));
    // A client that goes away is not an error of the server. The record has the bytes that it sent until then.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
