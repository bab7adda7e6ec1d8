//! The table of formats in both directions.

use std::collections::HashSet;

use super::*;

/// From IANA's media type registry, or else from Debian's `mime.types` or the vendor.
#[test]
fn the_extension_decides_in_any_case() {
    let cases = [
        ("photo.jpg", "image/jpeg"),
        ("PHOTO.JPEG", "image/jpeg"),
        ("a.b.png", "image/png"),
        ("照片.heic", "image/heic"),
        ("voice.mp3", "audio/mpeg"),
        ("voice.silk", "audio/silk"),
        ("voice.amr", "audio/AMR"),
        ("voice.opus", "audio/ogg"),
        ("voice.weba", "audio/webm"),
        ("clip.mp4", "video/mp4"),
        ("clip.flv", "video/x-flv"),
        ("clip.mkv", "video/matroska"),
        ("clip.ogv", "video/ogg"),
        ("clip.wmv", "video/x-ms-wmv"),
        ("data.json", "application/json"),
        ("data.yml", "application/yaml"),
        ("script.js", "text/javascript"),
        ("trace.LOG", "text/plain"),
        ("archive.tar.gz", "application/gzip"),
        ("archive.tgz", "application/gzip"),
        ("archive.tar.bz2", "application/x-bzip2"),
        ("app.apk", "application/vnd.android.package-archive"),
        ("noextension", "application/octet-stream"),
        ("unknown.qqq", "application/octet-stream"),
        ("firmware.bin", "application/octet-stream"),
        ("dot.", "application/octet-stream"),
        (".png", "application/octet-stream"),
        ("png", "application/octet-stream"),
        ("", "application/octet-stream"),
    ];
    for (file_name, expected) in cases {
        assert_eq!(by_file_name(file_name), expected, "{file_name}");
    }
}

#[test]
fn a_type_has_its_usual_extension_in_any_form() {
    let cases = [
        ("IMAGE/JPEG", Some("jpg")),
        (" image/svg+xml ; charset=utf-8", Some("svg")),
        ("text/html;charset=gbk", Some("html")),
        ("\tvideo/mp4\t", Some("mp4")),
        ("video/matroska", Some("mkv")),
        ("video/x-matroska", Some("mkv")),
        ("audio/webm; codecs=opus", Some("weba")),
        ("video/ogg", Some("ogv")),
        ("application/x-bzip2", Some("bz2")),
        ("audio/amr", Some("amr")),
        ("application/x-javascript", Some("js")),
        ("", None),
        (";", None),
        ("image", None),
        ("image/", None),
        ("image/unheard-of", None),
        ("image/../../x", None),
        ("image/png/x", None),
        ("image/png, image/gif", None),
    ];
    for (content_type, expected) in cases {
        assert_eq!(usual_extension(content_type), expected, "{content_type:?}");
    }
}

/// Types that servers send to make a browser save a file, or if they do not know the type.
#[test]
fn a_type_that_is_not_specific_has_no_extension() {
    for content_type in [
        "application/octet-stream",
        "binary/octet-stream",
        "application/force-download",
        "application/x-force-download",
        "application/x-download",
        "application/download",
        "application/binary",
        "application/x-binary",
        "application/save",
        "application/save-as",
        "application/unknown",
        "application/x-unknown",
        "application/x-msdownload",
        "unknown/unknown",
        "content/unknown",
        "multipart/form-data; boundary=x",
        "*/*",
    ] {
        assert_eq!(usual_extension(content_type), None, "{content_type}");
    }
}

#[test]
fn format_passes_for_its_base_and_its_programs_format() {
    for (extension, other) in [
        ("docx", "zip"),
        ("apk", "zip"),
        ("apk", "jar"),
        ("SVG", "txt"),
        ("opus", "ogg"),
        ("xlsx", "xls"),
        ("xlsm", "xls"),
        ("csv", "xls"),
        ("csv", "txt"),
    ] {
        assert!(passes_for(extension, other), "{extension} {other}");
    }
    for (extension, other) in
        [("zip", "docx"), ("zip", "zip"), ("pdf", "txt"), ("", "txt"), ("qqq", "zip"), ("xls", "xlsx"), ("xlsx", "doc")]
    {
        assert!(!passes_for(extension, other), "{extension} {other}");
    }
}

#[test]
fn the_table_is_in_order_and_each_extension_and_type_is_in_it_once() {
    assert!(FORMATS.is_sorted_by(|left, right| left.extensions[0] < right.extensions[0]));
    let (mut extensions, mut media_types) = (HashSet::new(), HashSet::new());
    for format in &FORMATS {
        let first = format.extensions[0];
        assert!(!format.media_types.is_empty() || !format.passes_for.is_empty(), "{first}");
        for extension in format.extensions {
            assert!(extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{extension}");
            assert!((1..=10).contains(&extension.len()), "{extension}");
            assert!(extensions.insert(extension), "{extension} occurs twice");
            // Both directions lead to the same format.
            if !format.media_types.is_empty() {
                assert_eq!(usual_extension(by_file_name(&format!("a.{extension}"))), Some(first));
            }
        }
        for media_type in format.media_types {
            assert_eq!(media_type.split('/').filter(|part| !part.is_empty()).count(), 2, "{media_type}");
            assert!(media_types.insert(media_type.to_ascii_lowercase()), "{media_type} occurs twice");
            assert_eq!(usual_extension(media_type), Some(first));
        }
    }
    // Each referenced format is in the table under that name, and no format references itself.
    for format in &FORMATS {
        for other in format.passes_for {
            assert_eq!(by_extension(other).map(|format| format.extensions[0]), Some(*other));
            assert!(!passes_for(other, format.extensions[0]), "{other}");
        }
    }
}
