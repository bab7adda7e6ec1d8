//! An accepted list of headers can be written line by line: no name or value starts a new line, and the headers that
//! only the library sets are its own.
//!
//! Input: names and values, each followed by 0xFF.

use wxtransfer::fuzzing;

const NEVER: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "proxy-authorization"];

/// Checks one input.
pub fn check(data: &[u8]) {
    let texts: Vec<String> =
        data.split(|byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let callers: Vec<(String, String)> = texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    for content_type in [None, Some("multipart/form-data; boundary=x")] {
        let Some(list) = fuzzing::headers(&callers, content_type) else {
            assert!(callers.iter().any(|(name, value)| !is_token(name) || has_control(value)), "{callers:?}");
            continue;
        };
        let named = |wanted: &str| -> Vec<&str> {
            list.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str()).collect()
        };
        for (name, value) in &list {
            assert!(is_token(name) && !has_control(value), "{name:?}: {value:?}");
            assert!(!value.starts_with([' ', '\t']) && !value.ends_with([' ', '\t']), "{name:?}: {value:?}");
            assert!(!NEVER.contains(&name.to_ascii_lowercase().as_str()), "{name:?}");
        }
        assert_eq!(named("Referer"), ["https://servicewechat.com/wx/1/page-frame.html"]);
        if let Some(content_type) = content_type {
            assert_eq!(named("Content-Type"), [content_type]);
        }
        assert!(!named("User-Agent").is_empty() && !named("Accept").is_empty());
        // The caller's headers that are sent are unchanged and in order.
        let mut rest = list.iter();
        for (name, value) in &callers {
            let trimmed = value.trim_matches([' ', '\t']);
            let kept = rest.clone().position(|(sent, with)| sent == name && with == trimmed);
            if let Some(kept) = kept {
                rest.nth(kept);
            } else {
                let lower = name.to_ascii_lowercase();
                assert!(
                    lower == "referer"
                        || (lower == "content-type" && content_type.is_some())
                        || lower.starts_with("proxy-")
                        || ["keep-alive", "trailer", "expect"].contains(&lower.as_str())
                        || NEVER.contains(&lower.as_str()),
                    "{name:?} was lost"
                );
            }
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let separators = "\"(),/:;<=>?@[\\]{}";
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !separators.contains(char::from(byte)))
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f)
}
