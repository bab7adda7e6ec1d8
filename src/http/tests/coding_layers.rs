//! Content codings without a connection: order, ends, and bodies that try to keep a decoder busy.

use std::io::{self, Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::http::coding::{Coding, Decoder, codings_of};
use crate::http::{Error, ErrorKind};
use crate::worker::{StopReason, StopSignal, Worker};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A hundred kilobytes of text that compresses moderately.
fn text() -> Vec<u8> {
    (0..12_000_u32).flat_map(|number| format!("{:x} ", number.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

fn worker() -> Arc<Worker> {
    Arc::new(Worker::for_call(Arc::new(StopSignal::new())))
}

fn codings(fields: &[&str]) -> Result<Vec<Coding>, Error> {
    codings_of(&fields.iter().map(|value| ("content-Encoding", *value)).collect())
}

/// Returns its data in pieces of a given size, then repeatedly an end or an error.
struct Source<'a> {
    data: &'a [u8],
    piece: usize,
    end: Option<fn() -> io::Error>,
    reads: usize,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let size = self.piece.min(self.data.len()).min(buffer.len());
        buffer[..size].copy_from_slice(&self.data[..size]);
        self.data = &self.data[size..];
        match self.end {
            Some(end) if size == 0 => Err(end()),
            _ => Ok(size),
        }
    }
}

fn decode_with(
    names: &str,
    data: &[u8],
    piece: usize,
    buffer: usize,
    end: Option<fn() -> io::Error>,
) -> io::Result<Vec<u8>> {
    let mut decoder = Decoder::new(codings(&[names]).unwrap(), Source { data, piece, end, reads: 0 }, worker());
    let (mut decoded, mut buffer) = (Vec::new(), vec![0; buffer]);
    loop {
        match decoder.read(&mut buffer)? {
            0 => break,
            size => decoded.extend_from_slice(&buffer[..size]),
        }
    }
    assert_eq!(decoder.read(&mut buffer)?, 0, "a read after the end returns the end again");
    Ok(decoded)
}

/// Decodes with several buffer sizes. All must give the same result.
fn decode(names: &str, data: &[u8]) -> Result<Vec<u8>, String> {
    let with = |piece, buffer| decode_with(names, data, piece, buffer, None).map_err(|error| protocol_detail(&error));
    let result = with(usize::MAX, 8192);
    let small: &[_] = if data.len() < 2000 { &[(1, 8192), (usize::MAX, 1), (7, 5)] } else { &[] };
    for &(piece, buffer) in small.iter().chain(&[(11, 999), (1000, 100_000)]) {
        // Whether the body fails does not depend on the pieces. The number of bytes before the failure may differ.
        assert_eq!(with(piece, buffer).ok(), result.as_ref().ok().cloned(), "{names}");
    }
    result
}

fn protocol_detail(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error { kind: ErrorKind::Protocol, detail }) => detail.clone(),
        _ => panic!("not a protocol error: {error:?}"),
    }
}

#[test]
fn codings_are_decoded_outermost_first_until_an_unknown_one() {
    use Coding::{Deflate, Gzip};
    for (fields, expected) in [
        (vec![], vec![]),
        (vec![""], vec![]),
        (vec!["identity"], vec![]),
        (vec!["gzip"], vec![Gzip]),
        (vec!["X-GZIP"], vec![Gzip]),
        (vec!["x-deflate"], vec![Deflate]),
        (vec!["\tDeflate ,"], vec![Deflate]),
        (vec!["deflate, gzip"], vec![Gzip, Deflate]),
        (vec!["deflate", "gzip"], vec![Gzip, Deflate]),
        (vec!["gzip, deflate", "identity", "gzip"], vec![Gzip, Deflate, Gzip]),
        (vec!["gzip, gzip"], vec![Gzip, Gzip]),
        // Codings below an unknown one cannot be decoded.
        (vec!["aws-chunked"], vec![]),
        (vec!["gzip, aws-chunked"], vec![]),
        (vec!["aws-chunked, gzip"], vec![Gzip]),
        (vec!["gzip, utf-8, deflate"], vec![Deflate]),
        (vec!["gzip;q=1"], vec![]),
        (vec!["gzip\u{a0}"], vec![]),
        (vec!["zstd"], vec![]),
        (vec!["gzip, gzip, gzip, gzip, gzip"], vec![Gzip; 5]),
        (vec!["gzip, gzip, identity, gzip, gzip, gzip"], vec![Gzip; 5]),
        (vec!["gzip, x, gzip, gzip, gzip, gzip, gzip"], vec![Gzip; 5]),
        (vec!["gzip, gzip, gzip, gzip, gzip, gzip, x"], vec![]),
    ] {
        assert_eq!(codings(&fields).unwrap(), expected, "{fields:?}");
    }
    // curl reports "Reject response due to more than 5 content encodings".
    for fields in [
        vec!["gzip, gzip, gzip, gzip, gzip, gzip"],
        vec!["gzip"; 6],
        vec!["x, gzip, deflate", "gzip, gzip, gzip, gzip"],
    ] {
        assert!(matches!(codings(&fields).unwrap_err().kind, ErrorKind::Protocol), "{fields:?}");
    }
}

#[test]
fn several_codings_of_one_body_are_decoded() {
    for plain in [b"hello".to_vec(), text()] {
        assert_eq!(decode("identity", &plain).unwrap(), plain);
        assert_eq!(decode("gzip", &gzip(&plain)).unwrap(), plain);
        assert_eq!(decode("deflate", &zlib(&plain)).unwrap(), plain);
        assert_eq!(decode("deflate", &deflate(&plain)).unwrap(), plain);
        assert_eq!(decode("deflate, gzip", &gzip(&zlib(&plain))).unwrap(), plain);
        assert_eq!(decode("gzip, deflate", &deflate(&gzip(&plain))).unwrap(), plain);
        assert_eq!(decode("gzip, gzip", &gzip(&gzip(&plain))).unwrap(), plain);
        let five = gzip(&zlib(&gzip(&deflate(&gzip(&plain)))));
        assert_eq!(decode("gzip, deflate, gzip, deflate, gzip", &five).unwrap(), plain);
        // Content below an unknown coding is returned unchanged.
        assert_eq!(decode("gzip, unknown, gzip", &gzip(&plain)).unwrap(), plain);
        // The wrong order fails.
        decode("gzip, deflate", &gzip(&zlib(&plain))).unwrap_err();
    }
    for names in ["gzip", "deflate", "gzip, gzip", "deflate, gzip"] {
        assert_eq!(decode(names, b"").unwrap(), b"", "{names}");
    }
    assert_eq!(decode("gzip, gzip", &gzip(b"")).unwrap(), b"");
    assert_eq!(decode("gzip", &gzip(b"")).unwrap(), b"");
}

#[test]
fn a_body_that_ends_in_any_of_its_codings_is_an_error() {
    let plain = b"hello, hello, hello";
    for (names, data) in [
        ("gzip", gzip(plain)),
        ("deflate", zlib(plain)),
        ("deflate", deflate(plain)),
        ("gzip, gzip", gzip(&gzip(plain))),
        ("gzip", [gzip(plain), gzip(plain)].concat()),
    ] {
        for length in (1..data.len()).filter(|&length| names != "gzip" || length != gzip(plain).len()) {
            decode(names, &data[..length]).expect_err(names);
        }
    }
    for length in 1..gzip(plain).len() {
        decode("gzip, deflate", &zlib(&gzip(plain)[..length])).unwrap_err();
    }
}

#[test]
fn bytes_after_the_end_of_a_coding_are_an_error() {
    let plain = b"hello";
    for (names, data) in [
        ("gzip", gzip(plain)),
        ("deflate", zlib(plain)),
        ("deflate", deflate(plain)),
        ("deflate, gzip", gzip(&zlib(plain))),
    ] {
        for behind in [b"\0".as_slice(), b"x", b"\r\n", b"\x1f", b"\x1f\x8b", &zlib(plain), &[0; 100_000]] {
            decode(names, &[&data, behind].concat()).expect_err(names);
        }
    }
    decode("deflate, gzip", &gzip(&[zlib(plain).as_slice(), b"x"].concat())).unwrap_err();
    decode("deflate", &gzip(plain)).unwrap_err();
}

/// A member's header with every optional field (RFC 1952 section 2.3).
fn full_header(extra: &[u8], name: &[u8], comment: &[u8], checksum: bool) -> Vec<u8> {
    let flags = 0x01 | 0x04 | 0x08 | 0x10 | if checksum { 0x02 } else { 0 };
    let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
    header.extend_from_slice(&(extra.len() as u16).to_le_bytes());
    header.extend_from_slice(extra);
    for text in [name, comment] {
        header.extend_from_slice(text);
        header.push(0);
    }
    if checksum {
        let mut crc = flate2::Crc::new();
        crc.update(&header);
        header.extend_from_slice(&(crc.sum() as u16).to_le_bytes());
    }
    header
}

#[test]
fn every_field_of_a_gzip_header_is_skipped() {
    let rest = gzip(b"hello")[10..].to_vec();
    for extra in [0, 1, 2, 300, 65_535] {
        for (name, comment) in [("", ""), ("a.txt", ""), ("a.txt", "a comment")] {
            for checksum in [false, true] {
                let header = full_header(&vec![b'x'; extra], name.as_bytes(), comment.as_bytes(), checksum);
                let member = [header.as_slice(), &rest].concat();
                assert_eq!(decode("gzip", &[&member[..], &member].concat()).unwrap(), b"hellohello", "{extra} {name}");
                if checksum {
                    let mut bad = member.clone();
                    bad[header.len() - 1] ^= 1;
                    decode("gzip", &bad).unwrap_err();
                }
            }
        }
    }
    // Each fixed byte that has a meaning.
    for (position, byte) in [(0, 0x1e), (1, 0x8c), (2, 7), (3, 0x20), (3, 0x40), (3, 0x80)] {
        let mut bad = gzip(b"hello");
        bad[position] = byte;
        decode("gzip", &bad).unwrap_err();
    }
}

#[test]
fn checksums_and_sizes_are_checked() {
    for position in 1..=8 {
        let mut bad = gzip(b"hello");
        let length = bad.len();
        bad[length - position] ^= 0x10;
        decode("gzip", &bad).unwrap_err();
        decode("gzip", &[gzip(b"good"), bad].concat()).unwrap_err();
    }
    for position in 1..=4 {
        let mut bad = zlib(b"hello");
        let length = bad.len();
        bad[length - position] ^= 0x10;
        decode("deflate", &bad).unwrap_err();
    }
}

#[test]
fn members_of_a_gzip_body_follow_each_other() {
    let bodies: Vec<Vec<u8>> = (0..50).map(|length| vec![b'a'; length * 37]).collect();
    let coded: Vec<u8> = bodies.iter().flat_map(|body| gzip(body)).collect();
    assert_eq!(decode("gzip", &coded).unwrap(), bodies.concat());
    // Empty members are allowed.
    let coded = [gzip(b"hel"), gzip(b"").repeat(1000), gzip(b"lo")].concat();
    assert_eq!(decode("gzip", &coded).unwrap(), b"hello");
}

#[test]
fn much_input_without_output_is_an_error() {
    // Empty stored blocks, as a flush writes them (RFC 1951 section 3.2.4).
    let empty_blocks = b"\x00\x00\x00\xff\xff".repeat(30_000);
    let mut endless_name = vec![0x1f, 0x8b, 8, 0x08, 0, 0, 0, 0, 0, 3];
    endless_name.resize(200_000, b'n');
    let members = gzip(b"").repeat(20_000);
    for (names, data) in [
        ("gzip", members.clone()),
        ("gzip", [gzip(b"hello"), members.clone(), gzip(b"hello")].concat()),
        ("gzip", endless_name),
        ("deflate", empty_blocks.clone()),
        ("deflate", [&zlib(b"")[..2], &empty_blocks].concat()),
        ("gzip, gzip", gzip(&members)),
        ("deflate, gzip", gzip(&empty_blocks)),
    ] {
        let detail = decode(names, &data).expect_err(names);
        assert!(detail.ends_with("much of it decodes to nothing"), "{names}: {detail}");
    }
    // Fails after 128 KiB of input.
    let mut source = Source { data: &members, piece: 1000, end: None, reads: 0 };
    Decoder::new(vec![Coding::Gzip], &mut source, worker()).read(&mut [0; 100]).unwrap_err();
    assert!(source.reads <= 150, "{} reads", source.reads);
}

/// A body in four codings that decodes to nothing. The innermost one is a gzip header with a name of `length` letters.
/// The next one expands each letter to 130 KB, nearly all of it empty blocks.
fn nested_bomb(length: usize) -> Vec<u8> {
    let letter = |letter: u8| {
        let mut blocks = vec![0, 1, 0, 0xfe, 0xff, letter];
        blocks.extend(b"\x00\x00\x00\xff\xff".repeat(26_000));
        blocks
    };
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut named = header.to_vec();
    named[3] = 0x08;
    let start = named.iter().flat_map(|&byte| letter(byte)).collect::<Vec<_>>();
    let members = [gzip(&header), gzip(&start), gzip(&letter(b'n')).repeat(length)].concat();
    gzip(&members)
}

#[test]
fn nested_codings_that_expand_to_nothing_are_an_error() {
    // 40 MB between the second and the third layer.
    let bomb = nested_bomb(300);
    let mut source = Source { data: &bomb, piece: 1, end: None, reads: 0 };
    let mut decoder = Decoder::new(vec![Coding::Gzip; 4], &mut source, worker());
    let detail = protocol_detail(&decoder.read(&mut [0; 100]).unwrap_err());
    assert!(detail.ends_with("much of it decodes to nothing"), "{detail}");
    // Most of it was not decoded.
    let left = source.data.len();
    assert!(left > bomb.len() / 2, "{left} of {} bytes left", bomb.len());
}

/// Requests a stop when it is first read.
struct Stopping<'a>(Source<'a>, Arc<Worker>);

impl Read for Stopping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.stop().request(StopReason::Interrupted);
        self.0.read(buffer)
    }
}

#[test]
fn codings_stop_when_the_worker_is_to_stop() {
    // Small enough for the limits.
    let bomb = nested_bomb(10);
    let worker = worker();
    worker.check().unwrap();
    let source = Source { data: &bomb, piece: usize::MAX, end: None, reads: 0 };
    let mut source = Stopping(source, worker.clone());
    let error = Decoder::new(vec![Coding::Gzip; 4], &mut source, worker).read(&mut [0; 100]).unwrap_err();
    let kind = kind_of(error);
    assert!(matches!(kind, ErrorKind::Cancelled(StopReason::Interrupted)), "{kind:?}");
    assert_eq!(source.0.reads, 1, "the source was not asked again");
}

fn impolite_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, Error::closed("no close_notify"))
}

fn kind_of(error: io::Error) -> ErrorKind {
    error.downcast::<Error>().expect("an error of the source").kind
}

#[test]
fn missing_close_notify_after_a_complete_coding_is_allowed() {
    for plain in [b"".to_vec(), b"hello".to_vec(), text()] {
        for (names, data) in [
            ("gzip", gzip(&plain)),
            ("gzip", [gzip(&plain), gzip(b"")].concat()),
            ("deflate", zlib(&plain)),
            ("deflate, gzip", gzip(&zlib(&plain))),
        ] {
            for piece in [1, 1000, usize::MAX] {
                assert_eq!(decode_with(names, &data, piece, 4096, Some(impolite_end)).unwrap(), plain, "{names}");
            }
            // Anywhere else the body is cut off, and the source's own error is returned.
            let step = 1 + data.len() / 50;
            for length in (0..data.len()).step_by(step).chain([data.len() - 1]) {
                let whole_members = names == "gzip" && length == gzip(&plain).len();
                if !whole_members {
                    let error = decode_with(names, &data[..length], 1000, 4096, Some(impolite_end)).unwrap_err();
                    assert!(matches!(kind_of(error), ErrorKind::Closed), "{names} {length}");
                }
            }
        }
    }
    // Only the outermost coding decides: after a complete inner coding, the end of the outer one is missing.
    let outer = gzip(&gzip(b"hello"));
    for cut in 1..=8 {
        decode_with("gzip, gzip", &outer[..outer.len() - cut], 1000, 4096, Some(impolite_end)).unwrap_err();
    }
    // A complete outer coding around an incomplete one.
    let inner = gzip(b"hello");
    let error = decode_with("gzip, gzip", &gzip(&inner[..inner.len() - 1]), 9, 9, Some(impolite_end)).unwrap_err();
    protocol_detail(&error);
    // Without a coding, nothing confirms the end.
    assert!(decode_with("identity", b"hello", 9, 9, Some(impolite_end)).is_err());
}

#[test]
fn other_errors_of_the_source_are_returned_unchanged() {
    let failed = || io::Error::other(Error::closed("cut off"));
    let interrupted = || io::Error::from(io::ErrorKind::Interrupted);
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    for (names, data) in [("gzip", gzip(b"hello")), ("deflate", zlib(b"hello")), ("gzip, gzip", gzip(&gzip(b"hello")))]
    {
        for length in 0..=data.len() {
            let with = |end| decode_with(names, &data[..length], 3, 100, Some(end)).unwrap_err();
            assert!(matches!(kind_of(with(failed)), ErrorKind::Closed));
            assert_eq!(with(interrupted).kind(), io::ErrorKind::Interrupted);
            assert_eq!(with(reset).kind(), io::ErrorKind::ConnectionReset);
        }
    }
}

/// Interrupts every second read.
struct Interrupted<'a>(Source<'a>, bool);

impl Read for Interrupted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(buffer) }
    }
}

#[test]
fn interrupted_read_can_be_repeated() {
    let plain = text();
    let data = gzip(&zlib(&plain));
    let source = Interrupted(Source { data: &data, piece: 777, end: None, reads: 0 }, false);
    let mut decoder = Decoder::new(vec![Coding::Gzip, Coding::Deflate], source, worker());
    let mut decoded = Vec::new();
    // The standard library retries by itself.
    decoder.read_to_end(&mut decoded).unwrap();
    assert!(decoded == plain);
}

#[test]
fn output_is_returned_as_soon_as_it_is_decoded() {
    // All of the data was read, but not its end. A source that is asked for more would wait.
    let plain = text();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&plain).unwrap();
    encoder.flush().unwrap();
    let data = encoder.get_ref().clone();
    let source = Source { data: &data, piece: usize::MAX, end: Some(|| io::ErrorKind::WouldBlock.into()), reads: 0 };
    let mut decoder = Decoder::new(vec![Coding::Gzip], source, worker());
    let (mut decoded, mut buffer) = (Vec::new(), [0; 1000]);
    while let Ok(size) = decoder.read(&mut buffer) {
        decoded.extend_from_slice(&buffer[..size]);
    }
    assert!(decoded == plain);
}

#[cfg(feature = "brotli")]
#[test]
fn brotli_rejects_the_same_violations() {
    // Stored uncompressed (RFC 7932 section 9.2), with an empty last metablock.
    let hello = b"\x0b\x02\x80hello\x03";
    assert_eq!(decode("br", hello).unwrap(), b"hello");
    assert_eq!(decode("gzip, br", b"").unwrap(), b"");
    assert_eq!(decode("br, gzip", &gzip(hello)).unwrap(), b"hello");
    for length in 1..hello.len() {
        decode("br", &hello[..length]).unwrap_err();
    }
    decode("br", &[hello.as_slice(), b"x"].concat()).unwrap_err();
    // A window of a gigabyte, which RFC 7932 does not allow.
    decode("br", b"\x11\x1e\x03").unwrap_err();
    assert_eq!(decode_with("br", hello, 1, 9, Some(impolite_end)).unwrap(), b"hello");
}
