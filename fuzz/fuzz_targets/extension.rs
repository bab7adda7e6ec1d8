//! Whatever a server sends, the file name that the library chooses is one that the library accepts as a temporary path.
//!
//! Input: `Content-Type`, 0xFF, the URL's path, 0xFF, `Content-Disposition`; an empty value means no header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxtransfer::fuzzing::{self, Path};

fuzz_target!(|data: &[u8]| {
    let texts: Vec<String> =
        data.splitn(3, |byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let [content_type, url_path, disposition] = texts.as_slice() else { return };
    let content_type = Some(content_type.as_str()).filter(|text| !text.is_empty());
    let disposition = Some(disposition.as_str()).filter(|text| !text.is_empty());
    let Some(extension) = fuzzing::extension(content_type, url_path, disposition) else { return };
    assert!((1..=10).contains(&extension.len()), "{extension:?}");
    assert!(extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{extension:?}");
    let name = format!("tmp_{}.{extension}", "0123456789abcdef".repeat(2));
    assert_eq!(fuzzing::path(&format!("wxfile://{name}")), Some(Path::Temporary(name)));
});
