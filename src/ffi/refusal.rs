//! Calls that are refused: the status together with the reason.
//!
//! A [`RefusedCall`] cannot be made without a reason. A reason names the field as the header spells it. It repeats
//! numbers that the host passed, but no text, bytes or path: they may be secrets or data of a user.

use std::borrow::Cow;
use std::fmt;

use super::status::{WXT_INVALID_ARGUMENT, WXT_SESSION_CLOSED, WxtStatus};

/// A call that is refused.
#[derive(Debug)]
pub struct RefusedCall {
    status: WxtStatus,
    reason: Cow<'static, str>,
}

impl RefusedCall {
    /// `status` is not `WXT_OK`. `reason` is English, and begins with the field if there is one.
    pub fn new(status: WxtStatus, reason: impl Into<Cow<'static, str>>) -> RefusedCall {
        RefusedCall { status, reason: reason.into() }
    }

    /// `WXT_INVALID_ARGUMENT`.
    pub fn argument(reason: impl Into<Cow<'static, str>>) -> RefusedCall {
        RefusedCall::new(WXT_INVALID_ARGUMENT, reason)
    }

    /// A required pointer is NULL.
    pub fn null(field: &'static str) -> RefusedCall {
        RefusedCall::argument(format!("{field} is NULL"))
    }

    /// The session is closing or closed.
    pub fn session_closed() -> RefusedCall {
        RefusedCall::new(WXT_SESSION_CLOSED, "session is closing or closed, or was never the handle of a session")
    }

    /// What the function returns.
    pub fn status(&self) -> WxtStatus {
        self.status
    }

    /// What is wrong, in English.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A field or parameter as the header spells it, such as `proxy`, `upload_domains[2]` or `pins[0].host`.
#[derive(Clone, Copy, Debug)]
pub struct FieldName {
    name: &'static str,
    element: Option<(usize, &'static str)>,
}

impl FieldName {
    /// An element of the list `name`.
    pub fn element(name: &'static str, index: usize) -> FieldName {
        FieldName { name, element: Some((index, "")) }
    }

    /// A member of an element of the list `name`.
    pub fn member(name: &'static str, index: usize, member: &'static str) -> FieldName {
        FieldName { name, element: Some((index, member)) }
    }
}

impl From<&'static str> for FieldName {
    fn from(name: &'static str) -> FieldName {
        FieldName { name, element: None }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            None => formatter.write_str(self.name),
            Some((index, "")) => write!(formatter, "{}[{index}]", self.name),
            Some((index, member)) => write!(formatter, "{}[{index}].{member}", self.name),
        }
    }
}

/// Converts a number that stands for one of several choices. Each choice comes with the number and its name in C.
pub fn choice<T: Copy>(field: &'static str, number: i32, choices: &[(i32, &str, T)]) -> Result<T, RefusedCall> {
    if let Some((_, _, chosen)) = choices.iter().find(|(known, _, _)| *known == number) {
        return Ok(*chosen);
    }
    let known: Vec<String> = choices.iter().map(|(known, name, _)| format!("{name} ({known})")).collect();
    Err(RefusedCall::argument(format!("{field} is {number}, which is not one of {}", known.join(", "))))
}
