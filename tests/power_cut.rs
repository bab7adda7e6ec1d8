//! Simulates a power cut after nearly every system call of a program that saves, writes, downloads and removes files. Then
//! opens states that the disk may be in. No file that was reported as saved may be lost or torn. A file that was removed
//! from the store may come back only until the store's directory is flushed. A download that broke off must continue with
//! the bytes that were kept. `ffi-tests/crash-safety.sh` runs this program.
//!
//! The program under test runs once, under a recorder of its system calls. For each point of the record, several disks
//! are made and opened. They differ in which of the unflushed changes survive (`power_cut/disk.rs`).

// The test calls the C interface and traces a process.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

#[cfg(target_os = "linux")]
#[path = "power_cut/disk.rs"]
mod disk;
#[cfg(target_os = "linux")]
#[path = "power_cut/plan.rs"]
mod plan;
#[cfg(target_os = "linux")]
#[path = "power_cut/recorder.rs"]
mod recorder;
#[cfg(target_os = "linux")]
#[path = "power_cut/run.rs"]
mod run;
#[cfg(target_os = "linux")]
#[path = "power_cut/server.rs"]
mod server;
mod support;

#[cfg(target_os = "linux")]
fn main() {
    run::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("not tried: system calls are recorded on Linux only");
}

/// xorshift64*.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 40) as u8).collect()
    }
}
