//! The closures of a task, and the events that they receive.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::CallFailure;
use super::task::TransferTask;
use crate::task::Progress;
use crate::terms::Headers;
use crate::transfer::Profile;

/// The closures of one task. `T` is [`UploadSuccess`] or [`DownloadSuccess`].
///
/// The closures of a session run one at a time and in order, on a thread of the session or where
/// [`SessionOptions::executor`](crate::SessionOptions::executor) runs them: first those of headers and progress, then
/// `on_complete`, exactly once. This also holds for an abort, a deadline, a task that never left the queue, and a
/// session that closes. After that all closures of the task are dropped, in the same place.
///
/// There is one exception to the order, so that slow closures of other tasks do not delay the end of a stopped task. A
/// task that was stopped (aborted, interrupted, or past its deadline) ends before the waiting events of all tasks. Its
/// end waits only for the event or end that is being delivered, and for the ends of tasks that were stopped before. The
/// stopped task's own events that are still waiting are dropped, except for its last trace. All other ends wait for
/// everything before them.
///
/// A closure may call everything except [`Session::close`](crate::Session::close). It may also drop the session. While
/// it runs, no other closure of the session runs, so it should return soon.
///
/// A panic of a closure ends only that call: the library catches the panic, and all other calls follow as usual. A
/// closure that has panicked is called again for the next event.
pub struct Callbacks<T> {
    pub(super) on_headers_received: Option<OnEvent<HeadersReceived>>,
    pub(super) on_progress: Option<OnEvent<Progress>>,
    pub(super) on_trace: Option<OnEvent<str>>,
    pub(super) on_complete: OnComplete<T>,
}

/// A closure for one kind of event.
pub(super) type OnEvent<E> = Box<dyn FnMut(&TransferTask, &E) + Send>;
/// The closure for the end.
pub(super) type OnComplete<T> = Box<dyn FnOnce(Completion<T>) + Send>;

impl<T> Callbacks<T> {
    /// Only the closure that receives the end. An event without a closure costs nothing.
    pub fn new(on_complete: impl FnOnce(Completion<T>) + Send + 'static) -> Callbacks<T> {
        Callbacks { on_headers_received: None, on_progress: None, on_trace: None, on_complete: Box::new(on_complete) }
    }

    /// Receives the head of the answer that becomes the result, at most once: before its body or, if another attempt
    /// may follow, after it. Never called on base libraries that have no such event.
    pub fn on_headers_received(
        mut self,
        closure: impl FnMut(&TransferTask, &HeadersReceived) + Send + 'static,
    ) -> Callbacks<T> {
        self.on_headers_received = Some(Box::new(closure));
        self
    }

    /// Receives the progress, at most four times a second, and the last value: of a success, and of a failure unless the
    /// task was stopped or all bytes had been transferred.
    pub fn on_progress(mut self, closure: impl FnMut(&TransferTask, &Progress) + Send + 'static) -> Callbacks<T> {
        self.on_progress = Some(Box::new(closure));
        self
    }

    /// Receives a JSON object for each request of the task when it is over: an `entry` of HAR 1.2, without query,
    /// header value, form field or body. Redirected requests and those of failed attempts are included. If 32 wait for
    /// the closure, further ones are dropped, except for the last one. See `docs/seeing-what-happens.md`.
    pub fn on_trace(mut self, closure: impl FnMut(&TransferTask, &str) + Send + 'static) -> Callbacks<T> {
        self.on_trace = Some(Box::new(closure));
        self
    }
}

impl<T> fmt::Debug for Callbacks<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

/// The head of the final response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeadersReceived {
    /// `statusCode`.
    pub status_code: u16,
    /// `header`, in the order of the response, including duplicates.
    pub header: Arc<Headers>,
}

/// The end of a task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completion<T> {
    /// Success or failure. Any HTTP status is a success.
    pub result: Result<T, CallFailure>,
    /// `profile`, up to the failure if there was one. `None` if the request disabled it, for a download on base
    /// libraries before 2.10.4, and for an upload on base libraries before 3.5.0.
    pub profile: Option<Profile>,
    /// The number of attempts that the task made. 0 if it ended in the queue.
    pub attempts: u32,
    /// How many bytes of the file existed before the final answer, which contained only the rest. 0 if the final answer
    /// contained the whole file, and for an upload.
    pub resumed_from: u64,
}

/// The answer to an upload.
#[derive(Clone)]
#[non_exhaustive]
pub struct UploadSuccess {
    /// `errMsg`: `uploadFile:ok`.
    pub err_msg: &'static str,
    /// `statusCode`: the HTTP status.
    pub status_code: u16,
    /// `header`, in the order of the response, including duplicates. `cookies` of the page's result are the values of
    /// `Set-Cookie`.
    pub header: Arc<Headers>,
    /// `data`: the answer's body as text.
    pub data: String,
    /// The size of the answer's body in bytes, before it was converted to text.
    pub data_length: u64,
}

/// Without the answer's body, which may be a secret.
impl fmt::Debug for UploadSuccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UploadSuccess")
            .field("status_code", &self.status_code)
            .field("header", &self.header)
            .field("data_length", &self.data_length)
            .finish_non_exhaustive()
    }
}

/// A downloaded file.
#[derive(Clone)]
#[non_exhaustive]
pub struct DownloadSuccess {
    /// `errMsg`: `downloadFile:ok`.
    pub err_msg: &'static str,
    /// `statusCode`: the HTTP status.
    pub status_code: u16,
    /// `header`, as in [`UploadSuccess`].
    pub header: Arc<Headers>,
    /// `tempFilePath`, if the request has no `file_path`.
    pub temp_file_path: Option<String>,
    /// `filePath`, if the request has one.
    pub file_path: Option<String>,
    /// The file's path on the device, for the host. A temporary file exists until the session closes.
    pub native_path: PathBuf,
    /// The size of the file in bytes.
    pub data_length: u64,
    /// The file's SHA-256 as 64 lower-case hexadecimal digits, if the request wants or expects it.
    pub sha256: Option<String>,
}

/// Without the path on the device, which contains the user's id.
impl fmt::Debug for DownloadSuccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DownloadSuccess")
            .field("status_code", &self.status_code)
            .field("header", &self.header)
            .field("temp_file_path", &self.temp_file_path)
            .field("file_path", &self.file_path)
            .field("data_length", &self.data_length)
            .field("sha256", &self.sha256)
            .finish_non_exhaustive()
    }
}
