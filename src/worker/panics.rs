//! Keeps a panic from ending the thread that it happens on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `call` and returns its result, or the text of its panic. It never panics.
pub fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(dropped)
}

/// Drops what a panic carries, and returns its text.
#[cold]
#[inline(never)]
fn dropped(payload: Box<dyn Any + Send>) -> String {
    let text = text_of(payload.as_ref());
    // Code of the host may pass any value to `panic_any`, and dropping that value may panic, too. The payload of that
    // second panic is leaked, because dropping it could panic without end.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of unknown kind"))
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    /// A value whose drop panics with another such value.
    struct PanicsInDrop(u32);

    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic_any(PanicsInDrop(self.0 + 1));
        }
    }

    #[test]
    fn a_result_is_returned_and_a_panic_is_its_text() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| panic!("a test")).unwrap_err(), "panic: a test");
        assert_eq!(caught(|| panic!("a {}", "test")).unwrap_err(), "panic: a test");
        assert_eq!(caught(|| panic_any(1)).unwrap_err(), "panic: of unknown kind");
    }

    #[test]
    fn drop_of_a_panic_payload_may_panic() {
        assert_eq!(caught(|| panic_any(PanicsInDrop(0))).unwrap_err(), "panic: of unknown kind");
    }
}
