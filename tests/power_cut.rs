//! Cuts the power behind every system call of a program that saves, writes, downloads and removes files, and opens what
//! may be on the disk then: no file that the program was told is saved is lost, and none is torn.
//! `ffi-tests/crash-safety.sh` runs it.
//!
//! The program runs once, under a recorder of its system calls. Each point of the record, with several choices of what
//! of the unflushed survives (`power_cut/disk.rs`), gives a disk, which is made and opened.

// It calls the C interface, and traces a process.
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
