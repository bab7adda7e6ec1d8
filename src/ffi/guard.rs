//! Catches panics at the C boundary, and tells the host why a call is refused.

use super::refusal::RefusedCall;
use super::status::{WXT_INTERNAL, WXT_OK, WxtStatus};
use super::status_detail::{Explanation, WxtStatusDetail};
use crate::worker::caught;

/// Runs the body of an exported function. A panic, which is a bug of the library, becomes `WXT_INTERNAL`.
///
/// State behind a lock stays usable: every lock of the library ignores poisoning.
pub fn guard(body: impl FnOnce() -> Result<(), RefusedCall>) -> WxtStatus {
    status_of(caught(body), None)
}

/// [`guard`] for a function that also explains its status.
///
/// # Safety
/// `detail` must be NULL or point to as many writable bytes as its first field says.
pub unsafe fn guard_explained(
    detail: *mut WxtStatusDetail,
    body: impl FnOnce() -> Result<(), RefusedCall>,
) -> WxtStatus {
    // SAFETY: passed on to the caller.
    match unsafe { Explanation::new(detail) } {
        Ok(explanation) => status_of(caught(body), Some(&explanation)),
        Err(refusal) => refusal.status(),
    }
}

/// The status of a body that has run or, as an error, has panicked. Not generic, so that all functions share its code.
fn status_of(result: Result<Result<(), RefusedCall>, String>, explanation: Option<&Explanation>) -> WxtStatus {
    let refusal = match result {
        Ok(Ok(())) => None,
        Ok(Err(refusal)) => Some(refusal),
        Err(_) => Some(RefusedCall::new(WXT_INTERNAL, "a bug of the library, which was caught: please report it")),
    };
    if let Some(explanation) = explanation {
        explanation.write(refusal.as_ref().map_or("", RefusedCall::reason));
    }
    refusal.map_or(WXT_OK, |refusal| refusal.status())
}
