//! `include/wxtransfer.h` and the module map next to it. `generated.rs` compares the header with the sources.

use std::fs;
use std::process::Command;

use crate::tools::{C99, CPP11, c_compiler, compile, cpp_compiler, output_directory, run, source};

const ONCE: &str = "#include <wxtransfer.h>\n";
/// C++ requires a declaration before each function, and pedantic C at least one declaration per file.
const USE: &str = "const char *use(void);\nconst char *use(void) { return wxt_version(); }\n";

#[test]
fn the_header_compiles_alone_as_c99() {
    compile(&mut c_compiler(C99), &output_directory("header-c"), &format!("{ONCE}{USE}"));
}

#[test]
fn the_header_compiles_twice_as_c99() {
    compile(&mut c_compiler(C99), &output_directory("header-c-twice"), &format!("{ONCE}{ONCE}{USE}"));
}

#[test]
fn the_header_compiles_alone_as_cpp11() {
    compile(&mut cpp_compiler(CPP11), &output_directory("header-cpp"), &format!("{ONCE}{USE}"));
}

#[test]
fn the_header_compiles_twice_as_cpp11() {
    compile(&mut cpp_compiler(CPP11), &output_directory("header-cpp-twice"), &format!("{ONCE}{ONCE}{USE}"));
}

#[test]
fn the_program_of_the_readme_compiles_as_c99() {
    let readme = fs::read_to_string(source("README.md")).unwrap();
    let (_, rest) = readme.split_once("```c\n").expect("a program in C");
    let (program, _) = rest.split_once("```\n").expect("the end of the program");
    compile(&mut c_compiler(C99), &output_directory("readme"), program);
}

/// The code in the guides is part of C programs that run.
#[test]
fn code_of_the_guides_is_in_a_program() {
    let programs: Vec<String> = fs::read_dir(source("ffi-tests/programs"))
        .unwrap()
        .map(|program| fs::read_to_string(program.unwrap().path()).unwrap())
        .collect();
    let mut blocks = 0;
    for guide in fs::read_dir(source("docs")).unwrap().map(|guide| guide.unwrap().path()) {
        if guide.extension() != Some("md".as_ref()) {
            continue;
        }
        for block in fs::read_to_string(&guide).unwrap().split("```c\n").skip(1) {
            let (code, _) = block.split_once("```").expect("the end of the code");
            let is_there = programs.iter().any(|program| program.contains(code));
            assert!(is_there, "{} shows other code than runs:\n{code}", guide.display());
            blocks += 1;
        }
    }
    assert!(blocks > 0);
}

/// A host's own macros and a stricter compiler do not break the inline functions.
#[test]
fn the_initialisers_compile_without_a_warning() {
    let flags = [C99, &["-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"]].concat();
    let text = format!(
        "{ONCE}
        int all(WxtSessionOptions *a, WxtUploadRequest *b, WxtDownloadRequest *c, WxtCallbacks *d, WxtStatusDetail *e);
        int all(WxtSessionOptions *a, WxtUploadRequest *b, WxtDownloadRequest *c, WxtCallbacks *d, WxtStatusDetail *e) {{
          *a = wxt_session_options(); *b = wxt_upload_request(); *c = wxt_download_request(); *d = wxt_callbacks();
          *e = wxt_status_detail();
          return wxt_str(\"x\").len == 1;
        }}\n"
    );
    compile(&mut c_compiler(&flags), &output_directory("header-initialisers"), &text);
}

/// Only clang supports modules. Elsewhere the map is compared with its directory.
#[test]
fn module_map_defines_a_module_with_the_header() {
    let map = fs::read_to_string(source("include/module.modulemap")).unwrap();
    assert!(map.contains("header \"wxtransfer.h\""), "{map}");
    assert_eq!(map.matches('{').count(), map.matches('}').count(), "{map}");
    if Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success()) {
        let directory = output_directory("module");
        let file = directory.join("source.c");
        fs::write(&file, "@import CWxtransfer;\nconst char *use(void) { return wxt_version(); }\n").unwrap();
        let cache = format!("-fmodules-cache-path={}", directory.join("cache").display());
        let flags = ["-x", "objective-c", "-fmodules", "-Werror", "-fsyntax-only", &cache];
        run(Command::new("clang").args(flags).arg("-I").arg(source("include")).arg(file));
    }
}

/// The table in docs/failures.md has a row for every errno, and some C program triggers it.
#[test]
fn every_errno_is_in_the_table_and_in_a_program() {
    let read = |path: &str| fs::read_to_string(source(path)).unwrap();
    let (header, table) = (read("include/wxtransfer.h"), read("docs/failures.md"));
    let programs: Vec<String> = fs::read_dir(source("ffi-tests/programs"))
        .unwrap()
        .map(|program| fs::read_to_string(program.unwrap().path()).unwrap())
        .collect();
    let defined = header.lines().filter_map(|line| line.strip_prefix("#define WXT_ERRNO_")?.split_once(' '));
    let defined: Vec<(&str, &str)> = defined.collect();
    assert!(defined.len() > 20, "{defined:?}");
    for (name, number) in defined {
        assert!(table.contains(&format!("\n| {number} `{name}` | ")), "docs/failures.md has no row for {name}");
        let seen = [format!("WXT_ERRNO_{name}"), number.to_owned()];
        let is_seen = programs.iter().any(|program| seen.iter().any(|seen| program.contains(seen)));
        // A bug of the library and a broken device cannot be caused from outside, and no access is denied to root.
        let is_rare = matches!(name, "INTERNAL" | "INPUT_OUTPUT" | "FILE_ACCESS_DENIED");
        assert!(is_seen || is_rare, "no program sees {name}");
    }
}
