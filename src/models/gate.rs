//! Shows that shutting the gate waits for every visit, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::models::check;
use crate::platform::sync::thread;

/// Fails if the end of a visit notifies nobody or notifies before it is counted, if `enter` does not check whether the
/// gate is open, and if `shut` does not wait.
#[test]
fn no_thread_is_inside_a_shut_gate() {
    check("gate", || {
        let (gate, inside) = (Arc::new(Gate::new()), Arc::new(AtomicUsize::new(0)));
        let visits: [_; 2] = std::array::from_fn(|_| {
            let (gate, inside) = (gate.clone(), inside.clone());
            thread::spawn(move || {
                let visit = gate.enter();
                if visit.is_some() {
                    inside.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            })
        });
        let (second_gate, second_inside) = (gate.clone(), inside.clone());
        let second = thread::spawn(move || second_gate.shut() && second_inside.load(Ordering::SeqCst) == 0);
        let first = gate.shut();
        if first {
            assert_eq!(inside.load(Ordering::SeqCst), 0);
            assert!(gate.enter().is_none());
        }
        assert_ne!(second.join().unwrap(), first, "one of them, which found nobody inside");
        for visit in visits {
            visit.join().unwrap();
        }
    });
}
