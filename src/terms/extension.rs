//! File name extensions in their normalised form.

/// The maximum number of letters and digits in an extension.
pub const MAX_LENGTH: usize = 10;

/// The extension of a path's last component: the part after its last dot, if there is a name before it.
pub fn of_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, suffix) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    normalised(suffix)
}

/// Normalises an extension: lower case. `None` if it contains anything but letters and digits, or is too long.
pub fn normalised(extension: &str) -> Option<String> {
    let good =
        (1..=MAX_LENGTH).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    good.then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_extension_is_normalised_or_dropped() {
        assert_eq!(normalised("JPG").as_deref(), Some("jpg"));
        for bad in ["", ".", "a.b", "a/b", "abcdefghijk", "é", "a b", "-"] {
            assert_eq!(normalised(bad), None, "{bad:?}");
        }
    }
}
