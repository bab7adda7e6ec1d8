//! How a file that is not completed is kept for a later call.

use std::sync::Arc;

use super::{Area, PartFile, Place};
use crate::storage::Error;
use crate::storage::partials::{self, Journal};
use crate::storage::temporary::Launch;
use crate::terms::log::{Level, Log};
use crate::worker::{StopSignal, Worker};

/// After so many bytes more they are flushed, and the journal tells of them. It is what a crash costs at most.
const DURABLE_STEP: u64 = 4 * 1024 * 1024;

/// How a file is kept that is not completed.
#[derive(Debug)]
pub struct Keeping {
    key: String,
    note: String,
    /// How many bytes the journal tells of; 0 where there is none.
    durable: u64,
}

impl Keeping {
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartFile {
    /// Takes the file that was kept under `key` and goes on with it; also gives the note. `None` if there is none, or somebody
    /// else writes it.
    pub(in crate::storage) fn take(
        worker: &Worker,
        launch: Arc<Launch>,
        area: Area,
        key: &str,
        log: Log,
    ) -> Result<Option<(PartFile, String)>, Error> {
        launch.await_leaving(worker, key)?;
        let Some(directory) = launch.partials(worker)? else { return Ok(None) };
        let taken = partials::take(&directory, key).map_err(|error| Error::from_io("open a partial file", error))?;
        let Some((Journal { part: name, length, note }, file)) = taken else { return Ok(None) };
        launch.partial_taken(key);
        let keeping = Some(Keeping { key: key.to_owned(), note: note.clone(), durable: length });
        let place = Place::Partials(directory);
        let mut part = PartFile { launch, place, area, file, name, written: length, held: 0, keeping, log };
        part.hold(worker, length)?;
        Ok(Some((part, note)))
    }

    /// From here on the file is kept under `key`, with a note for whoever takes it, if it is dropped without being complete.
    pub fn keep_as(&mut self, key: &str, note: String) {
        self.keeping = Some(Keeping { key: key.to_owned(), note, durable: 0 });
    }

    /// Removes the file, also where it was to be kept.
    pub fn discard(mut self) {
        self.stop_keeping();
    }

    /// Flushes what was written, if it is much.
    pub(super) fn flush_sometimes(&mut self, worker: &Worker) {
        let durable = self.keeping.as_ref().map(|keeping| keeping.durable);
        if durable.is_some_and(|durable| self.written.saturating_sub(durable) >= DURABLE_STEP) {
            self.flush(worker);
        }
    }

    /// Flushes what was written, and has the journal tell of it. A file for which that fails is no longer kept.
    fn flush(&mut self, worker: &Worker) {
        if let Err(error) = self.try_flush(worker) {
            self.log.write(Level::Warning, || format!("a partial file is not kept: {error}"));
            self.stop_keeping();
        }
    }

    fn try_flush(&mut self, worker: &Worker) -> Result<(), Error> {
        let Some(keeping) = &mut self.keeping else { return Ok(()) };
        let fail = |error| Error::from_io("keep a partial file", error);
        if let Place::Launch(launch) = &self.place {
            let directory = self.launch.make_partials(worker)?;
            // Another one of the same key: it gives way, unless somebody writes it.
            if !partials::remove(&directory, &keeping.key).map_err(fail)? {
                self.keeping = None;
                return Ok(());
            }
            self.launch.partial_taken(&keeping.key);
            // Before it is there: one that is not locked is nobody's.
            partials::lock(&self.file).map_err(fail)?;
            launch.directory.rename(&self.name, &directory, &self.name).map_err(fail)?;
            self.place = Place::Partials(directory);
        }
        self.file.sync_all().map_err(fail)?;
        let journal = Journal { part: self.name.clone(), length: self.written, note: keeping.note.clone() };
        partials::write(self.place.directory(), &keeping.key, &journal).map_err(fail)?;
        keeping.durable = self.written;
        Ok(())
    }

    /// Removes the journal, so that the file goes when it is dropped.
    pub(super) fn stop_keeping(&mut self) {
        let Some(Keeping { key, durable, .. }) = self.keeping.take() else { return };
        if durable > 0
            && let Err(error) = partials::existing(self.place.directory().remove_file(&key))
        {
            self.log.write(Level::Warning, || format!("the journal of a partial file was not removed: {error}"));
        }
    }

    /// Leaves the file for a later call.
    pub(super) fn leave(&mut self) {
        let Some(Keeping { key, durable, .. }) = &self.keeping else { return };
        let (key, durable) = (key.clone(), *durable);
        if self.written > 0 && self.written != durable {
            // Whatever stopped the work, this is done to its end.
            self.flush(&Worker::for_call(Arc::new(StopSignal::new())));
        }
        if let Some(Keeping { durable: 1.., .. }) = self.keeping.take() {
            self.name.clear();
            self.release();
            partials::unlock(&self.file);
            self.launch.partial_left(&key, self.written);
        }
        self.launch.partial_has_left(&key);
    }
}
