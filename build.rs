//! Generates the C header from `src/ffi` into `OUT_DIR`, where a test holds it against the one that is checked in.

use std::env;
use std::error::Error;
use std::path::PathBuf;

/// In the order in which a reader of the header wants them.
const SOURCES: [&str; 19] = [
    "version",
    "string",
    "status",
    "error",
    "request",
    "callback",
    "options",
    "session",
    "trust",
    "network",
    "check",
    "statistics",
    "task",
    "file_result",
    "file",
    "file_system",
    "resolver",
    "client_certificate",
    "android",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/ffi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut builder = cbindgen::Builder::new().with_config(cbindgen::Config::from_file(root.join("cbindgen.toml"))?);
    for source in SOURCES {
        builder = builder.with_src(root.join("src/ffi").join(source).with_extension("rs"));
    }
    let header = PathBuf::from(env::var("OUT_DIR")?).join("wxtransfer.h");
    builder.generate()?.write_to_file(&header);
    println!("cargo::rustc-env=WXTRANSFER_GENERATED_HEADER={}", header.display());
    Ok(())
}
