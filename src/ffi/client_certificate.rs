//! The client certificate. The host keeps its key and signs.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::guard;
use super::options_reading::texts;
use super::read::HostStruct;
use super::refusal::RefusedCall;
use super::status::WxtStatus;
use super::string::{WxtStr, array};
use crate::http::{CertificateParts, CertificateSigner, SignatureAnswer};
use crate::task::as_callback;

/// RSA PKCS #1 v1.5 with SHA-256. TLS 1.2 only.
pub const WXT_SCHEME_RSA_PKCS1_SHA256: u16 = 0x0401;
/// RSA PKCS #1 v1.5 with SHA-384. TLS 1.2 only.
pub const WXT_SCHEME_RSA_PKCS1_SHA384: u16 = 0x0501;
/// RSA PKCS #1 v1.5 with SHA-512. TLS 1.2 only.
pub const WXT_SCHEME_RSA_PKCS1_SHA512: u16 = 0x0601;
/// ECDSA on the curve P-256 with SHA-256. The signature is in DER (`ECDSA-Sig-Value`).
pub const WXT_SCHEME_ECDSA_P256_SHA256: u16 = 0x0403;
/// ECDSA on the curve P-384 with SHA-384. The signature is in DER (`ECDSA-Sig-Value`).
pub const WXT_SCHEME_ECDSA_P384_SHA384: u16 = 0x0503;
/// RSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, by an ordinary RSA key.
pub const WXT_SCHEME_RSA_PSS_SHA256: u16 = 0x0804;
/// RSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes, by an ordinary RSA key.
pub const WXT_SCHEME_RSA_PSS_SHA384: u16 = 0x0805;
/// RSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 bytes, by an ordinary RSA key.
pub const WXT_SCHEME_RSA_PSS_SHA512: u16 = 0x0806;
/// Ed25519.
pub const WXT_SCHEME_ED25519: u16 = 0x0807;

/// A request for a signature that the host has not answered.
pub struct WxtSigning(SignatureAnswer);

/// The certificate that identifies the app to servers (mutual TLS). Its key stays with the host, for example in a
/// Keychain or Keystore: the library asks the host for signatures. Default: all zero, no certificate. See
/// `docs/trust.md`.
///
/// The library sends the certificate only to servers in `hosts` that ask for one in the TLS handshake. It is not sent
/// to a proxy, nor after a redirect to a host that is not in `hosts`. A server that is not in `hosts` and asks is told
/// that there is no certificate. A certificate that a server asks for after the handshake is not sent.
///
/// The task fails with `errno` 600001 and `WXT_CATEGORY_TLS`, not `retryable`, if the signature is missing or wrong, or
/// if the server refuses the certificate or demands one that is not sent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtClientCertificate {
    /// The app's certificate in PEM, followed by its issuers in order. Keys in the text are ignored. The certificate's
    /// key is an RSA key of 2048 to 8192 bits, or a key on P-256, P-384 or Ed25519. Absent: no client certificate; the
    /// other members must then be zero.
    pub chain: WxtStr,
    /// The servers that may receive the certificate, on any port: exact host names without a scheme, or IP addresses.
    /// Required. An internationalised name may be written in Unicode or Punycode.
    pub hosts: *const WxtStr,
    /// The number of `hosts`.
    pub host_count: usize,
    /// The schemes by which the key can sign: `WXT_SCHEME_…`, the preferred one first. The numbers are those of the
    /// registry "TLS SignatureScheme". Absent: all schemes that the library knows for the key, RSA-PSS before PKCS #1.
    /// An RSA key that cannot sign by RSA-PSS serves TLS 1.2 only.
    pub schemes: *const u16,
    /// The number of `schemes`.
    pub scheme_count: usize,
    /// Passed to `sign` as it is. Owned by the host; must stay valid until `wxt_session_close` has returned.
    pub context: *mut c_void,
    /// Asks for the signature of `message` by `scheme`, one of `schemes`. `message` is not hashed yet, and is valid
    /// until the function returns. Required. Called on a worker thread during a handshake, possibly for several
    /// connections at once. The function must return soon: if the key is slow or asks the user, sign on another thread.
    /// Answer with `wxt_signing_finish`, from any thread, before or after this function returns.
    ///
    /// The task waits for the answer while its deadline runs. An abort, the deadline, `wxt_session_set_trust` and
    /// `wxt_session_close` end the wait at once. A resumed TLS session needs no signature.
    pub sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            scheme: u16,
            message: *const u8,
            message_length: usize,
            signing: *mut WxtSigning,
        ),
    >,
}

// SAFETY: pointers and numbers that may be zero, and an optional function.
unsafe impl HostStruct for WxtClientCertificate {}

type Sign = unsafe extern "C" fn(*mut c_void, u16, *const u8, usize, *mut WxtSigning);

/// The host's `sign` as the HTTP layer calls it.
struct HostSigner {
    context: *mut c_void,
    sign: Sign,
}

// SAFETY: the header says that `sign` is called on worker threads, several at once.
unsafe impl Send for HostSigner {}
// SAFETY: as above.
unsafe impl Sync for HostSigner {}

impl CertificateSigner for HostSigner {
    fn sign(&self, scheme: u16, message: &[u8], answer: SignatureAnswer) {
        let signing = Box::into_raw(Box::new(WxtSigning(answer)));
        as_callback(|| {
            // SAFETY: the host's function, with its own context, which it keeps until the session is closed; workers
            // are joined before that.
            unsafe { (self.sign)(self.context, scheme, message.as_ptr(), message.len(), signing) };
        });
    }
}

/// Reads the host's certificate; `None` if there is none.
///
/// # Safety
/// Everything that `certificate` points to must be readable.
pub unsafe fn certificate_parts(certificate: &WxtClientCertificate) -> Result<Option<CertificateParts>, RefusedCall> {
    let WxtClientCertificate { chain, hosts, host_count, schemes, scheme_count, context, sign } = *certificate;
    // SAFETY: passed on to the caller, for all three.
    let (chain, hosts, schemes) = unsafe {
        (
            chain.bytes("client_certificate.chain")?,
            texts(hosts, host_count, "client_certificate.hosts")?,
            array(schemes, scheme_count, "client_certificate.schemes")?.to_vec(),
        )
    };
    // An incomplete certificate must not be ignored silently.
    match (chain, sign) {
        (Some(_), _) if hosts.is_empty() => {
            Err(RefusedCall::argument("client_certificate.hosts is required together with chain"))
        }
        (Some(chain), Some(sign)) => {
            let signer = Arc::new(HostSigner { context, sign });
            Ok(Some(CertificateParts { chain: chain.to_vec(), hosts, schemes, signer }))
        }
        (Some(_), None) => Err(RefusedCall::argument("client_certificate.sign is required together with chain")),
        (None, None) if hosts.is_empty() && schemes.is_empty() => Ok(None),
        (None, _) => {
            Err(RefusedCall::argument("client_certificate.chain is required together with hosts, schemes and sign"))
        }
    }
}

/// Answers a call of `sign`, once. `signing` is freed by this call, whatever it returns.
///
/// `signature` has the format of the scheme, and is copied. NULL with a length of 0 means that there is no signature:
/// the user declined, or the key is gone. Any thread, also from inside `sign`, and also after the task or the session
/// has ended.
///
/// If `sign` is never answered, its task waits until the deadline, and the memory of `signing` is never freed.
///
/// - `WXT_OK`: the answer is taken, or nothing waits for it any more.
/// - `WXT_INVALID_ARGUMENT`: `signing` is NULL, or `signature` is NULL and its length is not 0. The latter counts as an
///   answer without a signature.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `signing` must come from `sign` and not have been answered; `signature` must point to `signature_length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_signing_finish(
    signing: *mut WxtSigning,
    signature: *const u8,
    signature_length: usize,
) -> WxtStatus {
    guard(|| {
        if signing.is_null() {
            return Err(RefusedCall::null("signing"));
        }
        // SAFETY: made by `Box::into_raw` in `sign`, and given back once.
        let signing = unsafe { Box::from_raw(signing) };
        // SAFETY: the caller promises so many bytes.
        let signature = unsafe { array(signature, signature_length, "signature") }?;
        if !signature.is_empty() {
            signing.0.finish(signature.to_vec());
        }
        Ok(())
    })
}
