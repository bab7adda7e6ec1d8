//! The scheme of the paths that pages see.

/// The longest scheme. It is in front of every path, which the host may have to pass on.
const MAX_LENGTH: usize = 32;

/// Schemes whose URLs mean something else to a page or to the host's web view.
const TAKEN: [&str; 10] = ["about", "blob", "content", "data", "file", "http", "https", "javascript", "ws", "wss"];

/// What every path begins with: `wxfile://`, or the same of another container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathScheme {
    prefix: String,
}

impl PathScheme {
    /// A scheme by its name; empty is `wxfile`. `None` for one that is no lower-case scheme (RFC 3986 §3.1) of at most 32
    /// characters, or that has a meaning of its own.
    pub fn new(name: &str) -> Option<PathScheme> {
        if name.is_empty() {
            return Some(PathScheme::default());
        }
        let is_scheme = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
        let is_good = is_scheme && name.len() <= MAX_LENGTH && !TAKEN.contains(&name);
        is_good.then(|| PathScheme { prefix: format!("{name}://") })
    }

    /// What follows the scheme. `None` if the path has another one.
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
    fn a_scheme_is_one_of_its_own() {
        for name in ["wxfile", "difile", "ttfile", "bdfile", "a", "x-y+z.1", &"a".repeat(32)] {
            assert_eq!(PathScheme::new(name).unwrap().path_of("usr"), format!("{name}://usr"));
        }
        assert_eq!(PathScheme::new(""), PathScheme::new("wxfile"));
        for name in [
            "Wxfile",
            "1a",
            "-a",
            "a b",
            "a:",
            "a/",
            "wxfile://",
            "a_b",
            "é",
            "file",
            "https",
            "http",
            "data",
            &"a".repeat(33),
        ] {
            assert_eq!(PathScheme::new(name), None, "{name:?}");
        }
    }

    #[test]
    fn only_its_own_paths_have_the_scheme() {
        let scheme = PathScheme::new("difile").unwrap();
        assert_eq!(scheme.strip("difile://usr/a"), Some("usr/a"));
        for path in ["wxfile://usr/a", "DIFILE://usr/a", "difile:/usr/a", "xdifile://usr/a", "usr/a", ""] {
            assert_eq!(scheme.strip(path), None, "{path:?}");
        }
    }
}
