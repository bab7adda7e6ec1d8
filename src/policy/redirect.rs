//! Decides whether a response redirects, and what the next request is.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write;

use super::domains::{DomainRefusal, DomainRules, Interfaces, Permission};
use super::url::{TargetUrl, UrlError};
use crate::terms::{Api, Method};

/// The maximum number of redirects of one call.
pub const MAX_REDIRECTS: u32 = 5;

/// A request and its response.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The URL that answered.
    pub target: &'a TargetUrl,
    /// The method of the request.
    pub method: Method,
    /// The number of redirects followed so far.
    pub followed: u32,
    /// The response's status.
    pub status: u16,
    /// The response's first `Location` that is not empty, as raw bytes.
    pub location: Option<&'a [u8]>,
}

/// What to do with a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is the result of the call.
    Deliver,
    /// Follow its redirect.
    Follow(Hop),
}

/// The next request of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its URL, which the domain rules allow.
    pub target: TargetUrl,
    /// Its method.
    pub method: Method,
    /// Whether the body is sent again from its start.
    pub keep_body: bool,
    /// Whether scheme, host and port stay the same. Credentials are sent only then.
    pub same_origin: bool,
}

/// Why a redirect is not followed, so that the call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectError {
    /// [`MAX_REDIRECTS`] were followed already.
    TooMany,
    /// `Location` is not a valid URL.
    InvalidLocation(UrlError),
    /// From `https` to plain `http`, which the host does not allow.
    Downgrade,
    /// The domain rules refuse the new URL.
    Refused(DomainRefusal),
}

impl fmt::Display for RedirectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedirectError::TooMany => write!(formatter, "more than {MAX_REDIRECTS} redirects"),
            RedirectError::InvalidLocation(reason) => write!(formatter, "invalid Location: {reason}"),
            RedirectError::Downgrade => {
                formatter.write_str("the server redirects from https to http, which allow_plain_http does not allow")
            }
            RedirectError::Refused(refusal) => write!(formatter, "redirect refused: {refusal}"),
        }
    }
}

impl std::error::Error for RedirectError {}

/// Decides by RFC 9110 §15.4. As in browsers, 301 and 302 turn a POST into a GET, but not a PUT, and a missing or empty
/// `Location` is not a redirect.
pub fn decide(
    answer: &Answer<'_>,
    api: Api,
    rules: &DomainRules,
    interfaces: Interfaces<'_>,
) -> Result<Decision, RedirectError> {
    let method = match answer.status {
        301 | 302 if answer.method == Method::Post => Method::Get,
        303 => Method::Get,
        301 | 302 | 307 | 308 => answer.method,
        _ => return Ok(Decision::Deliver),
    };
    let location = answer.location.unwrap_or_default().trim_ascii();
    if location.is_empty() {
        return Ok(Decision::Deliver);
    }
    if answer.followed >= MAX_REDIRECTS {
        return Err(RedirectError::TooMany);
    }
    let target = answer.target.join(&as_text(location)).map_err(RedirectError::InvalidLocation)?;
    if target.is_plain_http() && !answer.target.is_plain_http() && !rules.allow_plain_http {
        return Err(RedirectError::Downgrade);
    }
    let permission = rules.check(api, &target, interfaces).map_err(RedirectError::Refused)?;
    // A page may name a neighbour. A server on the internet must not, because it would reach into the user's network.
    if permission == Permission::Neighbour && !answer.target.has_address() {
        return Err(RedirectError::Refused(DomainRefusal::LanNotAllowed));
    }
    let same_origin = target.url().origin() == answer.target.url().origin();
    Ok(Decision::Follow(Hop { target, method, keep_body: method != Method::Get, same_origin }))
}

/// Servers send raw UTF-8. If it is not UTF-8, each byte above ASCII is percent-encoded, so that the server receives
/// the bytes that it sent.
fn as_text(location: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(location) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(location.len());
    for &byte in location {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
#[path = "redirect_tests.rs"]
mod tests;
