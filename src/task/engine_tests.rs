use std::sync::{Barrier, mpsc};

use super::delivery::tests::Inline;
use super::*;
use crate::worker::sizes;

const LIMIT: Duration = Duration::from_secs(60);

struct Deaf;

impl Handler for Deaf {
    fn headers_received(&mut self, _: TaskId, _: &Head) {}
    fn progress(&mut self, _: TaskId, _: Progress) {}
    fn completed(&mut self, _: TaskId, _: &Result<Outcome, TransferError>, _: &Profile) {}
}

fn submit(engine: &Arc<Engine>, work: impl FnOnce(&Worker) + Send + 'static) {
    submit_to(engine, work, Deaf);
}

fn submit_to(engine: &Arc<Engine>, work: impl FnOnce(&Worker) + Send + 'static, handler: impl Handler + 'static) {
    let job: Job = Box::new(|context| {
        work(context.worker);
        Err(TransferError::new(Failure::Internal, "a test"))
    });
    let submission =
        Submission { api: Api::Download, timeout: LIMIT, job: Ok(job), fail_when_full: false, report_progress: false };
    engine.submit(submission, Box::new(handler));
}

#[test]
fn what_a_task_leaves_is_dropped_before_the_next() {
    let engine = Engine::new(1, 1, None).unwrap();
    let (sender, seen) = mpsc::channel();
    let value = Arc::new(());
    let (left, watched) = (value.clone(), Arc::downgrade(&value));
    submit(&engine, move |worker| worker.drop_later(left));
    drop(value);
    submit(&engine, move |_| sender.send(watched.strong_count()).unwrap());
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), 0);
    engine.close();
}

#[test]
fn two_tasks_at_once_share_the_memory() {
    let engine = Engine::new(1, 2, None).unwrap();
    let (sender, seen) = mpsc::channel();
    let both = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let (sender, both) = (sender.clone(), both.clone());
        submit(&engine, move |_| {
            both.wait();
            let size = sizes::large_download_file();
            both.wait();
            sender.send(size).unwrap();
        });
    }
    assert_eq!([(); 2].map(|()| seen.recv_timeout(LIMIT).unwrap()), [128 * 1024; 2]);
    engine.close();
}

/// Says that the task's end was told.
struct Told(mpsc::Sender<&'static str>);

impl Handler for Told {
    fn headers_received(&mut self, _: TaskId, _: &Head) {}
    fn progress(&mut self, _: TaskId, _: Progress) {}
    fn completed(&mut self, _: TaskId, _: &Result<Outcome, TransferError>, _: &Profile) {
        self.0.send("told").unwrap();
    }
}

#[test]
fn the_host_is_told_before_what_a_task_leaves_is_dropped() {
    struct Left(mpsc::Sender<&'static str>);
    impl Drop for Left {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    let engine = Engine::new(1, 1, Some(Box::new(Inline))).unwrap();
    let (sender, seen) = mpsc::channel();
    let left = Left(sender.clone());
    submit_to(&engine, move |worker| worker.drop_later(left), Told(sender));
    assert_eq!([(); 2].map(|()| seen.recv_timeout(LIMIT).unwrap()), ["told", "dropped"]);
    engine.close();
}
