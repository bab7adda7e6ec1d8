//! A client certificate, whose key stays with the host.

use wxtransfer::{CertificateParts, CertificateSigner, SignatureAnswer};
use wxtransfer_test_server::{Authority, ClientIdentity, ClientKey};

use super::*;

fn identity() -> &'static ClientIdentity {
    Authority::shared().client(ClientKey::Ecdsa)
}

/// Opens a session that shows the certificate to `localhost`, and downloads from a server that requires one.
fn download_with(signer: impl CertificateSigner + 'static) -> Completion<DownloadSuccess> {
    let host = Host::new();
    let mut options = host.options();
    options.client_certificate = Some(CertificateParts {
        chain: identity().chain_pem().into(),
        hosts: vec!["localhost".into()],
        schemes: Vec::new(),
        signer: Arc::new(signer),
    });
    let session = Session::open(options).unwrap();
    let (callbacks, end) = ends::<DownloadSuccess>();
    session.download_file(DownloadRequest::new(host.server.mutual_url("/bytes/10")), callbacks).unwrap();
    let completion = next(&end);
    session.close().unwrap();
    completion
}

#[test]
fn signer_works_and_cannot_close_a_session() {
    /// Signs later, on a thread of its own.
    struct Signs(Session, Sender<bool>);
    impl CertificateSigner for Signs {
        fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer) {
            self.1.send(matches!(self.0.close(), Err(Error::CalledFromCallback))).unwrap();
            let message = message.to_vec();
            thread::spawn(move || answer.finish(identity().sign(scheme, &message).unwrap()));
        }
    }
    let other = Host::new();
    let (sender, refused) = channel();
    let completion = download_with(Signs(other.open(), sender));
    assert_eq!(completion.result.unwrap().data_length, 10);
    assert!(next(&refused));
}

#[test]
fn panic_of_the_signer_counts_as_no_signature() {
    struct Panics;
    impl CertificateSigner for Panics {
        fn sign(&self, _: u16, _: &[u8], _: SignatureAnswer) {
            panic!("{MEANT}");
        }
    }
    assert_eq!(download_with(Panics).result.unwrap_err().category, Category::Tls);
}
