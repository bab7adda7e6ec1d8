//! The formats that mini programs meet, with their file name extensions and media types. This is the library's one table:
//! an upload reads it from extension to type, a download from type to extension.
//!
//! An own table, because the crates that were weighed do not serve: `mime_guess` 2.0.5 has 1,376 extensions (more than
//! 100 kB on a phone), does not say which of a type's extensions is the usual one (`image/jpeg` begins with `jfif`), and
//! knows neither what clients record (`silk`) nor which formats are built on others.

/// Sent where the extension says nothing (RFC 2046 §4.5.1).
const UNKNOWN: &str = "application/octet-stream";

/// A format.
struct Format {
    /// In lower case; a download gets the first.
    extensions: &'static [&'static str],
    /// In any case; an upload sends the first, and a download may have any. Where there is none, an upload sends that of
    /// `built_on`. The first is IANA's, or the name in common use where IANA has none.
    media_types: &'static [&'static str],
    /// The extension of the format that a file of this one is too: a `docx` is a `zip`. Servers often know no more.
    built_on: Option<&'static str>,
}

/// A format of its own.
const fn own(extensions: &'static [&'static str], media_types: &'static [&'static str]) -> Format {
    Format { extensions, media_types, built_on: None }
}

/// A format that is built on another.
const fn on(base: &'static str, extensions: &'static [&'static str], media_types: &'static [&'static str]) -> Format {
    Format { extensions, media_types, built_on: Some(base) }
}

/// In the order of the first extensions.
const FORMATS: [Format; 115] = [
    own(&["3g2"], &["video/3gpp2"]),
    own(&["3gp"], &["video/3gpp", "audio/3gpp"]),
    own(&["7z"], &["application/x-7z-compressed"]),
    own(&["aac"], &["audio/aac", "audio/x-aac", "audio/aacp", "audio/x-hx-aac-adts"]),
    own(&["aiff", "aif"], &["audio/aiff", "audio/x-aiff"]),
    own(&["amr"], &["audio/AMR", "audio/x-amr"]),
    on("jar", &["apk"], &["application/vnd.android.package-archive"]),
    on("png", &["apng"], &["image/apng", "image/vnd.mozilla.apng"]),
    own(&["avi"], &["video/x-msvideo", "video/vnd.avi", "video/avi", "video/msvideo"]),
    own(&["avif"], &["image/avif"]),
    own(&["awb"], &["audio/AMR-WB"]),
    own(&["bmp"], &["image/bmp", "image/x-ms-bmp", "image/x-bmp"]),
    own(&["bz2"], &["application/x-bzip2", "application/x-bzip", "application/bzip2"]),
    own(&["caf"], &["audio/x-caf"]),
    on("txt", &["conf"], &[]),
    on("txt", &["css"], &["text/css"]),
    on("txt", &["csv"], &["text/csv", "application/csv", "text/x-csv"]),
    own(&["doc"], &["application/msword"]),
    on("zip", &["docx"], &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    own(&["dps"], &["application/ksdps"]),
    own(&["dwg"], &["image/vnd.dwg", "application/acad", "application/x-dwg"]),
    on("txt", &["dxf"], &["image/vnd.dxf", "application/dxf"]),
    on("zip", &["epub"], &["application/epub+zip"]),
    own(&["et"], &["application/kset"]),
    own(&["flac"], &["audio/flac", "audio/x-flac"]),
    own(&["flv"], &["video/x-flv", "video/flv"]),
    on("json", &["geojson"], &["application/geo+json", "application/vnd.geo+json"]),
    own(&["gif"], &["image/gif"]),
    own(&["glb"], &["model/gltf-binary"]),
    on("json", &["gltf"], &["model/gltf+json"]),
    on("xml", &["gpx"], &["application/gpx+xml"]),
    own(&["gz"], &["application/gzip", "application/x-gzip"]),
    on("zip", &["hap"], &[]),
    own(&["heic"], &["image/heic"]),
    own(&["heif"], &["image/heif"]),
    on("txt", &["html", "htm"], &["text/html"]),
    own(&["ico"], &["image/vnd.microsoft.icon", "image/x-icon"]),
    on("txt", &["ics"], &["text/calendar"]),
    on("txt", &["ini"], &[]),
    on("zip", &["ipa"], &[]),
    on("zip", &["jar"], &["application/java-archive", "application/x-java-archive"]),
    own(&["jpg", "jpeg", "jpe", "jfif"], &["image/jpeg", "image/jpg", "image/pjpeg", "image/x-jpeg"]),
    on("txt", &["js", "mjs"], &["text/javascript", "application/javascript", "application/x-javascript"]),
    on("txt", &["json"], &["application/json", "text/json", "application/x-json"]),
    own(&["jxl"], &["image/jxl"]),
    on("zip", &["key"], &["application/vnd.apple.keynote"]),
    on("xml", &["kml"], &["application/vnd.google-earth.kml+xml"]),
    on("zip", &["kmz"], &["application/vnd.google-earth.kmz"]),
    on("txt", &["log"], &[]),
    on("txt", &["lrc"], &[]),
    on(
        "txt",
        &["m3u8"],
        &["application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"],
    ),
    own(&["m4a"], &["audio/mp4", "audio/x-m4a", "audio/m4a"]),
    own(&["m4v"], &["video/x-m4v"]),
    on("txt", &["md", "markdown"], &["text/markdown", "text/x-markdown"]),
    own(&["mid", "midi"], &["audio/midi", "audio/x-midi", "audio/mid"]),
    own(&["mka"], &["audio/matroska", "audio/x-matroska"]),
    own(&["mkv"], &["video/matroska", "video/x-matroska"]),
    own(&["mobi"], &["application/x-mobipocket-ebook"]),
    own(&["mov", "qt"], &["video/quicktime"]),
    own(&["mp3"], &["audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3", "audio/x-mpeg"]),
    own(&["mp4"], &["video/mp4", "application/mp4", "video/x-mp4"]),
    own(&["mpeg", "mpg"], &["video/mpeg", "video/x-mpeg"]),
    on("zip", &["numbers"], &["application/vnd.apple.numbers"]),
    on("zip", &["odp"], &["application/vnd.oasis.opendocument.presentation"]),
    on("zip", &["ods"], &["application/vnd.oasis.opendocument.spreadsheet"]),
    on("zip", &["odt"], &["application/vnd.oasis.opendocument.text"]),
    on("zip", &["ofd"], &["application/ofd"]),
    own(&["ogg", "oga"], &["audio/ogg", "application/ogg", "audio/x-ogg"]),
    own(&["ogv"], &["video/ogg"]),
    // RFC 7845 §9: Opus in Ogg is audio/ogg; audio/opus is what RTP carries.
    on("ogg", &["opus"], &[]),
    own(&["otf"], &["font/otf", "application/x-font-otf"]),
    on("zip", &["pages"], &["application/vnd.apple.pages"]),
    own(&["pdf"], &["application/pdf", "application/x-pdf"]),
    on("zip", &["pkpass"], &["application/vnd.apple.pkpass"]),
    own(&["png"], &["image/png", "image/x-png"]),
    own(&["ppt"], &["application/vnd.ms-powerpoint"]),
    on("zip", &["pptx"], &["application/vnd.openxmlformats-officedocument.presentationml.presentation"]),
    own(&["psd"], &["image/vnd.adobe.photoshop", "image/x-photoshop"]),
    own(&["rar"], &["application/vnd.rar", "application/x-rar-compressed", "application/x-rar", "application/rar"]),
    own(&["rmvb"], &["application/vnd.rn-realmedia-vbr"]),
    on("txt", &["rtf"], &["application/rtf", "text/rtf"]),
    own(&["silk"], &["audio/silk", "audio/x-silk"]),
    on("txt", &["sql"], &["application/sql"]),
    on("txt", &["srt"], &["application/x-subrip"]),
    own(&["stl"], &["model/stl"]),
    on("xml", &["svg"], &["image/svg+xml"]),
    own(&["tar"], &["application/x-tar"]),
    on("gz", &["tgz"], &[]),
    own(&["tiff", "tif"], &["image/tiff"]),
    on("txt", &["toml"], &["application/toml"]),
    own(&["ts"], &["video/mp2t"]),
    on("txt", &["tsv"], &["text/tab-separated-values"]),
    own(&["ttc"], &["font/collection"]),
    own(&["ttf"], &["font/ttf", "application/x-font-ttf"]),
    own(&["txt"], &["text/plain"]),
    on("zip", &["usdz"], &["model/vnd.usdz+zip"]),
    on("txt", &["vcf"], &["text/vcard", "text/x-vcard"]),
    on("txt", &["vtt"], &["text/vtt"]),
    own(&["wasm"], &["application/wasm"]),
    own(&["wav"], &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"]),
    own(&["weba"], &["audio/webm"]),
    own(&["webm"], &["video/webm"]),
    own(&["webp"], &["image/webp"]),
    own(&["wma"], &["audio/x-ms-wma"]),
    own(&["wmv"], &["video/x-ms-wmv"]),
    own(&["woff"], &["font/woff", "application/font-woff"]),
    own(&["woff2"], &["font/woff2", "application/font-woff2"]),
    own(&["wps"], &["application/kswps"]),
    own(&["xls"], &["application/vnd.ms-excel"]),
    on("zip", &["xlsx"], &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    on("zip", &["xmind"], &["application/vnd.xmind.workbook"]),
    on("txt", &["xml"], &["text/xml", "application/xml"]),
    own(&["xz"], &["application/x-xz"]),
    on("txt", &["yaml", "yml"], &["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]),
    own(&["zip"], &["application/zip", "application/x-zip-compressed", "application/x-zip"]),
];

/// The media type of a file of that name, for an upload; `application/octet-stream` where its extension is none or
/// unknown. A leading dot makes a hidden file, not an extension.
pub fn by_file_name(file_name: &str) -> &'static str {
    let mut extension = match file_name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => return UNKNOWN,
    };
    while let Some(format) = by_extension(extension) {
        match (format.media_types.first(), format.built_on) {
            (Some(media_type), _) => return media_type,
            (None, Some(base)) => extension = base,
            (None, None) => break,
        }
    }
    UNKNOWN
}

/// The usual extension of a file with that `Content-Type`, for a download; parameters are not looked at. `None` for a
/// type that says nothing of the format: none such is in the table (`application/octet-stream`,
/// `application/force-download`, …).
pub fn usual_extension(content_type: &str) -> Option<&'static str> {
    let essence = content_type.split(';').next()?.trim_matches([' ', '\t']);
    let format =
        FORMATS.iter().find(|format| format.media_types.iter().any(|known| known.eq_ignore_ascii_case(essence)))?;
    format.extensions.first().copied()
}

/// Whether a file with `extension` is one of `base` too, however many formats are between them: an `apk` is a `zip`.
pub fn is_built_on(extension: &str, base: &str) -> bool {
    let mut below = by_extension(extension).and_then(|format| format.built_on);
    while let Some(extension) = below {
        if extension == base {
            return true;
        }
        below = by_extension(extension).and_then(|format| format.built_on);
    }
    false
}

fn by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// IANA's media type registry; where it has none, the type of Debian's `mime.types` or the vendor.
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

    /// What servers send to make a browser save a file, or because they know nothing.
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
    fn a_format_is_what_it_is_built_on() {
        for (extension, base) in [("docx", "zip"), ("apk", "zip"), ("apk", "jar"), ("SVG", "txt"), ("opus", "ogg")] {
            assert!(is_built_on(extension, base), "{extension} {base}");
        }
        for (extension, base) in [("zip", "docx"), ("zip", "zip"), ("pdf", "txt"), ("", "txt"), ("qqq", "zip")] {
            assert!(!is_built_on(extension, base), "{extension} {base}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_each_extension_and_type_is_in_it_once() {
        assert!(FORMATS.is_sorted_by(|left, right| left.extensions[0] < right.extensions[0]));
        let (mut extensions, mut media_types) = (HashSet::new(), HashSet::new());
        for format in &FORMATS {
            let first = format.extensions[0];
            assert!(!format.media_types.is_empty() || format.built_on.is_some(), "{first}");
            for extension in format.extensions {
                assert!(
                    extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                    "{extension}"
                );
                assert!((1..=10).contains(&extension.len()), "{extension}");
                assert!(extensions.insert(extension), "{extension} is there twice");
                // Both ways lead to the same format.
                if !format.media_types.is_empty() {
                    assert_eq!(usual_extension(by_file_name(&format!("a.{extension}"))), Some(first));
                }
            }
            for media_type in format.media_types {
                assert_eq!(media_type.split('/').filter(|part| !part.is_empty()).count(), 2, "{media_type}");
                assert!(media_types.insert(media_type.to_ascii_lowercase()), "{media_type} is there twice");
                assert_eq!(usual_extension(media_type), Some(first));
            }
        }
        // Each base is in the table under that name, and no format is built on itself.
        for format in &FORMATS {
            let Some(base) = format.built_on else { continue };
            assert_eq!(by_extension(base).map(|format| format.extensions[0]), Some(base));
            assert!(!is_built_on(base, format.extensions[0]), "{base}");
        }
    }
}
