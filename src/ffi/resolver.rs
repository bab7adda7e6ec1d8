//! The host's own name resolution.

use std::ffi::c_void;
use std::net::IpAddr;

use super::guard::guard;
use super::options::WxtResolver;
use super::status::{WXT_INVALID_ARGUMENT, WxtStatus};
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
///   malformed. In the last case the look-up is answered with the other addresses.
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
            return Err(WXT_INVALID_ARGUMENT);
        }
        // SAFETY: made by `Box::into_raw` in `resolve`, and answered once.
        let resolution = unsafe { Box::from_raw(resolution) };
        // SAFETY: the caller promises `address_count` strings.
        let addresses = unsafe { array(addresses, address_count) }?;
        let parsed: Vec<Option<IpAddr>> = addresses
            .iter()
            .map(|address| {
                // SAFETY: the caller promises readable strings.
                let text = unsafe { address.host_text() }.ok()?;
                text.parse().ok()
            })
            .collect();
        let complete = parsed.iter().all(Option::is_some);
        resolution.0.finish(parsed.into_iter().flatten().collect());
        if complete { Ok(()) } else { Err(WXT_INVALID_ARGUMENT) }
    })
}
