//! `wx.uploadFile`: one file and some fields as a multipart POST; the answer's body is text.

use std::collections::TryReserveError;
use std::os::fd::OwnedFd;

use super::attempts::{self, AttemptEnd};
use super::body::SourceReader;
use super::exchange::{self, Exchanged, Prepared};
use super::multipart::{self, FilePart, MultipartBody, MultipartError};
use super::{Content, Environment, Success, TransferContext, failure, text};
use crate::http::{self, BodySource};
use crate::policy::quirks::CallRules;
use crate::storage::SourceFile;
use crate::terms::{Api, Failure, TransferError, header_value};
use crate::worker::lock;
use crate::worker::sizes::ANSWER;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The OBJECT of `wx.uploadFile`, owned.
#[derive(Debug)]
pub struct UploadRequest {
    /// `url`.
    pub url: String,
    /// `filePath`, or an open descriptor in its place.
    pub file: UploadSource,
    /// `name`.
    pub name: String,
    /// `header`, in order.
    pub header: Vec<(String, String)>,
    /// `formData`, in order.
    pub form_data: Vec<(String, String)>,
    /// The `filename` that the server sees. Where it is `None` or empty it is the last part of `filePath`, and `blob`
    /// where that is empty, `.` or `..`.
    pub file_name: Option<String>,
    /// `timeout` in milliseconds; 0 is the default.
    pub timeout: u32,
    /// Not `enableProfile`: the result comes without a profile.
    pub disable_profile: bool,
    /// It waits in the queue while the network is metered.
    pub needs_unmetered: bool,
}

/// What is uploaded.
#[derive(Debug)]
pub enum UploadSource {
    /// A `wxfile://` path, or an absolute one where the host allows it.
    Path(String),
    /// An open file, or a pipe of known length.
    Descriptor {
        /// Read from where it stands.
        descriptor: OwnedFd,
        /// `filePath`, which only names the file; may be empty.
        path: String,
        /// How many bytes a pipe will give; `None` for a file.
        length: Option<u64>,
    },
}

/// An upload whose parameters are in order.
#[derive(Debug)]
pub struct PreparedUpload {
    prepared: Prepared,
    boundary: String,
    file: PendingSource,
    name: String,
    form_data: Vec<(String, String)>,
    file_name: Option<String>,
}

/// What is uploaded, while the upload waits for its turn.
#[derive(Debug)]
enum PendingSource {
    /// Opened when it begins.
    Path(String),
    /// Open already, from where the descriptor stood at the call: nobody can tell where the host will have moved it to
    /// when the upload begins.
    Open(SourceFile),
}

impl PreparedUpload {
    /// Checks the parameters. Nothing is sent, nor any path opened.
    pub fn new(
        environment: &Environment,
        rules: CallRules,
        request: UploadRequest,
    ) -> Result<PreparedUpload, TransferError> {
        // No server could tell it from other fields.
        if request.name.is_empty() {
            return Err(TransferError::request_data("name", None, "name is empty"));
        }
        let boundary = multipart::random_boundary().map_err(of_multipart)?;
        let content_type = multipart::content_type(&boundary);
        let mut prepared =
            exchange::prepare(environment, Api::Upload, rules, &request.url, &request.header, Some(&content_type))?;
        if may_be_sent_twice(environment) {
            name_for_the_server(&mut prepared).map_err(of_multipart)?;
        }
        let UploadRequest { file, name, form_data, .. } = request;
        let mut file_name = request.file_name.filter(|name| !name.is_empty());
        let file = match file {
            UploadSource::Path(path) => PendingSource::Path(path),
            UploadSource::Descriptor { descriptor, path, length } => {
                // A step of a path is no name.
                let last = path.rsplit('/').next().filter(|last| !matches!(*last, "." | ".."));
                file_name = file_name.or_else(|| last.map(str::to_owned));
                let opened = SourceFile::from_descriptor(descriptor, length);
                PendingSource::Open(opened.map_err(failure::of_source)?)
            }
        };
        Ok(PreparedUpload { prepared, boundary, file, name, form_data, file_name })
    }

    /// Runs on a worker thread until the answer is complete.
    pub fn run(self, environment: &Environment, context: &TransferContext<'_>) -> Result<Success, TransferError> {
        let PreparedUpload { prepared, boundary, file, name, form_data, file_name } = self;
        let source = match file {
            PendingSource::Path(path) => {
                environment.storage.open_source(context.worker, &path).map_err(failure::of_source)?
            }
            PendingSource::Open(source) => source,
        };
        let file_name = file_name.unwrap_or_else(|| source.name.clone());
        let size = source.length;
        let part = FilePart {
            name: &name,
            file_name: &file_name,
            content: SourceReader::new(source, context.worker.clone()),
            size,
        };
        let mut multipart = MultipartBody::new(&boundary, &form_data, part).map_err(of_multipart)?;
        let wants_progress = context.observer.wants_progress();
        let http_context = context.exchange();
        let length = multipart.length();
        if wants_progress {
            let observer = context.observer.clone();
            http_context.on_body_sent(move |sent| observer.progress(sent, Some(length)));
        }
        let may_be_sent_twice = may_be_sent_twice(environment) && multipart.can_rewind();
        let answer = attempts::run(environment, context, Api::Upload, |attempts| {
            if lock(context.counts).attempts > 1 && multipart.can_rewind() {
                multipart.rewind().map_err(|error| AttemptEnd::Failed {
                    error: TransferError::new(Failure::SourceFile, format!("the file cannot be sent again: {error}")),
                    may_repeat: false,
                    has_gained: false,
                })?;
            }
            let failed = |error| AttemptEnd::Failed {
                error,
                may_repeat: may_be_sent_twice || !http_context.request_has_left(),
                has_gained: false,
            };
            let exchanged = exchange::run(environment, context, &prepared, &http_context, Some(&mut multipart), None);
            let Exchanged { response, .. } = exchanged.map_err(failed)?;
            let response = attempts.take_answer(response, may_be_sent_twice)?;
            if !prepared.rules.no_headers_event {
                attempts.tell_head(&response, may_be_sent_twice && attempts.has_retries());
            }
            if wants_progress {
                // A server may answer before the last bytes have reached it; they need nothing more from here.
                context.observer.progress(http_context.body_bytes_accepted(), Some(length));
            }
            let answer = read_answer(response);
            exchange::record(environment, context, &http_context);
            answer.map_err(failed)
        })?;
        context.worker.stop().settle().map_err(TransferError::cancelled)?;
        Ok(answer)
    }
}

/// Whether the server tells two tries of one upload.
fn may_be_sent_twice(environment: &Environment) -> bool {
    environment.retry.uploads && environment.retry.max_retries > 0
}

/// Adds the header by which the server tells two tries of one upload (draft-ietf-httpapi-idempotency-key-header-07, whose
/// value is a string of RFC 9651), unless the page has one of its own.
fn name_for_the_server(prepared: &mut Prepared) -> Result<(), MultipartError> {
    let is_named = prepared.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY));
    if !is_named {
        let key = format!("\"{}\"", multipart::random_digits()?);
        prepared.headers.push((IDEMPOTENCY_KEY.to_owned(), key));
    }
    Ok(())
}

fn read_answer(mut response: http::Response) -> Result<Success, TransferError> {
    let mut data = Vec::new();
    let mut buffer = [0; ANSWER];
    loop {
        let count = response.read(&mut buffer).map_err(|error| failure::of_exchange(Api::Upload, error))?;
        if count == 0 {
            break;
        }
        data.try_reserve(count).map_err(no_memory)?;
        data.extend_from_slice(&buffer[..count]);
    }
    let length = data.len() as u64;
    let text = text::decode(data, header_value(&response.headers, "Content-Type")).map_err(no_memory)?;
    let http::Response { status, headers, .. } = response;
    Ok(Success { status, headers, content: Content::Data { text, length }, sha256: None })
}

fn no_memory(_: TryReserveError) -> TransferError {
    TransferError::new(Failure::OutOfResources, "memory for the answer")
}

fn of_multipart(error: MultipartError) -> TransferError {
    TransferError::new(Failure::Internal, error.to_string())
}
