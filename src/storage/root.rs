//! A mini program's root: its directories and their locks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::directory::FileId;
use super::path::VirtualPath;
use super::registry::{self, FilesIdentity};
use super::scheme::PathScheme;
use super::shared_root::{MAX_ATTEMPTS, SharedRoot, Tree};
use super::{Error, Sharing};
use crate::terms::log::{Level, Log};
use crate::worker::Worker;

/// NAME_MAX of every file system on the supported platforms.
const MAX_NAME_BYTES: usize = 255;

/// The directories of one mini program and user, as used by one session.
#[derive(Debug)]
pub struct Root {
    pub shared: Arc<SharedRoot>,
    /// As the host specified it.
    native: PathBuf,
    left: AtomicBool,
    pub scheme: PathScheme,
    pub log: Log,
}

impl Root {
    /// Opens the directories, creates missing ones, and takes the session's lock. Returns the directories too, so that
    /// the rest of the opening need not look for them again.
    pub fn open(
        data_directory: &Path,
        app_id: &str,
        user_id: &str,
        sharing: Sharing,
        scheme: PathScheme,
        log: Log,
        worker: &Worker,
    ) -> Result<(Root, Arc<Tree>), Error> {
        if !data_directory.is_absolute() {
            return Err(Error::InvalidDataDirectory);
        }
        if app_id.is_empty() {
            return Err(Error::InvalidIdentity { which: "app_id", reason: "is empty".to_owned() });
        }
        let app_name = directory_name("app_id", "app-", app_id)?;
        let user_name = directory_name("user_id", "user-", user_id)?;

        // The error does not contain the path, because the text of an `OpenError` must not contain it.
        let (canonical, data_id) = resolve(data_directory)?;
        let identity =
            FilesIdentity { data_directory: &canonical, data_id, app_name: &app_name, user_name: &user_name };
        let root = Root {
            shared: registry::enter(identity, sharing)?,
            native: data_directory.join(&app_name).join(&user_name),
            left: AtomicBool::new(false),
            scheme,
            log,
        };
        // If this fails, dropping the root releases it.
        let tree = root.tree(worker)?;
        Ok((root, tree))
    }

    /// The directories. Created again if they were deleted; the lock is then also taken again, and another process may
    /// have taken it meanwhile.
    ///
    /// Fails with [`Error::Closed`]; [`Error::Locked`] if another process has the files; [`Error::Stopped`],
    /// [`Error::OutOfResources`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn tree(&self, worker: &Worker) -> Result<Arc<Tree>, Error> {
        if self.left.load(Ordering::SeqCst) {
            return Err(Error::Closed);
        }
        let (tree, made_anew) = self.shared.tree(worker)?;
        if made_anew {
            self.log.write(Level::Warning, || {
                "the mini program's directories were deleted and have been created again".to_owned()
            });
        }
        Ok(tree)
    }

    /// Releases the directories. Has no effect the second time.
    pub fn leave(&self) {
        if !self.left.swap(true, Ordering::SeqCst) {
            registry::leave(&self.shared);
        }
    }

    /// The native path of a temporary file. Uses one allocation, because every download calls it.
    pub fn native_temporary(&self, launch: &str, name: &str) -> PathBuf {
        let size = [self.native.as_os_str().len(), "/launches/".len(), launch.len(), 1, name.len()].iter().sum();
        let mut native = PathBuf::with_capacity(size);
        native.extend([&*self.native, Path::new("launches"), Path::new(launch), Path::new(name)]);
        native
    }

    /// The native path of a file.
    pub fn native_path(&self, launch: &str, path: &VirtualPath) -> PathBuf {
        match path {
            VirtualPath::Temporary(name) => self.native_temporary(launch, name),
            VirtualPath::Stored(name) => self.native_stored(name),
            VirtualPath::User(components) => self.native_user(components),
        }
    }

    /// The native path of a file in the store.
    pub fn native_stored(&self, name: &str) -> PathBuf {
        self.native.join("store").join(name)
    }

    /// The native path of a `wxfile://usr` file.
    pub fn native_user(&self, components: &[String]) -> PathBuf {
        let mut native = self.native.join("usr");
        native.extend(components);
        native
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The data directory's resolved path and its identity. Created if it is missing.
fn resolve(data_directory: &Path) -> Result<(PathBuf, FileId), Error> {
    let resolved = || data_directory.canonicalize().and_then(|path| Ok((FileId::at(&path)?, path)));
    let mut attempts = 1;
    loop {
        // The error does not contain the path, because the text of an `OpenError` must not contain it.
        match resolved() {
            Ok((id, path)) => return Ok((path, id)),
            // Missing, or deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < MAX_ATTEMPTS => attempts += 1,
            Err(error) => return Err(Error::from_io("look at the data directory", error)),
        }
        let created = std::fs::create_dir_all(data_directory);
        created.map_err(|error| Error::from_io("create the data directory", error))?;
    }
}

/// The directory name of an id. Distinct ids have distinct names, also if case is ignored, and no name is special.
/// Lower-case letters and digits are unchanged. Every other byte becomes `_` and two hexadecimal digits.
fn identity_name(prefix: &str, id: &str) -> String {
    let mut name = prefix.to_owned();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => name.push(char::from(byte)),
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    name
}

/// The name of an id's directory. `which` is the id's option.
fn directory_name(which: &'static str, prefix: &str, id: &str) -> Result<String, Error> {
    let name = identity_name(prefix, id);
    if name.len() > MAX_NAME_BYTES {
        let reason = format!("is too long: its directory's name has {} bytes, of at most {MAX_NAME_BYTES}", name.len());
        return Err(Error::InvalidIdentity { which, reason });
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::worker::StopSignal;

    fn open(directory: &Path, app: &str, user: &str, sharing: Sharing) -> Result<Root, Error> {
        let worker = Worker::for_call(Arc::new(StopSignal::new()));
        let opened = Root::open(directory, app, user, sharing, PathScheme::default(), Log::default(), &worker);
        opened.map(|(root, _)| root)
    }

    #[test]
    fn ids_become_distinct_plain_names() {
        let ids = [
            "wx0123456789abcdef",
            "WX0123456789abcdef",
            "a",
            "A",
            "_41",
            "a/b",
            "a_2fb",
            "..",
            ".",
            "a\\b",
            "a\0b",
            "é",
            "e\u{301}",
            " a",
            "a ",
            "-",
            "",
        ];
        let names: HashSet<String> = ids.iter().map(|id| identity_name("app-", id).to_lowercase()).collect();
        assert_eq!(names.len(), ids.len());
        for name in names {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        }
        assert_eq!(identity_name("user-", "oA_1"), "user-o_41_5f1");
        assert_eq!(directory_name("app_id", "app-", &"a".repeat(251)).unwrap().len(), 255);
        let refused = directory_name("app_id", "app-", &"a".repeat(252)).unwrap_err().to_string();
        assert_eq!(refused, "app_id is too long: its directory's name has 256 bytes, of at most 255");
    }

    #[test]
    fn invalid_identities_and_directories_have_typed_errors() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(matches!(open(path, "", "u", Sharing::Shared), Err(Error::InvalidIdentity { which: "app_id", .. })));
        assert!(matches!(
            open(path, "a", &"U".repeat(100), Sharing::Shared),
            Err(Error::InvalidIdentity { which: "user_id", .. })
        ));
        assert!(matches!(open(Path::new("data"), "a", "", Sharing::Shared), Err(Error::InvalidDataDirectory)));
        assert!(open(&path.join("not/yet/there"), "a", "", Sharing::Shared).is_ok());
    }

    #[test]
    fn exclusive_session_excludes_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let first = open(path, "a", "u", Sharing::Exclusive).unwrap();
        assert!(matches!(open(path, "a", "u", Sharing::Exclusive), Err(Error::Locked)));
        assert!(matches!(open(path, "a", "u", Sharing::Shared), Err(Error::Locked)));
        open(path, "a", "v", Sharing::Exclusive).unwrap();
        open(path, "b", "u", Sharing::Exclusive).unwrap();
        first.leave();
        let second = open(path, "a", "u", Sharing::Shared).unwrap();
        let third = open(path, "a", "u", Sharing::Shared).unwrap();
        assert!(matches!(open(path, "a", "u", Sharing::Exclusive), Err(Error::Locked)));
        drop((second, third));
        open(path, "a", "u", Sharing::Exclusive).unwrap();
    }

    #[test]
    fn a_link_in_place_of_a_directory_is_refused() {
        for planted in ["app-a", "app-a/user-u", "app-a/user-u/store", "app-a/user-u/usr", "app-a/user-u/launches"] {
            let directory = tempfile::tempdir().unwrap();
            let outside = tempfile::tempdir().unwrap();
            let link = directory.path().join(planted);
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(outside.path(), &link).unwrap();
            let opened = open(directory.path(), "a", "u", Sharing::Exclusive);
            assert!(matches!(opened, Err(Error::Io { .. })), "{planted}");
            assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "{planted}");
        }
    }

    #[test]
    fn directories_are_private_to_the_app() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path(), "a", "u", Sharing::Exclusive).unwrap();
        for path in [root.native.clone(), root.native.join("store"), root.native.join("usr")] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
