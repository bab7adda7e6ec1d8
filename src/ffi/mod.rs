//! The C interface: converts C structs into owned Rust values and back. It makes no decisions. Only this room and
//! `platform` contain `unsafe` code.
//!
//! cbindgen generates `include/wxtransfer.h` from this module, including its comments.

// Each `unsafe` block states why it is sound.
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
mod options_reading;
mod read;
pub mod refusal;
pub mod request;
mod request_reading;
pub mod resolver;
pub mod session;
pub mod statistics;
pub mod status;
pub mod status_detail;
pub mod string;
pub mod task;
pub mod trust;
pub mod version;
