//! `wx.uploadFile`: one file and some fields as a multipart POST; the answer's body is text.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::body::SourceReader;
use super::exchange::{self, Exchanged, Prepared};
use super::multipart::{FilePart, MultipartBody};
use super::{Content, Environment, Outcome, TransferContext, failure, text};
use crate::error::{Failure, TransferError};
use crate::http;
use crate::policy::quirks::{Api, Effect};
use crate::storage::SourceFile;
use crate::worker::sizes;

/// The OBJECT of `wx.uploadFile`, owned.
#[derive(Debug)]
pub struct UploadRequest {
    /// `url`.
    pub url: String,
    /// `filePath`, or an open descriptor in its place.
    pub file: File,
    /// `name`.
    pub name: String,
    /// `header`, in order.
    pub header: Vec<(String, String)>,
    /// `formData`, in order.
    pub form_data: Vec<(String, String)>,
    /// The `filename` that the server sees. Where it is `None` or empty it is the last part of `filePath`, and `blob`
    /// where that is empty too.
    pub file_name: Option<String>,
    /// `timeout` in milliseconds; 0 is the default.
    pub timeout: u32,
}

/// What is uploaded.
#[derive(Debug)]
pub enum File {
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
    file: Pending,
    name: String,
    form_data: Vec<(String, String)>,
    file_name: Option<String>,
}

/// What is uploaded, while the upload waits for its turn.
#[derive(Debug)]
enum Pending {
    /// Opened when it begins.
    Path(String),
    /// Open already, from where the descriptor stood at the call: nobody can tell where the host will have moved it to
    /// when the upload begins.
    Open(SourceFile),
}

/// A value that stands for the boundary until the body is known; `Content-Type` is set when it is.
const CONTENT_TYPE_PLACEHOLDER: &str = "multipart/form-data";

impl PreparedUpload {
    /// Checks the parameters. Nothing is sent, nor any path opened.
    pub fn new(environment: &Environment, request: UploadRequest) -> Result<PreparedUpload, TransferError> {
        if matches!(&request.file, File::Path(path) if path.is_empty()) {
            return Err(TransferError::parameter("filePath", "the filePath is missing"));
        }
        if request.name.is_empty() {
            return Err(TransferError::parameter("name", "the name is missing"));
        }
        let prepared =
            exchange::prepare(environment, Api::Upload, &request.url, &request.header, Some(CONTENT_TYPE_PLACEHOLDER))?;
        let UploadRequest { file, name, form_data, .. } = request;
        let mut file_name = request.file_name.filter(|name| !name.is_empty());
        let file = match file {
            File::Path(path) => Pending::Path(path),
            File::Descriptor { descriptor, path, length } => {
                file_name = file_name.or_else(|| path.rsplit('/').next().map(str::to_owned));
                let opened = environment.storage.source_from_descriptor(descriptor, length, None);
                Pending::Open(opened.map_err(failure::of_source)?)
            }
        };
        Ok(PreparedUpload { prepared, file, name, form_data, file_name })
    }

    /// Runs on a worker thread until the answer is complete.
    pub fn run(self, environment: &Environment, context: &TransferContext<'_>) -> Result<Outcome, TransferError> {
        let PreparedUpload { mut prepared, file, name, form_data, file_name } = self;
        let source = match file {
            Pending::Path(path) => {
                environment.storage.open_source(context.worker, &path).map_err(failure::of_source)?
            }
            Pending::Open(source) => source,
        };
        let file_name = file_name.unwrap_or_else(|| source.name.clone());
        let size = source.length;
        let part = FilePart {
            name: &name,
            file_name: &file_name,
            content: SourceReader::new(source, context.worker.clone()),
            size,
        };
        let mut multipart = MultipartBody::new(&form_data, part)
            .map_err(|error| TransferError::new(Failure::Internal, error.to_string()))?;
        for (name, value) in &mut prepared.headers {
            if name.eq_ignore_ascii_case("Content-Type") {
                *value = multipart.content_type();
            }
        }
        let http_context = Arc::new(http::Exchange::new(context.worker.clone()));
        let reports = !environment.quirks.has(Api::Upload, Effect::NoProgressEvents);
        let length = multipart.length();
        if reports {
            let events = context.events.clone();
            http_context.on_body_sent(move |sent| events.progress(sent, Some(length)));
        }
        let exchanged =
            exchange::run(environment, context, Api::Upload, prepared, &http_context, Some(&mut multipart))?;
        if reports {
            // A server may answer before the last bytes have reached it; they need nothing more from here.
            context.events.progress(http_context.body_bytes_accepted(), Some(length));
        }
        let outcome = read_data(exchanged);
        exchange::record(context, &http_context);
        let outcome = outcome?;
        context.worker.stop().settle().map_err(TransferError::cancelled)?;
        Ok(outcome)
    }
}

fn read_data(exchanged: Exchanged) -> Result<Outcome, TransferError> {
    let mut response = exchanged.response;
    let mut data = Vec::new();
    let mut buffer = [0; sizes::ANSWER];
    loop {
        let count = response.read(&mut buffer).map_err(|error| failure::of_exchange(Api::Upload, error))?;
        if count == 0 {
            break;
        }
        data.extend_from_slice(&buffer[..count]);
    }
    let content_type = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("Content-Type"));
    let text = text::decode(&data, content_type.map(|header| header.value.as_str()));
    Ok(Outcome { status: response.status, content: Content::Data { text, length: data.len() as u64 } })
}
