//! The partial files of downloads that broke off, kept for a later call.
//!
//! Each has a journal that tells which file it is, how much of it is on the disk for good, and what its owner notes of it. The
//! journal is replaced as a whole, after the bytes that it tells of were flushed; and a file that is begun anew is another file.
//! So a journal tells of bytes of one version only, whenever the process or the device stops.
//!
//! Whoever writes a partial file has it locked. One that is not locked is nobody's.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::Error;
use super::directory::Directory;
use super::quota::cost;
use super::temporary::{Launch, PART_SUFFIX};
use crate::worker::{self, Worker};

/// The directory's name, beside that of the launches.
pub const DIRECTORY: &str = "partials";
/// Ends the name of a journal while it is written.
const NEW_SUFFIX: &str = ".new";
/// The first line of a journal.
const FORMAT: &str = "wxtransfer partial file 1";
/// How often a partial file is looked for that another task is about to leave.
const PAUSE: Duration = Duration::from_millis(4);
/// No journal is longer: what is longer is none of ours.
const LONGEST: u64 = 64 * 1024;

/// What a journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The file's name.
    pub part: String,
    /// How many of its bytes are on the disk for good.
    pub length: u64,
    /// What its owner notes of it.
    pub note: String,
}

/// A partial file that nobody writes.
#[derive(Debug)]
pub struct Kept {
    /// By which it is found again.
    pub key: String,
    pub cost: u64,
    written: SystemTime,
}

/// Makes a file that is open its opener's; `false` if it is somebody else's.
pub fn lock(file: &File) -> io::Result<bool> {
    match rustix::io::retry_on_intr(|| rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes it nobody's, before it is closed.
pub fn unlock(file: &File) {
    // Unlocking an open file has no way to fail; closing it would unlock it, too.
    let _ = rustix::fs::flock(file, FlockOperation::NonBlockingUnlock);
}

/// Writes a journal in the place of the one before. It survives a power failure, or the one before does.
pub fn write(directory: &Directory, key: &str, journal: &Journal) -> io::Result<()> {
    let Journal { part, length, note } = journal;
    let text = format!("{FORMAT}\n{part}\n{length}\n{note}");
    if text.len() as u64 >= LONGEST {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let new = format!("{key}{NEW_SUFFIX}");
    // What a process that was killed has left.
    let _ = directory.remove_file(&new);
    let mut file = directory.create_file(&new)?;
    lock(&file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    directory.rename(&new, directory, key)
}

/// Reads a journal. One that cannot be understood is `None`.
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

/// Takes a partial file that nobody writes, with the bytes that are there for good. `None` if there is none, or it is not whole.
pub fn take(directory: &Directory, key: &str) -> io::Result<Option<(Journal, File)>> {
    let Some(journal) = existing(read(directory, key))?.flatten() else { return Ok(None) };
    let Some(mut file) = existing(directory.open_file_to_change(&journal.part))? else { return Ok(None) };
    // Whoever had it may have finished it between the two looks.
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

/// Removes a partial file, unless somebody writes it; `false` then.
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
    existing(directory.remove_file(key))?;
    if let Some(journal) = journal {
        existing(directory.remove_file(&journal.part))?;
    }
    Ok(true)
}

/// Lists what can be taken, oldest first, and removes what is of no use: files without a journal, journals without a file.
///
/// Fails as [`Directory::for_each_name`] does.
pub fn settle(directory: &Directory, worker: &Worker) -> Result<Vec<Kept>, Error> {
    let mut kept = Vec::new();
    let (mut files, mut named) = (Vec::new(), HashSet::new());
    directory.for_each_name(worker, |name| {
        let Ok(name) = name.to_str() else { return Ok(()) };
        if name.ends_with(PART_SUFFIX) || name.ends_with(NEW_SUFFIX) {
            files.push(name.to_owned());
            return Ok(());
        }
        // What cannot be looked at takes its room, but must not keep the mini program from starting.
        let Ok(Some(journal)) = read(directory, name) else {
            let _ = directory.remove_file(name);
            return Ok(());
        };
        let metadata = directory.open_file(&journal.part).and_then(|file| file.metadata());
        let Ok(metadata) = metadata else {
            let _ = directory.remove_file(name);
            return Ok(());
        };
        named.insert(journal.part);
        let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        kept.push(Kept { key: name.to_owned(), cost: cost(metadata.len()), written });
        Ok(())
    })?;
    for file in files.into_iter().filter(|file| !named.contains(file)) {
        worker.turn(0)?;
        // Locked, it is somebody's whose journal is not written yet.
        if directory.open_file(&file).and_then(|file| lock(&file)).is_ok_and(|is_nobodys| is_nobodys) {
            let _ = directory.remove_file(&file);
        }
    }
    kept.sort_by(|one, other| (one.written, &one.key).cmp(&(other.written, &other.key)));
    Ok(kept)
}

impl Launch {
    /// The directory of the partial files, if there is one.
    pub fn partials(&self, worker: &Worker) -> Result<Option<Directory>, Error> {
        let opened = existing(self.root.tree(worker)?.session.open(DIRECTORY));
        opened.map_err(|error| Error::from_io("open a directory", error))
    }

    /// The directory of the partial files, which is made where it is missing.
    pub fn make_partials(&self, worker: &Worker) -> Result<Directory, Error> {
        let made = self.root.tree(worker)?.session.open_or_create(DIRECTORY);
        made.map(|(directory, _)| directory).map_err(|error| Error::from_io("open a directory", error))
    }

    /// A partial file is written on: it no longer counts as kept.
    pub fn partial_taken(&self, key: &str) {
        let mut files = worker::lock(&self.files);
        if let Some(index) = files.partial.iter().position(|(kept, _)| kept == key)
            && let Some((_, cost)) = files.partial.remove(index)
        {
            files.quota.remove_used(cost);
        }
    }

    /// A partial file will be left, when the host was told of the task's end. Whoever wants it may wait for it.
    pub fn partial_is_leaving(&self, key: &str) {
        worker::lock(&self.files).leaving.push(key.to_owned());
    }

    /// A partial file was left, or is not kept after all.
    pub fn partial_has_left(&self, key: &str) {
        let mut files = worker::lock(&self.files);
        if let Some(index) = files.leaving.iter().position(|leaving| leaving == key) {
            files.leaving.swap_remove(index);
        }
    }

    /// Waits until no partial file of that key is about to be left: a page that aborts and calls again goes on with it.
    ///
    /// Fails with [`Error::Stopped`] or [`Error::OutOfResources`].
    pub fn await_leaving(&self, worker: &Worker, key: &str) -> Result<(), Error> {
        let has_left = || !worker::lock(&self.files).leaving.iter().any(|leaving| leaving == key);
        while !has_left() {
            worker.wait_for(Some(Instant::now() + PAUSE), || has_left().then_some(()))?;
        }
        Ok(())
    }

    /// A partial file is left for a later call.
    pub fn partial_left(&self, key: &str, length: u64) {
        self.partial_taken(key);
        let mut files = worker::lock(&self.files);
        files.quota.add_used(cost(length));
        files.partial.push_back((key.to_owned(), cost(length)));
    }

    /// Removes all partial files that nobody writes.
    ///
    /// Fails with [`Error::Stopped`], [`Error::OutOfResources`] or [`Error::Io`].
    pub fn discard_partials(&self, worker: &Worker) -> Result<(), Error> {
        let Some(directory) = self.partials(worker)? else { return Ok(()) };
        for kept in settle(&directory, worker)? {
            worker.turn(0)?;
            let removed = remove(&directory, &kept.key);
            if removed.map_err(|error| Error::from_io("remove a partial file", error))? {
                self.partial_taken(&kept.key);
            }
        }
        Ok(())
    }
}

/// `None` for what is not there.
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
    fn a_journal_is_understood_as_a_whole_or_not_at_all() {
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
