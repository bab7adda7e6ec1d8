//! Prints a C file that compiles only if C and Rust agree on every struct for the target of this program.

#[path = "../../struct_table.rs"]
mod struct_table;

fn main() {
    print!("{}", struct_table::assertions());
}
