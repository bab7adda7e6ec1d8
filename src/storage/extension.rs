//! Which extension a file gets. It is all of a server's choice of name that ever reaches the disk.

use super::path::MAX_EXTENSION_LENGTH;

/// The extension of a download, without the dot: from its `Content-Type`, else its URL path's suffix, else its
/// `Content-Disposition`. At most 10 ASCII letters and digits, in lower case.
pub fn extension(content_type: Option<&str>, url_path: &str, content_disposition: Option<&str>) -> Option<String> {
    content_type
        .and_then(of_content_type)
        .map(str::to_owned)
        .or_else(|| of_name(url_path))
        .or_else(|| content_disposition.and_then(of_content_disposition))
}

/// The extension of a path's or URL path's last component: what follows its last dot, where a name is before that.
pub fn of_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, suffix) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    normalised(suffix)
}

/// An extension in the one form that is used: lower case, or nothing where it holds anything but letters and digits or
/// is too long.
pub fn normalised(extension: &str) -> Option<String> {
    let good = (1..=MAX_EXTENSION_LENGTH).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    good.then(|| extension.to_ascii_lowercase())
}

/// The usual extension of a media type. Types that say nothing of the format, such as `application/octet-stream`, have
/// none.
fn of_content_type(content_type: &str) -> Option<&'static str> {
    let media_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
    let extension = match media_type.as_str() {
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/png" | "image/x-png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/bmp" | "image/x-ms-bmp" => "bmp",
        "image/svg+xml" => "svg",
        "image/tiff" => "tiff",
        "image/heic" => "heic",
        "image/heif" => "heif",
        "image/avif" => "avif",
        "image/x-icon" | "image/vnd.microsoft.icon" => "ico",
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/mp4" | "audio/x-m4a" => "m4a",
        "audio/aac" | "audio/x-aac" => "aac",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/ogg" => "ogg",
        "audio/flac" | "audio/x-flac" => "flac",
        "audio/amr" => "amr",
        "audio/silk" => "silk",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "video/webm" => "webm",
        "video/mpeg" => "mpeg",
        "video/x-m4v" => "m4v",
        "video/3gpp" => "3gp",
        "video/x-msvideo" => "avi",
        "video/x-matroska" => "mkv",
        "video/x-flv" => "flv",
        "text/plain" => "txt",
        "text/html" => "html",
        "text/css" => "css",
        "text/csv" => "csv",
        "text/markdown" => "md",
        "text/javascript" | "application/javascript" | "application/x-javascript" => "js",
        "application/json" | "text/json" => "json",
        "application/xml" | "text/xml" => "xml",
        "application/pdf" => "pdf",
        "application/rtf" | "text/rtf" => "rtf",
        "application/epub+zip" => "epub",
        "application/zip" | "application/x-zip-compressed" => "zip",
        "application/gzip" | "application/x-gzip" => "gz",
        "application/x-tar" => "tar",
        "application/x-7z-compressed" => "7z",
        "application/vnd.rar" | "application/x-rar-compressed" => "rar",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.ms-powerpoint" => "ppt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        "application/vnd.android.package-archive" => "apk",
        "application/wasm" => "wasm",
        "font/ttf" => "ttf",
        "font/otf" => "otf",
        "font/woff" => "woff",
        "font/woff2" => "woff2",
        _ => return None,
    };
    Some(extension)
}

/// The extension of the file name in a `Content-Disposition` (RFC 6266). `filename*` comes before `filename`, as
/// section 4.3 has it; a missing disposition type and stray white space are forgiven.
fn of_content_disposition(value: &str) -> Option<String> {
    let parameters = parameters(value);
    let named = |wanted: &str| parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let extended = named("filename*").and_then(|(_, value)| of_extended_value(value));
    extended.or_else(|| named("filename").and_then(|(_, value)| of_name(value)))
}

/// The extension of a name in the form of RFC 8187: `charset'language'percent-encoded`. Every character set that is in
/// use there has the dot and the ASCII letters where ASCII has them, so it needs no decoding.
fn of_extended_value(value: &str) -> Option<String> {
    let encoded = value.splitn(3, '\'').nth(2)?;
    of_name(&String::from_utf8_lossy(&percent_decode(encoded)))
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |index: usize| after.get(index).and_then(|&digit| char::from(digit).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are at most 255.
                decoded.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

/// The `name=value` parts of a header's value, between semicolons that are not in a quoted string (RFC 9110, section
/// 5.6.6), with quotes and backslashes taken away.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut part = Part::default();
    let mut characters = value.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => part.push(characters.next().unwrap_or('\\')),
            ';' if !quoted => parameters.extend(std::mem::take(&mut part).parameter()),
            '=' if !quoted && part.value.is_none() => part.value = Some(String::new()),
            other => part.push(other),
        }
    }
    parameters.extend(part.parameter());
    parameters
}

/// One parameter while it is read.
#[derive(Default)]
struct Part {
    name: String,
    value: Option<String>,
}

impl Part {
    fn push(&mut self, character: char) {
        self.value.as_mut().unwrap_or(&mut self.name).push(character);
    }

    fn parameter(self) -> Option<(String, String)> {
        Some((self.name.trim().to_owned(), self.value?.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content_type: Option<&str>, path: &str, disposition: Option<&str>, expected: Option<&str>) {
        let found = extension(content_type, path, disposition);
        assert_eq!(found.as_deref(), expected, "{content_type:?} {path:?} {disposition:?}");
    }

    #[test]
    fn the_three_sources_are_asked_in_order() {
        let disposition = Some("attachment; filename=c.pdf");
        check(Some("image/png"), "/a/b.gif", disposition, Some("png"));
        check(Some("application/octet-stream"), "/a/b.gif", disposition, Some("gif"));
        check(Some("application/octet-stream"), "/a/b", disposition, Some("pdf"));
        check(None, "/a.d/b", disposition, Some("pdf"));
        check(None, "/", None, None);
        check(Some(""), "", Some(""), None);
    }

    #[test]
    fn content_types_are_read_in_any_form() {
        check(Some("IMAGE/JPEG"), "", None, Some("jpg"));
        check(Some(" image/svg+xml ; charset=utf-8"), "", None, Some("svg"));
        check(Some("text/html;charset=gbk"), "", None, Some("html"));
        check(Some("image/unheard-of"), "", None, None);
        check(Some("image/../../x"), "", None, None);
    }

    #[test]
    fn a_url_paths_suffix_is_letters_and_digits_or_nothing() {
        for (path, expected) in [
            ("/a.MP4", Some("mp4")),
            ("/a.tar.gz", Some("gz")),
            ("/a.7z", Some("7z")),
            ("/a.abcdefghij", Some("abcdefghij")),
            ("/a.abcdefghijk", None),
            ("/a.", None),
            ("/.png", None),
            ("/a.png/", None),
            ("/a.png/b", None),
            ("/a.p%6eg", None),
            ("/a.jpg!thumb", None),
            ("/a.png\0", None),
            ("/a.图", None),
            ("/a.ｐｎｇ", None),
            ("/a.s h", None),
        ] {
            check(None, path, None, expected);
        }
    }

    #[test]
    fn content_dispositions_are_read_as_rfc_6266_and_servers_have_them() {
        // The first group is from RFC 6266, section 5, and RFC 8187, section 3.2.3, with other suffixes.
        for (value, expected) in [
            ("Attachment; filename=example.html", Some("html")),
            ("INLINE; FILENAME= \"an example.html\"", Some("html")),
            ("attachment; filename*= UTF-8''%e2%82%ac%20rates.txt", Some("txt")),
            ("attachment; filename=\"EURO rates.doc\"; filename*=utf-8''%e2%82%ac%20rates.txt", Some("txt")),
            ("attachment; filename*=iso-8859-1'en'%A3%20rates.csv", Some("csv")),
            ("filename=a.png", Some("png")),
            ("attachment;filename = \"a;b.png\" ; size=3", Some("png")),
            ("attachment; filename=\"a\\\"b.png\"", Some("png")),
            ("attachment; filename=\"a.png", Some("png")),
            ("attachment; filename=\"../../etc/a.sh\"", Some("sh")),
            ("attachment; filename=\"C:\\\\dir.d\\\\a\"", None),
            ("attachment; filename=\"a.p/ng\"", None),
            ("attachment; filename*=UTF-8''a%2Epng", Some("png")),
            ("attachment; filename*=UTF-8''a.png%00.exe", Some("exe")),
            ("attachment; filename*=UTF-8''a.png%00", None),
            ("attachment; filename*=broken; filename=a.png", Some("png")),
            ("attachment; filename*=UTF-8''a%zz%.png", Some("png")),
            ("attachment; filename*=UTF-8''noext; filename=a.png", Some("png")),
            ("attachment; xfilename=a.png", None),
            ("attachment; filename", None),
            ("attachment; filename=\"\\", None),
            ("a.png", None),
            (";;;=;=\"", None),
        ] {
            check(None, "", Some(value), expected);
        }
    }

    #[test]
    fn a_given_extension_is_normalised_or_dropped() {
        assert_eq!(normalised("JPG").as_deref(), Some("jpg"));
        for bad in ["", ".", "a.b", "a/b", "abcdefghijk", "é", "a b", "-"] {
            assert_eq!(normalised(bad), None, "{bad:?}");
        }
    }
}
