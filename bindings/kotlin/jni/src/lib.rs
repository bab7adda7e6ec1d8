//! The C interface of wxtransfer as JNI functions for the Kotlin library, `org.wxtransfer`.
//!
//! Each function reads its arguments from Java, calls the C function of the same name, and passes the result to Java.
//! This crate contains no policy. Statuses are returned as numbers. `include/wxtransfer.h` documents the functions, and
//! `Native.kt` their parameters.
//!
//! Text is passed as arrays of bytes in UTF-8. JNI's own strings are "modified UTF-8", which writes an emoji as two
//! surrogates of three bytes each. This is not valid UTF-8.

mod android;
mod callbacks;
mod check;
mod classes;
mod convert;
mod file_result;
mod file_system;
mod files;
mod hooks;
mod info;
mod network;
mod parts;
mod session;
mod statistics;
mod structs;
mod task;

use std::ffi::c_void;

use jni::JavaVM;
use jni::sys::{self, JNI_ERR, JNI_VERSION_1_6, jint};

use classes::Classes;

/// Looks up the classes that callbacks need. This must happen here: the thread that loads the library can find the
/// app's classes, but a native thread finds only the system's.
///
/// # Safety
/// Must be called by the virtual machine.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut sys::JavaVM, _reserved: *mut c_void) -> jint {
    // SAFETY: the virtual machine passes itself.
    let vm = unsafe { JavaVM::from_raw(vm) };
    match vm.attach_current_thread(Classes::load) {
        Ok(()) => JNI_VERSION_1_6,
        // `System.loadLibrary` then throws.
        Err(_) => JNI_ERR,
    }
}
