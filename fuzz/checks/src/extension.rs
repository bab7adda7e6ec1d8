//! For any headers of a server, the library chooses a file name that it accepts as a temporary path. A name that RFC
//! 6266 and RFC 8187 can express is read back.
//!
//! Input: `Content-Type`, 0xFF, the URL's path, 0xFF, `Content-Disposition`; an empty value means no header.

use wxtransfer::fuzzing::{self, Path};

/// Checks one input.
pub fn check(data: &[u8]) {
    let texts: Vec<String> =
        data.splitn(3, |byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let [content_type, url_path, disposition] = texts.as_slice() else { return };
    assert_name_is_read_back(disposition);
    let content_type = Some(content_type.as_str()).filter(|text| !text.is_empty());
    let disposition = Some(disposition.as_str()).filter(|text| !text.is_empty());
    let Some(extension) = fuzzing::extension(content_type, url_path, disposition) else { return };
    assert!((1..=10).contains(&extension.len()), "{extension:?}");
    assert!(extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{extension:?}");
    let name = format!("tmp_{}.{extension}", "0123456789abcdef".repeat(2));
    assert_eq!(fuzzing::path(&format!("wxfile://{name}")), Some(Path::Temporary(name)));
}

/// Writes any name in both forms of a `Content-Disposition`.
fn assert_name_is_read_back(name: &str) {
    let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let extended = format!("attachment; filename*=UTF-8'en'{encoded}; size=1");
    assert_eq!(fuzzing::file_names(&extended), [name]);
    // Blanks around a value are dropped, and `filename` is percent-decoded as well, as in Chromium.
    let name = name.trim();
    let quoted = name.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%25");
    for value in
        [format!("inline;filename=\"{quoted}\""), format!("attachment; a=\"\\\";\" ; FileName = \"{quoted}\";b=c")]
    {
        assert_eq!(fuzzing::file_names(&value), [name], "{value:?}");
    }
}
