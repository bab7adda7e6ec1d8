//! `wx.downloadFile`: a GET into a file that appears when it is complete.

use std::sync::Arc;

use super::exchange::{self, Exchanged, Prepared};
use super::{Content, Environment, Success, TransferContext, failure};
use crate::buffer;
use crate::http::{self, Response};
use crate::policy::quirks::CallRules;
use crate::storage::{self, PartFile};
use crate::terms::{Api, Failure, TransferError, header_value};

/// The OBJECT of `wx.downloadFile`, owned.
#[derive(Debug)]
pub struct DownloadRequest {
    /// `url`.
    pub url: String,
    /// `header`, in order.
    pub header: Vec<(String, String)>,
    /// `filePath`; `None` is a temporary file.
    pub file_path: Option<String>,
    /// `timeout` in milliseconds; 0 is the default.
    pub timeout: u32,
}

/// A download whose parameters are in order.
#[derive(Debug)]
pub struct PreparedDownload {
    prepared: Prepared,
    rules: CallRules,
    file_path: Option<String>,
}

/// What one read takes: small while nothing says that the body is large, since ten may run at once.
const SMALL_BUFFER: usize = 32 * 1024;

impl PreparedDownload {
    /// Checks the parameters. Nothing is opened or sent.
    pub fn new(
        environment: &Environment,
        rules: CallRules,
        request: DownloadRequest,
    ) -> Result<PreparedDownload, TransferError> {
        let prepared = exchange::prepare(environment, Api::Download, rules, &request.url, &request.header, None)?;
        let file_path = request.file_path.filter(|path| !rules.file_path_ignored && !path.is_empty());
        Ok(PreparedDownload { prepared, rules, file_path })
    }

    /// Runs on a worker thread until the file is complete.
    pub fn run(self, environment: &Environment, context: &TransferContext<'_>) -> Result<Success, TransferError> {
        let PreparedDownload { prepared, rules, file_path } = self;
        // Before the request: a path that cannot be written costs no traffic.
        let mut part = match &file_path {
            Some(path) => environment.storage.create_target(path)?,
            None => environment.storage.create_temporary()?,
        };
        let http_context = Arc::new(http::Context::new(context.worker.clone()));
        let exchanged = exchange::run(environment, context, prepared, &http_context, None)?;
        let written = write(environment, context, rules, exchanged, &mut part);
        exchange::record(context, &http_context);
        // An abort that came before leaves no file; one that comes later is told that it is too late.
        let settled = written.and_then(|written| {
            context.worker.stop().settle().map_err(TransferError::cancelled)?;
            Ok(written)
        });
        let (status, extension) = match settled {
            Ok(written) => written,
            Err(error) => {
                // After another failure, for want of space for one, the host is to find that there is as much as before.
                if context.worker.stop().check().is_err() {
                    part.give_up();
                }
                return Err(error);
            }
        };
        let stored = part.finish(extension.as_deref())?;
        let content = match file_path {
            Some(_) => Content::TargetFile(stored),
            None => Content::TemporaryFile(stored),
        };
        Ok(Success { status, content })
    }
}

/// Writes the body, and tells the status and the file's extension.
fn write(
    environment: &Environment,
    context: &TransferContext<'_>,
    rules: CallRules,
    exchanged: Exchanged,
    part: &mut PartFile,
) -> Result<(u16, Option<String>), TransferError> {
    let Exchanged { mut response, target } = exchanged;
    let limit = environment.limits.max_download_size;
    let expected = response.content_length();
    if expected.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    part.reserve(expected)?;
    let is_large = expected.is_some_and(|length| length >= buffer::LARGE_BODY);
    let mut buffer = buffer::take(if is_large { buffer::size(256 * 1024, 128 * 1024) } else { SMALL_BUFFER });
    let copied = copy(&mut response, &mut buffer, part, limit, |length| {
        if !rules.no_progress {
            context.observer.progress(length, expected);
        }
    });
    buffer::give_back(buffer);
    copied?;
    let value = |name| header_value(&response.headers, name);
    let extension = storage::extension(value("Content-Type"), target.url().path(), value("Content-Disposition"));
    Ok((response.status, extension))
}

/// Writes all of the body, by way of `buffer`, and tells after each piece how long the file is.
fn copy(
    response: &mut Response,
    buffer: &mut [u8],
    part: &mut PartFile,
    limit: u64,
    written: impl Fn(u64),
) -> Result<(), TransferError> {
    loop {
        let count = response.read(buffer).map_err(failure::of_exchange)?;
        if count == 0 {
            return Ok(());
        }
        if part.length() + count as u64 > limit {
            return Err(too_large(limit));
        }
        part.write(&buffer[..count])?;
        written(part.length());
    }
}

fn too_large(limit: u64) -> TransferError {
    TransferError::new(Failure::FileTooLarge, format!("the file is larger than {limit} bytes"))
}
