//! The C interface: C structs become owned Rust values, and back. No policy. Only this room and `platform` have `unsafe`
//! code.
//!
//! `include/wxtransfer.h` is made of this module by cbindgen, comments included.

// Sound because each block says why; see the module's documentation.
#![allow(unsafe_code)]

#[cfg(target_os = "android")]
pub mod android;
pub mod callback;
pub mod check;
pub mod client_certificate;
pub mod error;
mod executor;
pub mod file;
pub mod file_result;
pub mod file_system;
mod guard;
mod handler;
pub mod network;
pub mod options;
mod read;
pub mod request;
mod request_reading;
pub mod resolver;
pub mod session;
pub mod statistics;
pub mod status;
pub mod string;
pub mod task;
pub mod trust;
pub mod version;
