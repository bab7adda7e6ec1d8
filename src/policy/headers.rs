//! Builds the headers of a request from the session's own and the caller's.

use std::fmt;

use url::Url;

use crate::terms::{Header, Headers, is_one_of};

/// The default template. `docs/other-containers.md` lists those of other containers.
const WECHAT_REFERER: &str = "https://servicewechat.com/{appid}/{version}/page-frame.html";

/// The default user agent. Many servers reject a request without one.
const DEFAULT_USER_AGENT: &str = concat!("wxtransfer/", env!("CARGO_PKG_VERSION"));

/// Headers that only the library may set: they frame the message or belong to one connection (RFC 9110 §7.6.1). A
/// caller's value would break the body's length, the connection's reuse or the check of the host. All `Proxy-*` headers
/// are treated the same way.
const NEVER_THE_CALLERS: [&str; 9] =
    ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect"];

/// The maximum size of a caller's headers on the wire. Servers accept less. The layers below have limits of their own,
/// whose errors do not name the caller's mistake.
const MAX_SIZE: usize = 32 * 1024;

/// The maximum length of the Referer. It is part of every request's head, for which some servers accept only 4 KiB.
const MAX_REFERER: usize = 1024;

/// Headers that must not be sent to another origin.
const CREDENTIALS: [&str; 3] = ["Authorization", "Cookie", "Proxy-Authorization"];

/// Headers that describe a body and are meaningless without one (WHATWG Fetch, "request-body-header name").
const BODY_HEADERS: [&str; 4] = ["Content-Encoding", "Content-Language", "Content-Location", "Content-Type"];

/// The headers by which a session identifies itself in every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    referer: String,
    user_agent: String,
}

impl Identity {
    /// `app_version` is the mini program's; empty or `0` means the development version. `user_agent` is sent unless the
    /// caller of a transfer sets its own; empty means the library's name. `referer` is the template of the Referer,
    /// with `{appid}` and `{version}` as placeholders; empty means WeChat's.
    pub fn new(app_id: &str, app_version: &str, user_agent: &str, referer: &str) -> Result<Identity, IdentityError> {
        let app_version = if app_version.is_empty() { "0" } else { app_version };
        if !is_kept_segment(app_id) {
            return Err(IdentityError::AppId);
        }
        if !is_kept_segment(app_version) {
            return Err(IdentityError::AppVersion);
        }
        if !is_value(user_agent) {
            return Err(IdentityError::UserAgent);
        }
        let user_agent = match trim(user_agent) {
            "" => DEFAULT_USER_AGENT,
            user_agent => user_agent,
        };
        let template = if referer.is_empty() { WECHAT_REFERER } else { referer };
        // Neither value contains braces, so the first replacement cannot create a placeholder for the second.
        let referer = template.replace("{appid}", app_id).replace("{version}", app_version);
        if !is_referer(&referer) {
            return Err(IdentityError::Referer);
        }
        Ok(Identity { referer, user_agent: user_agent.to_owned() })
    }

    /// The Referer of every request.
    pub fn referer(&self) -> &str {
        &self.referer
    }
}

/// Why a session's identity is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// The app id is empty, `.` or `..`, or has characters other than letters, digits and `-._~`.
    AppId,
    /// The version is `.` or `..`, or has characters other than letters, digits and `-._~`.
    AppVersion,
    /// The user agent has a control character.
    UserAgent,
    /// The Referer is not an `https` or `http` URL with a host, has user-info, a fragment, characters that are invalid
    /// in a URL or unknown placeholders, or is longer than 1,024 bytes.
    Referer,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            IdentityError::AppId => "app_id is empty, . or .., or has other characters than letters, digits and -._~",
            IdentityError::AppVersion => {
                "app_version is . or .., or has other characters than letters, digits and -._~"
            }
            IdentityError::UserAgent => "user_agent has a control character",
            IdentityError::Referer => {
                "referer is not an https or http URL of at most 1,024 bytes with a host and without user-info and fragment, or has a placeholder other than {appid} and {version}"
            }
        })
    }
}

impl std::error::Error for IdentityError {}

/// The headers of a call's first request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeaders {
    /// Validated names and values in the order of sending.
    pub list: Headers,
    /// The names of the caller's headers that are not sent, for the log. Unsuitable characters are escaped.
    pub dropped: Vec<String>,
}

/// Builds a request's headers: the library's first, then the caller's in their order and spelling, which old appliances
/// require. `content_type` is that of an upload's body; if present, it replaces the caller's, which cannot know the
/// boundary. A caller's `User-Agent` and `Accept` replace the library's, at the caller's position.
///
/// With `ignore_callers` (old iOS clients) none of the caller's headers is sent or validated, because an invalid one
/// did not fail a call there. Otherwise the first invalid one is the error, even if it would be dropped.
pub fn build(
    callers: &[(String, String)],
    identity: &Identity,
    content_type: Option<&str>,
    ignore_callers: bool,
) -> Result<RequestHeaders, HeaderError> {
    if !ignore_callers {
        callers.iter().try_for_each(|(name, value)| validate(name, value))?;
        // Including the colon, the space and the line end.
        let size = |(name, value): &(String, String)| name.len() + value.len() + 4;
        if callers.iter().map(size).sum::<usize>() > MAX_SIZE {
            let largest = callers.iter().max_by_key(|&header| size(header));
            return Err(HeaderError::TooLarge { name: largest.map(|(name, _)| name.clone()).unwrap_or_default() });
        }
    }
    let is_dropped = |name: &str| {
        ignore_callers
            || is_one_of(name, &NEVER_THE_CALLERS)
            || is_one_of(name, &["Referer"])
            || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("Proxy-"))
            || (content_type.is_some() && is_one_of(name, &["Content-Type"]))
    };
    let (dropped, sent): (Vec<_>, Vec<_>) = callers.iter().partition(|(name, _)| is_dropped(name));

    let ours = [
        ("User-Agent", Some(identity.user_agent.as_str())),
        ("Accept", Some("*/*")),
        ("Referer", Some(identity.referer.as_str())),
        ("Content-Type", content_type),
    ];
    let is_sent = |name: &str| sent.iter().any(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
    let ours = ours.into_iter().filter_map(|(name, value)| Some((name, value.filter(|_| !is_sent(name))?)));
    let fields = ours.chain(sent.iter().map(|(name, value)| (name.as_str(), trim(value))));
    let mut list = Headers::with_capacity(fields.clone().map(|(name, value)| name.len() + value.len()).sum());
    fields.for_each(|(name, value)| list.add(name, value));
    let dropped = dropped.into_iter().map(|(name, _)| name.escape_debug().to_string()).collect();
    Ok(RequestHeaders { list, dropped })
}

/// Removes headers that a redirected request must not contain: credentials for another origin, and descriptions of a
/// body that is not sent. Applied to the headers of the previous hop, so that a removed header stays removed.
pub fn prepare_for_redirect(list: &mut Headers, same_origin: bool, keep_body: bool) {
    list.retain(|Header { name, .. }| {
        (same_origin || !is_one_of(name, &CREDENTIALS)) && (keep_body || !is_one_of(name, &BODY_HEADERS))
    });
}

/// A caller's header that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The name is not a token (RFC 9110 §5.6.2).
    Name {
        /// The name, as specified.
        name: String,
    },
    /// The value contains a control character (RFC 9110 §5.5).
    Value {
        /// The name of the header.
        name: String,
    },
    /// All headers together exceed 32 KiB.
    TooLarge {
        /// The name of the largest one.
        name: String,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Name { name } => {
                write!(
                    formatter,
                    "the header name {name:?} is empty or has a character that header names must not contain"
                )
            }
            HeaderError::Value { name } => write!(formatter, "the value of header {name} has a control character"),
            HeaderError::TooLarge { .. } => formatter.write_str("the headers together exceed 32 KiB"),
        }
    }
}

impl std::error::Error for HeaderError {}

fn validate(name: &str, value: &str) -> Result<(), HeaderError> {
    if !is_token(name) {
        return Err(HeaderError::Name { name: name.to_owned() });
    }
    if !is_value(value) {
        return Err(HeaderError::Value { name: name.to_owned() });
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Whether a text can be a field's value (RFC 9110 §5.5): it contains no control character except tabs. Text beyond
/// ASCII is `obs-text` and is sent as UTF-8.
pub fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control())
}

/// Whether every URL parser keeps `text` as one segment of a path: it has only characters that are never encoded (RFC
/// 3986 §2.3), and is not a segment that is removed (§5.2.4), such as `..`.
fn is_kept_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// RFC 9110 §10.1.3: a URL without user-info and fragment. It is sent unchanged, so a stricter parser than that of the
/// URL standard must find a host after the slashes, too.
fn is_referer(text: &str) -> bool {
    let is_of_urls = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    text.len() <= MAX_REFERER
        && text.bytes().all(is_of_urls)
        && !authority.is_empty()
        && !authority.contains('@')
        && Url::parse(text).is_ok()
}

/// White space around a value is not part of it (RFC 9110 §5.5).
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
