//! `wx.uploadFile` and `wx.downloadFile` for apps that host WeChat mini programs.
//!
//! The library is used through its C interface, `include/wxtransfer.h`, whose comments are the documentation of the
//! items here. Data flows in one direction, and no room imports from a higher one: [`ffi`] → `session` → `task` →
//! `transfer` → `policy` | `http` | `storage` → `terms` → `worker` → `platform`.

pub mod ffi;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
#[cfg(all(test, models))]
mod models;
mod platform;
mod policy;
mod session;
mod storage;
mod task;
mod terms;
mod transfer;
#[allow(dead_code, reason = "filled in step by step")]
mod worker;
