//! Size and offset of every public struct and of each of its fields, in C and in Rust.

use crate::struct_table::{Struct, assertions, structs};
use crate::tools::{C99, c_compiler, compile, output_directory, source};

#[test]
fn c_and_rust_agree_on_every_struct() {
    compile(&mut c_compiler(C99), &output_directory("layout"), &assertions());
}

#[test]
fn the_table_names_every_struct_of_the_header() {
    let header = std::fs::read_to_string(source("include/wxtransfer.h")).unwrap();
    let mut declared: Vec<&str> =
        header.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';')).collect();
    let mut listed: Vec<&str> = structs().iter().map(|entry| entry.name).collect();
    declared.sort_unstable();
    listed.sort_unstable();
    assert_eq!(declared, listed);
}

/// `struct_size` is read before anything else is known about a struct.
#[test]
fn every_extensible_struct_starts_with_its_size() {
    for Struct { name, fields, .. } in structs() {
        if let Some(field) = fields.iter().find(|field| field.name == "struct_size") {
            assert_eq!(field.offset, 0, "{name}");
        }
    }
}
