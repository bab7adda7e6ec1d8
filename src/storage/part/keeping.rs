//! Keeps an incomplete file for a later call.

use std::sync::Arc;

use super::{Area, PartFile, Place};
use crate::storage::Error;
use crate::storage::notes::Hold;
use crate::storage::partials::{self, Journal};
use crate::storage::temporary::Launch;
use crate::terms::log::{Level, Log};
use crate::worker::{StopSignal, Worker};

/// After this many further bytes, the file is flushed and the journal updated. A crash loses at most this much.
const DURABLE_STEP: u64 = 4 * 1024 * 1024;

/// How to keep an incomplete file.
#[derive(Debug)]
pub struct Keeping {
    key: String,
    note: String,
    /// The number of bytes in the journal. 0 if there is no journal.
    durable: u64,
    /// The number of bytes at the last flush, even if it failed.
    flushed: u64,
    /// A flush of the file failed, so the system may have dropped bytes. A later flush could succeed without them.
    has_lost_bytes: bool,
    /// The number of discards when its task began. After a further one, the file is not kept.
    discards: u64,
}

impl Keeping {
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartFile {
    /// Opens the file that was kept under `key`, to continue it. Also returns the note. `None` if there is none, or
    /// another task is writing it.
    pub(in crate::storage) fn take(
        worker: &Worker,
        launch: Arc<Launch>,
        area: Area,
        key: &str,
        log: Log,
    ) -> Result<Option<(PartFile, String)>, Error> {
        launch.await_leaving(worker, key)?;
        let Some(directory) = launch.partials(worker)? else { return Ok(None) };
        let discards = launch.discards();
        let taken = partials::take(&directory, key).map_err(|error| Error::from_io("open a partial file", error))?;
        let Some((Journal { part: name, length, note }, file)) = taken else { return Ok(None) };
        launch.partial_taken(key);
        let keeping = Some(Keeping {
            key: key.to_owned(),
            note: note.clone(),
            durable: length,
            flushed: length,
            has_lost_bytes: false,
            discards,
        });
        let place = Place::Partials(directory);
        let mut part = PartFile {
            launch,
            place,
            area,
            file,
            name,
            written: length,
            rewound_from: 0,
            held: 0,
            keeping,
            origin: None,
            log,
        };
        part.hold(worker, length)?;
        Ok(Some((part, note)))
    }

    /// From here on, dropping the incomplete file keeps it under `key`, with a note for the call that continues it. It
    /// is not kept if the partial files were discarded since there were `discards` ([`Storage::discards`]).
    ///
    /// [`Storage::discards`]: crate::storage::Storage::discards
    pub fn keep_as(&mut self, key: &str, note: String, discards: u64) {
        self.keeping =
            Some(Keeping { key: key.to_owned(), note, durable: 0, flushed: 0, has_lost_bytes: false, discards });
    }

    fn was_discarded(&self) -> bool {
        self.keeping.as_ref().is_some_and(|keeping| keeping.discards != self.launch.discards())
    }

    /// Deletes the file even if it was to be kept.
    pub fn discard(mut self) {
        self.stop_keeping();
    }

    /// Flushes the written bytes if there are many.
    pub(super) fn flush_sometimes(&mut self, worker: &Worker) {
        let flushed = self.keeping.as_ref().map(|keeping| keeping.flushed);
        if flushed.is_some_and(|flushed| self.written.saturating_sub(flushed) >= DURABLE_STEP) {
            self.flush(worker);
        }
    }

    /// Flushes the written bytes and updates the journal. After a discard, the file is no longer kept. If this fails, an
    /// earlier journal stays. The next step tries again, unless the system may have dropped bytes.
    fn flush(&mut self, worker: &Worker) {
        if self.was_discarded() {
            return self.stop_keeping();
        }
        if let Err(error) = self.try_flush(worker) {
            self.log.write(Level::Warning, || format!("a partial file is not flushed: {error}"));
        }
        // A discard during the flush may have looked for the journal before it was written.
        if self.was_discarded() {
            self.stop_keeping();
        }
    }

    fn try_flush(&mut self, worker: &Worker) -> Result<(), Error> {
        let Some(keeping) = self.keeping.as_mut().filter(|keeping| !keeping.has_lost_bytes) else { return Ok(()) };
        keeping.flushed = self.written;
        let fail = |error| Error::from_io("keep a partial file", error);
        if let Place::Launch(launch) = &self.place {
            let directory = self.launch.make_partials(worker)?;
            // Locked before it is moved among the partial files, because other tasks may take an unlocked file there.
            partials::lock(&self.file).map_err(fail)?;
            launch.directory.rename(&self.name, &directory, &self.name).map_err(fail)?;
            self.place = Place::Partials(directory);
        }
        let directory = self.place.directory();
        if keeping.durable == 0 {
            // Another task may have left more bytes of the same body, or may still be writing its file. Then that file
            // stays, and the next step looks again. Otherwise this file replaces it.
            let kept = partials::kept_length(directory, &keeping.key, &keeping.note).map_err(fail)?;
            if kept > self.written || !partials::remove(directory, &keeping.key).map_err(fail)? {
                return Ok(());
            }
            self.launch.partial_taken(&keeping.key);
        }
        self.file.sync_all().inspect_err(|_| keeping.has_lost_bytes = true).map_err(fail)?;
        let journal = Journal { part: self.name.clone(), length: self.written, note: keeping.note.clone() };
        partials::write(directory, &keeping.key, &journal).map_err(fail)?;
        keeping.durable = self.written;
        // Also makes the name of the partial file durable, which may have just been moved here.
        directory.sync().map_err(fail)?;
        Ok(())
    }

    /// Deletes the journal, so that dropping the file deletes it.
    pub fn stop_keeping(&mut self) {
        let Some(Keeping { key, durable, .. }) = self.keeping.take() else { return };
        if durable > 0
            && let Err(error) = partials::remove_journal(self.place.directory(), &key, &self.name)
        {
            self.log.write(Level::Warning, || format!("the journal of a partial file was not removed: {error}"));
        }
    }

    /// Leaves the file for a later call.
    pub(super) fn leave(&mut self) {
        let Some(Keeping { key, durable, .. }) = &self.keeping else { return };
        let (key, durable) = (key.clone(), *durable);
        // Other calls may wait for the key to leave.
        let _hold = Hold::begin();
        // Runs to its end even if the work was stopped.
        let worker = Worker::for_call(Arc::new(StopSignal::new()));
        // If it was rewound, the durable bytes are still there.
        if self.written > durable || self.was_discarded() {
            self.flush(&worker);
        }
        if let Some(Keeping { durable: durable @ 1.., note, .. }) = &self.keeping {
            let journal = Journal { part: self.name.clone(), length: *durable, note: note.clone() };
            self.release();
            // First, because another task or a discard, which count it no longer, may lock the file next. If a flush
            // failed, the file has more bytes than the journal says.
            self.launch.partial_left(&key, journal.cost_with(journal.length.max(self.written)));
            partials::unlock(&self.file);
            let is_unwanted = self.was_discarded() || !self.launch.counts_partial(&key);
            if is_unwanted && partials::lock(&self.file).unwrap_or(false) {
                // A discard, or a task that needed the space, has found the file locked.
                self.launch.partial_taken(&key);
                self.stop_keeping();
            } else {
                self.keeping = None;
                self.name.clear();
                if let Err(error) = self.launch.trim_partials() {
                    self.log.write(Level::Warning, || format!("partial files need more than their quota: {error}"));
                }
            }
        }
        self.launch.partial_has_left(&key);
    }
}
