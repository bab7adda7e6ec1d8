//! `wx.uploadFile` and `wx.downloadFile` for apps that host WeChat mini programs.
//!
//! Two interfaces stand beside each other, over the same code:
//!
//! - **Rust**: [`Session`] and the other items of this page. No `unsafe` is needed.
//! - **C**: [`ffi`] and `include/wxtransfer.h`, for all other languages.
//!
//! The crate is not published yet. The `Cargo.toml` of a program names a checkout:
//!
//! ```toml
//! [dependencies]
//! wxtransfer = { path = "../wxtransfer" }
//! ```
//!
//! The feature `charset`, on by default, decodes an upload's answer that is not
//! UTF-8. The feature `brotli` decodes the content coding `br`.
//!
//! A host opens a [`Session`] for each launch of a mini program and starts tasks. The closures of [`Callbacks`] receive
//! their events. This function downloads a file and uploads it again. `directory` is the absolute path of the directory
//! for the session's files:
//!
//! ```
//! use std::error::Error;
//! use std::path::Path;
//! use std::sync::mpsc::channel;
//! use wxtransfer::{
//!     Callbacks, DownloadRequest, Platform, Session, SessionOptions, UploadBody, UploadPart, UploadRequest, UploadSource,
//! };
//!
//! fn copy(
//!     directory: &Path,
//!     from: &str,
//!     to: &str,
//! #   server: &wxtransfer_test_server::Server,
//! ) -> Result<(), Box<dyn Error>> {
//!     let options = SessionOptions::new("wx1234567890abcdef", Platform::Android, "8.0.50", directory).with(|options| {
//!         options.download_domains = vec!["https://cdn.example.com".into()];
//!         options.upload_domains = vec!["https://upload.example.com".into()];
//! #       options.lan_policy = wxtransfer::LanPolicy::AllLocal;
//! #       options.root_certificates = Some(server.ca_pem().into());
//!     });
//!     let session = Session::open(options)?;
//!
//!     let (sender, ends) = channel();
//!     let callbacks = Callbacks::new(move |end| drop(sender.send(end)))
//!         .on_progress(|_, progress| println!("{} bytes", progress.total_bytes));
//!     let task = session.download_file(DownloadRequest::new(from), callbacks)?;
//!     println!("task {}; abort() would end it", task.id());
//!     let file = ends.recv()?.result?;
//!     let path = file.temp_file_path.ok_or("the request named a path")?;
//!     println!("status {}, a page gets {path}", file.status_code);
//! #   assert_eq!((file.status_code, file.data_length), (200, 1000));
//!
//!     // What wx.uploadFile sends: one file, in the form field `name`, after the fields of `formData`.
//!     let body = UploadBody::Form {
//!         form_data: vec![("user".into(), "test".into())],
//!         parts: vec![UploadPart::new("file", UploadSource::Path(path))],
//!     };
//!     let (sender, ends) = channel();
//!     let callbacks = Callbacks::new(move |end| drop(sender.send(end)));
//!     session.upload_file(UploadRequest::new(to, body), callbacks)?;
//!     let answer = ends.recv()?.result?;
//!     println!("status {}, {}", answer.status_code, answer.data);
//! #   assert_eq!(answer.status_code, 200);
//!
//!     session.close()?;
//!     Ok(())
//! }
//! # fn main() -> Result<(), Box<dyn Error>> {
//! #     let server = wxtransfer_test_server::Server::start(Default::default());
//! #     let directory = tempfile::tempdir()?;
//! #     copy(directory.path(), &server.https_url("/bytes/1000"), &server.https_url("/upload"), &server)
//! # }
//! ```
//!
//! # What holds
//!
//! - **Order.** Each task ends with exactly one call of `on_complete`, with success or failure. Headers and progress
//!   come before it, and after it all closures of the task are dropped. This also holds for an abort, a deadline, a
//!   task that never left the queue, and a session that closes. [`Callbacks`] says where closures run, and what a panic
//!   in one does.
//! - **Ends.** An abort, a deadline and a close end a task at once in every phase, except while the system does not
//!   interrupt a call: a read or write of a slow device, an fsync, and on Apple's systems the check of a certificate.
//!   When [`Session::close`] has returned, no closure runs. Dropping a session closes it.
//! - **Errors.** A [`CallFailure`] reports a mistake of the page or a failed call, with WeChat's `errMsg` and `errno`.
//!   Every other [`Error`] reports a mistake of the host or a lack of resources; then nothing was started.
//! - **Panics.** No panic leaves the library. One inside it is a bug, which becomes a failure of one call. The library
//!   prints nothing and does not end the process. A lack of memory for the content of a page, a peer or a file is a
//!   failure. Rust ends the process if there is no memory for something small, such as a URL or a head.
//!
//! # What only C has
//!
//! - `wxt_android_init`, which Android needs once before the system's trust store can be used: it takes pointers of a
//!   Java virtual machine.
//! - The limit of 100 parts in one form, which detects a wrong `part_count`.
//! - `wxt_status_text`, `wxt_header_find`, `wxt_resolution_finish` and `wxt_signing_finish`: in Rust they are the text
//!   of an [`Error`], [`Headers::value`], [`ResolverAnswer::finish`] and [`SignatureAnswer::finish`].
//! - The failure for a parameter that the page left out. A Rust request always contains its required texts. A host with
//!   a page checks for missing parameters itself, as `bindings/javascript/wx.js` does in the page.
//!
//! # Inside
//!
//! Data flows in one direction. A module of this list imports only from modules further right: [`ffi`] | `rust` →
//! `session` → `task` → `transfer` → `policy` | `http` | `storage` → `terms` → `worker` → `platform`.

pub mod ffi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
#[cfg(all(test, models))]
mod models;
mod platform;
mod policy;
mod rust;
mod session;
mod storage;
mod task;
mod terms;
mod transfer;
mod worker;

pub use http::{
    CertificateParts, CertificateSigner, ClientStatistics, LowSpeed, Pin, Resolver, ResolverAnswer, SignatureAnswer,
};
pub use policy::lan::LanPolicy;
pub use policy::limits::Limits;
pub use policy::quirks::Platform;
pub use policy::resume::Resume;
pub use policy::retry::RetryRules;
pub use rust::{
    CallFailure, Callbacks, Completion, DownloadSuccess, Error, FileInfo, FileStats, Files, HeadersReceived, Session,
    TransferTask, UploadSuccess, UrlCheck, VERSION,
};
pub use session::{Network, NetworkKind, SessionOptions, SessionStatistics};
pub use storage::{ImportMode, Sharing, WriteMode};
pub use task::{Executor, Progress, TaskStatistics};
pub use terms::log::{Level, Log, LogSink};
pub use terms::{Api, Category, DigestAlgorithm, Header, Headers};
pub use transfer::{
    DownloadRequest, EffectiveType, IntegrityRequest, NetworkConditions, Profile, QueueTimes, Span, TaskOptions,
    UploadBody, UploadMethod, UploadPart, UploadRequest, UploadSource,
};
