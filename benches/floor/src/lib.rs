//! Uses each large dependency once and does nothing else. So this is the size of a library before it has any code of
//! its own. It is not meant to be run.

use std::panic::catch_unwind;

/// Uses threads and catches panics.
#[unsafe(no_mangle)]
pub extern "C" fn standard_library(number: usize) -> usize {
    catch_unwind(|| std::thread::spawn(move || 100 / number).join().unwrap()).unwrap_or(0)
}

/// ring without its support for client certificates, as in the library.
#[cfg(feature = "tls")]
fn provider() -> rustls::crypto::CryptoProvider {
    use std::sync::Arc;

    use rustls::Error;
    use rustls::crypto::{CryptoProvider, KeyProvider, ring};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::sign::SigningKey;

    #[derive(Debug)]
    struct NoKeys;

    impl KeyProvider for NoKeys {
        fn load_private_key(&self, _key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
            Err(Error::General(String::new()))
        }
    }

    CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() }
}

/// A handshake and bytes in both directions.
#[cfg(feature = "tls")]
#[unsafe(no_mangle)]
pub extern "C" fn tls(port: u16) -> usize {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port)).unwrap());
    stream.write_all(b"x").unwrap();
    stream.read(&mut [0; 100]).unwrap()
}

/// Parses a URL with any host, decodes text in any charset, and unpacks gzip.
///
/// # Safety
/// `text` must point to `length` readable bytes.
#[cfg(feature = "text")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn text(text: *const u8, length: usize) -> usize {
    use std::io::Read;

    // SAFETY: guaranteed by the caller.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    let mut inflated = Vec::new();
    flate2::read::MultiGzDecoder::new(text).read_to_end(&mut inflated).unwrap();
    let decoded = encoding_rs::Encoding::for_label(text).unwrap().decode(&inflated).0;
    let url = url::Url::parse(&decoded).and_then(|url| url.join(&decoded)).unwrap();
    url.as_str().len()
}

/// A response to a POST with a body, over a custom transport. Without one, transfers could not be aborted.
#[cfg(feature = "http")]
#[unsafe(no_mangle)]
pub extern "C" fn http(port: u16) -> usize {
    use std::io::{Cursor, Read, Write};
    use std::net::TcpStream;

    use ureq::config::Config;
    use ureq::http::Uri;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
    use ureq::{Agent, Error, SendBody};

    #[derive(Debug)]
    struct Stream(TcpStream, LazyBuffers);

    impl Transport for Stream {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.1
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
            Ok(self.0.write_all(&self.1.output()[..amount])?)
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            let received = self.0.read(self.1.input_append_buf())?;
            self.1.input_appended(received);
            Ok(received > 0)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    #[derive(Debug)]
    struct Connect(u16);

    impl Connector for Connect {
        type Out = Stream;

        fn connect(&self, _: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Stream>, Error> {
            let stream = TcpStream::connect(("127.0.0.1", self.0))?;
            Ok(Some(Stream(stream, LazyBuffers::new(16 * 1024, 16 * 1024))))
        }
    }

    #[derive(Debug)]
    struct NoResolver;

    impl Resolver for NoResolver {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            Ok(self.empty())
        }
    }

    let agent = Agent::with_parts(Agent::config_builder().build(), Connect(port), NoResolver);
    let request = agent.post("http://localhost/").header("content-length", "1");
    let response = request.send(SendBody::from_owned_reader(Cursor::new(b"x"))).unwrap();
    response.into_body().into_reader().read(&mut [0; 100]).unwrap()
}

/// A work queue of a thread, and a wait for its result with a timeout.
#[cfg(feature = "threads")]
#[unsafe(no_mangle)]
pub extern "C" fn threads(number: u64) -> u64 {
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::{after, bounded, select, unbounded};

    let (queue, work) = unbounded::<Box<dyn FnOnce() + Send>>();
    thread::spawn(move || work.iter().for_each(|each| each()));
    let (sender, answer) = bounded(1);
    queue.send(Box::new(move || sender.send(number).unwrap())).unwrap();
    select! {
        recv(answer) -> number => number.unwrap(),
        recv(after(Duration::from_millis(number))) -> _ => 0,
    }
}

/// The roots that the system trusts.
#[cfg(feature = "trust")]
#[unsafe(no_mangle)]
pub extern "C" fn trust() -> usize {
    use std::sync::Arc;

    use rustls::client::danger::ServerCertVerifier;

    let verifier = rustls_platform_verifier::Verifier::new(Arc::new(provider())).unwrap();
    verifier.supported_verify_schemes().len()
}
