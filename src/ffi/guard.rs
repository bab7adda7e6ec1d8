//! The one way in: no panic leaves the library.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::{WXT_INTERNAL, WXT_OK, WxtStatus};

/// Runs the body of an exported function. A panic, which is a bug on our side, becomes `WXT_INTERNAL`.
///
/// State behind a lock stays usable: every lock of the library is taken over from a thread that panicked.
pub fn guard(body: impl FnOnce() -> Result<(), WxtStatus>) -> WxtStatus {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => WXT_OK,
        Ok(Err(status)) => status,
        Err(_) => WXT_INTERNAL,
    }
}
