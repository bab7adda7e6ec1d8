//! What a session's rules decide about a URL.

use std::fmt;

use super::CallFailure;
use crate::terms::{Api, Call};
use crate::transfer::UrlVerdict;

/// What a call with a URL and a header would do.
#[derive(Clone)]
#[non_exhaustive]
pub struct UrlCheck {
    /// The URL as it would be sent, including the query. `None` if it cannot be parsed.
    pub url: Option<String>,
    /// Whether the rules allow the call, or its failure.
    pub result: Result<(), CallFailure>,
    /// The rule that decided: `url`, `header`, or the session option to change for another decision. It is the first
    /// rule that refuses the call. If none does, it is the rule that allows the server.
    pub rule: &'static str,
    /// The Referer that would be sent.
    pub referer: String,
    /// The names of the page's headers that would be dropped, with the page's spelling.
    pub dropped_headers: Vec<String>,
    /// The quirks of old clients and base libraries that apply to the call.
    pub quirks: Vec<&'static str>,
}

impl UrlCheck {
    pub(super) fn of(api: Api, verdict: UrlVerdict) -> UrlCheck {
        let UrlVerdict { url, verdict, rule, referer, dropped_headers, quirks } = verdict;
        let result = verdict.map_err(|error| CallFailure::of(Call::from(api), error));
        UrlCheck { url, result, rule, referer, dropped_headers, quirks }
    }
}

/// Without the URL, whose query may contain a secret.
impl fmt::Debug for UrlCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UrlCheck")
            .field("result", &self.result)
            .field("rule", &self.rule)
            .field("dropped_headers", &self.dropped_headers)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}
