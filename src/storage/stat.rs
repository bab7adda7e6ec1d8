//! Attributes of files and directories. Changes nothing, and opens nothing that a page may not read.

use std::io;

use super::directory::Directory;
use super::entry::{Entry, EntryKind};
use super::path::VirtualPath;
use super::store::last;
use super::walk::{entries, joined};
use super::{Error, Storage, at_path, path};
use crate::worker::{Worker, sort};

/// The attributes of a file or directory and its relative path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// The path relative to the requested directory, with a leading `/`: `/` itself, `/a`, `/a/b`. Empty for a single
    /// result.
    pub path: String,
    /// The attributes.
    pub entry: Entry,
}

impl Storage {
    /// Checks that a page's file or directory exists.
    ///
    /// Fails with [`Error::NotFound`], [`Error::NotADirectory`], [`Error::PermissionDenied`], [`Error::AccessDenied`],
    /// [`Error::OutOfResources`] or [`Error::Io`].
    pub fn access(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        self.entry(worker, path).map(drop)
    }

    /// The attributes of a file or directory.
    ///
    /// Fails as [`Storage::access`].
    pub fn stat(&self, worker: &Worker, path: &str) -> Result<FileStat, Error> {
        Ok(FileStat { path: String::new(), entry: self.entry(worker, path)? })
    }

    /// The attributes of a directory and everything in it, recursively, ordered by path; or of a single file. Symbolic
    /// links, and names that no path can contain, are left out.
    ///
    /// Fails with [`Error::Stopped`], or as [`Storage::access`].
    pub fn stat_tree(&self, worker: &Worker, path: &str) -> Result<Vec<FileStat>, Error> {
        let entry = self.entry(worker, path)?;
        let (VirtualPath::User(components), EntryKind::Directory) = (self.parse(path)?, entry.kind) else {
            return Ok(vec![FileStat { path: String::new(), entry }]);
        };
        let directory = self.open_directory(worker, path, &components)?;
        let mut stats = vec![FileStat { path: "/".to_owned(), entry }];
        let below = entries(&directory, worker)?;
        if let Some(problem) = below.problem {
            return Err(at_path(path, problem));
        }
        stats.try_reserve_exact(below.entries.len()).map_err(|_| Error::OutOfResources { which: "memory" })?;
        for (relative, entry) in below.entries {
            worker.turn(relative.len())?;
            let can_be_named = self.parse(&format!("{path}/{relative}")).is_ok();
            if can_be_named && entry.kind != EntryKind::Other {
                stats.push(FileStat { path: joined(&["/", &relative]).map_err(|error| at_path(path, error))?, entry });
            }
        }
        sort(&mut stats, |one, other| one.path < other.path, || worker.turn(0))?;
        Ok(stats)
    }

    /// The names in a directory, sorted. Names that no path can contain are left out.
    ///
    /// Fails with [`Error::Stopped`], or as [`Storage::access`].
    pub fn list_directory(&self, worker: &Worker, path: &str) -> Result<Vec<String>, Error> {
        let entry = self.entry(worker, path)?;
        let (VirtualPath::User(components), EntryKind::Directory) = (self.parse(path)?, entry.kind) else {
            return Err(Error::NotADirectory { path: path.to_owned() });
        };
        let mut names: Vec<String> = Vec::new();
        self.open_directory(worker, path, &components)?.for_each_name(worker, |name| {
            if let Some(name) = name.to_str().ok().filter(|name| path::is_name(name)) {
                names.try_reserve(1).map_err(|_| Error::OutOfResources { which: "memory" })?;
                names.push(joined(&[name]).map_err(|error| at_path(path, error))?);
            }
            Ok(())
        })?;
        sort(&mut names, |one, other| one < other, || worker.turn(0))?;
        Ok(names)
    }

    /// The attributes of a file or directory that a page may see.
    fn entry(&self, worker: &Worker, path: &str) -> Result<Entry, Error> {
        let parsed = self.parse(path)?;
        let entry = match &parsed {
            VirtualPath::Temporary(_) | VirtualPath::Stored(_) => Entry::of(self.open_file(worker, path, &parsed)?),
            VirtualPath::User(components) => {
                let tree = self.root.tree(worker)?;
                if components.is_empty() {
                    Entry::of(&tree.user)
                } else {
                    tree.open_user_parent(components).and_then(|parent| parent.look(last(components)))
                }
            }
        };
        let entry = entry.map_err(|error: io::Error| at_path(path, error))?;
        match entry.kind {
            EntryKind::Other => Err(Error::denied(path)),
            EntryKind::File if path::is_of_directory(path) => Err(Error::NotADirectory { path: path.to_owned() }),
            EntryKind::File | EntryKind::Directory => Ok(entry),
        }
    }

    fn open_directory(&self, worker: &Worker, path: &str, components: &[String]) -> Result<Directory, Error> {
        self.root.tree(worker)?.open_user_directory(components).map_err(|error| at_path(path, error))
    }
}
