//! The host on standard input and output, one JSON message a line, for tests that bring their own page.
//!
//! A line is a message of the page (`bindings/javascript.md`), or one for the host itself:
//!
//! | line | answer |
//! |---|---|
//! | `{"host": "enterBackground"}` | `{"host": "enterBackground", "result": {}}` |
//! | `{"host": "enterForeground"}` | `{"host": "enterForeground", "result": {}}` |
//! | `{"host": "importFile", "path": "/of/the/device"}` | `{"host": "importFile", "result": {"tempFilePath": "wxfile://…", "size": 3}}` |
//! | `{"host": "resolvePath", "path": "wxfile://…"}` | `{"host": "resolvePath", "result": {"nativePath": "/…", "size": 3}}` |
//! | `{"host": "close"}` | `{"host": "close", "result": {}}`; every later call fails with `session closed` |
//!
//! In place of `result` an answer to what failed has `error`, a text. A line that cannot be read is answered by
//! `{"host": "message", "error": "…"}`. A message that has an `api` and no `call` is one of `wxtransferSendSync`: its
//! answer is the only line without `call` and `host`, and comes before the next line is read. So do answers to the host's
//! own messages. Other messages for the page may stand between any two lines.
//!
//! The first line that is written is `{"host": "ready", "result": {"version": "…", "dataDirectory": "/…"}}`. The end of
//! the input closes the session; its last messages come before the process ends.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::bridge::Bridge;
use crate::c::version;
use crate::call::text_of;
use crate::session::{Session, Settings};

pub fn run(settings: &Settings) -> Result<(), String> {
    let bridge = Bridge::new(Arc::new(Session::open(settings)?), Arc::new(|message| write(&message)));
    let ready = json!({ "version": version(), "dataDirectory": settings.data_directory });
    write(&text_of(&json!({ "host": "ready", "result": ready })));
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if let Err(error) = take(&bridge, &line) {
            write(&text_of(&json!({ "host": "message", "error": error })));
        }
    }
    // Refused where the input has closed it already.
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
    match name {
        "enterBackground" => session.enter_background().map(|()| json!({})),
        "enterForeground" => session.enter_foreground().map(|()| json!({})),
        "close" => session.close().map(|()| json!({})),
        "importFile" => {
            let file = session.import_file(Path::new(path))?;
            Ok(json!({ "tempFilePath": file.path, "size": file.size }))
        }
        "resolvePath" => {
            let file = session.resolve_path(path)?;
            Ok(json!({ "nativePath": file.native_path, "size": file.size }))
        }
        _ => Err("not supported".into()),
    }
}

fn write(message: &str) {
    let mut output = io::stdout().lock();
    // Whoever stopped reading wants no more messages.
    let _ = writeln!(output, "{message}").and_then(|()| output.flush());
}
