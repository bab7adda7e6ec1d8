//! Applies the rules to a URL and a header without a transfer.

use super::exchange::{interfaces, of_header};
use super::{Environment, failure};
use crate::policy::domains::{DomainRefusal, Permission};
use crate::policy::{headers, url};
use crate::terms::{Api, TransferError};

/// What a call would do.
#[derive(Debug)]
pub struct UrlVerdict {
    /// The URL as it would be sent. `None` if it cannot be parsed.
    pub url: Option<String>,
    /// Whether the call is allowed, or its failure.
    pub verdict: Result<(), TransferError>,
    /// The rule that decided: `url`, `header`, or the name of a session option.
    pub rule: &'static str,
    /// The Referer that would be sent.
    pub referer: String,
    /// The names of the page's headers that would not be sent.
    pub dropped_headers: Vec<String>,
    /// The names of the quirks that apply to the call.
    pub quirks: Vec<&'static str>,
}

/// Applies the rules in the order in which a call does. Resolves nothing, connects to nothing and logs nothing.
pub fn check_url(
    environment: &Environment,
    api: Api,
    url: Result<String, TransferError>,
    header: Result<Vec<(String, String)>, TransferError>,
) -> UrlVerdict {
    let rules = environment.quirks.rules(api);
    // Assumes a form, whose boundary does not matter here. A raw body would keep the page's `Content-Type`.
    let content_type = (api == Api::Upload).then_some("multipart/form-data");
    let parsed = url.and_then(|url| url::parse(&url).map_err(failure::of_url));
    let built = header.and_then(|header| {
        headers::build(&header, &environment.identity, content_type, rules.header_ignored).map_err(of_header)
    });
    let (url, permitted) = match parsed {
        Ok(target) => {
            let permission = environment.domains.check(api, &target, &|| interfaces(rules));
            (Some(target.url().as_str().to_owned()), Ok(permission))
        }
        Err(error) => (None, Err(error)),
    };
    let (built, bad_header) = match built {
        Ok(built) => (built.dropped, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let (rule, verdict) = match (permitted, bad_header) {
        (Err(error), _) => ("url", Err(error)),
        (Ok(Err(refusal)), _) => (rule_of_refusal(api, refusal), Err(failure::of_refusal(refusal))),
        (Ok(Ok(_)), Some(error)) => ("header", Err(error)),
        (Ok(Ok(permission)), None) => (rule_of_permission(api, permission), Ok(())),
    };
    UrlVerdict {
        url,
        verdict,
        rule,
        referer: environment.identity.referer().to_owned(),
        dropped_headers: built,
        quirks: rules.names(),
    }
}

fn rule_of_permission(api: Api, permission: Permission) -> &'static str {
    match permission {
        Permission::Listed => list_of(api),
        Permission::Neighbour | Permission::Local => "lan_policy",
        Permission::Unchecked => "skip_domain_check",
    }
}

fn rule_of_refusal(api: Api, refusal: DomainRefusal) -> &'static str {
    match refusal {
        DomainRefusal::NotListed | DomainRefusal::PortNotListed => list_of(api),
        DomainRefusal::PlainHttp => "allow_plain_http",
        DomainRefusal::PublicAddress
        | DomainRefusal::LanNotAllowed
        | DomainRefusal::GroupAddress
        | DomainRefusal::OwnAddress
        | DomainRefusal::InterfacesUnknown => "lan_policy",
    }
}

fn list_of(api: Api) -> &'static str {
    match api {
        Api::Upload => "upload_domains",
        Api::Download => "download_domains",
    }
}
