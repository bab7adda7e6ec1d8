//! Entry points for the targets in `fuzz/`: the parsers of input from pages and servers. Not part of the interface.

use std::io::{Cursor, Read};
use std::sync::Arc;

use crate::http::{Answering, BodyFraming, Decoder, Deframer, Framed, HeadReader, codings_of, is_plausible};
use crate::policy::domains::{DomainList, DomainRules};
use crate::policy::headers::{self, Identity};
use crate::policy::quirks::{Platform, Quirks, Version};
use crate::policy::redirect::{self, Answer, Decision};
use crate::policy::{content_disposition, extension, url};
use crate::storage::{self, ParsedPath, PathScheme};
use crate::terms::{Api, Headers, Method};
use crate::transfer::{FilePart, content_type, form, random_boundary};
use crate::worker::{StopSignal, Worker};

/// An accepted `wxfile://` path.
#[derive(Debug, PartialEq, Eq)]
pub enum Path {
    /// A name in the launch's directory.
    Temporary(String),
    /// A name in the store.
    Stored(String),
    /// Components below the user directory.
    User(Vec<String>),
}

/// Parses a `wxfile://` path. `None` if it is rejected.
pub fn path(text: &str) -> Option<Path> {
    Some(match storage::parse_path(&PathScheme::default(), text).ok()? {
        ParsedPath::Temporary(name) => Path::Temporary(name),
        ParsedPath::Stored(name) => Path::Stored(name),
        ParsedPath::User(names) => Path::User(names),
    })
}

/// Parses a page's URL: its normalised form, and the port that it specifies.
pub fn url(text: &str) -> Option<(String, Option<u16>)> {
    let target = url::parse(text).ok()?;
    Some((target.url().to_string(), target.explicit_port()))
}

/// Whether a session with the download domains `domains` may request `url`. `None` if the list or the URL is rejected.
pub fn domains(domains: &[&str], allow_plain_http: bool, url: &str) -> Option<bool> {
    let download = DomainList::parse(domains, allow_plain_http).ok()?;
    let target = url::parse(url).ok()?;
    let rules = DomainRules { download, allow_plain_http, ..DomainRules::default() };
    Some(rules.check(Api::Download, &target, &|| Ok(Vec::new())).is_ok())
}

/// The names of the quirks of uploads and of downloads. `None` if a version is rejected.
pub fn quirks(platform: u8, client: &str, base_library: Option<&str>) -> Option<[Vec<&'static str>; 2]> {
    let platform = match platform % 4 {
        0 => Platform::Ios,
        1 => Platform::Android,
        2 => Platform::Ohos,
        _ => Platform::Other,
    };
    let base_library = base_library.map(Version::parse).transpose().ok()?;
    let quirks = Quirks::new(platform, &Version::parse(client).ok()?, base_library.as_ref());
    Some([Api::Upload, Api::Download].map(|api| quirks.rules(api).names()))
}

/// A redirect that is followed.
#[derive(Debug)]
pub struct RedirectHop {
    /// The new URL.
    pub url: String,
    /// Whether the body is sent there.
    pub keep_body: bool,
    /// Whether credentials are sent there.
    pub same_origin: bool,
}

/// Decides about a 307 answer to an upload to `url`, with `domains` as the upload domains. `None` if the redirect is
/// not followed or an argument is rejected.
pub fn redirect(url: &str, location: &[u8], domains: &[&str], allow_plain_http: bool) -> Option<RedirectHop> {
    let target = url::parse(url).ok()?;
    let answer = Answer { target: &target, method: Method::Post, followed: 0, status: 307, location: Some(location) };
    let rules =
        DomainRules { upload: DomainList::parse(domains, true).ok()?, allow_plain_http, ..DomainRules::default() };
    match redirect::decide(&answer, Api::Upload, &rules, &|| Ok(Vec::new())).ok()? {
        Decision::Deliver => None,
        Decision::Follow(hop) => Some(RedirectHop {
            url: hop.target.url().to_string(),
            keep_body: hop.keep_body,
            same_origin: hop.same_origin,
        }),
    }
}

/// The headers of a request. `None` if one of the caller's is rejected.
pub fn headers(callers: &[(String, String)], content_type: Option<&str>) -> Option<Vec<(String, String)>> {
    let identity = Identity::new("wx", "1", "agent", "").ok()?;
    headers::build(callers, &identity, content_type, false).ok().map(|built| pairs(&built.list))
}

/// The extension of a download.
pub fn extension(content_type: Option<&str>, url_path: &str, content_disposition: Option<&str>) -> Option<String> {
    extension::of_download(content_type, url_path, content_disposition)
}

/// The file names of a `Content-Disposition`, the preferred one first.
pub fn file_names(content_disposition: &str) -> Vec<String> {
    content_disposition::file_names(content_disposition).collect()
}

/// The body of an upload: its `Content-Type`, its announced length and its bytes.
pub fn multipart(
    fields: &[(String, String)],
    name: &str,
    file_name: &str,
    content: &[u8],
) -> Option<(String, u64, Vec<u8>)> {
    let file = FilePart {
        name: name.to_owned(),
        file_name: file_name.to_owned(),
        media_type: None,
        content: Cursor::new(content),
        size: content.len() as u64,
    };
    let boundary = random_boundary().ok()?;
    let mut body = form(&Worker::for_call(Arc::default()), &boundary, fields, [file]).ok()?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 37];
    loop {
        match body.read(&mut buffer).ok()? {
            0 => break,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    Some((content_type(&boundary), body.length(), bytes))
}

fn pairs(headers: &Headers) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_owned())).collect()
}

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub enum ResponseHead {
    /// Malformed. More input cannot make it a head.
    Malformed,
    /// Incomplete.
    Partial,
    /// The status, the headers and the size.
    Complete(u16, Vec<(String, String)>, usize),
}

/// Parses a response's head that arrives in parts of `piece` bytes. As in a connection, one reader gets everything that
/// has arrived so far. Also returns whether the beginning of `input` looks like a head.
pub fn response_head(input: &[u8], piece: usize) -> (ResponseHead, bool) {
    let mut reader = HeadReader::default();
    let mut arrived = 0;
    let head = loop {
        arrived = input.len().min(piece.max(1).saturating_add(arrived));
        match reader.read(&input[..arrived], Answering::Request) {
            Err(_) => break ResponseHead::Malformed,
            Ok(Some((head, size))) => break ResponseHead::Complete(head.status, pairs(&head.headers), size),
            Ok(None) if arrived == input.len() => break ResponseHead::Partial,
            Ok(None) => {}
        }
    };
    (head, is_plausible(input))
}

/// The body of a response in its framing.
#[derive(Debug, PartialEq, Eq)]
pub enum ChunkedBody {
    /// Malformed framing, with the body before it.
    Malformed(Vec<u8>),
    /// Incomplete.
    Partial(Vec<u8>),
    /// The whole body, and the number of consumed input bytes.
    Complete(Vec<u8>, usize),
}

/// Parses a chunked body in parts of `piece` bytes.
pub fn chunked_body(input: &[u8], piece: usize) -> ChunkedBody {
    let mut deframer = Deframer::new(BodyFraming::Chunked, None);
    let (mut body, mut taken, mut arrived) = (Vec::new(), 0, 0);
    loop {
        match deframer.next(&input[taken..arrived]) {
            Err(_) => return ChunkedBody::Malformed(body),
            Ok(Framed::End) => return ChunkedBody::Complete(body, taken),
            Ok(Framed::Framing(size)) => taken += size,
            Ok(Framed::Body(size)) if taken < arrived => {
                let size = (arrived - taken).min(usize::try_from(size).unwrap_or(usize::MAX));
                body.extend_from_slice(&input[taken..taken + size]);
                taken += size;
                deframer.consumed(size as u64);
            }
            Ok(Framed::Body(_) | Framed::More) if arrived == input.len() => return ChunkedBody::Partial(body),
            Ok(Framed::Body(_) | Framed::More) => arrived = input.len().min(piece.max(1).saturating_add(arrived)),
        }
    }
}

/// A body after its content codings are decoded.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodedBody {
    /// The whole body.
    Whole(Vec<u8>),
    /// Malformed codings.
    Malformed,
    /// More than the limit: the body up to there.
    TooLong(Vec<u8>),
}

/// Decodes a body that arrives in parts of `piece` bytes, up to about `limit` bytes.
pub fn decoded_body(content_encoding: &str, input: &[u8], piece: usize, limit: usize) -> DecodedBody {
    let mut headers = Headers::default();
    headers.add("Content-Encoding", content_encoding);
    let Ok(codings) = codings_of(&headers) else { return DecodedBody::Malformed };
    let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
    let mut decoder = Decoder::new(codings, Pieces { rest: input, size: piece.max(1) }, worker);
    let (mut body, mut buffer) = (Vec::new(), [0; 8 * 1024]);
    while body.len() <= limit {
        match decoder.read(&mut buffer) {
            Ok(0) => return DecodedBody::Whole(body),
            Ok(size) => body.extend_from_slice(&buffer[..size]),
            Err(_) => return DecodedBody::Malformed,
        }
    }
    DecodedBody::TooLong(body)
}

/// Returns at most `size` bytes at once.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.size.min(buffer.len());
        self.rest.read(&mut buffer[..size])
    }
}
