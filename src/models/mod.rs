//! Models of the code in which threads meet. [Loom](https://docs.rs/loom) runs each again and again, in every order of
//! the threads' steps up to a number of preemptions, with every value that the memory orders allow a load to see.
//!
//! What runs is the code that is shipped: the modules import their locks, atomics and threads from `platform::sync`,
//! which takes them from loom where `--cfg models` is set. Each file here is a module of the one that it checks.
//!
//! ```sh
//! RUSTFLAGS="--cfg models" cargo test --locked --profile models --target-dir target/models --lib models:: -- --nocapture
//! ```
//!
//! `LOOM_MAX_PREEMPTIONS` is the number of preemptions, and else 2. `models/stand_ins.rs` has what loom lacks.
//!
//! No model has these, whose steps count as one and in the order of the code:
//!
//! - what is behind a mutex of the standard library: progress, profiles' contents, absences, buffers, the rate limits;
//! - counters: those of tasks, and those of running transfers;
//! - time: a wait with a limit has no end of its own, and deadlines are far away. A thread pool is checked with an idle
//!   time that never ends and with none;
//! - the system's descriptors: an event descriptor is a flag;
//! - orders of `SeqCst` between different atomics, which loom takes for acquire and release. It may so find a fault
//!   where there is none, and misses none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A time that no model reaches.
pub const FAR_AWAY: Duration = Duration::from_secs(24 * 3600);

/// Runs a model in every order, and prints in how many.
pub fn check(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.max_branches = 10_000;
    let (runs, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let count = runs.clone();
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{name}: {} interleavings in {:.1} s", runs.load(Ordering::Relaxed), begin.elapsed().as_secs_f64());
}
