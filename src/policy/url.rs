//! The address of a request: what the page may ask for and the form in which it is sent.

use std::fmt;

use url::{Host, ParseError, Url};

/// The longest address that is sent, in bytes after encoding. RFC 9110 §4.1 asks for 8000; the bound keeps a request's
/// head small.
const MAX_LENGTH: usize = 32 * 1024;

/// An address that may be asked for: `http` or `https`, with a host, without user-info and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl {
    url: Url,
    explicit_port: bool,
}

impl TargetUrl {
    /// The address in its normalised form, as it is sent.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it goes out without TLS.
    pub fn is_plain_http(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether its host is an address and no name.
    pub fn has_address(&self) -> bool {
        matches!(self.url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
    }

    /// The port that the text named, also where it is the scheme's own (`:443`), which [`Url::port`] does not tell:
    /// a domain list without a port refuses it.
    pub fn explicit_port(&self) -> Option<u16> {
        self.url.port_or_known_default().filter(|_| self.explicit_port)
    }

    /// Resolves `reference`, a `Location` for one, against this address. Fails as [`parse`] does.
    pub fn join(&self, reference: &str) -> Result<TargetUrl, UrlError> {
        let url = self.url.join(reference).map_err(UrlError::Malformed)?;
        let twin = self.with_other_scheme()?.join(&other_scheme(reference)).map_err(UrlError::Malformed)?;
        checked(url, Some(&twin))
    }

    /// The same address under the other scheme, where a default port is no default and therefore stays visible.
    fn with_other_scheme(&self) -> Result<Url, UrlError> {
        let mut twin = Url::parse(&other_scheme(self.url.as_str())).map_err(UrlError::Malformed)?;
        if let Some(port) = self.explicit_port() {
            twin.set_port(Some(port)).map_err(|()| UrlError::Malformed(ParseError::InvalidPort))?;
        }
        Ok(twin)
    }
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// The text is no absolute URL.
    Malformed(ParseError),
    /// A scheme other than `http` and `https`.
    Scheme,
    /// A user name or password before the host.
    UserInfo,
    /// A host with one of ``"`{}``, which no server's name has and RFC 3986 §3.2.2 does not allow.
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
            UrlError::Host => formatter.write_str("the host has a character that no name has"),
            UrlError::TooLong => formatter.write_str("it is too long"),
        }
    }
}

impl std::error::Error for UrlError {}

/// Reads an address by the WHATWG URL standard: `%XX` stays as it is, other bytes that may not stand in a URL are
/// percent-encoded as UTF-8, an internationalised host becomes punycode, the fragment is dropped.
pub fn parse(input: &str) -> Result<TargetUrl, UrlError> {
    let url = Url::parse(input).map_err(UrlError::Malformed)?;
    if !is_http(&url) {
        return Err(UrlError::Scheme);
    }
    // A port stands behind a colon of its own, and one that is still there needs no second reading.
    let twin = match url.port() {
        None if input.bytes().filter(|&byte| byte == b':').count() > 1 => {
            Some(Url::parse(&other_scheme(input)).map_err(UrlError::Malformed)?)
        }
        _ => None,
    };
    checked(url, twin.as_ref())
}

/// The address without its query, which may hold secrets, for a log.
pub fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
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
    // The parser drops a port that is the scheme's own. No port is the default of both schemes, so one of the two
    // readings shows it.
    let explicit_port = url.port().is_some() || twin.is_some_and(|twin| twin.port().is_some());
    Ok(TargetUrl { url, explicit_port })
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// `input` with `https` for `http` and the other way round; unchanged where it names neither. What the parser skips
/// (controls and spaces around, tabs and line ends anywhere) is skipped here too.
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
