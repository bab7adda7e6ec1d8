//! Bodies in their framing, divided in every way. Statements about curl were verified with curl 7.88.

use crate::http::framing::{Deframer, Framed};
use crate::http::head::BodyFraming;
use crate::http::{Error, ErrorKind};

use BodyFraming::{Chunked, Length, None as NoBody, UntilClose};

/// The result of reading an input.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    body: Vec<u8>,
    /// The number of bytes consumed.
    taken: usize,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The body ended.
    Whole,
    /// The input ended within the body.
    CutOff,
    /// The input ended where the body may end.
    Closed,
    /// Failed at this position of the input.
    Malformed(usize),
    TooLarge(usize),
}

/// Reads `input` in pieces that end at `ends`, with at most `most` body bytes at a time.
fn read(framing: BodyFraming, limit: Option<u64>, input: &[u8], ends: &[usize], most: u64) -> Outcome {
    let mut deframer = Deframer::new(framing, limit);
    let (mut body, mut taken) = (Vec::new(), 0);
    for end in ends.iter().copied().chain([input.len()]) {
        loop {
            let there = &input[taken..end];
            match deframer.next(there) {
                Ok(Framed::Framing(size)) => {
                    assert!((1..=there.len()).contains(&size));
                    assert!(deframer.next(&[]).is_ok(), "a further call is no error");
                    taken += size;
                }
                Ok(Framed::Body(size)) => {
                    assert_eq!(size, deframer.body_left());
                    assert!(size > 0);
                    let size = size.min(there.len() as u64).min(most);
                    if size == 0 {
                        break;
                    }
                    body.extend_from_slice(&there[..size as usize]);
                    deframer.consumed(size);
                    taken += size as usize;
                }
                Ok(Framed::More) => {
                    assert!(there.is_empty());
                    break;
                }
                Ok(Framed::End) => {
                    deframer.end_of_input().unwrap();
                    return Outcome { body, taken, end: End::Whole };
                }
                Err(Error { kind: ErrorKind::Protocol, .. }) => {
                    return Outcome { body, taken, end: End::Malformed(end) };
                }
                Err(Error { kind: ErrorKind::BodyTooLarge, .. }) => {
                    return Outcome { body, taken, end: End::TooLarge(end) };
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    let end = match deframer.end_of_input() {
        Ok(()) => End::Closed,
        Err(Error { kind: ErrorKind::Closed, .. }) => End::CutOff,
        Err(error) => panic!("{error:?}"),
    };
    Outcome { body, taken, end }
}

/// Reads a body byte by byte, and checks that other divisions give the same result.
fn read_anyhow(framing: BodyFraming, limit: Option<u64>, input: &[u8]) -> Outcome {
    let bytes: Vec<usize> = (0..input.len()).collect();
    let outcome = read(framing, limit, input, &bytes, u64::MAX);
    let same = |ends: &[usize], most: u64| {
        let other = read(framing, limit, input, ends, most);
        let fails = matches!(outcome.end, End::Malformed(_) | End::TooLarge(_));
        // A piece fails as a whole, including the framing before its wrong byte.
        let expected_end = match outcome.end {
            End::Malformed(at) => End::Malformed(ends.iter().copied().find(|&end| end >= at).unwrap_or(input.len())),
            End::TooLarge(at) => End::TooLarge(ends.iter().copied().find(|&end| end >= at).unwrap_or(input.len())),
            _ => return assert_eq!(other, outcome, "{:?} split at {ends:?}", input.escape_ascii().to_string()),
        };
        assert!(fails && other.body == outcome.body && other.taken <= outcome.taken);
        assert_eq!(other.end, expected_end, "{:?} split at {ends:?}", input.escape_ascii().to_string());
    };
    same(&[], u64::MAX);
    same(&[], 1);
    if input.len() < 300 {
        (0..input.len()).for_each(|split| same(&[split], u64::MAX));
    }
    let mut random = Random(input.len() as u64 + 1);
    for most in [u64::MAX, 3, 1] {
        let mut ends: Vec<usize> = (0..random.below(20)).map(|_| random.below(input.len() + 1)).collect();
        ends.sort_unstable();
        same(&ends, most);
    }
    outcome
}

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Expects a complete `body`, with bytes after it left alone.
fn taken(input: impl AsRef<[u8]>, body: impl AsRef<[u8]>) {
    for behind in ["", "HTTP/1.1 200 OK\r\n"] {
        let whole = [input.as_ref(), behind.as_bytes()].concat();
        let expected = Outcome { body: body.as_ref().to_vec(), taken: input.as_ref().len(), end: End::Whole };
        assert_eq!(read_anyhow(Chunked, None, &whole), expected, "{}", whole.escape_ascii());
    }
    for end in 0..input.as_ref().len() {
        let cut = &input.as_ref()[..end];
        if cut.len() < 300 {
            assert_eq!(read_anyhow(Chunked, None, cut).end, End::CutOff, "{}", cut.escape_ascii());
        }
    }
}

/// Expects a failure at the first byte after `good`, independently of later bytes.
fn refused(good: impl AsRef<[u8]>, bad: impl AsRef<[u8]>) {
    let (good, bad) = (good.as_ref(), bad.as_ref());
    let input = [good, bad, b"\r\nhello\r\n0\r\n\r\n"].concat();
    assert_eq!(read_anyhow(Chunked, None, good).end, End::CutOff, "{}", good.escape_ascii());
    let end = read_anyhow(Chunked, None, &input).end;
    assert_eq!(end, End::Malformed(good.len() + 1), "{} at {:?}", input.escape_ascii(), good.len());
}

#[test]
fn chunks_are_joined() {
    taken("5\r\nhello\r\n0\r\n\r\n", "hello");
    taken("0\r\n\r\n", "");
    taken("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world");
    // Data that looks like framing is data.
    taken("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n");
    taken("A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n", "01234567890123456789");
    // A lone LF is accepted by curl and browsers. Both line ends may be mixed.
    taken("5\nhello\n0\n\n", "hello");
    taken("5\nhello\r\n0\r\n\n", "hello");
    taken("5\r\nhello\n0\n\r\n", "hello");
}

#[test]
fn blanks_and_extensions_after_a_chunk_size_are_skipped() {
    for behind in [
        " ",
        "  ",
        "\t",
        " \t ",
        ";",
        ";a",
        ";a=b",
        " ;a=b",
        "\t; a = b ; c",
        ";a=\"b;c\\\"d\"",
        ";a=\u{a0}\u{1}\u{7f}",
        ";;;",
        "; 5 6 7",
        ";chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        ";ieof",
    ] {
        taken(format!("5{behind}\r\nhello\r\n0{behind}\r\n\r\n"), "hello");
        taken(format!("5{behind}\nhello\n0{behind}\n\n"), "hello");
    }
    // An LF ends the line wherever it is, so the "b" is data.
    taken("5;a\nb\r\nhe\r\n0\r\n\r\n", "b\r\nhe");
}

#[test]
fn chunk_line_is_limited_to_16_kib() {
    let line = |length: usize| format!("5;{}", "e".repeat(length - 2));
    taken(format!("{}\r\nhello\r\n{}\r\nhello\r\n0\r\n\r\n", line(16 * 1024), line(16 * 1024)), "hellohello");
    taken(format!("{}5\nhello\n0\n\n", "0".repeat(16 * 1024 - 1)), "hello");
    refused(line(16 * 1024), "e");
    refused(format!("5{}", " ".repeat(16 * 1024 - 1)), " ");
    refused("0".repeat(16 * 1024), "0");
    refused("5;".to_owned() + &"e".repeat(16 * 1024 - 2), "e\r\n");
}

#[test]
fn chunk_size_consists_of_hexadecimal_digits() {
    for bad in [
        // curl rejects all of these.
        "+5",
        "-5",
        " 5",
        "\t5",
        ";a",
        "\r\n5",
        "\n5",
        "g",
        "hello",
        "<html>",
        "\u{a0}5",
        "\u{2028}5",
        "\u{3000}5",
        "\u{ff15}",
        "\0",
        "\"5\"",
    ] {
        refused("", bad);
        refused("5\r\nhello\r\n", bad);
    }
    for bad in [
        // curl ignores anything after the digits.
        "x", "g", "h", "+", "\"", ".", ",", ":", "\0", "\u{1}", "\u{b}", "\u{c}", "\u{7f}", "\u{a0}", "\u{85}",
        "\u{2028}", "\u{3000}", "_0", "=",
    ] {
        refused("5", bad);
        refused("5\r\nhello\r\n0", bad);
        refused("5 ", bad);
    }
    refused("5 ", "5");
    refused("5\t", "a");
    refused("0", "x5");
    refused("0", "X5");
}

#[test]
fn cr_must_be_followed_by_lf() {
    // curl waits for an LF in all of these. No client accepts a lone CR.
    for line in ["5", "5 ", "5;a", "5\r\nhello\r\n0", "0"] {
        for bad in ["h", "\r", "5", " ", ";", "\0"] {
            refused(format!("{line}\r"), bad);
        }
    }
    refused("0\r\n\r", "\r");
    refused("0\r\n\r", "0");
    refused("0\r\nX: a\r", "b");
    refused("0\r\nX: a\r", "\r");
}

#[test]
fn data_ends_with_a_line_end() {
    // curl reports "Malformed encoding found".
    for bad in ["0", "x", " ", ";", "\0", "\u{85}"] {
        refused("5\r\nhello", bad);
        refused("5\r\nhello\r", bad);
    }
    refused("5\r\nhello\r", "\r");
    // Two line ends: the second one is not a size.
    refused("5\r\nhello\r\n", "\r\n");
    refused("5\r\nhello\n", "\n");
}

#[test]
fn chunk_size_beyond_64_bits_fails_at_the_digit_that_exceeds_it() {
    refused("ffffffffffffffff", "0");
    refused("1000000000000000", "0");
    refused("5\r\nhello\r\nFFFFFFFFFFFFFFFF", "f");
    refused(format!("{}ffffffffffffffff", "0".repeat(1000)), "f");
    // The largest 64-bit size is valid.
    let mut deframer = Deframer::new(Chunked, None);
    assert_eq!(deframer.next(b"ffffffffffffffff\r\nx").unwrap(), Framed::Framing(18));
    assert_eq!(deframer.next(b"x").unwrap(), Framed::Body(u64::MAX));
}

/// The log messages about a trailer, which must not depend on how the input is divided.
fn repairs_of(trailer: &str) -> Vec<String> {
    let input = format!("0\r\n{trailer}\r\n");
    taken(input.as_str(), "");
    let read = |split: usize| {
        let mut deframer = Deframer::new(Chunked, None);
        let mut taken = 0;
        for end in [split, input.len()] {
            while let Framed::Framing(size) = deframer.next(&input.as_bytes()[taken..end]).unwrap() {
                taken += size;
            }
        }
        let repairs = deframer.take_repairs();
        assert!(deframer.take_repairs().is_empty(), "each repair is returned only once");
        repairs
    };
    let repairs = read(0);
    for split in 1..input.len() {
        assert_eq!(read(split), repairs, "{trailer:?} split at {split}");
    }
    repairs
}

#[test]
fn trailer_consists_of_header_lines() {
    for trailer in [
        "",
        "X: 1\r\n",
        "X: 1\r\nY:\r\n",
        "X:1\n",
        "X: a\tb\r\n",
        "X: café 你\r\n",
        "!#$%&'*+-.^_`|~09az: 1\r\n",
        "X: 1\r\n folded\r\n\tand again\r\n",
        // No field of a trailer has an effect (RFC 9110 section 6.5.1).
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nLocation: /\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:00\r\n",
    ] {
        taken(format!("5\r\nhello\r\n0\r\n{trailer}\r\n"), "hello");
        taken(format!("5\r\nhello\r\n0\n{trailer}\n"), "hello");
        assert!(repairs_of(trailer).is_empty(), "{trailer:?}");
    }
}

#[test]
fn invalid_trailer_line_fails_at_its_first_wrong_byte() {
    for (good, bad) in [
        ("garbage", "\r\n"),
        ("garbage", "\n"),
        ("5", "\r\nhello\r\n0\r\n"),
        ("XXX", "\r\n"),
        ("X: 1\r\nHTTP ", "200 OK\r\nY: 2\r\n"),
        ("X: 1\r\n", "(Y): 2\r\n"),
        ("X: 1\r\n folded\r\nY", "\r\n"),
        ("", "("),
        ("", ": 1\r\n"),
        ("", "\u{7f}"),
        ("", " X: 1\r\n"),
        ("", "\tX: 1\r\n"),
        ("X", "(Y): 1\r\n"),
        ("X ", "\r\n"),
        ("X \t", "\n"),
        ("a ", "b: c\r\n"),
        ("X-", "名: 1\r\n"),
        ("X", "\u{1}: 1\r\n"),
        ("Content-Length", "\r\n"),
    ] {
        for end in ["\r\n", "\n"] {
            refused(format!("0{end}{good}"), bad);
            refused(format!("5{end}hello{end}0{end}{good}"), bad);
        }
    }
}

#[test]
fn trailer_lines_are_repaired_like_those_of_a_head() {
    let blank = "removed the blank before the colon of the header line 1";
    let control = "replaced control characters in the header line 1";
    for (trailer, expected) in [
        ("X : 1\r\n", blank.to_owned()),
        ("X\t: 1\n", blank.to_owned()),
        ("X: \u{1}\r\n", control.to_owned()),
        ("X: a\u{7f}b\r\n", control.to_owned()),
        ("X: a\r\n \u{b}b\r\n", control.to_owned()),
    ] {
        // The parser of heads reports the same.
        let head = super::head::head(format!("HTTP/1.1 200 OK\r\n{trailer}\r\n"));
        assert_eq!(repairs_of(trailer), [expected.as_str()], "{trailer:?}");
        assert_eq!(head.repairs, [expected], "{trailer:?}");
    }
}

#[test]
fn nul_and_bare_cr_in_a_trailer_fail_at_their_position() {
    for start in ["X", "X "] {
        refused(format!("0\r\n{start}"), "\0");
    }
    for start in ["", "X:", "X: a", "X: a\r\n", "X: a\r\n "] {
        let start = format!("0\r\n{start}");
        refused(&start, "\0");
        for bad in ["\r", "\0", "b", ":", " "] {
            refused(format!("{start}\r"), bad);
        }
    }
}

#[test]
fn trailer_has_the_size_limits_of_a_head() {
    let trailer = |size: usize| format!("0\r\nX:{}\r\n\r\n", "v".repeat(size - "X:\r\n\r\n".len()));
    taken(trailer(64 * 1024), "");
    let too_large = trailer(64 * 1024 + 1);
    let end = read_anyhow(Chunked, None, too_large.as_bytes()).end;
    assert_eq!(end, End::Malformed(too_large.len()));
    let lines = |count: usize| format!("0\r\n{}", "X: 1\r\n".repeat(count));
    taken(lines(128) + "\r\n", "");
    // The 129th field fails at its start. Folded lines do not count.
    refused(lines(128), "X: 1\r\n");
    taken(lines(128) + " folded\r\n\tand again\r\n\r\n", "");
}

#[test]
fn a_chunk_beyond_the_limit_fails_at_once() {
    let end = |limit: u64, input: &str| read_anyhow(Chunked, Some(limit), input.as_bytes()).end;
    assert_eq!(end(5, "5\r\nhello\r\n0\r\n\r\n"), End::Whole);
    assert_eq!(end(0, "0\r\n\r\n"), End::Whole);
    // At the digit, before any byte of the chunk.
    assert_eq!(end(4, "5\r\nhello\r\n0\r\n\r\n"), End::TooLarge(1));
    assert_eq!(end(200, "fff"), End::TooLarge(2));
    assert_eq!(end(200, "10000000000000000000000000000000"), End::TooLarge(3));
    // The limit applies to the total of all chunks.
    assert_eq!(end(9, "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"), End::TooLarge(11));
    assert_eq!(end(10, "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"), End::Whole);
    assert_eq!(end(10, &("1\r\nx\r\n".repeat(11) + "0\r\n\r\n")), End::TooLarge(61));
    assert_eq!(end(u64::MAX, "5\r\nhello\r\nffffffffffffffff\r\n"), End::TooLarge(26));
}

#[test]
fn body_with_a_length_ends_there() {
    let outcome = |framing, input: &[u8]| read_anyhow(framing, None, input);
    let whole = |body: &str| Outcome { body: body.into(), taken: body.len(), end: End::Whole };
    assert_eq!(outcome(NoBody, b"hello"), whole(""));
    assert_eq!(outcome(Length(0), b"hello"), whole(""));
    assert_eq!(outcome(Length(5), b"hello, world"), whole("hello"));
    assert_eq!(outcome(Length(5), b"hello"), whole("hello"));
    for length in 0..5 {
        let expected = Outcome { body: b"hello"[..length].to_vec(), taken: length, end: End::CutOff };
        assert_eq!(outcome(Length(5), &b"hello"[..length]), expected);
    }
    let too_large = Outcome { body: vec![], taken: 0, end: End::TooLarge(0) };
    assert_eq!(read(Length(5), Some(4), b"hello", &[0], u64::MAX), too_large);
    assert_eq!(read(Length(5), Some(5), b"hello", &[0], u64::MAX), whole("hello"));
}

#[test]
fn close_delimited_body_contains_all_input() {
    let expected = Outcome { body: b"hello".to_vec(), taken: 5, end: End::Closed };
    assert_eq!(read_anyhow(UntilClose, None, b"hello"), expected);
    assert_eq!(read_anyhow(UntilClose, Some(5), b"hello"), expected);
    assert_eq!(read(UntilClose, None, b"", &[], 1), Outcome { body: vec![], taken: 0, end: End::Closed });
    assert!(matches!(read(UntilClose, Some(4), b"hello!", &[1, 2, 3, 4, 5], 1).end, End::TooLarge(_)));
}

#[test]
fn endless_framing_fails_within_its_limits() {
    // No input can prolong it beyond the limits of a line or a trailer.
    for (start, flood) in [
        ("", "0"),
        ("5;", "e"),
        ("5", " "),
        ("0\r\n", "x"),
        ("0\r\nX:", "v"),
        ("0\r\n", "X:\r\n"),
        ("0\r\nX:\r\n", " \r\n"),
    ] {
        let input = start.to_owned() + &flood.repeat(70 * 1024 / flood.len());
        let mut deframer = Deframer::new(Chunked, None);
        let mut rest = input.as_bytes();
        let error = loop {
            match deframer.next(rest) {
                Ok(Framed::Framing(size)) => rest = &rest[size..],
                Ok(other) => panic!("{start:?} {flood:?}: {other:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind, ErrorKind::Protocol), "{error:?}");
    }
}

/// Encodes chunks in various styles, independently of the decoder.
struct Style {
    size: fn(usize) -> String,
    behind: String,
    line_end: &'static str,
    trailer: &'static str,
}

fn encode(body: &[u8], chunk: usize, style: &Style) -> Vec<u8> {
    let mut encoded = Vec::new();
    for data in body.chunks(chunk) {
        encoded.extend_from_slice((style.size)(data.len()).as_bytes());
        encoded.extend_from_slice(style.behind.as_bytes());
        encoded.extend_from_slice(style.line_end.as_bytes());
        encoded.extend_from_slice(data);
        encoded.extend_from_slice(style.line_end.as_bytes());
    }
    for last in [(style.size)(0).as_str(), &style.behind, style.line_end, style.trailer, style.line_end] {
        encoded.extend_from_slice(last.as_bytes());
    }
    encoded
}

#[test]
fn encoded_chunks_are_decoded_to_the_same_body() {
    let sizes: [fn(usize) -> String; 3] =
        [|size| format!("{size:x}"), |size| format!("{size:X}"), |size| format!("{size:040x}")];
    let signature = format!(";chunk-signature={}", "0f".repeat(32));
    let behinds = ["".to_owned(), " ".to_owned(), ";a=b".to_owned(), signature, format!(" ;{}", "e".repeat(5000))];
    let trailers = ["", "X: 1\r\n", "X: 1\nY : 2\n\t3\n"];
    let body: Vec<u8> = (0..20_000_u32).map(|index| (index * index / 7) as u8).collect();
    let mut count = 0;
    for size in sizes {
        for behind in &behinds {
            for line_end in ["\r\n", "\n"] {
                for trailer in trailers {
                    let style = Style { size, behind: behind.clone(), line_end, trailer };
                    for (length, chunk) in
                        [(0, 1), (1, 1), (15, 1), (100, 9), (100, 16), (3000, 255), (4096, 4096), (20_000, 8192)]
                    {
                        let encoded = encode(&body[..length], chunk, &style);
                        let expected = Outcome { body: body[..length].to_vec(), taken: encoded.len(), end: End::Whole };
                        assert_eq!(read_anyhow(Chunked, Some(length as u64), &encoded), expected);
                        count += 1;
                    }
                }
            }
        }
    }
    assert_eq!(count, 3 * 5 * 2 * 3 * 8);
}
