//! What the libraries let others see: `exported-symbols.txt`, no more and no less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::tools::{C99, c_compiler, compile, library, output_directory, run, source, tool};

fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(source("ffi-tests/exported-symbols.txt")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The symbols that a library defines for others, besides weak ones, which give way to the app's.
fn defined(flags: &[&str], library: &Path) -> BTreeSet<String> {
    let output = run(tool("NM", "nm").args(flags).arg(library));
    let text = String::from_utf8(output.stdout).unwrap();
    // Mach-O puts an underscore before every C name.
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
fn the_shared_library_exports_what_is_listed_and_nothing_else() {
    let (name, flags): (_, &[&str]) = if cfg!(target_vendor = "apple") {
        ("libwxtransfer.dylib", &["-gUW"])
    } else {
        ("libwxtransfer.so", &["-D", "--defined-only"])
    };
    assert_eq!(defined(flags, &library(name)), listed());
}

/// What a static library defines for its own parts, though an app's linker sees it.
fn internal(name: &str) -> bool {
    // Rust's names hold the crate and its version, but for the language's own, which every static library of Rust has.
    (name.starts_with("_R") || name.starts_with("_ZN") || name == "rust_eh_personality")
        // The C and assembly of ring, with ring's version.
        || name.starts_with("ring_core_")
        // The compiler's: no code in C can have names like these.
        || name.starts_with("__") || name.contains('.')
}

#[test]
fn the_static_library_defines_what_is_listed_and_nothing_else_that_an_app_could_have() {
    let flags: &[&str] = if cfg!(target_vendor = "apple") { &["-gUW"] } else { &["-g", "--defined-only"] };
    let mut defined = defined(flags, &library("libwxtransfer.a"));
    defined.retain(|name| !internal(name));
    assert_eq!(defined, listed());
}

#[test]
fn the_header_declares_what_is_listed() {
    let uses: String = listed().iter().map(|name| format!("  functions[0] = (function *){name};\n")).collect();
    let text = format!(
        "#include <wxtransfer.h>\ntypedef void function(void);\nvoid use(function **functions);\n\
         void use(function **functions) {{\n{uses}}}\n"
    );
    // Converting between kinds of functions is what is wanted here.
    let flags = [C99, &["-Wno-cast-function-type"]].concat();
    compile(&mut c_compiler(&flags), &output_directory("symbols"), &text);
}
