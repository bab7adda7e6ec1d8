use std::io::{self, Cursor, Read, Seek};

use std::sync::Arc;

use super::*;
use crate::transfer::body::{BodyContent, FileSizeChanged};

fn worker() -> Worker {
    Worker::for_call(Arc::default())
}

fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn body_of(list: &[(&str, &str)], name: &str, file_name: &str, content: &[u8], size: u64) -> Body<Cursor<Vec<u8>>> {
    form(&worker(), "BOUNDARY", &fields(list), [part(name, file_name, Cursor::new(content.to_vec()), size)]).unwrap()
}

fn part<R>(name: &str, file_name: &str, content: R, size: u64) -> FilePart<R> {
    FilePart { name: name.to_owned(), file_name: file_name.to_owned(), media_type: None, content, size }
}

/// Reads to the end or the first error, with at most `step` bytes at a time.
fn read_all<R: BodyContent>(body: &mut Body<R>, step: usize) -> (Vec<u8>, io::Result<()>) {
    let mut all = Vec::new();
    let mut buffer = vec![0; step];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return (all, Ok(())),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) => return (all, Err(error)),
        }
    }
}

/// The form of RFC 7578 §4 and RFC 2046 §5.1.1.
#[test]
fn the_fields_come_in_order_and_the_file_last() {
    let expected = "--BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"key\"\r\n\r\n\
        first\r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"a\"\r\n\r\n\
        \r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"file\"\r\n\r\n\
        not the file\r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\
        Content-Type: image/jpeg\r\n\r\n\
        CONTENT\r\n\
        --BOUNDARY--\r\n";
    let list = [("key", "first"), ("a", ""), ("file", "not the file")];
    for step in [1, 2, 3, 7, 100, 4096] {
        let mut body = body_of(&list, "file", "photo.jpg", b"CONTENT", 7);
        assert_eq!(body.length(), expected.len() as u64);
        let (bytes, result) = read_all(&mut body, step);
        assert!(result.is_ok());
        assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{step} at a time");
    }
    assert_eq!(content_type("BOUNDARY"), "multipart/form-data; boundary=BOUNDARY");
}

/// HTML standard, "multipart/form-data encoding algorithm": line ends in names and values are normalised; then names
/// and file names are escaped. Line ends in file names are not normalised.
#[test]
fn names_are_escaped_and_values_only_get_their_line_ends_normalised() {
    // (text, as a name, as a value, as a file name)
    let cases = [
        ("plain", "plain", "plain", "plain"),
        ("a\"b", "a%22b", "a\"b", "a%22b"),
        ("a\rb", "a%0D%0Ab", "a\r\nb", "a%0Db"),
        ("a\nb", "a%0D%0Ab", "a\r\nb", "a%0Ab"),
        ("a\r\nb", "a%0D%0Ab", "a\r\nb", "a%0D%0Ab"),
        ("a\n\rb", "a%0D%0A%0D%0Ab", "a\r\n\r\nb", "a%0A%0Db"),
        ("\r\r\n\n", "%0D%0A%0D%0A%0D%0A", "\r\n\r\n\r\n", "%0D%0D%0A%0A"),
        ("%22 \\ ; '", "%22 \\ ; '", "%22 \\ ; '", "%22 \\ ; '"),
        ("文件 é 😀", "文件 é 😀", "文件 é 😀", "文件 é 😀"),
        ("", "", "", "blob"),
    ];
    for (text, name, value, file_name) in cases {
        let expected = format!(
            "--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n\
             --BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\r\n--BOUNDARY--\r\n"
        );
        let mut body = body_of(&[(text, text)], text, text, b"", 0);
        assert_eq!(body.length(), expected.len() as u64, "{text:?}");
        assert_eq!(String::from_utf8(read_all(&mut body, 4096).0).unwrap(), expected, "{text:?}");
    }
}

/// WHATWG HTML, "create an entry": the name of a Blob that is not a File.
#[test]
fn unnamed_file_gets_the_name_blob() {
    let mut body = body_of(&[], "f", "", b"content", 7);
    let sent = String::from_utf8(read_all(&mut body, 4096).0).unwrap();
    let expected = "Content-Disposition: form-data; name=\"f\"; filename=\"blob\"\r\n\
        Content-Type: application/octet-stream\r\n\r\ncontent\r\n";
    assert!(sent.contains(expected), "{sent}");
}

#[test]
fn file_content_is_not_changed() {
    let content: Vec<u8> = (0..=255).cycle().take(100_000).chain(*b"\r\n--BOUNDARY--\r\n").collect();
    let mut body = body_of(&[("a", "b")], "f", "x.bin", &content, content.len() as u64);
    let length = body.length();
    let (bytes, result) = read_all(&mut body, 8192);
    assert!(result.is_ok());
    assert_eq!(bytes.len() as u64, length);
    let start = bytes.len() - content.len() - "\r\n--BOUNDARY--\r\n".len();
    assert!(bytes[start..].starts_with(&content));
}

/// RFC 7578 §4.3: each file is a separate part, also if several have the same name.
#[test]
fn several_files_come_in_order_behind_the_fields() {
    let file = |name: &str, file_name: &str, media_type: Option<&str>, content: &'static [u8]| FilePart {
        name: name.to_owned(),
        file_name: file_name.to_owned(),
        media_type: media_type.map(str::to_owned),
        content: Cursor::new(content),
        size: content.len() as u64,
    };
    let files = || {
        [
            file("a", "1.png", None, b"ONE"),
            file("a", "", Some("application/json; charset=utf-8"), b""),
            file("b\"", "3.bin", None, b"\r\n"),
        ]
    };
    let expected = "--BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"user\"\r\n\r\n\
        test\r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"a\"; filename=\"1.png\"\r\n\
        Content-Type: image/png\r\n\r\n\
        ONE\r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"a\"; filename=\"blob\"\r\n\
        Content-Type: application/json; charset=utf-8\r\n\r\n\
        \r\n\
        --BOUNDARY\r\n\
        Content-Disposition: form-data; name=\"b%22\"; filename=\"3.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\
        \r\n\r\n\
        --BOUNDARY--\r\n";
    for step in [1, 2, 7, 4096] {
        let mut body = form(&worker(), "BOUNDARY", &fields(&[("user", "test")]), files()).unwrap();
        assert_eq!(body.length(), expected.len() as u64);
        for time in ["first", "second"] {
            let (bytes, result) = read_all(&mut body, step);
            assert!(result.is_ok());
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{step} at a time, the {time} time");
            body.rewind().unwrap();
        }
    }
}

#[test]
fn a_small_body_is_one_read() {
    let mut body = body_of(&[("a", "b")], "f", "x.bin", b"content", 7);
    let mut buffer = [0; 4096];
    let length = body.length();
    assert_eq!(body.read(&mut buffer).unwrap() as u64, length);
    assert_eq!(body.read(&mut buffer).unwrap(), 0);
}

#[test]
fn a_file_of_another_size_fails_before_the_end_of_the_body() {
    let cases = [
        (&b"short"[..], 9, FileSizeChanged::Shorter { announced: 9, found: 5 }),
        (&b""[..], 1, FileSizeChanged::Shorter { announced: 1, found: 0 }),
        (&b"too long"[..], 7, FileSizeChanged::Longer { announced: 7 }),
        (&b"x"[..], 0, FileSizeChanged::Longer { announced: 0 }),
    ];
    for (content, size, expected) in cases {
        for step in [1, 5, 4096] {
            let mut body = body_of(&[], "f", "x.bin", content, size);
            let length = body.length();
            let (bytes, result) = read_all(&mut body, step);
            let error = result.unwrap_err();
            assert_eq!(FileSizeChanged::in_error(&error), Some(expected), "{step} at a time");
            assert_ne!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert!((bytes.len() as u64) < length);
            assert!(!bytes.ends_with(b"--BOUNDARY--\r\n"));
        }
    }
}

#[test]
fn body_can_be_rewound() {
    for read_before in [0, 1, 50, 150, 4096] {
        let mut body = body_of(&[("a", "b")], "f", "x.bin", b"content", 7);
        let whole = read_all(&mut body_of(&[("a", "b")], "f", "x.bin", b"content", 7), 4096).0;
        let _ = body.read(&mut vec![0; read_before]).unwrap();
        body.rewind().unwrap();
        assert_eq!(read_all(&mut body, 64).0, whole, "after {read_before} bytes");
    }
}

/// Fails its third read once, after an interruption that the caller does not see.
struct Failing {
    inner: Cursor<Vec<u8>>,
    reads: u32,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        match self.reads {
            1 => Err(io::Error::from(io::ErrorKind::Interrupted)),
            3 => Err(io::Error::from(io::ErrorKind::PermissionDenied)),
            _ => {
                let end = buffer.len().min(4);
                self.inner.read(&mut buffer[..end])
            }
        }
    }
}

impl Seek for Failing {
    fn seek(&mut self, position: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

impl BodyContent for Failing {}

#[test]
fn file_error_is_returned_after_the_bytes_before_it() {
    let content = Failing { inner: Cursor::new(b"12345678".to_vec()), reads: 0 };
    let mut body = form(&worker(), "BOUNDARY", &[], [part("f", "x.bin", content, 8)]).unwrap();
    let (bytes, result) = read_all(&mut body, 4096);
    assert!(bytes.ends_with(b"\r\n\r\n1234"), "{:?}", String::from_utf8_lossy(&bytes));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(FileSizeChanged::in_error(&error), None);

    body.rewind().unwrap();
    let length = body.length();
    let (bytes, result) = read_all(&mut body, 4096);
    assert!(result.is_ok());
    assert_eq!(bytes.len() as u64, length);
}

#[test]
fn a_length_beyond_64_bits_is_an_error() {
    let file = |size| part("f", "x", io::empty(), size);
    assert!(matches!(form(&worker(), "BOUNDARY", &[], [file(u64::MAX)]), Err(MultipartError::TooLong)));
    assert!(matches!(form(&worker(), "BOUNDARY", &[], [file(1 << 63), file(1 << 63)]), Err(MultipartError::TooLong)));
}

/// RFC 2046 §5.1.1: 1 to 70 characters; these need no quotes in the header either (RFC 9110 §5.6.2).
#[test]
fn boundary_is_valid_and_unique() {
    let boundaries: std::collections::HashSet<String> = (0..64).map(|_| random_boundary().unwrap()).collect();
    assert_eq!(boundaries.len(), 64);
    for boundary in boundaries {
        assert!((1..=70).contains(&boundary.len()));
        assert!(boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{boundary}");
    }
}

#[test]
fn line_end_between_two_pieces_of_a_value_is_one() {
    let before = "x".repeat(FILE_PIECE - 1);
    for line_end in ["\r\n", "\r", "\n"] {
        let value = format!("{before}{line_end}y");
        let mut body = body_of(&[("a", &value)], "f", "x.bin", b"", 0);
        let text = String::from_utf8(read_all(&mut body, 4096).0).unwrap();
        assert!(text.contains(&format!("\r\n\r\n{before}\r\ny\r\n--BOUNDARY")), "{line_end:?}");
    }
}

#[test]
fn a_stop_ends_the_copying_of_a_large_value() {
    let worker = worker();
    worker.stop().request(StopReason::Aborted);
    let value = "\n".repeat(4 * FILE_PIECE);
    let built =
        form(&worker, "BOUNDARY", &fields(&[("a", &value)]), [part("f", "x", Cursor::new(Vec::<u8>::new()), 0)]);
    assert!(matches!(built, Err(MultipartError::Stopped(StopReason::Aborted))), "{built:?}");
}
