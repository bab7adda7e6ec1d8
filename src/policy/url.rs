//! Parses and normalises the URL of a request.

use std::fmt;

use url::{Host, ParseError, Url};

/// The maximum length of a URL in bytes after encoding. RFC 9110 §4.1 recommends support for 8000. The limit keeps the
/// head of a request small.
const MAX_LENGTH: usize = 32 * 1024;
/// The longest text that is parsed, in bytes. It may be longer than the URL, because the parser removes tabs, line ends and
/// the fragment.
const LONGEST_TEXT: usize = 1024 * 1024;

/// A valid URL for a request: `http` or `https`, with a host, without user-info and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl {
    url: Url,
    explicit_port: bool,
}

impl TargetUrl {
    /// The URL in its normalised form, as it is sent.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it is sent without TLS.
    pub fn is_plain_http(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether its host is an IP address and not a name.
    pub fn has_address(&self) -> bool {
        matches!(self.url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
    }

    /// The port in the text, even if it is the scheme's default (`:443`), which [`Url::port`] omits. A domain list
    /// entry without a port refuses it.
    pub fn explicit_port(&self) -> Option<u16> {
        self.url.port_or_known_default().filter(|_| self.explicit_port)
    }

    /// Resolves `reference`, such as a `Location`, against this URL. Fails as [`parse`].
    pub fn join(&self, reference: &str) -> Result<TargetUrl, UrlError> {
        let url = self.url.join(reference).map_err(UrlError::Malformed)?;
        let twin = self.with_other_scheme()?.join(&other_scheme(reference)).map_err(UrlError::Malformed)?;
        checked(url, Some(&twin))
    }

    /// The same URL with the other scheme. A port that is the default of this URL's scheme is not the default of the
    /// other scheme, so the parser keeps it there.
    fn with_other_scheme(&self) -> Result<Url, UrlError> {
        let mut twin = Url::parse(&other_scheme(self.url.as_str())).map_err(UrlError::Malformed)?;
        if let Some(port) = self.explicit_port() {
            twin.set_port(Some(port)).map_err(|()| UrlError::Malformed(ParseError::InvalidPort))?;
        }
        Ok(twin)
    }
}

/// Why a URL is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// The text is not an absolute URL.
    Malformed(ParseError),
    /// A scheme other than `http` and `https`.
    Scheme,
    /// A user name or password before the host.
    UserInfo,
    /// A host with one of ``"`{}``, which no server's name contains and RFC 3986 §3.2.2 does not allow.
    Host,
    /// Longer than 32 KiB.
    TooLong,
}

impl fmt::Display for UrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Malformed(reason) => write!(formatter, "malformed: {reason}"),
            UrlError::Scheme => formatter.write_str("the scheme is neither https nor http"),
            UrlError::UserInfo => formatter.write_str("it holds user-info"),
            UrlError::Host => formatter.write_str("the host contains a character that host names must not contain"),
            UrlError::TooLong => formatter.write_str("it is too long"),
        }
    }
}

impl std::error::Error for UrlError {}

/// Parses a URL by the WHATWG URL standard: `%XX` is unchanged, other characters that are invalid in a URL are
/// percent-encoded as UTF-8, an internationalised host becomes punycode, and the fragment is removed.
///
/// A text that is far longer than any valid URL is not parsed, because the parser copies it.
pub fn parse(input: &str) -> Result<TargetUrl, UrlError> {
    if input.len() > LONGEST_TEXT {
        return Err(UrlError::TooLong);
    }
    let url = Url::parse(input).map_err(UrlError::Malformed)?;
    if !is_http(&url) {
        return Err(UrlError::Scheme);
    }
    // A port follows a second colon. If the parser kept the port, no second parse is needed.
    let twin = match url.port() {
        None if input.bytes().filter(|&byte| byte == b':').count() > 1 => {
            Some(Url::parse(&other_scheme(input)).map_err(UrlError::Malformed)?)
        }
        _ => None,
    };
    checked(url, twin.as_ref())
}

/// The URL without its query, which may contain secrets, for a log.
pub fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// A page's URL as a log may show it: without user-info, query and fragment. A text that is not an `http` or `https`
/// URL may be a secret, so only its length is shown.
pub fn shown(text: &str) -> String {
    let is_parsed = text.len() <= LONGEST_TEXT;
    let url = is_parsed.then(|| Url::parse(text).ok()).flatten().filter(is_http).and_then(|mut url| {
        url.set_username("").and_then(|()| url.set_password(None)).ok()?;
        Some(redacted(&url))
    });
    url.unwrap_or_else(|| format!("<{} bytes>", text.len()))
}

fn checked(mut url: Url, twin: Option<&Url>) -> Result<TargetUrl, UrlError> {
    if !is_http(&url) {
        return Err(UrlError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::UserInfo);
    }
    if url.host_str().is_some_and(|host| host.contains(['"', '`', '{', '}'])) {
        return Err(UrlError::Host);
    }
    url.set_fragment(None);
    if url.as_str().len() > MAX_LENGTH {
        return Err(UrlError::TooLong);
    }
    // The parser omits the default port of the scheme. No port is the default of both schemes, so one of the two parses
    // shows it.
    let explicit_port = url.port().is_some() || twin.is_some_and(|twin| twin.port().is_some());
    Ok(TargetUrl { url, explicit_port })
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Exchanges `http` and `https` in `input`. Unchanged with another scheme. Characters that the parser ignores (leading
/// and trailing controls and spaces, tabs and line ends anywhere) are ignored here, too.
fn other_scheme(input: &str) -> String {
    let text: String = input
        .trim_matches(|character| character <= ' ')
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\r'))
        .collect();
    match text.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => format!("http:{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => format!("https:{rest}"),
        _ => text,
    }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
