//! The symbols that the libraries export: exactly those in `exported-symbols.txt`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::tools::{C99, c_compiler, compile, library, output_directory, run, source, tool};

fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(source("ffi-tests/exported-symbols.txt")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The symbols that a library exports, without weak ones, which an app may override.
fn defined(flags: &[&str], library: &Path) -> BTreeSet<String> {
    let output = run(tool("NM", "nm").args(flags).arg(library));
    let text = String::from_utf8(output.stdout).unwrap();
    // Mach-O adds an underscore before every C name.
    let prefix = if cfg!(target_vendor = "apple") { "_" } else { "" };
    text.lines()
        .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [_address, kind, name] if !["V", "W"].contains(&kind) => {
                Some(name.strip_prefix(prefix).unwrap_or(name).to_owned())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn shared_library_exports_exactly_the_listed_symbols() {
    let (name, flags): (_, &[&str]) = if cfg!(target_vendor = "apple") {
        ("libwxtransfer.dylib", &["-gUW"])
    } else {
        ("libwxtransfer.so", &["-D", "--defined-only"])
    };
    assert_eq!(defined(flags, &library(name)), listed());
}

/// Whether the symbol is only for the static library's own use. An app's linker sees such symbols as well.
fn internal(name: &str) -> bool {
    // Rust's names contain the crate and its version, except the language's own, which are in every static library of
    // Rust.
    (name.starts_with("_R") || name.starts_with("_ZN") || name == "rust_eh_personality")
        // The C and assembly code of ring. The names contain ring's version.
        || name.starts_with("ring_core_")
        // The compiler's: C code cannot define such names.
        || name.starts_with("__") || name.contains('.')
}

#[test]
fn static_library_defines_no_other_symbols_that_an_app_could_define() {
    let flags: &[&str] = if cfg!(target_vendor = "apple") { &["-gUW"] } else { &["-g", "--defined-only"] };
    let mut defined = defined(flags, &library("libwxtransfer.a"));
    defined.retain(|name| !internal(name));
    assert_eq!(defined, listed());
}

#[test]
fn header_declares_the_listed_functions() {
    let uses: String = listed().iter().map(|name| format!("  functions[0] = (function *){name};\n")).collect();
    let text = format!(
        "#include <wxtransfer.h>\ntypedef void function(void);\nvoid use(function **functions);\n\
         void use(function **functions) {{\n{uses}}}\n"
    );
    // The conversion between function types is intended here.
    let flags = [C99, &["-Wno-cast-function-type"]].concat();
    compile(&mut c_compiler(&flags), &output_directory("symbols"), &text);
}
