//! One call of the page, and its answers.

use std::sync::Arc;

use serde_json::{Value, json};

/// Sends a message to the page, from any thread. Messages of one call stay in order.
pub type Send = Arc<dyn Fn(String) + std::marker::Send + Sync>;

/// `errno` of a transfer that is refused.
pub const INTERNAL: i32 = 4;
/// `errno` of any other call that is refused (WeChat's `FileError`).
pub const SYSTEM_ERROR: i32 = 1_300_201;
/// `errno` of a missing parameter of a transfer.
pub const PARAMETER: i32 = 1001;
/// `errno` of an invalid parameter of a message.
pub const INVALID_REQUEST_DATA: i32 = 600_010;

/// A call. Its answers contain its number.
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

    /// Ends the call with a success. `result` contains an `errMsg`.
    pub fn succeed(&self, result: &Value) {
        self.end("success", result);
    }

    /// Ends the call with a failure, which contains an `errMsg` and an `errno`.
    pub fn fail(&self, failure: &Value) {
        self.end("fail", failure);
    }

    /// Ends a transfer with a failure of the host itself.
    pub fn refuse(&self, reason: &str, err_no: i32) {
        self.fail(&json!({ "errMsg": format!("{}:fail {reason}", self.api), "errno": err_no }));
    }

    fn end(&self, event: &str, result: &Value) {
        self.event(event, result);
        // wx.js passes the same object to the page's `complete`.
        (self.send)(text_of(&json!({ "call": self.number, "event": "complete" })));
    }
}

/// A message as text that is also valid JavaScript.
pub fn text_of(message: &Value) -> String {
    message.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
