//! The host's executor and logger, behind the traits of the rooms that use them.

use std::ffi::c_void;
use std::sync::Arc;

use super::options::{WXT_LOG_INFO, WXT_LOG_WARNING, WxtExecutor, WxtLogger};
use super::string::WxtStr;
use crate::task::{Executor, as_callback};
use crate::terms::log::{Level, Log};
use crate::worker::caught;

type Post = unsafe extern "C" fn(*mut c_void, Option<unsafe extern "C" fn(*mut c_void)>, *mut c_void);

/// The host's `post`.
pub struct HostExecutor {
    context: *mut c_void,
    post: Post,
}

// SAFETY: the header says that `post` is called from any thread.
unsafe impl Send for HostExecutor {}
// SAFETY: as above.
unsafe impl Sync for HostExecutor {}

/// The job that `job_data` points to.
type PostedJob = Box<dyn FnOnce() + Send>;

impl HostExecutor {
    /// `None` if the host gave no function.
    pub fn new(executor: WxtExecutor) -> Option<HostExecutor> {
        executor.post.map(|post| HostExecutor { context: executor.context, post })
    }
}

impl Executor for HostExecutor {
    fn post(&self, job: PostedJob) {
        // Boxed twice: `job_data` is one word, and a trait object is two.
        let job_data = Box::into_raw(Box::new(job)).cast::<c_void>();
        as_callback(|| {
            // SAFETY: the host's function and its context, which the host keeps until the session is closed.
            unsafe { (self.post)(self.context, Some(run_posted), job_data) };
        });
    }
}

/// The function that the host's executor calls once for each job.
unsafe extern "C" fn run_posted(job_data: *mut c_void) {
    if job_data.is_null() {
        return;
    }
    // SAFETY: made by `Box::into_raw` in `post`; the header says that a job is called once.
    let job = unsafe { Box::from_raw(job_data.cast::<PostedJob>()) };
    // A panic here would be a bug of the library between two callbacks. The next job continues with the queue.
    let _ = caught(job);
}

struct HostLogger(WxtLogger);

// SAFETY: the header says that `log` is called from any thread.
unsafe impl Send for HostLogger {}
// SAFETY: as above.
unsafe impl Sync for HostLogger {}

impl HostLogger {
    fn write(&self, level: Level, message: &str) {
        let level = match level {
            Level::Warning => WXT_LOG_WARNING,
            Level::Info => WXT_LOG_INFO,
        };
        if let Some(log) = self.0.log {
            // SAFETY: the host's function and its context, which the host keeps until the session is closed.
            as_callback(|| unsafe { log(self.0.context, level, WxtStr::new(message)) });
        }
    }
}

/// The host's log. Disabled if the host gave no function.
pub fn host_log(logger: WxtLogger) -> Log {
    if logger.log.is_none() {
        return Log::default();
    }
    let logger = HostLogger(logger);
    Log::new(Arc::new(move |level, message| logger.write(level, message)))
}
