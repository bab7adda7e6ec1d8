//! A wait of an exchange.

use std::time::Instant;

use rustix::event::{PollFd, PollFlags};

use super::context::Context;
use super::error::Error;
pub(super) use crate::worker::{Events, MAX_WATCHED};

/// Waits until one of at most [`MAX_WATCHED`] `sockets` has an event or `limit` has passed; none has one then.
///
/// # Errors
/// The stop signal and its deadline; a response that nobody needs any more and that took too long.
pub(super) fn wait(context: &Context, sockets: &[PollFd<'_>], limit: Option<Instant>) -> Result<Events, Error> {
    let patience = context.state().patience;
    let until = [limit, patience].into_iter().flatten().min();
    let events = context.worker().wait(sockets, until)?;
    let is_over = events.iter().all(PollFlags::is_empty);
    if is_over && patience.is_some_and(|patience| Instant::now() >= patience) {
        return Err(Error::closed("nobody waits for the rest of the response"));
    }
    Ok(events)
}
