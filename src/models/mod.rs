//! Models of the code in which threads interact. [Loom](https://docs.rs/loom) runs each model once for every order of
//! the threads' steps, up to a number of preemptions, and for every value that the memory orders allow a load to see.
//!
//! The models run the code that is shipped: the modules import their locks, atomics and threads from `platform::sync`,
//! which takes them from loom where `--cfg models` is set. Each file here is a module of the one that it checks.
//!
//! ```sh
//! RUSTC_WORKSPACE_WRAPPER=src/models/rustc.sh cargo test --locked --lib models:: -- --nocapture
//! ```
//!
//! The number of preemptions is `LOOM_MAX_PREEMPTIONS`, by default 2. `models/stand_ins.rs` implements what loom lacks.
//!
//! | File | Model of | Shows |
//! |---|---|---|
//! | `stop.rs` | `worker/stop.rs`, `worker/wait.rs` | one of a stop and a result wins; an accepted abort is the end; no wait misses a stop or a wake, or goes round and round |
//! | `pool.rs` | `worker/pool.rs` | each piece of work runs once, on as many threads as there is work for; work that may not start yet keeps one; closing waits for all, and dismissal takes no thread from work |
//! | `gate.rs` | `session/gate.rs` | shutting waits for every visit, once |
//! | `delivery.rs` | `task/delivery.rs` | each event once, in order, one at a time, none after close; one release, after the end |
//! | `engine.rs` | `task/mod.rs`, `task/queue.rs` | each task ends once, with `abort` exactly where `abort` returned `true`; no stop of all tasks misses one |
//!
//! The comment of each model names changes of the code that were seen to make the model fail.
//!
//! The models leave out:
//!
//! - what a mutex of the standard library guards (progress, absences, buffers, rate limits) and the counters of tasks
//!   and transfers: each of their steps counts as one, in the order of the code;
//! - time: no time limit ends, and deadlines are far away. A thread pool is checked with an idle time that never ends
//!   and with one of zero;
//! - the system's descriptors: a waker is a flag behind a mutex;
//! - `worker/timer.rs`, and the rooms below `task` but for what is listed above;
//! - `SeqCst`, which loom treats as acquire and release. That can report a fault that does not exist, but hides none;
//! - crossbeam's own code. The models have a channel with the orders that crossbeam promises, and no others;
//! - the open sessions by handle (`ffi/session.rs`), and the open directories (`storage/registry.rs`). Each of their
//!   operations is one step under one mutex of the standard library.

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
