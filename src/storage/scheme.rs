//! The URL scheme of the paths that pages see.

/// The maximum length of a scheme. It precedes every path, which the host may have to pass on.
const MAX_LENGTH: usize = 32;

/// The common ending of all containers' schemes (`wxfile`, `difile`, `ttfile`, `bdfile`, `qqfile`). No other scheme
/// with a meaning for pages, web views or systems has this ending, except `file` itself.
const ENDING: &str = "file";

/// The prefix of every path: `wxfile://`, or that of another container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathScheme {
    prefix: String,
}

impl PathScheme {
    /// A scheme by its name. Empty means `wxfile`. `None` unless the name has at most 32 lower-case letters and digits,
    /// starts with a letter, and ends in `file` with something before it.
    pub fn new(name: &str) -> Option<PathScheme> {
        if name.is_empty() {
            return Some(PathScheme::default());
        }
        let is_good = name.len() <= MAX_LENGTH
            && name.strip_suffix(ENDING).is_some_and(|own| own.starts_with(|first: char| first.is_ascii_lowercase()))
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        is_good.then(|| PathScheme { prefix: format!("{name}://") })
    }

    /// The path without the scheme. `None` if it has another scheme.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.prefix.as_str())
    }

    /// The path of a generated name.
    pub fn path_of(&self, name: &str) -> String {
        [self.prefix.as_str(), name].concat()
    }
}

impl Default for PathScheme {
    fn default() -> PathScheme {
        PathScheme { prefix: "wxfile://".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_must_be_distinct_from_others() {
        for name in
            ["wxfile", "difile", "ttfile", "bdfile", "qqfile", "afile", "x1file", &format!("{}file", "a".repeat(28))]
        {
            assert_eq!(PathScheme::new(name).unwrap().path_of("usr"), format!("{name}://usr"));
        }
        assert_eq!(PathScheme::new(""), PathScheme::new("wxfile"));
        let not_schemes = [
            "Wxfile",
            "1file",
            "-afile",
            "a bfile",
            "a:file",
            "wxfile:",
            "wxfile/",
            "wxfile://",
            "a_file",
            "a-file",
            "\u{e9}file",
        ];
        // Schemes of the web and of systems.
        let taken = [
            "file",
            "filesystem",
            "http",
            "https",
            "ftp",
            "ftps",
            "ws",
            "wss",
            "data",
            "blob",
            "javascript",
            "vbscript",
            "about",
            "view-source",
            "content",
            "intent",
            "android-app",
            "jar",
            "res",
            "mailto",
            "tel",
            "sms",
            "mms",
            "geo",
            "market",
            "itms-apps",
            "chrome",
            "chrome-extension",
            "resource",
            "wyciwyg",
            "weixin",
            "alipays",
            "ms-appx",
            "cid",
            "mid",
            "urn",
            "git",
            "ssh",
            "sftp",
        ];
        let long = format!("{}file", "a".repeat(29));
        for name in not_schemes.into_iter().chain(taken).chain([long.as_str(), "a", "wxfiles"]) {
            assert_eq!(PathScheme::new(name), None, "{name:?}");
        }
    }

    #[test]
    fn only_paths_with_the_scheme_are_accepted() {
        let scheme = PathScheme::new("difile").unwrap();
        assert_eq!(scheme.strip("difile://usr/a"), Some("usr/a"));
        for path in ["wxfile://usr/a", "DIFILE://usr/a", "difile:/usr/a", "xdifile://usr/a", "usr/a", ""] {
            assert_eq!(scheme.strip(path), None, "{path:?}");
        }
    }
}
