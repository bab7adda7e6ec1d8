//! Whether the system's trust store can be used, and on Android the question to it.

#[cfg(target_os = "android")]
mod android;

#[cfg(target_os = "android")]
pub use android::{Verdict, ask_trust_store, initialise_trust_store, trust_store_is_ready};

/// Whether the system's certificate verifier can be used. It needs no initialisation here.
#[cfg(not(target_os = "android"))]
pub fn trust_store_is_ready() -> bool {
    true
}
