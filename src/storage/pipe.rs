//! Reads from a pipe of the host.
//!
//! The descriptor is a duplicate of the host's and shares its flags, so it must not be made non-blocking. In blocking
//! mode, a read blocks if another reader takes the bytes after they were announced, and nothing could end that. So the
//! threads of this process take turns: looking for bytes and reading them is one turn. One case remains: a host or
//! another process that reads the pipe at the same time as the library.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::Error;
use super::directory::FileId;
use super::turns::{Turns, TurnsByKey};
use crate::worker::Worker;

/// How long to look for bytes. A wait without any time would not ask the system.
const ONE_LOOK: Duration = Duration::from_millis(1);

/// The turns for each pipe that this process reads from.
static TURNS: TurnsByKey<FileId> = TurnsByKey::new();

/// The read end of a pipe or FIFO.
#[derive(Debug)]
pub struct Pipe {
    file: File,
    turns: Arc<Turns>,
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Pipe {
    /// Fails with [`Error::Io`] if the system does not report the pipe's identity.
    pub fn new(file: File) -> Result<Pipe, Error> {
        let id = FileId::of(&file).map_err(|error| Error::from_io("look at a pipe", error))?;
        Ok(Pipe { file, turns: TURNS.of(id) })
    }

    /// Waits for bytes and reads them. 0 at the end of the pipe.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn read(&mut self, worker: &Worker, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            if let Some(read) = self.read_until(worker, buffer, None)? {
                return Ok(read);
            }
        }
    }

    /// Reads as [`read`](Pipe::read), but only bytes that are there. `None` if there are none.
    pub fn read_available(&mut self, worker: &Worker, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        self.read_until(worker, buffer, Some(ONE_LOOK))
    }

    /// Waits for bytes for at most `time`. `None` if none came, or if another reader took them.
    fn read_until(
        &mut self,
        worker: &Worker,
        buffer: &mut [u8],
        time: Option<Duration>,
    ) -> Result<Option<usize>, Error> {
        worker.turn(0)?;
        let _turn = self.turns.take_at_last(worker)?;
        let limit = time.map(|time| Instant::now() + time);
        let events = worker.wait(&[PollFd::new(&self.file, PollFlags::IN)], limit)?;
        if events[0].is_empty() {
            return Ok(None);
        }
        match self.file.read(buffer) {
            // WouldBlock: another reader of a non-blocking pipe was faster.
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => Ok(None),
            read => read.map(Some).map_err(|error| Error::from_io("read a pipe", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::{StopReason, StopSignal};

    /// A thread keeps its turn from the wait to the read, so no other thread of the process can take the bytes.
    #[test]
    fn only_the_waiting_thread_can_read_the_pipe() {
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let stop = Arc::new(StopSignal::new());
        let mut first = Pipe::new(reader.try_clone().unwrap().into()).unwrap();
        let second = Pipe::new(reader.into()).unwrap();
        assert!(Arc::ptr_eq(&first.turns, &second.turns), "both descriptors are of one pipe");
        std::thread::scope(|scope| {
            let worker = Worker::for_call(stop.clone());
            let waits = scope.spawn(move || first.read(&worker, &mut [0; 10]));
            let begin = Instant::now();
            let mut has_turn = false;
            while !has_turn && begin.elapsed() < Duration::from_secs(30) {
                has_turn = second.turns.try_take().is_none();
                std::thread::yield_now();
            }
            stop.request(StopReason::Aborted);
            assert!(has_turn, "the reader must hold its turn while it waits");
            assert!(matches!(waits.join().unwrap(), Err(Error::Stopped(StopReason::Aborted))));
        });
        assert!(second.turns.try_take().is_some());
    }
}
