//! Catches panics at the C boundary, and tells the host why a call is refused.

use super::refusal::RefusedCall;
use super::status::{WXT_INTERNAL, WXT_OK, WxtStatus};
use super::status_detail::{Explanation, WxtStatusDetail};
use crate::worker::caught;

/// Runs the body of an exported function. A panic, which is a bug of the library, becomes `WXT_INTERNAL`.
///
/// State behind a lock stays usable: every lock of the library ignores poisoning.
pub fn guard(body: impl FnOnce() -> Result<(), RefusedCall>) -> WxtStatus {
    run(body, |_| {})
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
        Ok(explanation) => run(body, |reason| explanation.write(reason)),
        Err(refusal) => refusal.status(),
    }
}

fn run(body: impl FnOnce() -> Result<(), RefusedCall>, explain: impl FnOnce(&str)) -> WxtStatus {
    let refusal = match caught(body) {
        Ok(Ok(())) => {
            explain("");
            return WXT_OK;
        }
        Ok(Err(refusal)) => refusal,
        Err(_) => RefusedCall::new(WXT_INTERNAL, "a bug of the library, which was caught: please report it"),
    };
    explain(refusal.reason());
    refusal.status()
}
