//! The host on standard input and output, one JSON message per line, for tests with their own page.
//!
//! A line is a message of the page (`bindings/javascript.md`), or a message for the host itself:
//!
//! | line | answer |
//! |---|---|
//! | `{"host": "enterBackground"}` | `{"host": "enterBackground", "result": {}}` |
//! | `{"host": "enterForeground"}` | `{"host": "enterForeground", "result": {}}` |
//! | `{"host": "importFile", "path": "/of/the/device"}` | `{"host": "importFile", "result": {"tempFilePath": "wxfile://…", "size": 3}}` |
//! | `{"host": "resolvePath", "path": "wxfile://…"}` | `{"host": "resolvePath", "result": {"nativePath": "/…", "size": 3}}` |
//! | `{"host": "close"}` | `{"host": "close", "result": {}}`; every later call fails with `session closed` |
//!
//! After a failure, the answer contains the text `error` instead of `result`. The answer to a malformed line is
//! `{"host": "message", "error": "…"}`. A message with an `api` and without a `call` is one of `wxtransferSendSync`.
//! Its answer is the only kind of line without `call` and `host`. These answers, and those to the host's own messages,
//! are written before the next line is read. Other messages for the page may come between any two lines.
//!
//! The first output line is `{"host": "ready", "result": {"version": "…", "dataDirectory": "/…"}}`. The end of the
//! input closes the session; its last messages are written before the process ends.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use serde_json::{Value, json};
use wxtransfer::{Error, ImportMode, Session, VERSION};

use crate::bridge::Bridge;
use crate::call::text_of;
use crate::session::{self, Settings};

pub fn run(settings: &Settings) -> Result<(), String> {
    let session = session::open(settings).map_err(|error| error.to_string())?;
    let bridge = Bridge::new(Arc::new(session), Arc::new(|message| write(&message)));
    let ready = json!({ "version": VERSION, "dataDirectory": settings.data_directory });
    write(&text_of(&json!({ "host": "ready", "result": ready })));
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if let Err(error) = take(&bridge, &line) {
            write(&text_of(&json!({ "host": "message", "error": error })));
        }
    }
    // Fails if a message has closed it already.
    let _ = bridge.session().close();
    bridge.end();
    Ok(())
}

fn take(bridge: &Bridge, line: &str) -> Result<(), String> {
    let message: Value = serde_json::from_str(line).map_err(|_| "not a message of the page")?;
    let Some(name) = message.get("host") else {
        if message.get("api").is_some() && message.get("call").is_none() {
            write(&text_of(&bridge.answer_at_once(&message)));
            return Ok(());
        }
        return bridge.receive(&message);
    };
    let name = name.as_str().unwrap_or_default();
    let answer = match control(bridge.session(), name, message["path"].as_str().unwrap_or_default()) {
        Ok(result) => json!({ "host": name, "result": result }),
        Err(error) => json!({ "host": name, "error": error }),
    };
    write(&text_of(&answer));
    Ok(())
}

fn control(session: &Session, name: &str, path: &str) -> Result<Value, String> {
    let result = match name {
        "enterBackground" => session.enter_background().map(|()| json!({})),
        "enterForeground" => session.enter_foreground().map(|()| json!({})),
        "close" => session.close().map(|()| json!({})),
        "importFile" => session
            .import_file(path, ImportMode::Copy)
            .map(|file| json!({ "tempFilePath": file.file_path, "size": file.size })),
        "resolvePath" => {
            session.resolve_path(path).map(|file| json!({ "nativePath": file.native_path, "size": file.size }))
        }
        _ => return Err("not supported".into()),
    };
    result.map_err(|error| match error {
        Error::Failed(failure) => failure.err_msg,
        error => error.to_string(),
    })
}

fn write(message: &str) {
    let mut output = io::stdout().lock();
    // Fails only if nobody reads any more.
    let _ = writeln!(output, "{message}").and_then(|()| output.flush());
}
