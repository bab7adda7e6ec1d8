#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wxtransfer_fuzz_checks::check("domains", data));
