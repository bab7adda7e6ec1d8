//! The host's own name resolution.

use std::ffi::c_void;
use std::net::IpAddr;

use super::guard::guard;
use super::options::WxtResolver;
use super::refusal::{FieldName, RefusedCall};
use super::status::WxtStatus;
use super::string::{WxtStr, array};
use crate::http::{Resolver, ResolverAnswer};
use crate::task::as_callback;

/// A look-up that the host's resolver has not answered yet.
pub struct WxtResolution(ResolverAnswer);

/// The host's `resolve`, as a resolver of the HTTP layer.
pub struct HostResolver {
    context: *mut c_void,
    resolve: unsafe extern "C" fn(*mut c_void, WxtStr, *mut WxtResolution),
}

// SAFETY: the header says that `resolve` is called on worker threads, several at once.
unsafe impl Send for HostResolver {}
// SAFETY: as above.
unsafe impl Sync for HostResolver {}

impl HostResolver {
    /// `None` if the host gave no function.
    pub fn new(resolver: WxtResolver) -> Option<HostResolver> {
        resolver.resolve.map(|resolve| HostResolver { context: resolver.context, resolve })
    }
}

impl Resolver for HostResolver {
    fn resolve(&self, host: &str, answer: ResolverAnswer) {
        let resolution = Box::into_raw(Box::new(WxtResolution(answer)));
        as_callback(|| {
            // SAFETY: the host's function and its context, which the host keeps until the session is closed; closing
            // joins the workers.
            unsafe { (self.resolve)(self.context, WxtStr::new(host), resolution) };
        });
    }
}

/// Answers a look-up of the host's resolver. Call it once for each `resolution`, which becomes invalid by the call,
/// whatever the status.
///
/// `addresses` are IPv4 or IPv6 literals in order of preference. An empty list means that the host does not exist. Any
/// thread, also inside `resolve`, and also after the task or the session has ended.
///
/// - `WXT_OK`: the look-up is answered.
/// - `WXT_INVALID_ARGUMENT`: `resolution` is NULL, `addresses` is NULL but `address_count` is not 0, or an address is
///   malformed. In the second case the look-up is answered with an empty list, in the last with the other addresses.
/// - `WXT_INTERNAL`: a bug of the library.
///
/// # Safety
/// `resolution` must come from `resolve` and not have been answered; `addresses` must point to `address_count` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wxt_resolution_finish(
    resolution: *mut WxtResolution,
    addresses: *const WxtStr,
    address_count: usize,
) -> WxtStatus {
    guard(|| {
        if resolution.is_null() {
            return Err(RefusedCall::null("resolution"));
        }
        // SAFETY: made by `Box::into_raw` in `resolve`, and answered once.
        let resolution = unsafe { Box::from_raw(resolution) };
        // SAFETY: the caller promises `address_count` strings.
        let addresses = unsafe { array(addresses, address_count, "addresses") }?;
        let mut first_wrong = None;
        let mut parsed = Vec::with_capacity(addresses.len());
        for (index, address) in addresses.iter().enumerate() {
            let field = FieldName::element("addresses", index);
            // SAFETY: the caller promises readable strings.
            match unsafe { address.host_text(field) }.map(|text| text.parse::<IpAddr>()) {
                Ok(Ok(address)) => parsed.push(address),
                _ => first_wrong = first_wrong.or(Some(field)),
            }
        }
        resolution.0.finish(parsed);
        match first_wrong {
            None => Ok(()),
            Some(field) => Err(RefusedCall::argument(format!("{field} is not an IP address"))),
        }
    })
}
