//! The app's side of `bindings/javascript.md`: takes the page's messages and answers them from a session.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use serde_json::{Map, Value, json};

use crate::call::{Call, INTERNAL, INVALID_REQUEST_DATA, Send};
use crate::session::{File, FileOutcome, Request, Session, Settings};
use crate::task::Running;

/// One page with its session, which is closed when this is dropped.
pub struct Host {
    session: Arc<Session>,
    running: Running,
    send: Send,
    /// File calls wait for the disk, so they run on a thread of their own, one after the other.
    files: Option<Sender<Box<dyn FnOnce() + std::marker::Send>>>,
    files_thread: Option<JoinHandle<()>>,
}

impl Host {
    pub fn open(settings: &Settings, send: Send) -> Result<Host, String> {
        let session = Arc::new(Session::open(settings)?);
        let (files, jobs) = channel::<Box<dyn FnOnce() + std::marker::Send>>();
        let files_thread = thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Ok(Host { session, running: Running::default(), send, files: Some(files), files_thread: Some(files_thread) })
    }

    /// The session, for what is the app's own and never comes from a page.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Takes a message of the page. One that names no call cannot be answered and is an error.
    pub fn receive(&self, message: &Value) -> Result<(), String> {
        if !message.is_object() {
            return Err("not a message of the page".into());
        }
        if let Some(number) = message.get("abort") {
            self.running.abort(&self.session, whole(number, "abort")?);
            return Ok(());
        }
        let number = whole(&message["call"], "call")?;
        let call = Call::new(number, message["api"].as_str().unwrap_or_default(), Arc::clone(&self.send));
        let none = Map::new();
        self.answer(call, message["options"].as_object().unwrap_or(&none));
        Ok(())
    }

    fn answer(&self, call: Call, options: &Map<String, Value>) {
        let path = |name: &str| text(options, name).unwrap_or_default();
        match call.api.as_str() {
            "uploadFile" | "downloadFile" => self.start(call, options),
            "saveFile" => {
                let (temporary, target) = (path("tempFilePath"), text(options, "filePath"));
                let saved = |files: &[File]| json!({ "savedFilePath": files.first().map(|file| &file.path) });
                self.on_disk(call, move |session| session.save_file(&temporary, target.as_deref()), saved);
            }
            "getSavedFileList" => self.on_disk(call, Session::saved_files, |files| {
                let entry =
                    |file: &File| json!({ "filePath": file.path, "size": file.size, "createTime": file.create_time });
                json!({ "fileList": files.iter().map(entry).collect::<Vec<_>>() })
            }),
            "getSavedFileInfo" => {
                let path = path("filePath");
                self.on_disk(
                    call,
                    move |session| session.saved_file(&path),
                    |files| {
                        files
                            .first()
                            .map_or(json!({}), |file| json!({ "size": file.size, "createTime": file.create_time }))
                    },
                );
            }
            "removeSavedFile" => {
                let path = path("filePath");
                self.on_disk(call, move |session| session.remove_saved_file(&path), |_| json!({}));
            }
            _ => call.refuse("not supported", INTERNAL),
        }
    }

    fn start(&self, call: Call, options: &Map<String, Value>) {
        let uploads = call.api == "uploadFile";
        let request = match request(options, uploads) {
            Ok(request) => request,
            Err(parameter) => {
                return call.refuse(&format!("invalid request data {parameter}"), INVALID_REQUEST_DATA);
            }
        };
        let session = &self.session;
        self.running.start(session, call, |callbacks| {
            #[expect(unsafe_code, reason = "the C interface cannot say what callbacks are sound")]
            // SAFETY: `Running::start` made the callbacks and what they point to as the header says.
            unsafe {
                if uploads { session.upload(&request, callbacks) } else { session.download(&request, callbacks) }
            }
        });
    }

    fn on_disk(
        &self,
        call: Call,
        operation: impl FnOnce(&Session) -> FileOutcome + std::marker::Send + 'static,
        result: impl FnOnce(&[File]) -> Value + std::marker::Send + 'static,
    ) {
        let session = Arc::clone(&self.session);
        let job = Box::new(move || match operation(&session) {
            Ok(Ok(files)) => {
                let mut result = result(&files);
                result["errMsg"] = format!("{}:ok", call.api).into();
                call.succeed(&result);
            }
            Ok(Err(failure)) => call.fail(&failure.err_msg, failure.err_no),
            Err(refused) => call.refuse(&refused, INTERNAL),
        });
        if let Some(files) = &self.files {
            // The thread takes jobs until the sender is dropped.
            let _ = files.send(job);
        }
    }

    /// Makes a temporary file of a file of the host's, as `wx.chooseImage` does, and gives its path for the page.
    pub fn import_file(&self, path: &Path) -> Result<File, String> {
        only(self.session.import_file(path))
    }

    /// Where a file of the page's is on the device.
    pub fn resolve_path(&self, file_path: &str) -> Result<File, String> {
        only(self.session.resolve_path(file_path))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A session that was closed before is no error here.
        let _ = self.session.close();
        self.files = None;
        if let Some(thread) = self.files_thread.take() {
            let _ = thread.join();
        }
    }
}

fn only(outcome: FileOutcome) -> Result<File, String> {
    let files = outcome?.map_err(|failure| failure.err_msg)?;
    files.into_iter().next().ok_or_else(|| "the call gave no file".to_owned())
}

/// The number of a call. JSON has one kind of numbers, so that 1.0 is 1.
fn whole(value: &Value, name: &str) -> Result<i64, String> {
    let whole = |number: f64| number.fract() == 0.0 && number.abs() < 9e15;
    let number = value.as_i64().or_else(|| value.as_f64().filter(|number| whole(*number)).map(|number| number as i64));
    number.ok_or_else(|| format!("{name} is no whole number"))
}

/// The parameters of a transfer, or the name of the one that is malformed.
fn request(options: &Map<String, Value>, uploads: bool) -> Result<Request, &'static str> {
    Ok(Request {
        url: text(options, "url"),
        file_path: text(options, "filePath"),
        name: text(options, "name"),
        file_name: text(options, "fileName"),
        header: pairs(options, "header")?,
        form_data: if uploads { pairs(options, "formData")? } else { Vec::new() },
        timeout: milliseconds(options.get("timeout")),
    })
}

/// A parameter that is text; absent where it is anything else.
fn text(options: &Map<String, Value>, name: &str) -> Option<String> {
    options.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A time; the default, 0, for what is none.
fn milliseconds(value: Option<&Value>) -> u32 {
    value.and_then(Value::as_f64).map_or(0, |milliseconds| milliseconds.clamp(0.0, i32::MAX.into()) as u32)
}

fn pairs(options: &Map<String, Value>, name: &'static str) -> Result<Vec<(String, String)>, &'static str> {
    match options.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => list.as_array().and_then(|list| list.iter().map(pair).collect()).ok_or(name),
    }
}

fn pair(value: &Value) -> Option<(String, String)> {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => Some((name.clone(), value.clone())),
        _ => None,
    }
}
