//! A downloaded file appears only if it matches the host's expectations and the server's declared digest.

// A logger is a C function.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, SHA512, digest};
use support::{Ended, Session};
use wxtransfer::ffi::error::*;
use wxtransfer::ffi::options::WxtLogger;
use wxtransfer::ffi::request::WxtDownloadRequest;
use wxtransfer::ffi::string::{WxtPair, WxtStr};
use wxtransfer_test_server::{FaultServer, Options, Script, Server, Step, Transport, response_head};

const BODY: &[u8] = b"123456789";
/// From `sha256sum`.
const BODY_SHA256: &str = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225";
/// RFC 1321 A.5 has the MD5 of `abc`.
const ABC_MD5: &str = "kAFQmDzST7DWlj99KOF/cg==";
/// The catalogue's check value of CRC-64/XZ, in decimal.
const BODY_CRC64: &str = "11051210869376104954";
const OTHER_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn sha256_field(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", base64(digest(&SHA256, bytes).as_ref()))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("it is compressed");
    encoder.finish().expect("it is compressed")
}

/// Downloads one answer from a separate server. Checks that a failure leaves no file.
fn download(script: Script, change: impl FnOnce(&mut WxtDownloadRequest)) -> Ended {
    let server = FaultServer::start(Transport::TLS, vec![script]);
    let session = Session::open();
    let ended = session.download_with(&server.url("/file"), change).end();
    if ended.result.is_err() {
        assert!(session.files_besides(&[]).is_empty(), "a failure leaves no file");
    }
    ended
}

fn answer(headers: &[(&str, &str)]) -> Script {
    Script::answer(200, headers, BODY)
}

fn assert_mismatch(ended: &Ended, what: &str) {
    let failure = ended.failure();
    assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_NETWORK, WXT_CATEGORY_INTEGRITY), "{failure:?}");
    assert!(failure.retryable, "{failure:?}");
    assert_eq!(failure.detail, what);
    assert_eq!(failure.err_msg, format!("downloadFile:fail {what}"));
}

#[test]
fn no_digest_is_computed_or_checked_by_default() {
    let wrong = sha256_field(b"something else");
    let ended = download(answer(&[("Repr-Digest", &wrong), ("Content-MD5", ABC_MD5)]), |_| {});
    assert_eq!((ended.success().data_length, &ended.success().sha256), (9, &None));
}

#[test]
fn sha256_is_returned_on_request() {
    for expected in [None, Some(BODY_SHA256.to_owned()), Some(BODY_SHA256.to_uppercase())] {
        let ended = download(answer(&[]), |request| match &expected {
            Some(expected) => request.expected_sha256 = WxtStr::new(expected),
            None => request.want_sha256 = 1,
        });
        assert_eq!(ended.success().sha256.as_deref(), Some(BODY_SHA256), "{expected:?}");
    }
    let empty = download(Script::answer(200, &[], b""), |request| request.want_sha256 = 1);
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty.success().sha256.as_deref(), Some(of_nothing));
    let large = Server::start(Options::default());
    let session = Session::open();
    let ended = session.download_with(&large.https_url("/bytes/3000000"), |request| request.want_sha256 = 1).end();
    let expected: String =
        wxtransfer_test_server::pattern_sha256(3_000_000).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(ended.success().sha256.as_ref(), Some(&expected));
}

#[test]
fn wrong_sha256_leaves_no_file() {
    let expected = |request: &mut WxtDownloadRequest| request.expected_sha256 = WxtStr::new(OTHER_SHA256);
    assert_mismatch(&download(answer(&[]), expected), "the file has another SHA-256 than expected");
    assert_mismatch(&download(Script::answer(200, &[], b""), expected), "the file has another SHA-256 than expected");
    assert_mismatch(
        &download(Script::answer(404, &[], b"no such file"), expected),
        "the file has another SHA-256 than expected; it comes with the status 404",
    );
    assert_mismatch(
        &download(Script::new([Step::ReadHead, Step::Send(response_head(204, &[], None))]), expected),
        "the file has another SHA-256 than expected",
    );
}

/// The previous file stays unchanged.
#[test]
fn mismatch_leaves_the_existing_file() {
    let server = FaultServer::start(Transport::Plain, vec![Script::answer(200, &[], b"old"), answer(&[])]);
    let session = Session::open();
    let target = "wxfile://usr/a.bin";
    let download = |expected: Option<&str>| {
        let change = |request: &mut WxtDownloadRequest| {
            request.file_path = WxtStr::new(target);
            request.expected_sha256 = WxtStr::optional(expected);
        };
        session.download_with(&server.url("/"), change).end()
    };
    let native = download(None).success().native_path.clone().expect("a path");
    assert_mismatch(&download(Some(OTHER_SHA256)), "the file has another SHA-256 than expected");
    assert_eq!(std::fs::read(native).expect("the old file"), b"old");
}

/// With a content coding, the host's expectations apply to the file, not to the bytes on the wire.
#[test]
fn expectations_apply_to_the_decoded_file() {
    let coded = gzip(BODY);
    let script = || Script::answer(200, &[("Content-Encoding", "gzip")], &coded);
    let change = |request: &mut WxtDownloadRequest| {
        (request.expected_sha256, request.expected_length) = (WxtStr::new(BODY_SHA256), 9);
    };
    assert_eq!(download(script(), change).success().data_length, 9);
    let other = download(script(), |request| request.expected_length = coded.len() as u64);
    assert_mismatch(&other, &format!("the file has 9 bytes in place of {}", coded.len()));
}

#[test]
fn wrong_length_leaves_no_file() {
    let expecting = |length| move |request: &mut WxtDownloadRequest| request.expected_length = length;
    assert_eq!(download(answer(&[]), expecting(9)).success().data_length, 9);
    for length in [1, 8, 10, u64::MAX] {
        assert_mismatch(
            &download(answer(&[]), expecting(length)),
            &format!("the file has 9 bytes in place of {length}"),
        );
    }
    let chunked = |chunk: &[u8]| {
        let mut bytes = response_head(200, &[("Transfer-Encoding", "chunked")], None);
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        Script::new([Step::ReadHead, Step::Send(bytes)])
    };
    assert_eq!(download(chunked(BODY), expecting(9)).success().data_length, 9);
    assert_mismatch(&download(chunked(BODY), expecting(10)), "the file has 9 bytes in place of 10");
    assert_mismatch(&download(chunked(BODY), expecting(8)), "the file has more than 8 bytes");
    assert_mismatch(
        &download(Script::answer(503, &[], BODY), expecting(10)),
        "the file has 9 bytes in place of 10; it comes with the status 503",
    );
}

/// The server never sends the announced body.
#[test]
fn announced_length_is_checked_before_the_body() {
    let head = response_head(200, &[], Some(1_000_000));
    let script = Script::new([Step::ReadHead, Step::Send(head), Step::Stall]);
    let ended = download(script, |request| request.expected_length = 10);
    assert_mismatch(&ended, "the file has 1000000 bytes in place of 10");
}

#[test]
fn invalid_expected_sha256_fails_before_sending() {
    let server = FaultServer::start(Transport::Plain, vec![answer(&[])]);
    let session = Session::open();
    for bad in
        ["", "12", &BODY_SHA256[1..], &format!("{BODY_SHA256}0"), &BODY_SHA256.replace('5', "g"), &"é".repeat(64)]
    {
        let download = session.download_with(&server.url("/"), |request| request.expected_sha256 = WxtStr::new(bad));
        let ended = download.end();
        let failure = ended.failure();
        assert_eq!((failure.err_no, failure.category), (WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST), "{bad}");
        let message =
            "downloadFile:fail parameter error: parameter.expectedSha256 should be SHA-256 instead of String;";
        assert_eq!(failure.err_msg, message);
    }
    assert_eq!(server.connections(), 0);
}

fn verifying(request: &mut WxtDownloadRequest) {
    request.verify_digest = 1;
}

#[test]
fn declared_digest_of_the_server_is_checked() {
    let sha256 = sha256_field(BODY);
    let sha512 = |bytes: &[u8]| format!("sha-512=:{}:", base64(digest(&SHA512, bytes).as_ref()));
    let both = format!("{sha256}, {}", sha512(BODY));
    // The MD5 of the body, from `md5sum` and `base64`.
    let md5 = "JfnnlDI7RTiF9RgfG2JNCw==";
    for (field, right, wrong) in [
        ("Repr-Digest", sha256.as_str(), sha256_field(b"other").as_str()),
        ("repr-digest", &sha512(BODY), &sha512(b"other")),
        // The strongest digest counts, right or wrong, at any position.
        ("Repr-Digest", &both, &format!("{sha256}, {}", sha512(b"other"))),
        ("Repr-Digest", &format!("{}, {}", sha256_field(b"other"), sha512(BODY)), &sha512(b"")),
        ("Content-MD5", md5, ABC_MD5),
        ("x-cos-hash-crc64ecma", BODY_CRC64, "11051210869376104955"),
        ("x-oss-hash-crc64ecma", BODY_CRC64, "0"),
    ] {
        assert_eq!(download(answer(&[(field, right)]), verifying).success().data_length, 9, "{field}: {right}");
        assert_eq!(download(answer(&[(field, right)]), verifying).success().sha256, None);
        let ended = download(answer(&[(field, wrong)]), verifying);
        let failure = ended.failure();
        assert_eq!((failure.category, failure.retryable), (WXT_CATEGORY_INTEGRITY, true), "{field}: {wrong}");
        let detail = failure.detail.to_lowercase();
        assert_eq!(detail, format!("the file has another digest than {} says", field.to_lowercase()));
        assert!(!failure.detail.contains(wrong), "the detail contains no header value");
    }
    let weak_is_wrong = answer(&[("Repr-Digest", &sha256), ("Content-MD5", ABC_MD5), ("x-oss-hash-crc64ecma", "1")]);
    assert_eq!(download(weak_is_wrong, verifying).success().data_length, 9);
}

#[test]
fn an_empty_body_has_a_digest_too() {
    let empty = |headers: &[(&str, &str)]| Script::answer(200, headers, b"");
    let right = sha256_field(b"");
    assert_eq!(download(empty(&[("Repr-Digest", &right)]), verifying).success().data_length, 0);
    assert_eq!(download(empty(&[("x-cos-hash-crc64ecma", "0")]), verifying).success().data_length, 0);
    let wrong = download(empty(&[("Content-MD5", ABC_MD5)]), verifying);
    assert_mismatch(&wrong, "the file has another digest than Content-MD5 says");
}

/// RFC 9530 section 3: a representation includes its codings.
#[test]
fn declared_digest_covers_the_encoded_body() {
    let coded = gzip(BODY);
    for (of, is_right) in [(coded.as_slice(), true), (BODY, false)] {
        let digest = sha256_field(of);
        for framing in ["length", "chunked"] {
            let headers = [("Content-Encoding", "gzip"), ("Repr-Digest", digest.as_str())];
            let script = if framing == "length" {
                Script::answer(200, &headers, &coded)
            } else {
                let mut bytes = response_head(200, &[&headers[..], &[("Transfer-Encoding", "chunked")]].concat(), None);
                for piece in coded.chunks(7) {
                    bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                    bytes.extend_from_slice(piece);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
                Script::new([Step::ReadHead, Step::Send(bytes)])
            };
            // The host's own expectation applies to the file at the same time.
            let ended = download(script, |request| {
                (request.verify_digest, request.expected_sha256) = (1, WxtStr::new(BODY_SHA256));
            });
            assert_eq!(ended.result.is_ok(), is_right, "{framing}: {:?}", ended.result);
        }
    }
}

/// An unknown coding is not decoded, and is part of the representation.
#[test]
fn an_unknown_coding_is_part_of_the_representation() {
    let digest = sha256_field(BODY);
    let script = answer(&[("Content-Encoding", "aws-chunked"), ("Repr-Digest", &digest)]);
    assert_eq!(download(script, verifying).success().data_length, 9);
}

/// In other answers, the digest does not describe the body.
#[test]
fn only_the_body_of_a_200_is_checked() {
    let wrong = sha256_field(b"the whole");
    let headers = [("Repr-Digest", wrong.as_str()), ("Content-MD5", ABC_MD5), ("x-oss-hash-crc64ecma", "1")];
    for status in [201, 203, 206, 300, 404, 500] {
        let ended = download(Script::answer(status, &headers, BODY), verifying);
        assert_eq!(ended.success().status, i32::from(status));
    }
    for status in [204, 304] {
        let script = Script::new([Step::ReadHead, Step::Send(response_head(status, &headers, None))]);
        assert_eq!(download(script, verifying).success().data_length, 0, "{status}");
    }
    assert!(download(Script::answer(200, &headers, BODY), verifying).result.is_err());
    assert_eq!(download(answer(&[]), verifying).success().data_length, 9, "an answer without a digest is not checked");
}

/// The host's expectation applies to the stored file, even if it is a part of the whole.
#[test]
fn expected_sha256_of_a_range_request_covers_the_range() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let range = [WxtPair { name: WxtStr::new("Range"), value: WxtStr::new("bytes=0-999") }];
    let expected: String =
        wxtransfer_test_server::pattern_sha256(1000).iter().map(|byte| format!("{byte:02x}")).collect();
    let ended = session
        .download_with(&server.https_url("/bytes/100000"), |request| {
            (request.header, request.header_count) = (range.as_ptr(), 1);
            (request.expected_sha256, request.expected_length) = (WxtStr::new(&expected), 1000);
        })
        .end();
    assert_eq!((ended.success().status, ended.success().data_length), (206, 1000));
}

#[test]
fn a_malformed_digest_is_ignored_and_the_log_says_so() {
    use std::ffi::c_void;
    use std::sync::Mutex;
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    unsafe extern "C" fn log(_: *mut c_void, _: i32, message: WxtStr) {
        let bytes = unsafe { message.bytes("message") }.expect("a text").unwrap_or_default();
        LINES.lock().expect("the lines").push(String::from_utf8_lossy(bytes).into_owned());
    }
    let server = FaultServer::start(
        Transport::Plain,
        vec![
            answer(&[
                ("Repr-Digest", "sha-256=c2VjcmV0"),
                ("Content-MD5", "no secret"),
                ("x-oss-hash-crc64ecma", "one"),
            ]),
            answer(&[("Repr-Digest", "sha-256=c2VjcmV0"), ("Content-MD5", ABC_MD5)]),
        ],
    );
    let session =
        Session::open_with(|options| options.logger = WxtLogger { context: std::ptr::null_mut(), log: Some(log) });
    let download = || session.download_with(&server.url("/"), verifying).end();
    assert_eq!(download().success().data_length, 9);
    let lines = LINES.lock().expect("the lines").clone();
    for field in ["Repr-Digest", "Content-MD5", "x-oss-hash-crc64ecma"] {
        assert!(lines.contains(&format!("downloadFile: a malformed {field} is ignored")), "{lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("c2VjcmV0")), "{lines:?}");
    assert_mismatch(&download(), "the file has another digest than Content-MD5 says");
}

/// A server that encodes dynamically may send the digest of the unencoded content.
#[test]
fn identity_is_requested_unless_the_page_sets_accept_encoding() {
    let server = Server::start(Options::default());
    let session = Session::open();
    let page = [WxtPair { name: WxtStr::new("accept-encoding"), value: WxtStr::new("gzip") }];
    for (verify, header, expected) in [(0, &[][..], "gzip, deflate"), (1, &[], "identity"), (1, &page, "gzip")] {
        let ended = session
            .download_with(&server.https_url("/redirect/302?to=/bytes/10"), |request| {
                request.verify_digest = verify;
                (request.header, request.header_count) = (header.as_ptr(), header.len());
            })
            .end();
        assert_eq!(ended.success().status, 200);
        for request in server.requests().iter().rev().take(2) {
            let sent: Vec<_> =
                request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept-encoding")).collect();
            assert_eq!(sent.len(), 1, "{sent:?}");
            assert!(sent[0].1.starts_with(expected), "{sent:?}");
        }
    }
}
