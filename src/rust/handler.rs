//! Passes the events of a task to the host's closures.

use std::sync::Weak;

use super::CallFailure;
use super::callbacks::{Callbacks, Completion, DownloadSuccess, HeadersReceived, OnComplete, OnEvent, UploadSuccess};
use super::task::TransferTask;
use crate::session::OpenSession;
use crate::task::{End, Handler, Progress, TaskId};
use crate::terms::{Call, Failure, TransferError};
use crate::transfer::{Content, ReceivedHead, Success};

/// The closures of one task.
pub(super) struct ClosureHandler<T> {
    call: Call,
    session: Weak<OpenSession>,
    convert: fn(Success) -> Result<T, TransferError>,
    on_headers_received: Option<OnEvent<HeadersReceived>>,
    on_progress: Option<OnEvent<Progress>>,
    on_trace: Option<OnEvent<str>>,
    /// Taken for its only call.
    on_complete: Option<OnComplete<T>>,
}

impl ClosureHandler<UploadSuccess> {
    pub(super) fn of_upload(session: Weak<OpenSession>, callbacks: Callbacks<UploadSuccess>) -> Self {
        ClosureHandler::new(Call::UploadFile, session, upload_success, callbacks)
    }
}

impl ClosureHandler<DownloadSuccess> {
    pub(super) fn of_download(session: Weak<OpenSession>, callbacks: Callbacks<DownloadSuccess>) -> Self {
        ClosureHandler::new(Call::DownloadFile, session, download_success, callbacks)
    }
}

impl<T> ClosureHandler<T> {
    fn new(
        call: Call,
        session: Weak<OpenSession>,
        convert: fn(Success) -> Result<T, TransferError>,
        callbacks: Callbacks<T>,
    ) -> ClosureHandler<T> {
        let Callbacks { on_headers_received, on_progress, on_trace, on_complete } = callbacks;
        let on_complete = Some(on_complete);
        ClosureHandler { call, session, convert, on_headers_received, on_progress, on_trace, on_complete }
    }

    fn task(&self, id: TaskId) -> TransferTask {
        TransferTask::new(self.session.clone(), id)
    }
}

impl<T> Handler for ClosureHandler<T> {
    fn headers_received(&mut self, task: TaskId, head: &ReceivedHead) {
        let task = self.task(task);
        if let Some(on_headers_received) = &mut self.on_headers_received {
            on_headers_received(&task, &HeadersReceived { status_code: head.status, header: head.headers.clone() });
        }
    }

    fn wants_headers(&self) -> bool {
        self.on_headers_received.is_some()
    }

    fn wants_progress(&self) -> bool {
        self.on_progress.is_some()
    }

    fn wants_traces(&self) -> bool {
        self.on_trace.is_some()
    }

    fn traced(&mut self, task: TaskId, entry: &str) {
        let task = self.task(task);
        if let Some(on_trace) = &mut self.on_trace {
            on_trace(&task, entry);
        }
    }

    fn progress(&mut self, task: TaskId, progress: Progress) {
        let task = self.task(task);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&task, &progress);
        }
    }

    fn completed(&mut self, _task: TaskId, end: End) {
        let End { result, profile, counts } = end;
        let result = result.and_then(self.convert).map_err(|error| CallFailure::of(self.call, error));
        if let Some(on_complete) = self.on_complete.take() {
            on_complete(Completion { result, profile, attempts: counts.attempts, resumed_from: counts.resumed_from });
        }
    }
}

fn upload_success(success: Success) -> Result<UploadSuccess, TransferError> {
    let Success { status, headers, content, sha256: _ } = success;
    let Content::Data { text, length } = content else { return Err(wrong_content()) };
    Ok(UploadSuccess {
        err_msg: "uploadFile:ok",
        status_code: status,
        header: headers,
        data: text,
        data_length: length,
    })
}

fn download_success(success: Success) -> Result<DownloadSuccess, TransferError> {
    let Success { status, headers, content, sha256 } = success;
    let (file, is_temporary) = match content {
        Content::TemporaryFile(file) => (file, true),
        Content::TargetFile(file) => (file, false),
        Content::Data { .. } => return Err(wrong_content()),
    };
    let (temp_file_path, file_path) = if is_temporary { (Some(file.path), None) } else { (None, Some(file.path)) };
    Ok(DownloadSuccess {
        err_msg: "downloadFile:ok",
        status_code: status,
        header: headers,
        temp_file_path,
        file_path,
        native_path: file.native_path,
        data_length: file.length,
        sha256,
    })
}

/// Cannot happen: an upload's content is data, and a download's is a file.
fn wrong_content() -> TransferError {
    TransferError::new(Failure::Internal, "the answer has the content of another call")
}
