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
    // The outer results are those of reading the parameters, which a call does first.
    let parsed = url.map(|url| url::parse(&url).map_err(failure::of_url));
    let built = header.map(|header| {
        headers::build(&header, &environment.identity, content_type, rules.header_ignored).map_err(of_header)
    });
    let url = match &parsed {
        Ok(Ok(target)) => Some(target.url().as_str().to_owned()),
        _ => None,
    };
    let dropped_headers = match &built {
        Ok(Ok(built)) => built.dropped.clone(),
        _ => Vec::new(),
    };
    let at_url = |error| ("url", error);
    let at_header = |error| ("header", error);
    let decide = || {
        let (parsed, built) = (parsed.map_err(at_url)?, built.map_err(at_header)?);
        let target = parsed.map_err(at_url)?;
        let permission = environment.domains.check(api, &target, &|| interfaces(rules));
        let permission = permission.map_err(|refusal| (rule_of_refusal(api, refusal), failure::of_refusal(refusal)))?;
        built.map_err(at_header)?;
        Ok(permission)
    };
    let (rule, verdict) = match decide() {
        Ok(permission) => (rule_of_permission(api, permission), Ok(())),
        Err((rule, error)) => (rule, Err(error)),
    };
    UrlVerdict {
        url,
        verdict,
        rule,
        referer: environment.identity.referer().to_owned(),
        dropped_headers,
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
        // No value of `lan_policy` allows one, and the lists contain names only.
        DomainRefusal::PublicAddress => "skip_domain_check",
        DomainRefusal::LanNotAllowed
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
