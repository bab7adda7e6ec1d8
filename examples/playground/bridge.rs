//! The app's side of `bindings/javascript.md`: receives one page's messages and answers them with a session.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value, json};
use wxtransfer::{DownloadRequest, Session, TaskOptions, UploadBody, UploadPart, UploadRequest, UploadSource};

use crate::call::{Call, INVALID_REQUEST_DATA, PARAMETER, SYSTEM_ERROR, Send};
use crate::files;
use crate::task::Running;

type Job = Box<dyn FnOnce() + std::marker::Send>;

/// One page. All pages of a mini program share its session. Each numbers its own calls.
pub struct Bridge {
    session: Arc<Session>,
    running: Running,
    send: Send,
    /// File calls wait for the disk, so they run one after the other on a separate thread. `None` after the end.
    files: Mutex<Option<(Sender<Job>, JoinHandle<()>)>>,
}

impl Bridge {
    pub fn new(session: Arc<Session>, send: Send) -> Bridge {
        let (sender, jobs) = channel::<Job>();
        let thread = thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Bridge { session, running: Running::default(), send, files: Mutex::new(Some((sender, thread))) }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Receives a message of the page. A message without a call number cannot be answered and is an error.
    pub fn receive(&self, message: &Value) -> Result<(), String> {
        if !message.is_object() {
            return Err("not a message of the page".into());
        }
        if let Some(number) = message.get("abort") {
            self.running.abort(whole(number, "abort")?);
            return Ok(());
        }
        let number = whole(&message["call"], "call")?;
        let (api, options) = api_and_options(message);
        let call = Call::new(number, api, Arc::clone(&self.send));
        match api {
            "uploadFile" | "downloadFile" => self.start(call, &options),
            _ if files::CALLS.contains(&api) => self.start_on_disk(call, options),
            _ => call.fail(&not_supported(api)),
        }
        Ok(())
    }

    /// Answers a file call while the page waits.
    pub fn answer_at_once(&self, message: &Value) -> Value {
        let (api, options) = api_and_options(message);
        let outcome = if files::CALLS.contains(&api) {
            files::run(&self.session, api, &options)
        } else {
            Err(not_supported(api))
        };
        match outcome {
            Ok(result) => json!({ "success": result }),
            Err(failure) => json!({ "fail": failure }),
        }
    }

    fn start(&self, call: Call, options: &Map<String, Value>) {
        let session = &self.session;
        let refused = if call.api == "uploadFile" {
            match upload(options) {
                Ok(request) => {
                    return self.running.start(call, |callbacks| session.upload_file(request, callbacks));
                }
                Err(refused) => refused,
            }
        } else {
            match download(options) {
                Ok(request) => {
                    return self.running.start(call, |callbacks| session.download_file(request, callbacks));
                }
                Err(refused) => refused,
            }
        };
        let (reason, err_no) = refused;
        call.refuse(&reason, err_no);
    }

    fn start_on_disk(&self, call: Call, options: Map<String, Value>) {
        let session = Arc::clone(&self.session);
        let job = Box::new(move || match files::run(&session, &call.api, &options) {
            Ok(result) => call.succeed(&result),
            Err(failure) => call.fail(&failure),
        });
        if let Some((files, _)) = &*self.files.lock().unwrap_or_else(PoisonError::into_inner) {
            // The thread takes jobs until the sender is dropped.
            let _ = files.send(job);
        }
    }

    /// The page is closed: aborts its transfers, and waits for its file calls.
    pub fn end(&self) {
        self.running.abort_all();
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = files {
            drop(sender);
            // Fails only if a job panicked, which printed a message already.
            let _ = thread.join();
        }
    }
}

fn api_and_options(message: &Value) -> (&str, Map<String, Value>) {
    (message["api"].as_str().unwrap_or_default(), message["options"].as_object().cloned().unwrap_or_default())
}

/// The failure of a call that this host does not support.
fn not_supported(api: &str) -> Value {
    files::failure(&format!("{api}:fail not supported"), SYSTEM_ERROR)
}

/// The number of a call. 1.0 counts as 1, because JSON has only one number type.
fn whole(value: &Value, name: &str) -> Result<i64, String> {
    let whole = |number: f64| number.fract() == 0.0 && number.abs() < 9e15;
    let number = value.as_i64().or_else(|| value.as_f64().filter(|number| whole(*number)).map(|number| number as i64));
    number.ok_or_else(|| format!("{name} is not a whole number"))
}

/// The reason of a refusal, and its `errno`.
type Refused = (String, i32);

fn upload(options: &Map<String, Value>) -> Result<UploadRequest, Refused> {
    let (url, header, form_data) = (required(options, "url")?, pairs(options, "header")?, pairs(options, "formData")?);
    let source = UploadSource::Path(required(options, "filePath")?);
    let mut part = UploadPart::new(required(options, "name")?, source);
    part.file_name = text(options, "fileName");
    let mut request = UploadRequest::new(url, UploadBody::Form { form_data, parts: vec![part] });
    request.header = header;
    set(&mut request.task, options);
    Ok(request)
}

fn download(options: &Map<String, Value>) -> Result<DownloadRequest, Refused> {
    let mut request = DownloadRequest::new(required(options, "url")?);
    request.header = pairs(options, "header")?;
    request.file_path = text(options, "filePath");
    set(&mut request.task, options);
    Ok(request)
}

fn set(task: &mut TaskOptions, options: &Map<String, Value>) {
    task.timeout = timeout(options.get("timeout"));
    task.disable_profile = options.get("enableProfile") == Some(&Value::Bool(false));
}

/// A required text parameter.
fn required(options: &Map<String, Value>, name: &str) -> Result<String, Refused> {
    let missing = || format!("parameter error: parameter.{name} should be String instead of Undefined;");
    text(options, name).ok_or_else(|| (missing(), PARAMETER))
}

/// A text parameter. `None` if it has another type.
fn text(options: &Map<String, Value>, name: &str) -> Option<String> {
    options.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A time in milliseconds. `None`, the default, if it is not a positive number.
fn timeout(value: Option<&Value>) -> Option<Duration> {
    let milliseconds = value?.as_f64()?.clamp(0.0, i32::MAX.into()) as u64;
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}

fn pairs(options: &Map<String, Value>, name: &str) -> Result<Vec<(String, String)>, Refused> {
    let invalid = || (format!("invalid request data {name}"), INVALID_REQUEST_DATA);
    match options.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => list.as_array().and_then(|list| list.iter().map(pair).collect()).ok_or_else(invalid),
    }
}

fn pair(value: &Value) -> Option<(String, String)> {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => Some((name.clone(), value.clone())),
        _ => None,
    }
}
