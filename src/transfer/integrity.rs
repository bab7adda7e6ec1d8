//! Checks a downloaded file before it appears.

use std::sync::{Arc, Mutex};

use crate::http::Response;
use crate::policy::digest_fields::{self, DeclaredDigest};
use crate::storage::{Digest, PartFile, hexadecimal};
use crate::terms::log::{Level, Log};
use crate::terms::{DigestAlgorithm, Failure, Headers, TransferError};
use crate::worker::sizes::FILE_PIECE;
use crate::worker::{Worker, lock};

/// The number of bytes of a SHA-256.
const SHA256_LENGTH: usize = 32;

/// The host's checks of a download. By default nothing is checked or computed. If a check fails, the task fails with
/// [`Category::Integrity`](crate::terms::Category::Integrity), and no file is created.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IntegrityRequest {
    /// The expected SHA-256 of the file, as 64 hexadecimal digits in upper or lower case. Default: `None`, not checked.
    pub expected_sha256: Option<String>,
    /// The expected length of the file in bytes. Default: 0, not checked.
    pub expected_length: u64,
    /// Whether the result contains the file's SHA-256. Default: `false`, only if `expected_sha256` is set.
    pub want_sha256: bool,
    /// Whether to check the digest that a 200 answer declares of its body. `docs/integrity.md` lists the headers.
    /// Default: `false`.
    pub verify_digest: bool,
}

/// A parsed [`IntegrityRequest`].
#[derive(Debug)]
pub struct Integrity {
    expected_sha256: Option<Vec<u8>>,
    expected_length: Option<u64>,
    want_sha256: bool,
    verify_digest: bool,
}

impl Integrity {
    /// # Errors
    /// The SHA-256 is not 64 hexadecimal digits.
    pub fn new(request: &IntegrityRequest) -> Result<Integrity, TransferError> {
        let expected_sha256 = match &request.expected_sha256 {
            None => None,
            Some(digits) => Some(bytes_of(digits).ok_or_else(|| {
                let parameter = "expectedSha256";
                let failure = Failure::Parameter { parameter, expected: "SHA-256", given: "String" };
                TransferError::new(failure, format!("{parameter} is not 64 hexadecimal digits"))
            })?),
        };
        Ok(Integrity {
            expected_sha256,
            expected_length: Some(request.expected_length).filter(|length| *length > 0),
            want_sha256: request.want_sha256,
            verify_digest: request.verify_digest,
        })
    }

    /// Requests a body without a content coding if a declared digest is to be checked. A server that encodes
    /// dynamically may send the digest of the unencoded content.
    pub fn add_headers(&self, headers: &mut Headers) {
        if self.verify_digest && !headers.has("accept-encoding") {
            headers.add("Accept-Encoding", "identity");
        }
    }

    /// Starts the check of a response whose body was not read yet. `announced` is the length of the file according to
    /// its head.
    ///
    /// # Errors
    /// The announced length differs from the expected one.
    pub fn begin(&self, response: &mut Response, announced: Option<u64>, log: &Log) -> Result<Check, TransferError> {
        let sha256 = (self.want_sha256 || self.expected_sha256.is_some())
            .then(|| Box::new(Digest::new(DigestAlgorithm::Sha256)));
        let check = Check {
            status: response.status,
            length: 0,
            expected_length: self.expected_length,
            sha256,
            expected_sha256: self.expected_sha256.clone(),
            declared: if self.verify_digest { declared(response, log) } else { None },
        };
        if let (Some(announced), Some(expected)) = (announced, self.expected_length)
            && announced != expected
        {
            return Err(check.mismatch(&format!("has {announced} bytes in place of {expected}")));
        }
        Ok(check)
    }
}

/// The check of one response.
pub struct Check {
    status: u16,
    /// The number of bytes of the file so far.
    length: u64,
    expected_length: Option<u64>,
    sha256: Option<Box<Digest>>,
    expected_sha256: Option<Vec<u8>>,
    /// The server's declared digest, and the digest of the bytes so far.
    declared: Option<(DeclaredDigest, Arc<Mutex<Digest>>)>,
}

impl Check {
    /// Includes the existing bytes of the file, if the response is the rest of it. If a digest is needed, reads them
    /// through `buffer`. The rest has no content coding, so the file is what is on the wire.
    ///
    /// # Errors
    /// There are more bytes than expected, or they cannot be read.
    pub fn begin_with(&mut self, worker: &Worker, part: &PartFile, buffer: &mut [u8]) -> Result<(), TransferError> {
        if self.sha256.is_none() && self.declared.is_none() {
            self.length = part.length();
            return Ok(());
        }
        let piece = buffer.len().min(FILE_PIECE);
        while self.length < part.length() {
            let count = part.read_at(worker, &mut buffer[..piece], self.length)?;
            if let Some((_, digest)) = &self.declared {
                lock(digest).update(&buffer[..count]);
            }
            self.take(&buffer[..count])?;
        }
        Ok(())
    }

    /// Includes the next bytes of the file.
    ///
    /// # Errors
    /// There are more bytes than expected.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        if let Some(expected) = self.expected_length.filter(|expected| self.length > *expected) {
            return Err(self.mismatch(&format!("has more than {expected} bytes")));
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        Ok(())
    }

    /// Decides once the file is complete. Returns the SHA-256 as hexadecimal digits, if it is wanted or expected.
    ///
    /// # Errors
    /// The file differs from what was expected.
    pub fn finish(mut self) -> Result<Option<String>, TransferError> {
        if let Some(expected) = self.expected_length.filter(|expected| self.length != *expected) {
            return Err(self.mismatch(&format!("has {} bytes in place of {expected}", self.length)));
        }
        let sha256 = self.sha256.take().map(|sha256| sha256.finish());
        if self.expected_sha256.is_some() && self.expected_sha256 != sha256 {
            return Err(self.mismatch("has another SHA-256 than expected"));
        }
        if let Some((declared, digest)) = &self.declared
            && lock(digest).clone().finish() != declared.value
        {
            return Err(self.mismatch(&format!("has another digest than {} says", declared.field)));
        }
        Ok(sha256.map(|sha256| hexadecimal(&sha256)))
    }

    fn mismatch(&self, what: &str) -> TransferError {
        let status = self.status;
        let page = if status >= 400 { format!("; it comes with the status {status}") } else { String::new() };
        TransferError::new(Failure::Integrity, format!("the file {what}{page}"))
    }
}

/// The digest that a response declares of its body, and an observer of the undecoded bytes. A representation includes
/// its content codings (RFC 9110 §8.1, RFC 9530 §3), and object stores compute checksums of what they store.
///
/// Only for a 200. With any other status, the body is not the complete resource, or a proxy changed it (203), but
/// servers still send the digest of the complete resource.
fn declared(response: &mut Response, log: &Log) -> Option<(DeclaredDigest, Arc<Mutex<Digest>>)> {
    if response.status != 200 {
        return None;
    }
    let digests = digest_fields::declared(&response.headers);
    for field in digests.malformed {
        log.write(Level::Warning, || format!("downloadFile: a malformed {field} is ignored"));
    }
    let declared = digests.strongest?;
    log.write(Level::Info, || format!("downloadFile: the file is checked by {}", declared.field));
    let digest = Arc::new(Mutex::new(Digest::new(declared.algorithm)));
    let observed = digest.clone();
    response.observe_wire(move |bytes| lock(&observed).update(bytes));
    Some((declared, digest))
}

/// Parses hexadecimal digits.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = digits.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    let digits = digits.filter(|digits| digits.len() == 2 * SHA256_LENGTH)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
