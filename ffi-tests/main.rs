//! The C interface as a C program sees it: the header, the layout of its structs, the exported symbols, and programs
//! that are compiled, linked with the static library and run against servers on this machine.
//!
//! `cargo test --test ffi` needs a C and a C++ compiler and `nm`. For another target, or a tool such as valgrind:
//! `CC`, `CXX`, `NM`, `CFLAGS` and `LDFLAGS` as usual, and `WXT_RUNNER`, the command that a program is run by.

mod header;
mod layout;
mod numbers;
mod programs;
mod random_server;
mod symbols;
mod tools;
