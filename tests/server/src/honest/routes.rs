//! The server's responses.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED,
    LOCATION, SET_COOKIE, VARY,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::answer::{Answer, AnswerBody};
use super::head_tap::Heads;
use super::range::{Selection, entity_tag, last_modified, select};
use super::record::{ConnectionInfo, ReceivedRequest, Record};
use super::upload::read_body;
use crate::client_identity::ClientKey;
use crate::identity::Authority;
use crate::pattern::pattern_sha256;

/// The limit of a slow response whose client does not end it.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// Answers the requests of one connection.
pub(super) struct Routes {
    connection: ConnectionInfo,
    heads: Heads,
    record: Arc<Record>,
}

impl Routes {
    pub(super) fn new(connection: ConnectionInfo, heads: Heads, record: Arc<Record>) -> Routes {
        Routes { connection, heads, record }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let mut received = ReceivedRequest {
            connection: self.connection.number,
            peer: self.connection.peer,
            tls: self.connection.tls.clone(),
            method: head.method.to_string(),
            target: head.uri.to_string(),
            headers: self.heads.next().unwrap_or_else(|| normalised(&head.headers)),
            body: Default::default(),
        };
        let index = self.record.add(received.clone());
        let uploads = head.uri.path() == "/upload";
        let boundary = received.header("content-type").and_then(|value| multer::parse_boundary(value).ok());
        let is_raw = head.uri.path() == "/raw";
        let body = read_body(body, boundary.filter(|_| uploads), is_raw).await;
        self.record.set_body(index, body.clone());
        received.body = body;
        Ok(route(&head, &received).await)
    }
}

/// The headers from hyper, if the tap cannot provide them.
fn normalised(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

async fn route(head: &Parts, received: &ReceivedRequest) -> Response<AnswerBody> {
    let query: HashMap<String, String> =
        form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<u64>().ok());
    let milliseconds = || Duration::from_millis(number("ms").unwrap_or(0)).min(LONGEST_DELAY);
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    let answer = match path[..] {
        ["upload"] if head.method == hyper::Method::POST => Some(upload(received)),
        ["raw"] => Some(raw(received)),
        ["sign", key, scheme] => sign(key, scheme, received),
        ["bytes", length] => length.parse().ok().map(|length| bytes(head, &query, length)),
        ["headers"] => Some(json_answer(StatusCode::OK, &request_as_json(received))),
        ["redirect", code] => status(code).map(|status| redirect(status, &query, number("n").unwrap_or(1))),
        ["status", code] => status(code).map(|status| text_answer(status, &format!("status {code}\n"))),
        ["text"] => text(&query),
        ["cookies"] => Some(cookies()),
        ["slow"] => {
            tokio::time::sleep(milliseconds()).await;
            Some(text_answer(StatusCode::OK, "slow\n"))
        }
        ["drip"] => {
            let mut answer = Response::new(AnswerBody::drip(number("n").unwrap_or(10), milliseconds()));
            set(&mut answer, CONTENT_TYPE, "application/octet-stream");
            Some(answer)
        }
        _ => None,
    };
    answer.unwrap_or_else(|| text_answer(StatusCode::NOT_FOUND, "no such route\n"))
}

fn upload(received: &ReceivedRequest) -> Response<AnswerBody> {
    let body = &received.body;
    if body.error.is_some() || body.parts.is_empty() {
        let error = body.error.as_deref().unwrap_or("no multipart body");
        return json_answer(StatusCode::BAD_REQUEST, &json!({ "error": error }));
    }
    let files: Vec<Value> = body
        .files()
        .iter()
        .map(|file| {
            json!({
                "name": file.name,
                "filename": file.filename,
                "content_type": file.content_type,
                "length": file.length,
                "sha256": HEXLOWER.encode(&file.sha256),
            })
        })
        .collect();
    let mut answer = request_as_json(received);
    answer["parts"] = body.parts.iter().map(|part| part.name.as_str()).collect();
    answer["fields"] = json!(body.fields());
    answer["files"] = files.into();
    answer["content_length"] = body.length.into();
    json_answer(StatusCode::OK, &answer)
}

/// `None` for a key or a scheme that there is not.
fn sign(key: &str, scheme: &str, received: &ReceivedRequest) -> Option<Response<AnswerBody>> {
    let which = ClientKey::ALL.into_iter().find(|which| which.name() == key)?;
    let message = received.body.bytes.as_deref()?;
    let signature = Authority::shared().client(which).sign(scheme.parse().ok()?, message)?;
    Some(Response::new(AnswerBody::Full(signature.into())))
}

/// Reports a raw body, as an object store would receive it.
fn raw(received: &ReceivedRequest) -> Response<AnswerBody> {
    let mut answer = request_as_json(received);
    answer["length"] = received.body.length.into();
    answer["sha256"] = received.body.sha256.map(|sha256| HEXLOWER.encode(&sha256)).into();
    json_answer(StatusCode::OK, &answer)
}

fn bytes(head: &Parts, query: &HashMap<String, String>, length: u64) -> Response<AnswerBody> {
    let asked = |name: &str| query.get(name).is_some_and(|value| value == "1");
    // A compressed body is another representation, whose ranges would count compressed bytes.
    let selection = if asked("gzip") { Selection::Whole } else { select(&head.headers, length) };
    let chunked = asked("chunked");
    let mut answer = match selection {
        Selection::Unsatisfiable => {
            let mut answer = text_answer(StatusCode::RANGE_NOT_SATISFIABLE, "");
            set(&mut answer, CONTENT_RANGE, &format!("bytes */{length}"));
            return answer;
        }
        Selection::Part(offset, end) => {
            let mut answer = Response::new(AnswerBody::Pattern { offset, end, chunked });
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(&mut answer, CONTENT_RANGE, &format!("bytes {offset}-{}/{length}", end - 1));
            answer
        }
        Selection::Whole if asked("gzip") => {
            let mut answer = Response::new(AnswerBody::gzip(length));
            set(&mut answer, CONTENT_ENCODING, "gzip");
            answer
        }
        Selection::Whole => Response::new(AnswerBody::Pattern { offset: 0, end: length, chunked }),
    };
    let content_type = query.get("type").map_or("application/octet-stream", String::as_str);
    set(&mut answer, CONTENT_TYPE, content_type);
    if !asked("gzip") {
        set(&mut answer, ACCEPT_RANGES, "bytes");
        set(&mut answer, ETAG, &entity_tag(length));
        set(&mut answer, LAST_MODIFIED, &last_modified());
    }
    if let Some(digest) = query.get("digest") {
        let of = if digest == "1" { length } else { length + 1 };
        let digest = BASE64.encode(&pattern_sha256(of));
        set(&mut answer, HeaderName::from_static("repr-digest"), &format!("sha-256=:{digest}:"));
    }
    answer
}

fn redirect(status: StatusCode, query: &HashMap<String, String>, left: u64) -> Response<AnswerBody> {
    let to = query.get("to").map_or("/headers", String::as_str);
    let location = if left > 1 {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("to", to)
            .append_pair("n", &(left - 1).to_string())
            .finish();
        format!("/redirect/{}?{query}", status.as_u16())
    } else {
        to.to_owned()
    };
    let mut answer = text_answer(status, "elsewhere\n");
    set(&mut answer, LOCATION, &location);
    answer
}

fn text(query: &HashMap<String, String>) -> Option<Response<AnswerBody>> {
    let charset = query.get("charset").map(String::as_str);
    let mut body =
        if query.get("bom").is_some_and(|value| value == "1") { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    body.extend_from_slice(match charset {
        None | Some("utf-8") => "你好，世界".as_bytes(),
        Some("gbk") => b"\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7",
        Some("utf-16le") => b"\x60\x4f\x7d\x59\x0c\xff\x16\x4e\x4c\x75",
        Some("iso-8859-1") => b"caf\xe9",
        Some("invalid") => b"before\xffafter",
        Some(_) => return None,
    });
    let content_type = match charset {
        None => "text/plain".to_owned(),
        Some("invalid") => "text/plain; charset=utf-8".to_owned(),
        Some(charset) => format!("text/plain; charset={charset}"),
    };
    let mut answer = Response::new(AnswerBody::Full(body.into()));
    set(&mut answer, CONTENT_TYPE, &content_type);
    Some(answer)
}

/// Response headers that occur more than once.
fn cookies() -> Response<AnswerBody> {
    let mut answer = text_answer(StatusCode::OK, "cookies\n");
    for (name, value) in [(SET_COOKIE, "a=1; Path=/"), (VARY, "Accept"), (SET_COOKIE, "b=2, 3"), (VARY, "Origin")] {
        answer.headers_mut().append(name, HeaderValue::from_static(value));
    }
    answer
}

fn request_as_json(received: &ReceivedRequest) -> Value {
    json!({ "method": received.method, "target": received.target, "headers": received.headers })
}

fn json_answer(status: StatusCode, value: &Value) -> Response<AnswerBody> {
    let mut answer = text_answer(status, &value.to_string());
    set(&mut answer, CONTENT_TYPE, "application/json");
    answer
}

fn text_answer(status: StatusCode, text: &str) -> Response<AnswerBody> {
    let mut answer = Response::new(text.to_owned().into());
    *answer.status_mut() = status;
    set(&mut answer, CONTENT_TYPE, "text/plain; charset=utf-8");
    answer
}

/// A final status; hyper writes interim ones itself.
fn status(code: &str) -> Option<StatusCode> {
    StatusCode::from_bytes(code.as_bytes()).ok().filter(|status| !status.is_informational())
}

/// Sets a header; omits a value from the query that is not a valid header value.
fn set(answer: &mut Response<AnswerBody>, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
}
