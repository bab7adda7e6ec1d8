//! Heads and fields with one violation of the grammar each. Statements about curl were verified with curl 7.88; those
//! about Chromium and the web platform tests are from their sources.

use crate::http::head::{Answering, Head, HeadReader, MAX_HEAD_SIZE};
use crate::http::{Error, ErrorKind};

/// Reads a head in one piece and split at every position. All must give the same result.
pub(super) fn read(input: &[u8]) -> Result<Option<(Head, usize)>, Error> {
    let whole = HeadReader::default().read(input, Answering::Request);
    for split in 0..input.len() {
        let mut reader = HeadReader::default();
        let result = match reader.read(&input[..split], Answering::Request) {
            Ok(None) => reader.read(input, Answering::Request),
            result => result,
        };
        assert_eq!(
            format!("{result:?}"),
            format!("{whole:?}"),
            "{:?} split at {split}",
            input.escape_ascii().to_string()
        );
    }
    whole
}

pub(super) fn head(input: impl AsRef<[u8]>) -> Head {
    let input = input.as_ref();
    let (head, size) = read(input)
        .unwrap_or_else(|error| panic!("{}: {error}", input.escape_ascii()))
        .unwrap_or_else(|| panic!("{} is not whole", input.escape_ascii()));
    assert_eq!(size, input.len());
    head
}

pub(super) fn refused(input: impl AsRef<[u8]>) -> String {
    let input = input.as_ref();
    match read(input) {
        Err(Error { kind: ErrorKind::Protocol, detail }) => detail,
        other => panic!("{}: {other:?}", input.escape_ascii()),
    }
}

/// A head with `lines` between valid fields.
pub(super) fn with(lines: impl AsRef<[u8]>) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nX-First: 1\r\n", lines.as_ref(), b"\r\nX-Last: 2\r\n\r\n"].concat()
}

/// The fields between the valid ones, and the number of repairs.
fn fields(lines: impl AsRef<[u8]>) -> (Vec<(String, String)>, usize) {
    let head = head(with(lines));
    let mut fields: Vec<_> =
        head.headers.iter().map(|header| (header.name.to_owned(), header.value.to_owned())).collect();
    assert_eq!(fields.remove(0), ("X-First".to_owned(), "1".to_owned()));
    assert_eq!(fields.pop(), Some(("X-Last".to_owned(), "2".to_owned())));
    (fields, head.repairs.len())
}

fn kept(lines: impl AsRef<[u8]>, name: &str, value: &str, repairs: usize) {
    let shown = lines.as_ref().escape_ascii().to_string();
    assert_eq!(fields(lines), (vec![(name.to_owned(), value.to_owned())], repairs), "{shown}");
}

fn dropped(lines: impl AsRef<[u8]>) {
    let shown = lines.as_ref().escape_ascii().to_string();
    assert_eq!(fields(lines), (vec![], 1), "{shown}");
}

#[test]
fn status_lines_accepted_by_browsers_or_curl_are_accepted() {
    for (line, status) in [
        ("HTTP/1.1 200 OK", 200),
        ("HTTP/1.1 100 Continue", 100),
        // No reason, with and without its blank: accepted by all clients.
        ("HTTP/1.1 204", 204),
        ("HTTP/1.1 204 ", 204),
        // Several blanks: curl and Chromium.
        ("HTTP/1.1  404   Not  Found", 404),
        // No blank before the reason: curl and Chromium.
        ("HTTP/1.1 200OK", 200),
        ("HTTP/1.1 200\tOK", 200),
        // Any bytes in the reason: accepted by all clients.
        ("HTTP/1.1 200 caf\u{e9} \u{7f}\u{1}", 200),
        // The web platform tests require 999 to be accepted.
        ("HTTP/1.1 999 DOES IT MATTER", 999),
        ("HTTP/1.0 200 OK", 200),
        // A later minor version: Chromium accepts it, curl does not. RFC 9110 section 2.5 says to treat it as 1.1.
        ("HTTP/1.9 200 OK", 200),
        // Lower case: curl and Chromium.
        ("http/1.1 200 OK", 200),
    ] {
        for end in ["\r\n", "\n"] {
            assert_eq!(head(format!("{line}{end}{end}")).status, status, "{line:?}");
            assert_eq!(head(format!("{line}{end}A: b{end}{end}")).status, status, "{line:?}");
            // Chromium skips a few bytes before the head, curl does not.
            assert_eq!(head(format!("{end}{end}{line}{end}A: b{end}{end}")).status, status, "{line:?}");
        }
    }
}

#[test]
fn status_lines_accepted_by_no_client_are_rejected() {
    for line in [
        // The web platform tests require a network error for each of these, and curl reports one.
        "HTTP/1.1 0 OK",
        "HTTP/1.1 1 OK",
        "HTTP/1.1 99 NOT OK",
        "HTTP/1.1 099 HELLO",
        "HTTP/1.1 1000 BOO",
        "HTTP/1.1 0200 BOO",
        "HTTP/1.1 65736 NOT 200 OR SOME SUCH",
        "HTTP/1.1 -200 TEST",
        "HTTP/1.1 0xA",
        "HTTP/1.1 C8",
        "HTTP/1.1 2xx OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 ２００ OK",
        // curl rejects these. Chromium treats a missing code as 200.
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1200 OK",
        "HTTP/1.x 200 OK",
        "HTTP/1. 200 OK",
        "HTTP/1.10 200 OK",
        // A CR inside of a line: some parsers would read a field after it.
        "HTTP/1.1 200 OK\rContent-Length: 5",
        "HTTP/1.1 200\rOK",
        "HTTP/1.1 200 OK\r",
        // curl reports "Nul byte in header".
        "HTTP/1.1 200 O\0K",
        // The request did not ask to switch protocols.
        "HTTP/1.1 101 Switching Protocols",
    ] {
        refused(format!("{line}\r\nA: b\r\n\r\n"));
    }
}

#[test]
fn other_protocols_are_recognised_by_their_first_bytes() {
    // curl reports "Received HTTP/0.9 when not allowed", as do browsers for a non-default port.
    for start in [
        "ICY 200 OK\r\n",
        "<html>",
        "HTTP/2 200\r\n",
        "HTTP/0.9 200 OK\r\n",
        "PRI * HTTP/2.0\r\n",
        "SSH-2.0-x\r\n",
        "\0",
    ] {
        assert_eq!(refused(start), "the server does not speak HTTP/1.1", "{start:?}");
    }
    for start in ["", "H", "HTTP/1", "HTTP/1.1 200 OK\r\n", "\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\nA: b\r\n"] {
        assert!(matches!(read(start.as_bytes()), Ok(None)), "{start:?}");
    }
}

#[test]
fn valid_fields_are_returned_unchanged() {
    for end in ["\r\n", "\n"] {
        let input =
            ["HTTP/1.1 200 OK", "x-A:1", "X-a: \t 2\t ", "X-a:", "!#$%&'*+-.^_`|~09az: :x: y", "", ""].join(end);
        let head = head(input);
        let fields: Vec<_> = head.headers.iter().map(|header| (header.name, header.value)).collect();
        assert_eq!(fields, [("x-A", "1"), ("X-a", "2"), ("X-a", ""), ("!#$%&'*+-.^_`|~09az", ":x: y")]);
        assert_eq!(head.repairs, [""; 0]);
    }
    kept(b"X: \xe5\x90\x8d", "X", "名", 0);
    kept(b"X: caf\xe9", "X", "café", 0);
    // Only SP and HTAB are blanks. These belong to the value.
    kept("X: \u{a0}a\u{3000}", "X", "\u{a0}a\u{3000}", 0);
}

#[test]
fn control_characters_in_a_value_become_blanks() {
    // curl and browsers keep such a field with its bytes. RFC 9110 section 5.5 replaces CR with a blank.
    for control in (1..=0x1f).chain([0x7f]).filter(|byte| !b"\t\n".contains(byte)) {
        kept([b"Set-Cookie: a=b", &[control][..], b"c; path=/"].concat(), "Set-Cookie", "a=b c; path=/", 1);
        kept([b"X:", &[control][..], b"a", &[control][..]].concat(), "X", "a", 1);
        kept([b"X: ", &[control][..]].concat(), "X", "", 1);
    }
    // The double line end of a program that writes in text mode.
    kept("X: a\r", "X", "a", 1);
}

#[test]
fn blank_before_the_colon_is_removed() {
    // Chromium and Firefox remove it, curl returns it.
    kept("Access-Control-Allow-Credentials : true", "Access-Control-Allow-Credentials", "true", 1);
    kept("X \t : a", "X", "a", 1);
    kept("X\t:\x01a", "X", "a", 2);
}

#[test]
fn field_with_an_invalid_name_is_dropped() {
    for line in [
        // Browsers skip all of these. curl returns all except those without a colon, for which it fails.
        "X(Y): 1",
        "[x]: 1",
        "X-名: 1",
        ": 1",
        ":",
        "a b: c",
        "PHP Warning: cannot load module in Unknown on line 0",
        "X\u{1}: 1",
        "X\u{a0}: 1",
        "\"X\": 1",
        "<br />",
        "PHP Warning",
        "HTTP/1.1 200 OK",
        "=",
    ] {
        dropped(line);
    }
    dropped(b"X-\xff: 1");
    dropped(b"X-\x80\xff");
}

#[test]
fn malformed_line_that_could_be_decisive_is_an_error() {
    for name in ["Content-Length", "Transfer-Encoding", "Content-Encoding", "Location", "Connection"] {
        for letters in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            for line in [
                // curl ignores all of these, except a name with a blank, which it accepts for Transfer-Encoding.
                // Chromium accepts names with a blank. A proxy in front of the server may do either.
                format!("{letters} : 5"),
                format!("{letters}\t: 5"),
                format!("{letters}\u{b}: 5"),
                format!("{letters}\r: 5"),
                format!("{letters}\u{a0}: 5"),
                format!("\u{c}{letters}: 5"),
                format!("\u{1}{letters}: 5"),
                format!("\u{feff}{letters}: 5"),
                format!("[{letters}]: 5"),
                format!("\"{letters}\": 5"),
                format!("{letters}\r\n : 5"),
                format!("{letters} 5"),
                letters.clone(),
                // Another separator than the colon, or something before the name.
                format!("{letters}=5"),
                format!("{letters}=5: 6"),
                format!("{letters};5"),
                format!("{letters}, X: 5"),
                format!("X {letters}: 5"),
                format!("X(Y)\r\n {letters}: 5"),
                format!("<br />{letters} 5"),
                // A value with a control character.
                format!("{letters}: 5\u{1}"),
                format!("{letters}: 5\r"),
                format!("{letters}: \u{b}5"),
                format!("{letters}: 5\u{7f}"),
            ] {
                refused(with(&line));
                refused(format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n"));
            }
        }
    }
}

#[test]
fn malformed_name_similar_to_a_decisive_one_is_an_error() {
    for line in [
        "Content Length: 5",
        "Content\u{2010}Length: 5",
        "transfer encoding: chunked",
        "ContentLength\u{1}: 5",
        "X Content_Length: 5",
        "Connection failed: host db in Unknown on line 0",
        "The connection failed",
    ] {
        refused(with(line));
    }
    // Other names, and words that are not names.
    kept("Content_Length: 5", "Content_Length", "5", 0);
    kept("Content-Lengths : 5", "Content-Lengths", "5", 1);
    for line in [
        "The connections failed",
        "Reconnection failed: host db",
        "PHP Warning: the connection failed",
        "Content",
        "Content of Length: 5",
        "Length Content: 5",
        "Content-Length5 5",
        "X5Location x: /",
    ] {
        dropped(line);
    }
}

#[test]
fn a_nul_is_an_error_anywhere() {
    // curl reports "Nul byte in header", the Fetch standard "network error".
    for line in ["X: a\0b", "X\0: a", "\0", "\0X: a", "X: a\0", "a\0b", "X: a\r\n \0"] {
        refused(with(line));
    }
}

#[test]
fn folded_line_is_joined_with_a_blank() {
    // RFC 9112 section 5.2 says so for user agents and every field. Browsers and newer curl do it; curl 7.88 only for
    // the fields that it returns.
    for end in ["\r\n", "\n"] {
        kept(format!("Via: a{end} b{end}\tc"), "Via", "a b c", 0);
        kept(format!("Via: a  {end} \t b"), "Via", "a   b", 0);
        kept(format!("Via:{end} b"), "Via", "b", 0);
        kept(format!("Via: a{end} "), "Via", "a", 0);
        kept(format!("Via: a{end} : b"), "Via", "a : b", 0);
        kept(format!("Via: a{end} \u{1}b"), "Via", "a  b", 1);
        // The continuation of a dropped line is dropped with it.
        dropped(format!("X(Y): 1{end} Content-Length: 5"));
        kept(format!("X: 1{end} Content-Length: 5"), "X", "1 Content-Length: 5", 0);
    }
}

#[test]
fn folded_line_before_the_first_field_is_dropped_or_an_error() {
    // RFC 9112 section 2.2 allows both. curl fails.
    let answer = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\nX: 1\r\n\r\n");
    for (lines, repairs) in [(" Y: 2", 1), ("\tY: 2", 1), (" \t", 1), (" Y: 2\r\n Z: 3", 2)] {
        let head = head(answer(lines));
        assert_eq!(head.headers, [("X", "1")].into_iter().collect(), "{lines:?}");
        assert_eq!(head.repairs.len(), repairs, "{lines:?}");
    }
    refused(answer(" Content-Length: 5"));
    refused(answer(" Y: 2\r\n\tTransfer-Encoding : chunked"));
}

#[test]
fn line_of_crs_ends_the_head_with_an_error() {
    // It is the end of the head for curl, but not for Chromium.
    for input in ["HTTP/1.1 200 OK\r\n\r\r\n", "HTTP/1.1 200 OK\r\nX: a\r\r\n\r\r\n", "HTTP/1.1 200 OK\n\r\r\r\n"] {
        refused(input);
    }
}

/// If a line end splits a value, the rest of the value may look like a field name.
#[test]
fn log_contains_line_numbers_and_no_content() {
    let secret = "s3cret";
    let lines = [
        format!("Set-Cookie: {secret}\u{1}"),
        format!("X : {secret}"),
        format!("Set-Cookie: a=\n{secret} : 1"),
        format!("{secret}: 1\u{1}"),
        format!("{secret}; path: /"),
        secret.to_owned(),
        format!("{}: \u{1}", "n".repeat(1000)),
    ];
    let repairs = head(with(lines.join("\r\n"))).repairs;
    // The first line of the head is number 1, and the fourth needs no repair.
    let numbers = [2, 3, 5, 6, 7, 8, 9].map(|number| format!("header line {number}"));
    assert_eq!(repairs.len(), numbers.len(), "{repairs:?}");
    for (repair, number) in repairs.iter().zip(numbers) {
        assert!(repair.contains(&number) && !repair.contains(secret) && repair.len() < 200, "{repairs:?}");
    }
}

#[test]
fn first_non_empty_location_is_returned_as_raw_bytes() {
    let location = |lines: &[u8]| head(with(lines)).location;
    assert_eq!(location(b"X: 1"), None);
    assert_eq!(location(b"Location:"), None);
    assert_eq!(location(b"Location:  \r\nlocation: \t/\xff \r\nLocation: /b").as_deref(), Some(b"/\xff".as_slice()));
    assert_eq!(location("Location: \u{a0}/".as_bytes()).as_deref(), Some("\u{a0}/".as_bytes()));
    assert_eq!(location(b"LOCATION:\r\n /a").as_deref(), Some(b"/a".as_slice()));
}

#[test]
fn head_size_is_limited() {
    let sized = |size: usize| {
        let around = "HTTP/1.1 200 OK\r\nX: \r\n\r\n".len();
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "v".repeat(size - around)).into_bytes()
    };
    let at_once = |input: &[u8]| HeadReader::default().read(input, Answering::Request);
    assert!(matches!(at_once(&sized(MAX_HEAD_SIZE)), Ok(Some((_, MAX_HEAD_SIZE)))));
    let too_large = sized(MAX_HEAD_SIZE + 1);
    let error = at_once(&too_large).unwrap_err();
    assert_eq!(error.detail, "the response's head is too large");
    // The limit applies to the head and not to the available input, and also if the head has no end.
    assert!(at_once(&[sized(MAX_HEAD_SIZE), too_large.clone()].concat()).is_ok());
    assert!(at_once(&too_large[..MAX_HEAD_SIZE]).is_err());
    assert!(matches!(at_once(&too_large[..MAX_HEAD_SIZE - 1]), Ok(None)));
    assert!(at_once(&b"\r\n".repeat(MAX_HEAD_SIZE / 2)).is_err());
    // Byte by byte, which takes no longer than at once.
    let mut reader = HeadReader::default();
    let input = sized(MAX_HEAD_SIZE);
    assert!((0..MAX_HEAD_SIZE).all(|end| matches!(reader.read(&input[..end], Answering::Request), Ok(None))));
    assert!(matches!(reader.read(&input, Answering::Request), Ok(Some(_))));

    let fields = |line: &str, count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", format!("{line}\r\n").repeat(count));
    for line in ["X: 1", "X(Y): 1", "garbage"] {
        assert!(at_once(fields(line, 128).as_bytes()).is_ok());
        assert_eq!(at_once(fields(line, 129).as_bytes()).unwrap_err().detail, "the response has too many headers");
    }
}

#[test]
fn bytes_after_a_head_are_not_consumed() {
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let input = [interim.as_slice(), b"HTTP/1.1 200 OK\r\n\r\nbody\r\n\r\n\0"].concat();
    let (head, size) = read(&input).unwrap().unwrap();
    assert!(head.is_interim());
    assert_eq!(size, interim.len());
    let (head, size) = read(&input[size..]).unwrap().unwrap();
    assert_eq!((head.status, head.is_interim(), size), (200, false, 19));
}

/// RFC 9110 section 9.3.6: a successful CONNECT has no body, so no field can frame one.
#[test]
fn successful_connect_is_accepted_whatever_its_fields_say() {
    for field in ["Transfer-Encoding : chunked", "Content-Length : 5", "Content Length: 5", "Content-Length: x"] {
        let read = |status: &str, answering| {
            HeadReader::default().read(format!("HTTP/1.1 {status}\r\n{field}\r\n\r\n").as_bytes(), answering)
        };
        let (head, _) = read("200 OK", Answering::Connect).unwrap().unwrap();
        assert_eq!(head.framing, crate::http::head::BodyFraming::None, "{field}");
        assert!(read("200 OK", Answering::Request).is_err(), "{field}");
        assert!(read("502 Bad Gateway", Answering::Connect).is_err(), "{field}");
    }
}
