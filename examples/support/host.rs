//! A host of mini programs. Its closures send [`Event`]s to a channel, as a host would pass them on to a page.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use wxtransfer::{
    CallFailure, Callbacks, Completion, DownloadRequest, Error, HeadersReceived, Platform, Progress, Session,
    SessionOptions, TransferTask, UploadBody, UploadPart, UploadRequest, UploadSource,
};

/// The values that one closure received.
pub enum What {
    Headers(HeadersReceived),
    Progress(Progress),
    /// The HAR entry of a request.
    Trace(String),
    End(End),
}

/// The result of a task.
pub enum End {
    /// `data` is the answer to an upload, and `file` the downloaded one.
    Success {
        status: u16,
        data: String,
        file: PathBuf,
    },
    Failure(CallFailure),
}

/// An event of the task that the host started as number `task`.
pub struct Event {
    pub task: usize,
    pub what: What,
}

/// The options of a host that runs on a computer.
pub fn options(directory: &Path) -> SessionOptions {
    let mut options = SessionOptions::new("wxexample0123456789", Platform::Other, "8.0.50", directory);
    options.allow_native_paths = true;
    options
}

/// An upload of a file in a form, as `wx.uploadFile` does.
pub fn upload_of(url: &str, file: &Path) -> Result<UploadRequest, String> {
    let path = file.to_str().ok_or("the file's name is not UTF-8")?;
    let parts = vec![UploadPart::new("file", UploadSource::Path(path.to_owned()))];
    Ok(UploadRequest::new(url, UploadBody::Form { form_data: Vec::new(), parts }))
}

/// An open session.
pub struct Host {
    session: Session,
    events: Sender<Event>,
    traces: bool,
}

impl Host {
    /// Opens a session whose events go to `events`.
    pub fn open(options: SessionOptions, traces: bool, events: Sender<Event>) -> Result<Host, Error> {
        Ok(Host { session: Session::open(options)?, events, traces })
    }

    /// Starts `wx.uploadFile`.
    pub fn upload(&self, task: usize, request: UploadRequest) -> Result<TransferTask, Error> {
        let callbacks = self.callbacks(task, |success: wxtransfer::UploadSuccess| End::Success {
            status: success.status_code,
            data: success.data,
            file: PathBuf::new(),
        });
        self.session.upload_file(request, callbacks)
    }

    /// Starts `wx.downloadFile`.
    pub fn download(&self, task: usize, request: DownloadRequest) -> Result<TransferTask, Error> {
        let callbacks = self.callbacks(task, |success: wxtransfer::DownloadSuccess| End::Success {
            status: success.status_code,
            data: String::new(),
            file: success.native_path,
        });
        self.session.download_file(request, callbacks)
    }

    /// Ends the remaining tasks and deletes the temporary files.
    pub fn close(self) -> Result<(), Error> {
        self.session.close()
    }

    fn callbacks<T: 'static>(&self, task: usize, end_of: fn(T) -> End) -> Callbacks<T> {
        let page = || Page { task, events: self.events.clone() };
        let (headers, progress, trace, end) = (page(), page(), page(), page());
        let callbacks = Callbacks::new(move |completion: Completion<T>| {
            end.send(What::End(completion.result.map_or_else(End::Failure, end_of)));
        });
        let callbacks = callbacks
            .on_headers_received(move |_, received| headers.send(What::Headers(received.clone())))
            .on_progress(move |_, newest| progress.send(What::Progress(*newest)));
        if self.traces {
            callbacks.on_trace(move |_, entry| trace.send(What::Trace(entry.to_owned())))
        } else {
            callbacks
        }
    }
}

/// The page that started a task.
struct Page {
    task: usize,
    events: Sender<Event>,
}

impl Page {
    fn send(&self, what: What) {
        // Fails only if the receiver was dropped, and then nobody needs the event.
        let _ = self.events.send(Event { task: self.task, what });
    }
}
