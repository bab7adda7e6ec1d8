//! What the libraries let others see: `exported-symbols.txt`, no more and no less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::tools::{C99, c_compiler, compile, library, output_directory, run, source, tool};

fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(source("ffi-tests/exported-symbols.txt")).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The symbols that a library defines for others.
fn defined(flags: &[&str], library: &Path) -> BTreeSet<String> {
    let output = run(tool("NM", "nm").args(flags).arg(library));
    let text = String::from_utf8(output.stdout).unwrap();
    // Mach-O puts an underscore before every C name.
    let prefix = if cfg!(target_vendor = "apple") { "_" } else { "" };
    text.lines()
        .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [_address, _kind, name] => Some(name.strip_prefix(prefix).unwrap_or(name).to_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_shared_library_exports_what_is_listed_and_nothing_else() {
    let (name, flags): (_, &[&str]) = if cfg!(target_vendor = "apple") {
        ("libwxtransfer.dylib", &["-gU"])
    } else {
        ("libwxtransfer.so", &["-D", "--defined-only"])
    };
    assert_eq!(defined(flags, &library(name)), listed());
}

#[test]
fn the_static_library_defines_what_is_listed() {
    let flags: &[&str] = if cfg!(target_vendor = "apple") { &["-gU"] } else { &["-g", "--defined-only"] };
    let defined = defined(flags, &library("libwxtransfer.a"));
    let missing: Vec<_> = listed().difference(&defined).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Other names of that form would be visible to the app that links the library, and collide with its own.
    let unlisted: Vec<_> =
        defined.iter().filter(|name| name.starts_with("wxt_") && !listed().contains(*name)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
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
