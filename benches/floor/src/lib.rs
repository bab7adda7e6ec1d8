//! One use of each large dependency and nothing else: what a library weighs before it does anything of its own. Not to
//! be run.

use std::panic::catch_unwind;

/// Threads, and panics that are caught.
#[unsafe(no_mangle)]
pub extern "C" fn standard_library(number: usize) -> usize {
    catch_unwind(|| std::thread::spawn(move || 100 / number).join().unwrap()).unwrap_or(0)
}

/// A handshake, bytes there and back; no client certificates, as in the library.
#[cfg(feature = "tls")]
#[unsafe(no_mangle)]
pub extern "C" fn tls(port: u16) -> usize {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::Arc;

    use rustls::crypto::{CryptoProvider, KeyProvider, ring};
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::sign::SigningKey;
    use rustls::{ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned};

    #[derive(Debug)]
    struct NoKeys;

    impl KeyProvider for NoKeys {
        fn load_private_key(&self, _key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
            Err(Error::General(String::new()))
        }
    }

    let provider = CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() };
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
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

/// An address with any host, text in any charset, gzip.
///
/// # Safety
/// `text` must point to `length` readable bytes.
#[cfg(feature = "text")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn text(text: *const u8, length: usize) -> usize {
    use std::io::Read;

    // SAFETY: the caller promises it.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    let mut inflated = Vec::new();
    flate2::read::MultiGzDecoder::new(text).read_to_end(&mut inflated).unwrap();
    let decoded = encoding_rs::Encoding::for_label(text).unwrap().decode(&inflated).0;
    let url = url::Url::parse(&decoded).and_then(|url| url.join(&decoded)).unwrap();
    url.as_str().len()
}
