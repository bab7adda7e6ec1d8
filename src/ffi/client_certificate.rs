//! The client's own certificate, whose key the host keeps.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::guard;
use super::read::HostStruct;
use super::session::texts;
use super::status::{WXT_INVALID_ARGUMENT, WxtStatus};
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

/// A question to the host's key that has not been answered.
pub struct WxtSigning(SignatureAnswer);

/// A certificate by which the app shows servers who it is (mutual TLS). Its key stays with the host, in a Keychain or Keystore: the
/// library asks for signatures. All zero, the default, is none. See `docs/trust.md`.
///
/// It is sent to a server that is one of `hosts` and asks for a certificate in the handshake, and to no other: not to a proxy, and
/// not to another host that a redirect leads to. To a server that asks and is none of `hosts` the library says that there is none.
/// A certificate that a server asks for after the handshake is not sent.
///
/// If there is no signature, or a wrong one, or if the server refuses the certificate or the lack of one, the task fails with
/// `errno` 600001 and `WXT_CATEGORY_TLS`, and is not `retryable`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtClientCertificate {
    /// The app's own certificate in PEM, followed by those above it, in their order. Keys in the text are passed over. The key
    /// is an RSA key of 2048 to 8192 bits, or one on P-256, P-384 or Ed25519. Absent: there is no client certificate, and the
    /// other members must be zero.
    pub chain: WxtStr,
    /// The servers that it may be sent to, on any port: exact host names, without a scheme, or addresses. Required. An
    /// internationalised name may be given in either form.
    pub hosts: *const WxtStr,
    /// The number of `hosts`.
    pub host_count: usize,
    /// What the key can sign by: each a `WXT_SCHEME_…`, the preferred one first. They are the numbers of the registry "TLS
    /// SignatureScheme". Absent: all that the library knows for the key, with RSA-PSS before PKCS #1. An RSA key without one of
    /// RSA-PSS serves TLS 1.2 only.
    pub schemes: *const u16,
    /// The number of `schemes`.
    pub scheme_count: usize,
    /// Passed to `sign`.
    pub context: *mut c_void,
    /// Asks for the signature of `message`, which is not hashed, by `scheme`, one of `schemes`. Required. Called on a worker
    /// thread in the middle of a handshake, for several connections at once. It has to return soon: a key that asks the user,
    /// or is slow, signs on another thread. The answer is given by `wxt_signing_finish`, from any thread, before or after it
    /// returned. `message` lives until it returns.
    ///
    /// Until the answer comes the task waits, with its deadline running; an abort, the deadline and `wxt_session_close` end it at
    /// once. A resumed TLS session asks for no signature.
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

/// The host's `sign`, behind the trait of the HTTP layer.
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
            // SAFETY: the host's function, with its own context, which it keeps until the session is closed; workers are
            // joined before that.
            unsafe { (self.sign)(self.context, scheme, message.as_ptr(), message.len(), signing) };
        });
    }
}

/// The certificate that the host gives; `None` where it gives none.
///
/// # Safety
/// Everything that `certificate` points to must be readable.
pub unsafe fn certificate_parts(certificate: &WxtClientCertificate) -> Result<Option<CertificateParts>, WxtStatus> {
    let WxtClientCertificate { chain, hosts, host_count, schemes, scheme_count, context, sign } = *certificate;
    // SAFETY: passed on to the caller, for all three.
    let (chain, hosts, schemes) =
        unsafe { (chain.bytes()?, texts(hosts, host_count)?, array(schemes, scheme_count)?.to_vec()) };
    match (chain, sign) {
        (Some(chain), Some(sign)) if !hosts.is_empty() => {
            let signer = Arc::new(HostSigner { context, sign });
            Ok(Some(CertificateParts { chain: chain.to_vec(), hosts, schemes, signer }))
        }
        (None, None) if hosts.is_empty() && schemes.is_empty() => Ok(None),
        // A part of one would be ignored in silence.
        _ => Err(WXT_INVALID_ARGUMENT),
    }
}

/// Answers a question to the host's key, once. `signing` is gone after this call, whatever it returns.
///
/// `signature` is what the scheme says; it is copied. NULL with a length of 0 is "there is none": the user declined, or the key is
/// gone. Any thread, also from inside `sign`, and also after the task or the session has ended.
///
/// A question that is never answered keeps its task until the deadline, and its memory for good.
///
/// `WXT_INVALID_ARGUMENT`: `signing` is NULL, or `signature` is NULL and its length is not 0; the question then counts as answered
/// with none.
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
            return Err(WXT_INVALID_ARGUMENT);
        }
        // SAFETY: made by `Box::into_raw` in `sign`, and given back once.
        let signing = unsafe { Box::from_raw(signing) };
        // SAFETY: the caller promises so many bytes.
        let signature = unsafe { array(signature, signature_length) }?;
        if !signature.is_empty() {
            signing.0.finish(signature.to_vec());
        }
        Ok(())
    })
}
