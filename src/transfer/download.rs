//! `wx.downloadFile`: a GET into a file that appears once it is complete.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::attempts::{self, AttemptEnd, Attempts};
use super::exchange::{self, Exchanged, Prepared};
use super::integrity::{Check, Integrity, IntegrityRequest};
use super::partial::PartialDownload;
use super::{Content, Environment, Success, TaskOptions, TransferContext, failure};
use crate::http::{self, Response};
use crate::policy::extension;
use crate::policy::quirks::CallRules;
use crate::policy::url::TargetUrl;
use crate::storage::PartFile;
use crate::terms::{Api, Headers, TransferError};
use crate::worker::{lock, sizes};

/// The parameters of `wx.downloadFile`.
#[non_exhaustive]
pub struct DownloadRequest {
    /// `url`: what to download.
    pub url: String,
    /// `header`: request headers, as in [`UploadRequest::header`](super::UploadRequest::header), but `Content-Type` is
    /// sent. Default: none.
    pub header: Vec<(String, String)>,
    /// `filePath`: the `wxfile://usr/` path to store the file at. Default: `None`. If it is `None` or empty, a
    /// temporary file is made.
    pub file_path: Option<String>,
    /// The deadline, the priority and other options of the task.
    pub task: TaskOptions,
    /// The checks of the file. Default: none.
    pub integrity: IntegrityRequest,
}

impl DownloadRequest {
    /// A request for a temporary file, without headers and with the default options.
    pub fn new(url: impl Into<String>) -> DownloadRequest {
        DownloadRequest {
            url: url.into(),
            header: Vec::new(),
            file_path: None,
            task: TaskOptions::default(),
            integrity: IntegrityRequest::default(),
        }
    }

    /// The same with changes, as one expression.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// A download with valid parameters.
#[derive(Debug)]
pub struct PreparedDownload {
    prepared: Prepared,
    file_path: Option<String>,
    integrity: Integrity,
}

impl PreparedDownload {
    /// Validates the parameters. Opens and sends nothing.
    pub fn new(
        environment: &Environment,
        rules: CallRules,
        request: DownloadRequest,
    ) -> Result<PreparedDownload, TransferError> {
        let integrity = Integrity::new(&request.integrity)?;
        let mut prepared = exchange::prepare(environment, Api::Download, rules, &request.url, &request.header, None)?;
        integrity.add_headers(&mut prepared.headers);
        let file_path = request.file_path.filter(|path| !rules.file_path_ignored && !path.is_empty());
        Ok(PreparedDownload { prepared, file_path, integrity })
    }

    /// Runs on a worker thread until the file is complete.
    pub fn run(self, environment: &Environment, context: &TransferContext<'_>) -> Result<Success, TransferError> {
        let PreparedDownload { prepared, file_path, integrity } = self;
        // Create the file before the request, so that an unwritable path causes no traffic.
        let mut partial = PartialDownload::begin(environment, context, &prepared, file_path.as_deref())?;
        let http_context = context.exchange();
        let observer = context.observer.clone();
        http_context.on_body_stalled(move || observer.stalled());
        let written = attempts::run(environment, context, Api::Download, |attempts| {
            receive(attempts, environment, context, (&prepared, &integrity), &http_context, &mut partial)
        });
        let Written { status, headers, extension, sha256 } = match written {
            Ok(written) => written,
            Err(error) => {
                partial.give_up(&error);
                return Err(error);
            }
        };
        // An abort before this point leaves no file. A later one is told that it is too late.
        let stored = partial.finish(extension.as_deref())?;
        let content = match file_path {
            Some(_) => Content::TargetFile(stored),
            None => Content::TemporaryFile(stored),
        };
        Ok(Success { status, headers, content, sha256 })
    }
}

/// The data of a body that was written.
struct Written {
    status: u16,
    headers: Arc<Headers>,
    /// The file's extension.
    extension: Option<String>,
    sha256: Option<String>,
}

/// One attempt: a request whose answer is the whole file or the rest of it.
fn receive(
    attempts: &mut Attempts<'_>,
    environment: &Environment,
    context: &TransferContext<'_>,
    (prepared, integrity): (&Prepared, &Integrity),
    http_context: &Arc<http::Exchange>,
    partial: &mut PartialDownload<'_>,
) -> Result<Written, AttemptEnd> {
    let failed = |error| AttemptEnd::Failed { error, may_repeat: true, has_gained: false };
    let rest_headers = partial.rest(prepared).map_err(failed)?;
    let asks_for_rest = rest_headers.is_some();
    http_context.limit_connecting(attempts.connect_time(), false);
    let exchanged = exchange::run(environment, context, prepared, http_context, None, rest_headers).map_err(failed)?;
    let Exchanged { response, target, within_origin } = exchanged;
    let mut response = attempts.take_answer(response, true)?;
    if !partial.accepts(&mut response, asks_for_rest, within_origin.then_some(&target)).map_err(failed)? {
        response.discard();
        return Err(AttemptEnd::Unusable);
    }
    // This can differ from the requested start of the rest, because the answer may contain the whole file.
    let begin = partial.part.length();
    lock(context.counts).resumed_from = begin;
    if begin > 0 {
        environment.totals.resumed.fetch_add(1, Ordering::Relaxed);
    }
    if context.observer.wants_headers() {
        attempts.tell_head(&response, attempts.may_be_followed() || partial.can_resume());
    }
    let expected = if begin > 0 { partial.total() } else { response.content_length() };
    let written = integrity
        .begin(&mut response, expected, &environment.log)
        .and_then(|check| write(context, response, &target, check, &mut partial.part, expected));
    exchange::record(environment, context, http_context);
    written.map_err(|error| AttemptEnd::Failed { error, may_repeat: true, has_gained: partial.has_gained(begin) })
}

/// Writes the body and checks it.
fn write(
    context: &TransferContext<'_>,
    mut response: Response,
    target: &TargetUrl,
    mut check: Check,
    part: &mut PartFile,
    expected: Option<u64>,
) -> Result<Written, TransferError> {
    part.reserve(context.worker, expected)?;
    let is_large = expected.is_some_and(|length| length >= sizes::LARGE_BODY);
    let size = match (is_large, target.url().scheme()) {
        (true, "https") => sizes::LARGE_TLS_DOWNLOAD_FILE,
        (true, _) => sizes::large_plain_download_file(),
        (false, _) => sizes::DOWNLOAD_FILE,
    };
    let mut buffer = context.worker.take_buffer(size)?;
    check.begin_with(context.worker, part, &mut buffer)?;
    let copied = copy(context, &mut response, &mut buffer, &mut check, part, |length| {
        context.observer.progress(length, expected);
    });
    context.worker.give_back(buffer);
    copied?;
    let sha256 = check.finish()?;
    let value = |name| response.headers.value(name);
    let extension = extension::of_download(value("Content-Type"), target.url().path(), value("Content-Disposition"));
    let Response { status, headers, .. } = response;
    Ok(Written { status, headers, extension, sha256 })
}

/// Writes the whole body through `buffer`. Calls `written` with the length of the file after each part.
fn copy(
    context: &TransferContext<'_>,
    response: &mut Response,
    buffer: &mut [u8],
    check: &mut Check,
    part: &mut PartFile,
    written: impl Fn(u64),
) -> Result<(), TransferError> {
    loop {
        let count = response.read(buffer).map_err(|error| failure::of_exchange(Api::Download, error))?;
        if count == 0 {
            return Ok(());
        }
        // In pieces, because hashing and writing a large part takes long on a slow device. `write` checks for a stop.
        for piece in buffer[..count].chunks(sizes::FILE_PIECE) {
            check.take(piece)?;
            part.write(context.worker, piece)?;
        }
        written(part.length());
    }
}
