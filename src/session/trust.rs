//! The trusted roots and the pins of a session. The host can change both while the session is open.

use super::{Admission, OpenError};
use crate::http::{self, Pin, Trust};
use crate::terms::log::Level;

/// The roots and pins for all connections that are opened from now on.
pub struct TrustChange {
    /// Certificates in PEM; `None` is the operating system's.
    pub root_certificates: Option<Vec<u8>>,
    /// Public keys that hosts must show.
    pub pins: Vec<Pin>,
}

impl Admission<'_> {
    /// Replaces roots and pins for all connections that are not open yet. Fails as opening a session does; then nothing
    /// changes.
    pub fn set_trust(&self, change: TrustChange) -> Result<(), OpenError> {
        let environment = &self.session.environment;
        let TrustChange { root_certificates, pins } = change;
        let (roots, pin_count) = (if root_certificates.is_some() { "given" } else { "the system's" }, pins.len());
        let changed = trust_in(root_certificates.as_deref())
            .and_then(|trust| environment.client.set_trust(trust, pins).map_err(of_trust));
        match &changed {
            Ok(()) => environment
                .log
                .write(Level::Info, || format!("the trust was changed: {roots} roots, and {pin_count} pins")),
            Err(error) => {
                environment.log.write(Level::Warning, || format!("the trust is not changed: {error}"));
            }
        }
        changed
    }
}

/// Trust in the certificates of a PEM text. For `None`, trust in the system's trust store.
pub(super) fn trust_in(root_certificates: Option<&[u8]>) -> Result<Trust, OpenError> {
    match root_certificates {
        Some(pem) => Trust::from_pem(pem).map_err(|error| OpenError::Certificate(error.detail)),
        None => Ok(Trust::Platform),
    }
}

/// Converts the error of a client that cannot use the given roots or pins.
pub(super) fn of_trust(error: http::Error) -> OpenError {
    match error.kind {
        http::ErrorKind::PlatformVerifier => OpenError::TrustStore(error.detail),
        _ => OpenError::Internal(error.detail),
    }
}
