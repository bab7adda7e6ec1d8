//! `wx.uploadFile` and `wx.downloadFile` for apps that host WeChat mini programs.
//!
//! The library is used through its C interface, `include/wxtransfer.h`; the documentation of each function and
//! struct is here and there the same. Data flows one way, and nothing below imports anything above:
//! [`ffi`] → `session` → `task` → `transfer` → `policy` | `http` | `storage`.

mod error;
pub mod ffi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod log;
mod platform;
mod policy;
mod session;
mod storage;
mod task;
mod transfer;
#[allow(dead_code, reason = "filled in step by step")]
mod worker;
