//! The C interface from the point of view of a C program: the header, the layout of its structs, the exported symbols,
//! and programs that are compiled, linked with the static library and run against servers on this machine.
//!
//! `cargo test --test ffi` needs a C and a C++ compiler and `nm`. For another target, or a tool such as valgrind, set
//! `CC`, `CXX`, `NM`, `CFLAGS` and `LDFLAGS` as usual, `WXT_RUNNER` to the command that runs a program, and
//! `WXT_LIBRARIES` to the directory of the library if it is not the one that cargo built for the test.

mod bindings;
mod generated;
mod header;
mod layout;
mod numbers;
mod programs;
mod random_server;
mod struct_table;
mod symbols;
mod tools;
