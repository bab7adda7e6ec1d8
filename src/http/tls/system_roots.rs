//! The root certificates of systems that keep them in files: Linux and HarmonyOS.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, pem};
use rustls_native_certs::load_certs_from_paths;

use super::algorithms;
use super::anchors::AnchorVerifier;
use crate::http::error::{Error, ErrorKind, is_shortage};
use crate::platform::Waker;
use crate::worker::{Worker, lock, sort};

/// A verifier that one thread makes for all, because that reads hundreds of files. The other threads wait with their
/// workers, so that a stop or a deadline ends the wait. If making it fails, the next thread tries again.
pub(super) struct SharedVerifier(Mutex<VerifierState>);

struct VerifierState {
    made: Option<Arc<dyn ServerCertVerifier>>,
    /// Whether a thread makes it.
    is_being_made: bool,
    waiting: Vec<Arc<Waker>>,
}

/// The right of one thread to make the verifier. Dropping it wakes the others.
struct Making<'a>(&'a SharedVerifier);

enum Step<'a> {
    Use(Arc<dyn ServerCertVerifier>),
    Make(Making<'a>),
}

impl SharedVerifier {
    pub(super) const fn new() -> SharedVerifier {
        SharedVerifier(Mutex::new(VerifierState { made: None, is_being_made: false, waiting: Vec::new() }))
    }

    /// The verifier, made by `make` if there is none yet.
    ///
    /// # Errors
    /// Those of `make`, which is this thread's, the stop signal, or no descriptor is left for the wait.
    pub(super) fn get(
        &self,
        worker: &Worker,
        make: impl FnOnce() -> Result<Arc<dyn ServerCertVerifier>, Error>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        if let Some(made) = &lock(&self.0).made {
            return Ok(made.clone());
        }
        let waker = worker.waker().map_err(|error| Error::connection(&error))?;
        let making = loop {
            // Without a limit, the wait ends only with a step or an error.
            match worker.wait_for(None, || self.step(&waker))? {
                Some(Step::Use(made)) => return Ok(made),
                Some(Step::Make(making)) => break making,
                None => {}
            }
        };
        let made = make()?;
        lock(&self.0).made = Some(made.clone());
        drop(making);
        Ok(made)
    }

    fn step(&self, waker: &Arc<Waker>) -> Option<Step<'_>> {
        let mut state = lock(&self.0);
        if let Some(made) = &state.made {
            return Some(Step::Use(made.clone()));
        }
        if state.is_being_made {
            if !state.waiting.iter().any(|other| Arc::ptr_eq(other, waker)) {
                state.waiting.push(waker.clone());
            }
            return None;
        }
        state.is_being_made = true;
        Some(Step::Make(Making(self)))
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.0);
        state.is_being_made = false;
        state.waiting.drain(..).for_each(|waker| waker.wake());
    }
}

/// A verifier with the system's roots.
///
/// # Errors
/// [`ErrorKind::PlatformVerifier`]: there is no root. [`ErrorKind::OutOfResources`]: a file could not be opened or read
/// for lack of descriptors or memory. A verifier without its roots would refuse good servers for as long as the process
/// lives. Other files that cannot be read are left out, as OpenSSL does.
pub(super) fn system_verifier(worker: &Worker) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let (file, directories) = places(std::env::var_os("SSL_CERT_FILE"), std::env::var_os("SSL_CERT_DIR"));
    let certificates = load(worker, file.as_deref(), &directories)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        worker.turn(certificate.len())?;
        // Systems keep certificates that no verifier accepts any more.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(Error::new(ErrorKind::PlatformVerifier, "the system's certificates cannot be used: there is none"));
    }
    Ok(Arc::new(AnchorVerifier { roots, algorithms: algorithms() }))
}

/// The file and the directories with the certificates: those that the environment names, as for OpenSSL, otherwise those
/// of the system.
fn places(file: Option<OsString>, directories: Option<OsString>) -> (Option<PathBuf>, Vec<PathBuf>) {
    let directories = directories.map_or_else(Vec::new, |paths| std::env::split_paths(&paths).collect());
    let directories: Vec<_> = directories.into_iter().filter(|path| !path.as_os_str().is_empty()).collect();
    if file.is_some() || !directories.is_empty() {
        return (file.map(PathBuf::from), directories);
    }
    let found = openssl_probe::probe();
    (found.cert_file, found.cert_dir)
}

/// The certificates in a file and in the files of directories, each once.
fn load(worker: &Worker, file: Option<&Path>, directories: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut certificates: Vec<CertificateDer<'static>> = Vec::new();
    // A directory has two links to each file, and often the file with all certificates.
    let mut seen = Vec::new();
    let mut add = |path: &Path| -> Result<(), Error> {
        let Some(metadata) = readable(path.metadata())? else { return Ok(()) };
        let id = (metadata.dev(), metadata.ino());
        if !metadata.is_file() || seen.contains(&id) {
            return Ok(());
        }
        seen.push(id);
        worker.turn(metadata.len().try_into().unwrap_or(usize::MAX))?;
        let loaded = load_certs_from_paths(Some(path), None);
        for error in loaded.errors {
            match error.kind {
                rustls_native_certs::ErrorKind::Io { inner, .. }
                | rustls_native_certs::ErrorKind::Pem(pem::Error::Io(inner)) => {
                    readable::<()>(Err(inner))?;
                }
                _ => {}
            }
        }
        certificates.extend(loaded.certs);
        Ok(())
    };
    if let Some(file) = file {
        add(file)?;
    }
    for directory in directories {
        let Some(entries) = readable(directory.read_dir())? else { continue };
        for entry in entries {
            worker.turn(0)?;
            if let Some(entry) = readable(entry)? {
                add(&entry.path())?;
            }
        }
    }
    sort(&mut certificates, |one, other| one.as_ref() < other.as_ref(), || worker.turn(0))?;
    certificates.dedup();
    Ok(certificates)
}

/// `None` for what cannot be read.
///
/// # Errors
/// The system lacks descriptors or memory.
fn readable<T>(result: io::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_shortage(&error) => {
            Err(Error::new(ErrorKind::OutOfResources, format!("the system's certificates cannot be read: {error}")))
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
#[path = "system_roots_tests.rs"]
mod tests;
