//! `wx.uploadFile`: fields and files as a multipart form, or one file as the body. The answer's body is text.

use super::attempts::{self, AttemptEnd};
use super::body::{Body, Segment, TooLong};
use super::exchange::{self, Exchanged, Prepared};
use super::multipart::{self, FilePart, MultipartError};
use super::source::{PendingSource, SourceReader, UploadSource};
use super::{Content, Environment, Success, TaskOptions, TransferContext, failure, text};
use crate::http::{self, BodySource};
use crate::policy::headers;
use crate::policy::quirks::CallRules;
use crate::terms::{Api, Failure, Method, TransferError};
use crate::worker::lock;
use crate::worker::sizes::ANSWER;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The parameters of `wx.uploadFile`.
#[non_exhaustive]
pub struct UploadRequest {
    /// `url`: where to upload to.
    pub url: String,
    /// The request's method. Default: [`UploadMethod::Post`], as in WeChat.
    pub method: UploadMethod,
    /// The body.
    pub body: UploadBody,
    /// `header`: request headers. They are sent after the library's own, in this order and with this spelling.
    /// `Referer`, `Content-Type` (unless the body is raw) and headers of the connection such as `Host` are dropped.
    /// Default: none.
    pub header: Vec<(String, String)>,
    /// The deadline, the priority and other options of the task.
    pub task: TaskOptions,
}

impl UploadRequest {
    /// A request without headers and with the default options.
    pub fn new(url: impl Into<String>, body: UploadBody) -> UploadRequest {
        UploadRequest {
            url: url.into(),
            method: UploadMethod::Post,
            body,
            header: Vec::new(),
            task: TaskOptions::default(),
        }
    }

    /// The same with changes, as one expression.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The method of an upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UploadMethod {
    /// `POST`, as WeChat does.
    #[default]
    Post,
    /// `PUT`, for presigned URLs of object stores.
    Put,
}

/// The body of an upload.
pub enum UploadBody {
    /// A multipart form.
    Form {
        /// `formData`: further form fields, sent in this order before the files.
        form_data: Vec<(String, String)>,
        /// The files, in the order in which they follow the fields. `wx.uploadFile` has exactly one.
        parts: Vec<UploadPart>,
    },
    /// The bytes of one file alone, as presigned URLs of object stores require. The `Content-Type` is that of
    /// [`header`](UploadRequest::header), or missing.
    Raw(UploadSource),
}

/// One file of a form.
#[non_exhaustive]
pub struct UploadPart {
    /// The source of its content.
    pub source: UploadSource,
    /// `name`: the form field name of the file. An empty one fails with errno 600010.
    pub name: String,
    /// The `filename` that the server receives. Default: `None`. If it is `None` or empty: the last component of the
    /// source's path, or `blob` if there is none.
    pub file_name: Option<String>,
    /// The `Content-Type` of the part. Default: `None`. If it is `None` or empty, it follows from the extension of the
    /// file name.
    pub media_type: Option<String>,
}

impl UploadPart {
    /// A part whose file name and media type follow from its path.
    pub fn new(name: impl Into<String>, source: UploadSource) -> UploadPart {
        UploadPart { source, name: name.into(), file_name: None, media_type: None }
    }
}

/// An upload with valid parameters.
#[derive(Debug)]
pub struct PreparedUpload {
    prepared: Prepared,
    body: PendingBody,
}

#[derive(Debug)]
enum PendingBody {
    Form { boundary: String, fields: Vec<(String, String)>, files: Vec<PendingFile> },
    Raw(PendingSource),
}

#[derive(Debug)]
struct PendingFile {
    source: PendingSource,
    name: String,
    file_name: Option<String>,
    media_type: Option<String>,
}

impl PreparedUpload {
    /// Validates the parameters. Sends nothing and opens no path.
    pub fn new(
        environment: &Environment,
        rules: CallRules,
        request: UploadRequest,
    ) -> Result<PreparedUpload, TransferError> {
        let UploadRequest { url, method, body, header, .. } = request;
        let prepare = |content_type: Option<&str>| {
            exchange::prepare(environment, Api::Upload, rules, &url, &header, content_type)
        };
        let (mut prepared, body) = match body {
            UploadBody::Form { form_data, parts } => {
                // A server could not identify the field.
                if parts.iter().any(|part| part.name.is_empty()) {
                    return Err(TransferError::request_data("name", None, "name is empty"));
                }
                let boundary = multipart::random_boundary().map_err(of_multipart)?;
                let prepared = prepare(Some(&multipart::content_type(&boundary)))?;
                let files = parts.into_iter().map(PendingFile::new).collect::<Result<Vec<_>, _>>()?;
                (prepared, PendingBody::Form { boundary, fields: form_data, files })
            }
            UploadBody::Raw(source) => (prepare(None)?, PendingBody::Raw(PendingSource::new(source)?.0)),
        };
        prepared.method = match method {
            UploadMethod::Post => Method::Post,
            UploadMethod::Put => Method::Put,
        };
        if may_be_sent_twice(environment) {
            name_for_the_server(&mut prepared).map_err(of_multipart)?;
        }
        Ok(PreparedUpload { prepared, body })
    }

    /// Runs on a worker thread until the answer is complete.
    pub fn run(self, environment: &Environment, context: &TransferContext<'_>) -> Result<Success, TransferError> {
        let PreparedUpload { prepared, body } = self;
        let mut body = body.open(environment, context)?;
        let wants_progress = context.observer.wants_progress();
        let http_context = context.exchange();
        let length = body.length();
        if wants_progress {
            let observer = context.observer.clone();
            http_context.on_body_sent(move |sent| observer.progress(sent, Some(length)));
        }
        let may_be_sent_twice = may_be_sent_twice(environment) && body.can_rewind();
        let answer = attempts::run(environment, context, Api::Upload, |attempts| {
            if lock(context.counts).attempts > 1 && body.can_rewind() {
                body.rewind().map_err(|error| AttemptEnd::Failed {
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
            // No further attempt follows once a byte has left, unless the upload may be sent twice.
            http_context.limit_connecting(attempts.connect_time(), !may_be_sent_twice);
            let exchanged = exchange::run(environment, context, &prepared, &http_context, Some(&mut body), None);
            let Exchanged { response, .. } = exchanged.map_err(failed)?;
            let response = attempts.take_answer(response, may_be_sent_twice)?;
            if context.observer.wants_headers() {
                attempts.tell_head(&response, may_be_sent_twice && attempts.may_be_followed());
            }
            if wants_progress {
                // A server may answer before it has received the last bytes. The socket has accepted them, so they
                // count as sent.
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

impl PendingFile {
    fn new(part: UploadPart) -> Result<PendingFile, TransferError> {
        let UploadPart { source, name, file_name, media_type } = part;
        let media_type = media_type.filter(|media_type| !media_type.is_empty());
        if media_type.as_deref().is_some_and(|media_type| !headers::is_value(media_type)) {
            return Err(TransferError::request_data("mediaType", None, "a media type has a control character"));
        }
        let (source, last_part) = PendingSource::new(source)?;
        let file_name = file_name.filter(|name| !name.is_empty()).or(last_part);
        Ok(PendingFile { source, name, file_name, media_type })
    }
}

impl PendingBody {
    /// Opens the sources.
    fn open<'a>(
        self,
        environment: &'a Environment,
        context: &TransferContext<'_>,
    ) -> Result<Body<SourceReader<'a>>, TransferError> {
        let (storage, worker) = (&environment.storage, context.worker);
        match self {
            PendingBody::Form { boundary, fields, files } => {
                let is_only_one = files.len() == 1;
                let parts = files.into_iter().map(|file| {
                    let PendingFile { source, name, file_name, media_type } = file;
                    let opened = source.open(storage, worker, is_only_one)?;
                    let file_name = file_name.unwrap_or(opened.name);
                    Ok(FilePart { name, file_name, media_type, content: opened.reader, size: opened.length })
                });
                let parts = parts.collect::<Result<Vec<_>, TransferError>>()?;
                multipart::form(worker, &boundary, &fields, parts).map_err(of_multipart)
            }
            PendingBody::Raw(source) => {
                let opened = source.open(storage, worker, true)?;
                let segment = Segment::File { content: opened.reader, size: opened.length };
                Body::new(vec![segment]).map_err(|TooLong| of_multipart(MultipartError::TooLong))
            }
        }
    }
}

/// Whether servers are expected to recognise two attempts of one upload.
fn may_be_sent_twice(environment: &Environment) -> bool {
    environment.retry.uploads && environment.retry.max_retries > 0
}

/// Adds the header by which a server recognises two attempts of one upload
/// (draft-ietf-httpapi-idempotency-key-header-07, whose value is a string of RFC 9651), unless the page sets it. An empty
/// one names nothing.
fn name_for_the_server(prepared: &mut Prepared) -> Result<(), MultipartError> {
    if prepared.headers.values(IDEMPOTENCY_KEY).all(str::is_empty) {
        prepared.headers.retain(|header| !header.name.eq_ignore_ascii_case(IDEMPOTENCY_KEY));
        let key = format!("\"{}\"", multipart::random_digits()?);
        prepared.headers.add(IDEMPOTENCY_KEY, &key);
    }
    Ok(())
}

fn read_answer(mut response: http::Response) -> Result<Success, TransferError> {
    // Decoded as it arrives, so that the stop signal is checked between the parts.
    let mut decoder = text::decoder(response.headers.value("Content-Type"));
    let mut length = 0;
    let mut buffer = [0; ANSWER];
    loop {
        let count = response.read(&mut buffer).map_err(|error| failure::of_exchange(Api::Upload, error))?;
        if count == 0 {
            break;
        }
        decoder.add(&buffer[..count])?;
        length += count as u64;
    }
    let text = decoder.finish()?;
    let http::Response { status, headers, .. } = response;
    Ok(Success { status, headers, content: Content::Data { text, length }, sha256: None })
}

fn of_multipart(error: MultipartError) -> TransferError {
    let failure = match error {
        MultipartError::Stopped(reason) => return TransferError::cancelled(reason),
        MultipartError::OutOfMemory => Failure::OutOfResources,
        // Only the lengths of pipes, which the host states, can be so large.
        MultipartError::TooLong => Failure::Parameter { parameter: "fileLength", expected: "Length", given: "Number" },
        _ => Failure::Internal,
    };
    TransferError::new(failure, error.to_string())
}
