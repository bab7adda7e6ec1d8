//! One call of the page, and the messages that answer it.

use std::sync::Arc;

use serde_json::{Value, json};

/// Takes a message for the page, from any thread; messages of one call come in their order.
pub type Send = Arc<dyn Fn(String) + std::marker::Send + Sync>;

/// `errno` of a transfer that is refused.
pub const INTERNAL: i32 = 4;
/// `errno` of any other call that is refused (WeChat's `FileError`).
pub const SYSTEM_ERROR: i32 = 1_300_201;
/// `errno` of a parameter that is not what a message may hold.
pub const INVALID_REQUEST_DATA: i32 = 600_010;

/// A call that is answered under its number.
pub struct Call {
    pub number: i64,
    pub api: String,
    send: Send,
}

impl Call {
    pub fn new(number: i64, api: &str, send: Send) -> Call {
        Call { number, api: api.to_owned(), send }
    }

    /// Sends one event of the call.
    pub fn event(&self, event: &str, result: &Value) {
        (self.send)(text_of(&json!({ "call": self.number, "event": event, "result": result })));
    }

    /// Ends the call well; `result` has an `errMsg`.
    pub fn succeed(&self, result: &Value) {
        self.end("success", result);
    }

    /// Ends the call with a failure, which has an `errMsg` and an `errno`.
    pub fn fail(&self, failure: &Value) {
        self.end("fail", failure);
    }

    /// Ends a transfer with a reason of the host's own.
    pub fn refuse(&self, reason: &str, err_no: i32) {
        self.fail(&json!({ "errMsg": format!("{}:fail {reason}", self.api), "errno": err_no }));
    }

    fn end(&self, event: &str, result: &Value) {
        self.event(event, result);
        // The page's side gives its `complete` the same object.
        (self.send)(text_of(&json!({ "call": self.number, "event": "complete" })));
    }
}

/// A message as text that can stand in a script.
pub fn text_of(message: &Value) -> String {
    message.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
