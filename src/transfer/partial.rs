//! The file of a download across its attempts, and the decision whether to request only the rest of it.

use std::sync::Arc;

use ring::digest::{Context, SHA256, digest};

use super::exchange::Prepared;
use super::{Environment, TransferContext, failure};
use crate::http::Response;
use crate::policy::resume::{self, Representation, RestAnswer, Resume};
use crate::policy::url::TargetUrl;
use crate::storage::{self, PartFile, StoredFile};
use crate::terms::log::Level;
use crate::terms::{Category, Failure, Header, Headers, TransferError};

/// The file that a download writes, in one or several attempts.
pub struct PartialDownload<'a> {
    environment: &'a Environment,
    context: &'a TransferContext<'a>,
    file_path: Option<&'a str>,
    pub part: PartFile,
    /// The key by which a later call finds the file. `None` if it is not kept.
    key: Option<String>,
    /// The number of discards of partial files when the task began.
    discards: u64,
    /// Whether the rest may be requested.
    resumes: bool,
    /// The representation that the bytes belong to. `None` if the rest cannot be requested.
    known: Option<Representation>,
    /// The file and its representation while an error of the server is received in another one. The error does not
    /// invalidate them.
    set_aside: Option<(PartFile, Representation)>,
    /// The greatest length that the file had when an attempt of this task broke off.
    longest: u64,
}

impl<'a> PartialDownload<'a> {
    /// Continues the file of an earlier call, or creates a new one.
    pub fn begin(
        environment: &'a Environment,
        context: &'a TransferContext<'a>,
        prepared: &Prepared,
        file_path: Option<&'a str>,
    ) -> Result<PartialDownload<'a>, TransferError> {
        let resumes = environment.resume != Resume::Off && resume::leaves_range_to_us(&prepared.headers);
        let key = (resumes && environment.resume == Resume::AcrossLaunches).then(|| key_of(prepared, file_path));
        let discards = environment.storage.discards();
        let mut known = None;
        let mut part = None;
        if let Some(key) = &key
            && let Some((kept, note)) = take(environment, context, key, file_path)?
        {
            known = read_note(&note)
                .filter(|known| known.total >= kept.length() && known.total <= environment.limits.max_download_size);
            match known {
                Some(_) => part = Some(kept),
                None => kept.discard(),
            }
        }
        let part = match part {
            Some(part) => part,
            None => create(environment, context, file_path)?,
        };
        Ok(PartialDownload {
            environment,
            context,
            file_path,
            part,
            key,
            discards,
            resumes,
            known,
            set_aside: None,
            longest: 0,
        })
    }

    /// The headers of the next attempt's request if it asks for the rest. Otherwise `None`, for the whole file, and the
    /// file is emptied.
    pub fn rest(&mut self, prepared: &Prepared) -> Result<Option<Headers>, TransferError> {
        if let Some((part, known)) = self.set_aside.take() {
            std::mem::replace(&mut self.part, part).discard();
            self.known = Some(known);
        }
        // A range must not start after the last byte.
        let length = self.known.as_ref().map_or(0, |known| self.part.length().min(known.total - 1));
        let Some(known) = self.known.as_ref().filter(|_| length > 0) else {
            self.empty(false)?;
            return Ok(None);
        };
        self.part.rewind(length)?;
        Ok(Some(resume::rest_headers(&prepared.headers, length, known)))
    }

    /// Decides about an answer: `true` if it is the requested rest or a whole file. `false` if it cannot be used, so
    /// that the whole file must be requested. The head of an accepted rest is changed to that of the whole file.
    /// `target` is the URL of the answer, or `None` if a redirect led to another origin.
    pub fn accepts(
        &mut self,
        response: &mut Response,
        asked_for_rest: bool,
        target: Option<&TargetUrl>,
    ) -> Result<bool, TransferError> {
        let resource = target.filter(|_| self.resumes).map(resource_of);
        let Response { status, headers, .. } = &*response;
        let (length, content_length) = (self.part.length(), response.content_length());
        if asked_for_rest && let Some(known) = &self.known {
            match resume::judge(*status, headers, content_length, length, known) {
                // Two resources may have the same validator: servers make it of a file's size and date.
                RestAnswer::Rest if resource.as_ref() == Some(&known.resource) => {
                    response.headers = Arc::new(resume::as_whole(headers, known));
                    response.status = 200;
                    return Ok(true);
                }
                RestAnswer::Rest | RestAnswer::Unusable => {
                    // Only once: a server that does not support ranges is not asked for one again.
                    self.resumes = false;
                    self.empty(target.is_none())?;
                    return Ok(false);
                }
                RestAnswer::Other => {
                    // An error of the server does not invalidate the file. Nor does an answer of another server, to
                    // which a captive portal may have redirected.
                    if *status >= 400 {
                        self.set_aside()?;
                    } else {
                        self.empty(target.is_none())?;
                    }
                }
            }
        }
        if let Some(resource) = resource {
            self.known = resume::representation(response.status, &response.headers, content_length, resource);
            if let (Some(key), Some(known)) = (&self.key, &self.known) {
                self.part.keep_as(key, note(known), self.discards);
            }
        }
        Ok(true)
    }

    /// Whether a failed attempt, whose body began at `begin`, has received more of the file than any attempt before. A
    /// server that starts over and breaks off each time must not be asked again until the deadline.
    pub fn has_gained(&mut self, begin: u64) -> bool {
        // The bytes of another answer, such as an error, are not the file's.
        if !self.can_resume() {
            return false;
        }
        let length = self.part.length();
        let has_gained = length > begin.max(self.longest);
        self.longest = self.longest.max(length);
        has_gained
    }

    /// Whether the rest can be requested if this attempt breaks off.
    pub fn can_resume(&self) -> bool {
        self.known.is_some()
    }

    /// The size of the whole file, if the rest of it was requested.
    pub fn total(&self) -> Option<u64> {
        self.known.as_ref().map(|known| known.total)
    }

    /// Gives the complete file its name. Fails as [`PartFile::finish`].
    pub fn finish(self, extension: Option<&str>) -> Result<StoredFile, TransferError> {
        let worker = self.context.worker;
        let stored = self.part.finish(worker, extension, &|| worker.stop().settle());
        if let Some((part, _)) = self.set_aside
            && worker.check().is_err()
        {
            part.give_up(worker);
        }
        stored.map_err(failure::of_target)
    }

    /// Handles the file of a failed download. Keeps it for a later call, unless it cannot be resumed or the failure
    /// concerns the file itself: its content, its size or its place. A failure of the network, of TLS or of the domain
    /// list says nothing about the received bytes: a captive portal causes all of them.
    pub fn give_up(mut self, error: &TransferError) {
        let concerns_file = error.failure == Failure::FileTooLarge
            || matches!(
                error.category(),
                Category::Storage | Category::Integrity | Category::File | Category::Internal
            );
        if concerns_file || self.known.is_none() {
            self.part.stop_keeping();
        }
        if self.context.worker.check().is_err() {
            self.part.give_up(self.context.worker);
            if let Some((part, _)) = self.set_aside {
                part.give_up(self.context.worker);
            }
        }
        // Otherwise dropping `self` keeps or deletes the file now. The space of a deleted file is then free when the
        // host is told.
    }

    /// Continues with an empty file, until the next attempt.
    fn set_aside(&mut self) -> Result<(), TransferError> {
        self.part.release_unwritten();
        let new = create(self.environment, self.context, self.file_path)?;
        let part = std::mem::replace(&mut self.part, new);
        self.set_aside = self.known.take().map(|known| (part, known));
        Ok(())
    }

    /// Starts with an empty file. Deletes the previous one, unless `keep` leaves it for a later call.
    fn empty(&mut self, keep: bool) -> Result<(), TransferError> {
        if self.part.length() == 0 {
            // The next answer may be another representation than the one in the file's note.
            self.part.stop_keeping();
            self.known = None;
            return Ok(());
        }
        // A new file, because the journal on the disk may still describe the old content after a crash.
        let new = create(self.environment, self.context, self.file_path)?;
        let before = std::mem::replace(&mut self.part, new);
        self.known = None;
        if !keep {
            before.discard();
        }
        Ok(())
    }
}

fn create(
    environment: &Environment,
    context: &TransferContext<'_>,
    file_path: Option<&str>,
) -> Result<PartFile, TransferError> {
    match file_path {
        Some(path) => environment.storage.create_target(context.worker, path).map_err(failure::of_target),
        None => Ok(environment.storage.create_temporary(context.worker)?),
    }
}

fn take(
    environment: &Environment,
    context: &TransferContext<'_>,
    key: &str,
    file_path: Option<&str>,
) -> Result<Option<(PartFile, String)>, TransferError> {
    match environment.storage.take_partial(context.worker, key, file_path) {
        // The system may protect it while the phone is locked. A new file can be written all the same.
        Err(error @ storage::Error::Io { .. }) => {
            environment.log.write(Level::Warning, || format!("a partial file is left alone: {error}"));
            Ok(None)
        }
        taken => taken.map_err(failure::of_target),
    }
}

/// Calls with the same parameters have the same key. The key does not reveal them.
fn key_of(prepared: &Prepared, file_path: Option<&str>) -> String {
    let mut context = Context::new(&SHA256);
    let mut add = |text: &str| {
        context.update(&(text.len() as u64).to_le_bytes());
        context.update(text.as_bytes());
    };
    add(prepared.target.url().as_str());
    add(file_path.unwrap_or_default());
    for Header { name, value } in prepared.headers.iter() {
        add(name);
        add(value);
    }
    hexadecimal(context.finish().as_ref())
}

/// Identifies a URL without revealing it.
fn resource_of(target: &TargetUrl) -> String {
    hexadecimal(digest(&SHA256, target.url().as_str().as_bytes()).as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line each: the resource, the validator, the size of the whole file, the headers. None contains a line end.
fn note(known: &Representation) -> String {
    let mut note = format!("{}\n{}\n{}\n", known.resource, known.validator, known.total);
    for Header { name, value } in known.described.iter() {
        note.push_str(&format!("{name}: {value}\n"));
    }
    note
}

fn read_note(note: &str) -> Option<Representation> {
    let mut lines = note.lines();
    let resource = lines.next()?.to_owned();
    let validator = lines.next()?.to_owned();
    let total = lines.next()?.parse().ok().filter(|total| *total > 0)?;
    let described = lines.map(|line| line.split_once(": ")).collect::<Option<Headers>>()?;
    Some(Representation { resource, validator, total, described })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn note_is_parsed_to_the_same_representation() {
        let described = [("Content-Type", "text/plain: x")].into_iter().collect();
        for described in [Headers::default(), described] {
            let known = Representation { resource: "00ff".into(), validator: "\"a b\"".into(), total: 7, described };
            assert_eq!(read_note(&note(&known)), Some(known));
        }
        for bad in ["", "0f", "0f\n\"v\"", "0f\n\"v\"\n", "0f\n\"v\"\nx", "0f\n\"v\"\n0", "0f\n\"v\"\n7\nno header"] {
            assert_eq!(read_note(bad), None, "{bad:?}");
        }
    }
}
