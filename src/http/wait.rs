//! The one place where an exchange sleeps.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::context::Context;
use super::error::Error;

/// The most descriptors one wait can watch.
pub(super) const MAX_WATCHED: usize = 8;

/// What happened to each of the watched descriptors.
pub(super) type Events = [PollFlags; MAX_WATCHED];

/// Waits until one of at most [`MAX_WATCHED`] `sockets` has an event or `limit` has passed; none has one then.
///
/// # Errors
/// The stop signal and its deadline; a response that nobody needs any more and that took too long.
pub(super) fn wait(context: &Context, sockets: &[PollFd<'_>], limit: Option<Instant>) -> Result<Events, Error> {
    let cancel = context.cancel();
    let patience = context.state().patience;
    let until = [limit, patience, cancel.deadline()].into_iter().flatten().min();
    let waker = cancel.waker();
    let count = sockets.len();
    loop {
        cancel.check()?;
        let now = Instant::now();
        if patience.is_some_and(|patience| now >= patience) {
            return Err(Error::closed("nobody waits for the rest of the response"));
        }
        if limit.is_some_and(|limit| now >= limit) {
            return Ok([PollFlags::empty(); MAX_WATCHED]);
        }
        let watched_count = count + usize::from(waker.is_some());
        let mut watched: [PollFd<'_>; MAX_WATCHED + 1] =
            std::array::from_fn(|index| match (sockets.get(index), &waker) {
                (None, Some(waker)) => PollFd::new(&**waker, PollFlags::IN),
                (socket, _) => socket.unwrap_or(&sockets[0]).clone(),
            });
        let timeout = until.map(|until| timespec(until.saturating_duration_since(now)));
        match poll(&mut watched[..watched_count], timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::internal(format!("poll failed: {error}"))),
        }
        cancel.check()?;
        if let Some(waker) = waker.as_ref().filter(|_| !watched[count].revents().is_empty()) {
            // A wake without a reason was meant for an earlier use of the descriptor.
            waker.reset();
            cancel.check()?;
        }
        let events: Events =
            std::array::from_fn(|index| if index < count { watched[index].revents() } else { PollFlags::empty() });
        if events.iter().any(|events| !events.is_empty()) {
            return Ok(events);
        }
    }
}

/// Rounded up to a millisecond, which is what some systems count in, so that a wait does not end just before its time.
fn timespec(duration: Duration) -> Timespec {
    let millis = duration.as_micros().div_ceil(1000).min(i32::MAX as u128);
    let (seconds, nanos) = (millis / 1000, millis % 1000 * 1_000_000);
    // Both fit: the types of the fields differ between systems, and are 32 bit at least.
    Timespec { tv_sec: seconds as i32 as _, tv_nsec: nanos as i32 as _ }
}
