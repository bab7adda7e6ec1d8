//! Sends a prepared request and follows redirects to the final response's head. Each hop is checked like the first one.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::{Environment, NetworkConditions, Span, TransferContext, epoch_milliseconds, failure};
use crate::http;
use crate::platform::{self, InterfaceAddress};
use crate::policy::headers::{self, HeaderError};
use crate::policy::quirks::CallRules;
use crate::policy::redirect::{self, Answer, Decision};
use crate::policy::url::{self, TargetUrl};
use crate::terms::log::Level;
use crate::terms::{Api, Call, Failure, Headers, Method, TransferError};
use crate::worker::lock;

/// A request that the rules allow. Nothing was sent yet.
#[derive(Debug)]
pub struct Prepared {
    pub target: TargetUrl,
    pub headers: Headers,
    /// The method of the first request: GET for a download; POST for an upload unless changed.
    pub method: Method,
    pub rules: CallRules,
    api: Api,
}

/// The final response and its URL.
pub struct Exchanged<'a> {
    pub response: http::Response,
    pub target: Cow<'a, TargetUrl>,
    /// Whether all redirects stayed within the origin of the first URL.
    pub within_origin: bool,
}

/// Validates a page's parameters. `content_type` is that of an upload's body unless the page sets it.
pub fn prepare(
    environment: &Environment,
    api: Api,
    rules: CallRules,
    url: &str,
    header: &[(String, String)],
    content_type: Option<&str>,
) -> Result<Prepared, TransferError> {
    let target = url::parse(url).map_err(failure::of_url)?;
    environment.domains.check(api, &target, &|| interfaces(rules)).map_err(failure::of_refusal)?;
    let built = headers::build(header, &environment.identity, content_type, rules.header_ignored).map_err(of_header)?;
    for name in &built.dropped {
        environment.log.write(Level::Warning, || format!("{}: header {name} is not sent", Call::from(api).name()));
    }
    let method = match api {
        Api::Upload => Method::Post,
        Api::Download => Method::Get,
    };
    Ok(Prepared { target, headers: built.list, method, rules, api })
}

/// Sends the request and follows redirects to the final response's head. `rest_headers` replace the prepared ones.
pub fn run<'a>(
    environment: &Environment,
    context: &TransferContext<'_>,
    prepared: &'a Prepared,
    http_context: &Arc<http::Exchange>,
    mut body: Option<&mut dyn http::BodySource>,
    rest_headers: Option<Headers>,
) -> Result<Exchanged<'a>, TransferError> {
    let Prepared { mut method, api, rules, .. } = *prepared;
    let mut target = Cow::Borrowed(&prepared.target);
    let mut headers = rest_headers.map_or(Cow::Borrowed(&prepared.headers), Cow::Owned);
    context.note(|profile| profile.redirect = Span::default());
    let mut followed = 0;
    let mut all_within_origin = true;
    loop {
        // The next hop may use a kept connection, for which the client does not ask.
        context.until_network().map_err(|error| failure::of_exchange(api, error.into()))?;
        context.note(|profile| profile.fetch_start = epoch_milliseconds());
        let request = http::Request {
            method,
            url: target.url(),
            headers: &headers,
            body: match &mut body {
                Some(body) => Some(&mut **body),
                None => None,
            },
            may_be_sent_again: !environment.send_uploads_once,
            body_limit: match api {
                Api::Upload => environment.limits.max_data_size,
                // Also for the rest of a file, because the answer may be another whole file.
                Api::Download => environment.limits.max_download_size,
            },
        };
        if let Some(tracer) = context.tracer {
            tracer.begin(http_context, lock(context.counts).attempts, &request);
        }
        let sent = environment.client.send(request, http_context, &|| context.until_network());
        context.note(|profile| profile.record(&http_context.trace()));
        let response = sent.map_err(|error| failure::of_exchange(api, error))?;
        if let Some(tracer) = context.tracer {
            tracer.answered(response.status, &response.headers);
        }
        let answer = Answer {
            target: &target,
            method,
            followed,
            status: response.status,
            location: response.location.as_deref(),
        };
        let decision = redirect::decide(&answer, api, &environment.domains, &|| interfaces(rules))
            .map_err(failure::of_redirect)?;
        let hop = match decision {
            Decision::Deliver => return Ok(Exchanged { response, target, within_origin: all_within_origin }),
            Decision::Follow(hop) => hop,
        };
        environment.log.write(Level::Info, || {
            format!("{}: {} redirects to {}", Call::from(api).name(), response.status, url::redacted(hop.target.url()))
        });
        response.discard();
        if let Some(tracer) = context.tracer {
            tracer.redirected(hop.target.url());
        }
        context.end_hop(None);
        all_within_origin &= hop.same_origin;
        context.note(|profile| profile.redirected(all_within_origin));
        headers::prepare_for_redirect(headers.to_mut(), hop.same_origin, hop.keep_body);
        if !hop.keep_body {
            body = None;
        } else if let Some(body) = &mut body {
            body.rewind().map_err(|error| {
                TransferError::new(Failure::SourceFile, format!("the file cannot be sent again: {error}"))
            })?;
        }
        followed += 1;
        method = hop.method;
        target = Cow::Owned(hop.target);
    }
}

/// The device's interfaces. Empty for a client that does not allow local addresses.
pub fn interfaces(rules: CallRules) -> io::Result<Vec<InterfaceAddress>> {
    if rules.no_lan { Ok(Vec::new()) } else { platform::interface_addresses() }
}

/// Records the observations of a response that was read to its end or failed.
pub fn record(environment: &Environment, context: &TransferContext<'_>, http_context: &http::Exchange) {
    context.note(|profile| {
        let trace = http_context.trace();
        profile.record(&trace);
        profile.observed = NetworkConditions::observed(&trace);
        profile.estimated = environment.network.add(profile.observed);
    });
}

/// Converts the error of a header that cannot be sent.
pub fn of_header(error: HeaderError) -> TransferError {
    let detail = error.to_string();
    match error {
        HeaderError::Name { name } | HeaderError::Value { name } | HeaderError::TooLarge { name } => {
            TransferError::request_data("header", Some(name), detail)
        }
    }
}
