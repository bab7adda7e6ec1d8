//! Catches panics at the C boundary.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::{WXT_INTERNAL, WXT_OK, WxtStatus};

/// Runs the body of an exported function. A panic, which is a bug of the library, becomes `WXT_INTERNAL`.
///
/// State behind a lock stays usable: every lock of the library ignores poisoning.
pub fn guard(body: impl FnOnce() -> Result<(), WxtStatus>) -> WxtStatus {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => WXT_OK,
        Ok(Err(status)) => status,
        Err(_) => WXT_INTERNAL,
    }
}
