//! The partial files of interrupted downloads, which are kept for later calls.
//!
//! Each has a journal with the name of the file, the number of bytes that are durably on the disk, and a note of its
//! owner. The journal is replaced as a whole after these bytes were flushed, and a download that starts over uses
//! another file. So a journal always describes bytes of one version, whenever the process or the device stops. A file
//! on the disk is never shorter than its journal says.
//!
//! A task that writes a partial file has it locked. An unlocked one may be taken.
//!
//! A discard deletes the files that no task is writing, and all journals. The tasks of the process see by a count that
//! there was a discard: then they keep nothing, now and at their end. A task leaves its file in this order: it writes
//! the journal, unlocks the file and looks at the count. A discard counts first and looks for files then. So either it
//! finds the file, or the task sees the count.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::Error;
use super::directory::Directory;
use super::pauses::Pauses;
use super::quota::cost;
use super::temporary::{Launch, LaunchFiles, PART_SUFFIX};
use crate::worker::{self, Worker, sort};

/// The name of the directory, next to the directory of launches.
pub const DIRECTORY: &str = "partials";
/// The suffix of a journal that is being written.
const NEW_SUFFIX: &str = ".new";
/// The first line of a journal.
const FORMAT: &str = "wxtransfer partial file 1";
/// The maximum length of a journal. A longer file is not one.
const LONGEST: u64 = 64 * 1024;

/// The content of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The file's name.
    pub part: String,
    /// The number of bytes that are durably on the disk.
    pub length: u64,
    /// The note of its owner.
    pub note: String,
}

impl Journal {
    fn text(&self) -> String {
        let Journal { part, length, note } = self;
        format!("{FORMAT}\n{part}\n{length}\n{note}")
    }

    /// The cost of a partial file of `length` bytes and of its journal, whose size a server decides.
    pub fn cost_with(&self, length: u64) -> u64 {
        cost(length).saturating_add(cost(self.text().len() as u64))
    }
}

/// A partial file that no task is writing.
#[derive(Debug)]
pub struct Kept {
    /// The key to find it.
    pub key: String,
    /// The cost of the file and its journal.
    pub cost: u64,
    written: SystemTime,
}

/// Locks an open partial file. `false` if another task has locked it.
pub fn lock(file: &File) -> io::Result<bool> {
    match rustix::io::retry_on_intr(|| rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Unlocks a partial file before it is closed.
pub fn unlock(file: &File) {
    // Unlocking an open file cannot fail, and closing it would unlock it, too.
    let _ = rustix::fs::flock(file, FlockOperation::NonBlockingUnlock);
}

/// Replaces a journal. A power failure leaves the old one or the new one, and the new one only once the directory was
/// synced.
pub fn write(directory: &Directory, key: &str, journal: &Journal) -> io::Result<()> {
    let text = journal.text();
    if text.len() as u64 >= LONGEST {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let new = format!("{key}{NEW_SUFFIX}");
    // May be left by a killed process.
    let _ = directory.remove_file(&new);
    let mut file = directory.create_file(&new)?;
    lock(&file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    directory.rename(&new, directory, key)
}

/// Reads a journal. `None` if it is malformed.
pub fn read(directory: &Directory, key: &str) -> io::Result<Option<Journal>> {
    let mut text = Vec::new();
    directory.open_file(key)?.take(LONGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8(text).ok().as_deref().and_then(parse))
}

fn parse(text: &str) -> Option<Journal> {
    let mut lines = text.splitn(4, '\n');
    let (format, part, length, note) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    let is_part =
        part.strip_suffix(PART_SUFFIX).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (format == FORMAT && is_part)
        .then(|| Some(Journal { part: part.to_owned(), length: length.parse().ok()?, note: note.to_owned() }))
        .flatten()
}

/// Takes a partial file that no task is writing, truncated to its durable bytes. `None` if there is none or it is too
/// short.
pub fn take(directory: &Directory, key: &str) -> io::Result<Option<(Journal, File)>> {
    let Some(journal) = existing(read(directory, key))?.flatten() else { return Ok(None) };
    let Some(mut file) = existing(directory.open_file_to_change(&journal.part))? else { return Ok(None) };
    // Its previous owner may have completed it between reading the journal and locking.
    if !lock(&file)? || existing(read(directory, key))?.flatten().as_ref() != Some(&journal) {
        return Ok(None);
    }
    if file.metadata()?.len() < journal.length {
        return Ok(None);
    }
    file.set_len(journal.length)?;
    file.seek(SeekFrom::End(0))?;
    Ok(Some((journal, file)))
}

/// Deletes a partial file. `false` if a task is writing it.
pub fn remove(directory: &Directory, key: &str) -> io::Result<bool> {
    let Some(journal) = existing(read(directory, key))? else { return Ok(true) };
    let part = match &journal {
        Some(journal) => existing(directory.open_file(&journal.part))?,
        None => None,
    };
    if let Some(file) = &part
        && !lock(file)?
    {
        return Ok(false);
    }
    // The journal last: if this fails, another call finds the rest by it.
    match journal {
        Some(journal) => {
            existing(directory.remove_file(&journal.part))?;
            remove_journal(directory, key, &journal.part)?;
        }
        None => {
            existing(directory.remove_file(key))?;
        }
    }
    Ok(true)
}

/// Deletes the journal of the file `part`. Once that file has its final name or is deleted, another task may have put
/// the journal of its own file in this place, which stays.
pub fn remove_journal(directory: &Directory, key: &str, part: &str) -> io::Result<()> {
    if existing(read(directory, key))?.flatten().is_some_and(|journal| journal.part == part) {
        existing(directory.remove_file(key))?;
    }
    Ok(())
}

/// Lists the files that can be continued, oldest first. Deletes files without a journal and journals without a file.
/// What cannot be read now, and may be later, stays and is not listed; the first such failure is returned, too.
///
/// Fails as [`Directory::for_each_name`], and with [`Error::OutOfResources`] if that prevents reading a file.
pub fn settle(directory: &Directory, worker: &Worker) -> Result<(Vec<Kept>, Option<Error>), Error> {
    let mut kept = Vec::new();
    let (mut files, mut named) = (Vec::new(), Vec::new());
    let (mut journals_were_read, mut problem) = (true, None);
    let note = |problem: &mut Option<Error>, error| match Error::from_io("read a partial file", error) {
        shortage @ Error::OutOfResources { .. } => Err(shortage),
        error => {
            problem.get_or_insert(error);
            Ok(())
        }
    };
    directory.for_each_name(worker, |name| {
        let Ok(name) = name.to_str() else { return Ok(()) };
        if name.ends_with(PART_SUFFIX) || name.ends_with(NEW_SUFFIX) {
            files.try_reserve(1)?;
            files.push(name.to_owned());
            return Ok(());
        }
        // A malformed or missing entry takes space, but must not prevent the mini program from starting.
        let journal = match read(directory, name) {
            Ok(Some(journal)) => journal,
            Err(error) if is_temporary(&error) => {
                journals_were_read = false;
                return note(&mut problem, error);
            }
            Ok(None) | Err(_) => {
                let _ = directory.remove_file(name);
                return Ok(());
            }
        };
        named.try_reserve(1)?;
        kept.try_reserve(1)?;
        let metadata = match directory.open_file(&journal.part).and_then(|file| file.metadata()) {
            Ok(metadata) => metadata,
            Err(error) if is_temporary(&error) => {
                named.push(journal.part);
                return note(&mut problem, error);
            }
            Err(_) => {
                let _ = remove_journal(directory, name, &journal.part);
                return Ok(());
            }
        };
        let cost = journal.cost_with(metadata.len());
        named.push(journal.part);
        let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        kept.push(Kept { key: name.to_owned(), cost, written });
        Ok(())
    })?;
    // A journal that was not read may name any of the files.
    sort(&mut named, |one, other| one < other, || worker.turn(0))?;
    for file in files.into_iter().filter(|file| journals_were_read && named.binary_search(file).is_err()) {
        worker.turn(0)?;
        // A locked file belongs to a task that has not written its journal yet.
        if directory.open_file(&file).and_then(|file| lock(&file)).is_ok_and(|is_nobodys| is_nobodys) {
            let _ = directory.remove_file(&file);
        }
    }
    let precedes = |one: &Kept, other: &Kept| (one.written, &one.key) < (other.written, &other.key);
    sort(&mut kept, precedes, || worker.turn(0))?;
    Ok((kept, problem))
}

/// Whether a file that cannot be read may be readable later: the process lacks descriptors or memory, the device fails,
/// or the system protects the file while the phone is locked.
fn is_temporary(error: &io::Error) -> bool {
    let errors = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO, Errno::PERM, Errno::ACCESS];
    Errno::from_io_error(error).is_some_and(|error| errors.contains(&error))
        || error.kind() == io::ErrorKind::OutOfMemory
}

impl LaunchFiles {
    fn no_longer_kept(&mut self, key: &str) {
        if let Some(cost) = self.partial.remove(key) {
            self.quota.remove_used(cost);
        }
    }
}

impl Launch {
    /// The directory of the partial files, if it exists.
    pub fn partials(&self, worker: &Worker) -> Result<Option<Directory>, Error> {
        let opened = existing(self.root.tree(worker)?.session.open(DIRECTORY));
        opened.map_err(|error| Error::from_io("open a directory", error))
    }

    /// The directory of the partial files. Created if missing.
    pub fn make_partials(&self, worker: &Worker) -> Result<Directory, Error> {
        let tree = self.root.tree(worker)?;
        let made = tree.session.open_or_create(DIRECTORY).and_then(|(directory, created)| {
            if created {
                // A power failure could otherwise lose the directory with its files.
                tree.session.sync()?;
            }
            Ok(directory)
        });
        made.map_err(|error| Error::from_io("open a directory", error))
    }

    /// A task continues a partial file, which then no longer counts as kept.
    pub fn partial_taken(&self, key: &str) {
        let mut files = worker::lock(&self.files);
        files.no_longer_kept(key);
    }

    /// Whether a partial file counts as kept.
    pub fn counts_partial(&self, key: &str) -> bool {
        worker::lock(&self.files).partial.contains(key)
    }

    /// A partial file will be released after the host is told of the task's end. Other tasks may wait for it.
    pub fn partial_is_leaving(&self, key: &str) {
        worker::lock(&self.files).leaving.push(key.to_owned());
    }

    /// A partial file was released, or is not kept after all.
    pub fn partial_has_left(&self, key: &str) {
        let mut files = worker::lock(&self.files);
        if let Some(index) = files.leaving.iter().position(|leaving| leaving == key) {
            files.leaving.swap_remove(index);
        }
    }

    /// Waits until no partial file with this key is about to be released, so that a page which aborts a task and starts
    /// it again continues the file.
    ///
    /// Fails with [`Error::Stopped`] or [`Error::OutOfResources`].
    pub fn await_leaving(&self, worker: &Worker, key: &str) -> Result<(), Error> {
        let has_left = || !worker::lock(&self.files).leaving.iter().any(|leaving| leaving == key);
        // Flushing the file may take long on a slow device.
        let mut pauses = Pauses::new();
        while !has_left() {
            worker.wait_for(Some(pauses.end_of_next()), || has_left().then_some(()))?;
        }
        Ok(())
    }

    /// A partial file is kept for a later call. `cost` includes its journal.
    pub fn partial_left(&self, key: &str, cost: u64) {
        let mut files = worker::lock(&self.files);
        files.no_longer_kept(key);
        files.quota.add_used(cost);
        files.partial.add_newest(key, cost);
    }

    /// The number of discards so far. A task reads it before it looks for a partial file.
    pub fn discards(&self) -> u64 {
        self.root.shared.discards.load(Ordering::SeqCst)
    }

    /// Deletes all partial files that no task is writing. The tasks that are writing one do not keep it. Waits for the
    /// files of tasks whose end the host was told, as long as the worker has patience: under an executor that runs jobs
    /// inline, this thread may be the one that releases such a file.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn discard_partials(&self, worker: &Worker) -> Result<(), Error> {
        self.root.shared.discards.fetch_add(1, Ordering::SeqCst);
        let discarded = self.discard_kept(worker);
        // For tasks that took a file meanwhile, before it could be deleted.
        self.root.shared.discards.fetch_add(1, Ordering::SeqCst);
        discarded
    }

    fn discard_kept(&self, worker: &Worker) -> Result<(), Error> {
        let leaving = worker::lock(&self.files).leaving.clone();
        let have_left = || !worker::lock(&self.files).leaving.iter().any(|key| leaving.contains(key));
        let mut pauses = Pauses::new();
        while !have_left() && worker.has_patience() {
            worker.wait_for_others(Some(pauses.end_of_next()), || have_left().then_some(()))?;
        }
        let Some(directory) = self.partials(worker)? else { return Ok(()) };
        // Also those that are counted and not there: an earlier call may have failed after it had removed the file.
        let counted: Vec<Arc<str>> = worker::lock(&self.files).partial.names().cloned().collect();
        let (there, problem) = settle(&directory, worker)?;
        for key in counted.into_iter().chain(there.into_iter().map(|kept| kept.key.into())) {
            worker.turn(0)?;
            let fail = |error| Error::from_io("remove a partial file", error);
            if remove(&directory, &key).map_err(fail)? {
                self.partial_taken(&key);
            } else {
                // Without a journal, no call continues the file if its task does not come to its end.
                existing(directory.remove_file(&key)).map_err(fail)?;
            }
        }
        problem.map_or(Ok(()), Err)
    }
}

/// The number of bytes that are kept under `key` with this note. 0 if there is none, or if the file is too short.
pub fn kept_length(directory: &Directory, key: &str, note: &str) -> io::Result<u64> {
    let journal = existing(read(directory, key))?.flatten().filter(|journal| journal.note == note);
    let Some(journal) = journal else { return Ok(0) };
    let Some(file) = existing(directory.open_file(&journal.part))? else { return Ok(0) };
    Ok(if file.metadata()?.len() < journal.length { 0 } else { journal.length })
}

/// Maps `NotFound` to `None`.
pub fn existing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_is_parsed_completely_or_rejected() {
        let text = "wxtransfer partial file 1\n0a.part\n12\nany\nnote";
        let journal = Journal { part: "0a.part".into(), length: 12, note: "any\nnote".into() };
        assert_eq!(parse(text), Some(journal));
        for end in 0..text.len() - "any\nnote".len() {
            assert_eq!(parse(&text[..end]), None, "{end}");
        }
        for (from, to) in [("1\n", "2\n"), ("0a.part", "../a.part"), ("0a.part", "tmp_0a"), ("12", "-1"), ("12", "1e3")]
        {
            assert_eq!(parse(&text.replacen(from, to, 1)), None, "{from} {to}");
        }
    }
}
