//! A pipe of the host's that is read from.
//!
//! The descriptor is a duplicate of the host's, so both share one set of flags: it must not be made non-blocking. In blocking
//! mode, a read blocks if another reader of the same pipe took the bytes after they were announced, and nothing could end
//! that. So the threads of this process take turns: waiting for bytes and reading them is one turn, and only the one whose
//! turn it is reads. What remains: a host, or another process, that reads the same pipe at the same time as the library.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};

use super::Error;
use super::directory::FileId;
use super::turns::{Turns, TurnsByKey};
use crate::worker::Worker;

/// The turns of each pipe that is being read from in this process.
static TURNS: TurnsByKey<FileId> = TurnsByKey::new();

/// The reading end of a pipe or FIFO.
#[derive(Debug)]
pub struct Pipe {
    file: File,
    turns: Arc<Turns>,
}

impl Pipe {
    /// Fails with [`Error::Io`] where the system cannot tell which pipe it is.
    pub fn new(file: File) -> Result<Pipe, Error> {
        let id = FileId::of(&file).map_err(|error| Error::from_io("look at a pipe", error))?;
        Ok(Pipe { file, turns: TURNS.of(id) })
    }

    /// Waits until there is something to read and reads it; 0 at the end of the pipe.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn read(&mut self, worker: &Worker, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            worker.turn(0)?;
            let _turn = self.turns.take_at_last(worker)?;
            worker.wait(&[PollFd::new(&self.file, PollFlags::IN)], None)?;
            match self.file.read(buffer) {
                // WouldBlock: another reader of a pipe in non-blocking mode was faster.
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                read => return read.map_err(|error| Error::from_io("read a pipe", error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::worker::{StopReason, StopSignal};

    /// Waiting and reading are one turn: between the two, nobody else of this process can take the bytes.
    #[test]
    fn whoever_waits_for_bytes_of_a_pipe_is_the_one_that_reads_them() {
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let stop = Arc::new(StopSignal::new());
        let mut first = Pipe::new(reader.try_clone().unwrap().into()).unwrap();
        let second = Pipe::new(reader.into()).unwrap();
        assert!(Arc::ptr_eq(&first.turns, &second.turns), "it is one pipe");
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
            assert!(has_turn, "it waits without a turn");
            assert!(matches!(waits.join().unwrap(), Err(Error::Stopped(StopReason::Aborted))));
        });
        assert!(second.turns.try_take().is_some());
    }
}
