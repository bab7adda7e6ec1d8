use super::*;

/// Decodes a text at once and in parts of each small size. There is enough memory.
fn decoded(bytes: &[u8], content_type: Option<&str>) -> String {
    let in_parts = |size: usize| {
        let mut decoder = decoder(content_type);
        for part in bytes.chunks(size) {
            decoder.add(part).unwrap();
        }
        decoder.finish().unwrap()
    };
    let text = in_parts(bytes.len().max(1));
    for size in 1..=5 {
        assert_eq!(in_parts(size), text, "parts of {size} bytes");
    }
    text
}

const UTF8: &str = "text/plain; charset=utf-8";

/// Malformed bytes are replaced as in the WHATWG Encoding standard: one U+FFFD for each maximal subpart.
#[test]
fn utf_8_never_fails() {
    let cases: [(&[u8], &str); 8] = [
        (b"", ""),
        (b"plain", "plain"),
        (b"\xE4\xBD\xA0\xE5\xA5\xBD", "你好"),
        (b"\xF0\x9F\x98\x80", "😀"),
        (b"a\xFFb\xE4\xBD", "a\u{FFFD}b\u{FFFD}"),
        (b"\xF0\x9F\x98x\xED\xA0\x80", "\u{FFFD}x\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xC0\xAF", "\u{FFFD}\u{FFFD}"),
        (b"a\0b", "a\0b"),
    ];
    for (bytes, expected) in cases {
        for content_type in [None, Some(UTF8), Some("application/json"), Some("")] {
            assert_eq!(decoded(bytes, content_type), expected, "{content_type:?}");
        }
    }
}

#[test]
fn one_byte_order_mark_is_removed() {
    let cases: [(&[u8], &str); 4] = [
        (b"\xEF\xBB\xBFtext", "text"),
        (b"\xEF\xBB\xBF\xEF\xBB\xBFtext", "\u{FEFF}text"),
        (b"text\xEF\xBB\xBF", "text\u{FEFF}"),
        (b"\xEF\xBB\xBF", ""),
    ];
    for (bytes, expected) in cases {
        assert_eq!(decoded(bytes, None), expected);
        assert_eq!(decoded(bytes, Some(UTF8)), expected);
    }
}

#[test]
fn an_unknown_charset_counts_as_utf_8() {
    for label in ["klingon", "\"\"", "iso-2022-kr", "replacement", "utf-7"] {
        let content_type = format!("text/plain; charset={label}");
        assert_eq!(decoded(b"\xE4\xBD\xA0", Some(&content_type)), "你", "{label}");
    }
}

/// A text can be three times as long as its bytes.
#[test]
fn a_text_that_grows_is_decoded_to_its_end() {
    let count = 100_000;
    assert_eq!(decoded(&vec![0xFF; count], None), "\u{FFFD}".repeat(count));
    assert_eq!(decoded("a你😀".repeat(count).as_bytes(), None), "a你😀".repeat(count));
    #[cfg(feature = "charset")]
    for (charset, bytes) in [("gb18030", &b"\xC4\xE3\x81\x30\x81\x30x"[..]), ("utf-16le", b"\x60\x4F\x3D\xD8\x00\xDE")]
    {
        let once = decoded(bytes, Some(&format!("text/plain; charset={charset}")));
        let many = decoded(&bytes.repeat(count), Some(&format!("text/plain; charset={charset}")));
        assert_eq!(many, once.repeat(count), "{charset}");
    }
    #[cfg(feature = "charset")]
    assert_eq!(decoded(&vec![0x80; count], Some("text/plain; charset=windows-1252")), "€".repeat(count));
}

/// The expected bytes are from Python's codecs of the same name.
#[cfg(feature = "charset")]
#[test]
fn text_is_decoded_with_its_charset() {
    let cases: [(&str, &[u8], &str); 10] = [
        ("gbk", b"\xC4\xE3\xBA\xC3\xA3\xAC\xCA\xC0\xBD\xE7", "你好，世界"),
        ("GB2312", b"\xC4\xE3\xBA\xC3", "你好"),
        ("gb18030", b"\x94\x39\xFC\x36\xA8\xA6", "😀é"),
        ("Big5", b"\xA7\x41\xA6\x6E", "你好"),
        ("Shift_JIS", b"\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD", "こんにちは"),
        ("euc-kr", b"\xBE\xC8\xB3\xE7", "안녕"),
        ("windows-1252", b"\xE9\x80", "é€"),
        ("iso-8859-1", b"\xE9\x80", "é€"),
        ("utf-16le", b"\x60\x4F\x7D\x59", "你好"),
        ("gbk", b"ok\xFF", "ok\u{FFFD}"),
    ];
    for (label, bytes, expected) in cases {
        let content_type = format!("text/html;charset={label}");
        assert_eq!(decoded(bytes, Some(&content_type)), expected, "{label}");
    }
}

/// WHATWG Encoding §6.1 "decode": a byte order mark takes precedence over everything else.
#[cfg(feature = "charset")]
#[test]
fn a_byte_order_mark_wins_over_the_charset() {
    assert_eq!(decoded(b"\xEF\xBB\xBF\xE4\xBD\xA0", Some("text/plain; charset=gbk")), "你");
    assert_eq!(decoded(b"\xFF\xFE\x60\x4F\x7D\x59", Some(UTF8)), "你好");
    assert_eq!(decoded(b"\xFE\xFF\x00\x68\x00\x69", None), "hi");
}

#[cfg(feature = "charset")]
#[test]
fn the_charset_parameter_is_found() {
    let cases = [
        ("text/html; charset=gbk", Some("gbk")),
        ("text/html;CHARSET=GBK", Some("GBK")),
        ("text/html ; charset=gbk ; x=y", Some("gbk")),
        ("text/html; charset=\"gbk\"", Some("gbk")),
        ("text/html; charset=\"g\\bk\"", Some("gbk")),
        ("text/html; charset=\"gbk", Some("gbk")),
        ("text/html; charset=\"gbk\"junk; x=y", Some("gbk")),
        ("text/html; x=\"a;charset=big5\"; charset=gbk", Some("gbk")),
        ("text/html; x=\"\\\";charset=big5;\"; charset=gbk", Some("gbk")),
        ("text/html; charset=gbk; charset=big5", Some("gbk")),
        ("text/html; charset; charset=gbk", Some("gbk")),
        ("text/html; ;; charset=gbk", Some("gbk")),
        ("text/html; charset=", None),
        ("text/html; x-charset=gbk", None),
        ("text/html", None),
        ("charset=gbk", None),
        ("", None),
        (";", None),
        ("text/html; \"", None),
    ];
    for (content_type, expected) in cases {
        assert_eq!(charset(content_type).as_deref(), expected, "{content_type}");
    }
}
