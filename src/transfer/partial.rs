//! What a download has of its file, and whether the rest of it can be asked for.

use ring::digest::{Context, SHA256};

use super::exchange::{Prepared, Rest};
use super::{Environment, TransferContext, failure};
use crate::http::Response;
use crate::policy::resume::{self, Representation, RestAnswer, Resume};
use crate::policy::retry;
use crate::storage::PartFile;
use crate::terms::{Failure, Header, TransferError};

/// A file that a download writes, in one attempt or more.
pub struct PartialDownload<'a> {
    environment: &'a Environment,
    context: &'a TransferContext<'a>,
    file_path: Option<&'a str>,
    pub part: PartFile,
    /// By which a later call finds the file; `None` where it does not.
    key: Option<String>,
    /// Whether the rest may be asked for.
    resumes: bool,
    /// What the bytes of the file are of; `None` where the rest cannot be asked for.
    known: Option<Representation>,
}

impl<'a> PartialDownload<'a> {
    /// Goes on with the file of an earlier call, or begins one.
    pub fn begin(
        environment: &'a Environment,
        context: &'a TransferContext<'a>,
        prepared: &Prepared,
        file_path: Option<&'a str>,
    ) -> Result<PartialDownload<'a>, TransferError> {
        let resumes = environment.resume != Resume::Off && resume::leaves_range_to_us(&prepared.headers);
        let key = (resumes && environment.resume == Resume::AcrossLaunches).then(|| key_of(prepared, file_path));
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
        Ok(PartialDownload { environment, context, file_path, part, key, resumes, known })
    }

    /// What the next attempt asks for: the rest, where it can; or else all, and the file is empty then.
    pub fn rest(&mut self, prepared: &Prepared) -> Result<Option<Rest>, TransferError> {
        // A range behind the last byte is none.
        let length = self.known.as_ref().map_or(0, |known| self.part.length().min(known.total - 1));
        let Some(known) = self.known.as_ref().filter(|_| length > 0) else {
            self.empty(false)?;
            return Ok(None);
        };
        self.part.shorten(length)?;
        Ok(Some(Rest { length, headers: resume::rest_headers(&prepared.headers, length, known) }))
    }

    /// Takes an answer: whether it is the rest that was asked for, or all. `false` if it is of no use, and all has to be asked
    /// for. The answer's head is then that of all.
    pub fn accepts(
        &mut self,
        response: &mut Response,
        asked_for_rest: bool,
        within_origin: bool,
    ) -> Result<bool, TransferError> {
        let Response { status, headers, .. } = &*response;
        let (length, content_length) = (self.part.length(), response.content_length());
        if asked_for_rest && let Some(known) = &self.known {
            match resume::judge(*status, headers, content_length, length, known) {
                RestAnswer::Rest if within_origin => {
                    response.headers = resume::as_whole(headers, known);
                    response.status = 200;
                    return Ok(true);
                }
                RestAnswer::Rest | RestAnswer::Unusable => {
                    // Once: a server that does not understand ranges is not asked for one again.
                    self.resumes = false;
                    self.empty(false)?;
                    return Ok(false);
                }
                // What was kept is not worse for an error of the server.
                RestAnswer::Other => {
                    let is_error = *status >= 400;
                    self.empty(is_error)?;
                }
            }
        }
        if self.resumes && within_origin {
            self.known = resume::representation(response.status, &response.headers, content_length);
            if let (Some(key), Some(known)) = (&self.key, &self.known) {
                self.part.keep_as(key, note(known));
            }
        }
        Ok(true)
    }

    /// Whether the rest can be asked for if this attempt breaks off.
    pub fn can_resume(&self) -> bool {
        self.known.is_some()
    }

    /// The size of the whole file, where the rest of it was asked for.
    pub fn total(&self) -> Option<u64> {
        self.known.as_ref().map(|known| known.total)
    }

    /// The file of a download that failed: kept for a later call, or removed.
    pub fn give_up(self, error: &TransferError) {
        let may_go_on = retry::is_transient(&error.failure) || matches!(error.failure, Failure::Cancelled(_));
        if self.context.worker.check().is_err() {
            self.part.give_up(self.context.worker);
        } else if !may_go_on || self.known.is_none() {
            // After any other failure (a full disk, for example), delete the partial file now, so that its space is free when
            // the host is told.
            self.part.discard();
        }
    }

    /// Begins the file anew. The one before goes, unless `keep` leaves it to a later call.
    fn empty(&mut self, keep: bool) -> Result<(), TransferError> {
        self.known = None;
        if self.part.length() == 0 {
            return Ok(());
        }
        // Another file: the journal of the one before may tell of it until the disk has forgotten that.
        let before = std::mem::replace(&mut self.part, create(self.environment, self.context, self.file_path)?);
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
    environment.storage.take_partial(context.worker, key, file_path).map_err(failure::of_target)
}

/// Two calls that ask for the same have the same key. It tells nothing of what they ask for.
fn key_of(prepared: &Prepared, file_path: Option<&str>) -> String {
    let mut context = Context::new(&SHA256);
    let mut add = |text: &str| {
        context.update(&(text.len() as u64).to_le_bytes());
        context.update(text.as_bytes());
    };
    add(prepared.target.url().as_str());
    add(file_path.unwrap_or_default());
    for (name, value) in &prepared.headers {
        add(name);
        add(value);
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line each: the validator, the whole's size, the headers. None of them has a line end.
fn note(known: &Representation) -> String {
    let mut note = format!("{}\n{}\n", known.validator, known.total);
    for Header { name, value } in &known.described {
        note.push_str(&format!("{name}: {value}\n"));
    }
    note
}

fn read_note(note: &str) -> Option<Representation> {
    let mut lines = note.lines();
    let validator = lines.next()?.to_owned();
    let total = lines.next()?.parse().ok().filter(|total| *total > 0)?;
    let described = lines
        .map(|line| {
            line.split_once(": ").map(|(name, value)| Header { name: name.to_owned(), value: value.to_owned() })
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Representation { validator, total, described })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_tells_what_was_noted() {
        let described = vec![Header { name: "Content-Type".into(), value: "text/plain: x".into() }];
        for described in [Vec::new(), described] {
            let known = Representation { validator: "\"a b\"".into(), total: 7, described };
            assert_eq!(read_note(&note(&known)), Some(known));
        }
        for bad in ["", "\"v\"", "\"v\"\n", "\"v\"\nx", "\"v\"\n0", "\"v\"\n7\nno header"] {
            assert_eq!(read_note(bad), None, "{bad:?}");
        }
    }
}
