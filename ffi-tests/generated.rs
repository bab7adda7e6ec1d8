//! The files that follow from `src/ffi`: the header, the list of its numbers, and the bindings with lines that repeat
//! it.
//!
//! To update them after a change of `src/ffi`: `WXT_REFRESH_HEADER=1 cargo test --test ffi header`.

use std::env;
use std::fs;

use crate::tools::source;
use crate::{bindings, numbers};

/// Every text is computed before the first file is written, so that a failure changes no file.
#[test]
fn generated_files_match_the_header() {
    let header = fs::read_to_string(env!("WXTRANSFER_GENERATED_HEADER")).unwrap();
    let mut files = bindings::files(&header);
    files.push((source("ffi-tests/numbers.txt"), numbers::with_new_ones()));
    files.push((source("include/wxtransfer.h"), header));
    files.retain(|(file, text)| fs::read_to_string(file).unwrap() != *text);
    if env::var_os("WXT_REFRESH_HEADER").is_some() {
        files.iter().for_each(|(file, text)| fs::write(file, text).unwrap());
        return;
    }
    let stale: Vec<_> = files.into_iter().map(|(file, _)| file).collect();
    assert!(
        stale.is_empty(),
        "src/ffi or these files have changed: run `WXT_REFRESH_HEADER=1 cargo test --test ffi header` and look at the \
         difference of {stale:#?}"
    );
}
