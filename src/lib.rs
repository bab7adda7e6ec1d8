//! `wx.uploadFile` and `wx.downloadFile` for apps that host WeChat mini programs.
//!
//! The library is used through its C interface, `include/wxtransfer.h`; the documentation of each function and
//! struct is here and there the same. Data flows one way, and nothing below imports anything above:
//! [`ffi`] → `session` → `task` → `transfer` → `policy` | `http` | `storage` → `terms` → `worker` → `platform`.

pub mod ffi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod platform;
mod policy;
mod session;
mod storage;
mod task;
mod terms;
mod transfer;
#[allow(dead_code, reason = "filled in step by step")]
mod worker;
