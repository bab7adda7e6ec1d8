//! What is at a path: whether something is there, how large it is, what a directory holds. Nothing is changed, and nothing is
//! opened that a page may not read.

use std::io;

use super::directory::Directory;
use super::entry::{Entry, EntryKind};
use super::path::VirtualPath;
use super::store::last;
use super::walk::{entries, joined};
use super::{Error, Storage, at_path, path};
use crate::worker::Worker;

/// A file or directory, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// The path from the directory that was asked for, with `/` in front: `/` itself, `/a`, `/a/b`. Empty where only one thing
    /// was asked for.
    pub path: String,
    /// What the system says of it.
    pub entry: Entry,
}

impl Storage {
    /// Finds out whether a page's file or directory is there.
    ///
    /// Fails with [`Error::NotFound`], [`Error::NotADirectory`], [`Error::PermissionDenied`], [`Error::AccessDenied`],
    /// [`Error::OutOfResources`] or [`Error::Io`].
    pub fn access(&self, worker: &Worker, path: &str) -> Result<(), Error> {
        self.entry(worker, path).map(drop)
    }

    /// Describes a file or directory.
    ///
    /// Fails as [`Storage::access`].
    pub fn stat(&self, worker: &Worker, path: &str) -> Result<FileStat, Error> {
        Ok(FileStat { path: String::new(), entry: self.entry(worker, path)? })
    }

    /// Describes a directory and all that is in it, at any depth, in the order of the paths; or a file alone. What no path can
    /// name, and links, are left out.
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
            let can_be_named = self.parse(&format!("{path}/{relative}")).is_ok();
            if can_be_named && entry.kind != EntryKind::Other {
                stats.push(FileStat { path: joined(&["/", &relative]).map_err(|error| at_path(path, error))?, entry });
            }
        }
        stats.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(stats)
    }

    /// The names in a directory, in their order. What no path can name is left out.
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
        names.sort_unstable();
        Ok(names)
    }

    /// A file or directory that a page may know of.
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
