//! Decides whether and how to request the rest of a body (RFC 9110 sections 13.1.5 and 14, RFC 9111 section 3.4).

use std::time::Duration;

use crate::terms::{Header, Headers, is_one_of};

/// Whether a download that breaks off continues where it stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resume {
    /// It fails, or starts from the beginning if the rules allow another attempt.
    #[default]
    Off,
    /// It continues in another attempt of the same task, before the task's deadline.
    WithinTask,
    /// Also in a later call with the same URL, headers and `filePath`, in this or a later session, also after a crash.
    AcrossLaunches,
}

/// The minimum age of a `Last-Modified` relative to the answer. Two changes within one second have the same date, and
/// the clocks of a server's parts may differ (RFC 9110 section 8.8.2.2).
const SETTLED: Duration = Duration::from_secs(60);

/// The headers that describe the whole body.
const DESCRIPTIONS: [&str; 6] = [
    "Content-Type",
    "Content-Disposition",
    "Content-MD5",
    "Repr-Digest",
    "x-cos-hash-crc64ecma",
    "x-oss-hash-crc64ecma",
];

/// What all parts of one body share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Representation {
    /// Identifies the URL of the answer, after redirects. A validator says nothing about another resource (RFC 9110
    /// section 8.8.1).
    pub resource: String,
    /// A strong `ETag` with its quotation marks, or a `Last-Modified` that counts as strong.
    pub validator: String,
    /// The size of the whole body in bytes. Not 0.
    pub total: u64,
    /// The first answer's description of the whole body: type, name, digests. Later answers need not repeat it.
    pub described: Headers,
}

/// The kind of answer to a request for the rest of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestAnswer {
    /// The rest.
    Rest,
    /// Another complete answer: another version, or an error.
    Other,
    /// Neither. The request must be repeated without a range.
    Unusable,
}

/// Whether the headers of a request let the library choose the range.
pub fn leaves_range_to_us(headers: &Headers) -> bool {
    let decides = |name: &str| {
        name.eq_ignore_ascii_case("Range") || name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("If-"))
    };
    !headers.iter().any(|header| decides(header.name))
}

/// The representation of an answer's body, if its rest can be requested after an interruption. `length` is the body's
/// size, or `None` if it is coded or of unknown size.
pub fn representation(status: u16, headers: &Headers, length: Option<u64>, resource: String) -> Option<Representation> {
    let total = length.filter(|length| *length > 0)?;
    if status != 200 || is_coded(headers) {
        return None;
    }
    let described = headers.iter().filter(is_description).collect();
    Some(Representation { resource, validator: strong_validator(headers)?, total, described })
}

/// The headers of the request for everything after the first `length` bytes.
pub fn rest_headers(headers: &Headers, length: u64, representation: &Representation) -> Headers {
    let mut list = headers.clone();
    list.retain(|header| !header.name.eq_ignore_ascii_case("Accept-Encoding"));
    list.add("Accept-Encoding", "identity");
    list.add("Range", &format!("bytes={length}-"));
    list.add("If-Range", &representation.validator);
    list
}

/// Classifies the answer to such a request. `rest` is its body's size, as for [`representation`].
pub fn judge(
    status: u16,
    headers: &Headers,
    rest: Option<u64>,
    length: u64,
    representation: &Representation,
) -> RestAnswer {
    let Representation { validator, total, .. } = representation;
    match status {
        206 => {}
        416 => return RestAnswer::Unusable,
        _ => return RestAnswer::Other,
    }
    let name = if validator.starts_with('"') { "ETag" } else { "Last-Modified" };
    let is_same = headers.values(name).map(trim).eq([validator.as_str()]);
    let is_rest = headers.values("Content-Range").map(content_range).eq([Some((length, total - 1, *total))]);
    let fits = is_same && is_rest && !is_coded(headers) && rest == Some(total - length);
    if fits { RestAnswer::Rest } else { RestAnswer::Unusable }
}

/// Converts the head of an answer with the rest into that of an answer with the whole body (RFC 9111 section 3.4).
pub fn as_whole(headers: &Headers, representation: &Representation) -> Headers {
    let mut whole = Headers::default();
    let length = representation.total.to_string();
    for Header { name, value } in headers.iter().filter(|header| !is_of_part(header)) {
        whole.add(name, if name.eq_ignore_ascii_case("Content-Length") { &length } else { value });
    }
    // Before any is added: the first answer may have several headers with one name.
    let missing: Vec<_> = representation.described.iter().filter(|header| whole.value(header.name).is_none()).collect();
    for Header { name, value } in missing {
        whole.add(name, value);
    }
    whole
}

fn is_description(header: &Header<'_>) -> bool {
    is_one_of(header.name, &DESCRIPTIONS)
}

/// Whether a header describes only the rest. `Content-MD5` (RFC 2616 section 14.15) and `Content-Digest` (RFC 9530
/// section 2) are those of the bytes sent with them.
fn is_of_part(header: &Header<'_>) -> bool {
    is_one_of(header.name, &["Content-Range", "Content-MD5", "Content-Digest"])
}

fn is_coded(headers: &Headers) -> bool {
    headers.values("Content-Encoding").any(|value| !trim(value).eq_ignore_ascii_case("identity"))
}

/// The only `ETag`, if it is strong; without any `ETag`, the only `Last-Modified`, if it is old enough.
fn strong_validator(headers: &Headers) -> Option<String> {
    let mut tags = headers.values("ETag").map(trim);
    if let Some(tag) = tags.next() {
        return (tags.next().is_none() && is_strong_tag(tag)).then(|| tag.to_owned());
    }
    let mut dates = headers.values("Last-Modified").map(trim);
    let modified = dates.next().filter(|_| dates.next().is_none())?;
    let date = |value| httpdate::parse_http_date(value).ok();
    let age = date(headers.value("Date")?)?.duration_since(date(modified)?).ok()?;
    (age >= SETTLED).then(|| modified.to_owned())
}

/// `"…"` (RFC 9110 section 8.8.3), not `W/"…"`. Only ASCII, because other bytes could not be sent back unchanged.
fn is_strong_tag(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

/// First and last byte, and the total size, of `bytes 5-9/10`.
fn content_range(value: &str) -> Option<(u64, u64, u64)> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (unit, range) = trim(value).split_once(' ')?;
    let (part, total) = range.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    unit.eq_ignore_ascii_case("bytes").then_some((number(first)?, number(last)?, number(total)?))
}

fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

#[cfg(test)]
#[path = "resume_tests.rs"]
mod tests;
