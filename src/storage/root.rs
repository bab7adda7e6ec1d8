//! A mini program's root: its directories and their locks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::directory::Directory;
use super::path::VirtualPath;
use super::{Error, Sharing, lock};

/// NAME_MAX of every file system on the supported platforms.
const MAX_NAME_BYTES: usize = 255;
/// Changes take milliseconds; a process that was frozen while it makes one must not freeze the others with it.
const CHANGE_LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const CHANGE_LOCK_PAUSE: Duration = Duration::from_millis(2);

/// The directories of one mini program and user.
#[derive(Debug)]
pub struct Root {
    native: PathBuf,
    /// Locked while a session is open, shared or exclusively.
    session: Directory,
    /// Holds one directory for each launch. Locked while launches begin, which removes dead ones.
    pub launches: Directory,
    /// The saved files. Locked while files are added here or under `user`, so that the quota is kept by all processes.
    pub store: Directory,
    pub user: Directory,
    /// A lock belongs to the open directory, so it does not keep two threads of this session apart; this does.
    change: Mutex<()>,
}

/// Keeps every other session and thread from changing what is locked.
#[derive(Debug)]
pub struct ChangeGuard<'a> {
    directory: &'a Directory,
    _thread: MutexGuard<'a, ()>,
}

impl Root {
    /// Opens the directories, making those that are missing, and takes the session's lock.
    pub fn open(data_directory: &Path, app_id: &str, user_id: &str, sharing: Sharing) -> Result<Root, Error> {
        if !data_directory.is_absolute() {
            return Err(Error::InvalidDataDirectory);
        }
        if app_id.is_empty() {
            return Err(Error::InvalidIdentity { which: "app id" });
        }
        let app_name = identity_name("app-", app_id).ok_or(Error::InvalidIdentity { which: "app id" })?;
        let user_name = identity_name("user-", user_id).ok_or(Error::InvalidIdentity { which: "user id" })?;
        let native = data_directory.join(&app_name).join(&user_name);

        std::fs::create_dir_all(data_directory)
            .map_err(|error| Error::at_path(&data_directory.to_string_lossy(), "create the data directory", error))?;
        let open = || -> io::Result<Root> {
            let data = Directory::open_native(data_directory)?;
            let (app, _) = data.open_or_create(&app_name)?;
            let (session, _) = app.open_or_create(&user_name)?;
            let (launches, _) = session.open_or_create("launches")?;
            let (store, _) = session.open_or_create("store")?;
            let (user, _) = session.open_or_create("usr")?;
            Ok(Root { native: native.clone(), session, launches, store, user, change: Mutex::new(()) })
        };
        let root = open().map_err(|error| Error::at_path(&native.to_string_lossy(), "open the directories", error))?;

        let exclusive = sharing == Sharing::Exclusive;
        if !root.session.try_lock(exclusive).map_err(|error| Error::from_io("lock the directories", error))? {
            return Err(Error::Locked);
        }
        Ok(root)
    }

    /// Lets other sessions have the directories.
    pub fn unlock(&self) -> io::Result<()> {
        self.session.unlock()
    }

    /// Waits for and takes the lock of `launches` or `store`.
    ///
    /// Fails with [`Error::Locked`] after seconds, or [`Error::Io`].
    pub fn lock_changes<'a>(&'a self, directory: &'a Directory) -> Result<ChangeGuard<'a>, Error> {
        let thread = lock(&self.change);
        let deadline = Instant::now() + CHANGE_LOCK_TIMEOUT;
        while !directory.try_lock(true).map_err(|error| Error::from_io("lock a directory", error))? {
            if Instant::now() >= deadline {
                return Err(Error::Locked);
            }
            std::thread::sleep(CHANGE_LOCK_PAUSE);
        }
        Ok(ChangeGuard { directory, _thread: thread })
    }

    /// The bytes that saved files and those under `wxfile://usr` hold.
    pub fn measure_saved(&self) -> io::Result<u64> {
        Ok(self.store.measure()?.saturating_add(self.user.measure()?))
    }

    /// Opens the directory that a `wxfile://usr` file is in.
    pub fn open_user_parent(&self, components: &[String]) -> io::Result<Directory> {
        let mut directory = self.user.open(".")?;
        for name in parents(components) {
            directory = directory.open(name.as_str())?;
        }
        Ok(directory)
    }

    /// Opens the directory that a `wxfile://usr` file is to be in, making what is missing on the way.
    pub fn create_user_parent(&self, components: &[String]) -> io::Result<Directory> {
        let mut directory = self.user.open(".")?;
        for name in parents(components) {
            let (next, created) = directory.open_or_create(name)?;
            if created {
                directory.sync()?;
            }
            directory = next;
        }
        Ok(directory)
    }

    /// Where the directory of a launch is for the host.
    pub fn native_launch(&self, launch: &str) -> PathBuf {
        self.native.join("launches").join(launch)
    }

    /// Where a file is for the host.
    pub fn native_path(&self, launch: &str, path: &VirtualPath) -> PathBuf {
        match path {
            VirtualPath::Temporary(name) => self.native_launch(launch).join(name),
            VirtualPath::Stored(name) => self.native_stored(name),
            VirtualPath::User(components) => self.native_user(components),
        }
    }

    /// Where a file of the store is for the host.
    pub fn native_stored(&self, name: &str) -> PathBuf {
        self.native.join("store").join(name)
    }

    /// Where a `wxfile://usr` file is for the host.
    pub fn native_user(&self, components: &[String]) -> PathBuf {
        let mut native = self.native.join("usr");
        native.extend(components);
        native
    }
}

impl Drop for ChangeGuard<'_> {
    fn drop(&mut self) {
        // Unlocking an open directory that is locked has no way to fail; closing it would unlock it, too.
        let _ = self.directory.unlock();
    }
}

/// All names but the last.
fn parents(components: &[String]) -> &[String] {
    components.split_last().map_or(&[], |(_, parents)| parents)
}

/// The directory name of an id: no two ids have the same, also where case does not count, and none is special. Lower-case
/// letters and digits stand for themselves, every other byte is `_` and its two hexadecimal digits.
fn identity_name(prefix: &str, id: &str) -> Option<String> {
    let mut name = prefix.to_owned();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => name.push(char::from(byte)),
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    (name.len() <= MAX_NAME_BYTES).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn open(directory: &Path, app: &str, user: &str, sharing: Sharing) -> Result<Root, Error> {
        Root::open(directory, app, user, sharing)
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
        let names: HashSet<String> = ids.iter().map(|id| identity_name("app-", id).unwrap().to_lowercase()).collect();
        assert_eq!(names.len(), ids.len());
        for name in names {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        }
        assert_eq!(identity_name("user-", "oA_1").unwrap(), "user-o_41_5f1");
        assert!(identity_name("app-", &"a".repeat(251)).is_some());
        assert!(identity_name("app-", &"a".repeat(252)).is_none());
    }

    #[test]
    fn bad_identities_and_directories_are_typed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(matches!(open(path, "", "u", Sharing::Shared), Err(Error::InvalidIdentity { which: "app id" })));
        assert!(matches!(
            open(path, "a", &"U".repeat(100), Sharing::Shared),
            Err(Error::InvalidIdentity { which: "user id" })
        ));
        assert!(matches!(open(Path::new("data"), "a", "", Sharing::Shared), Err(Error::InvalidDataDirectory)));
        assert!(open(&path.join("not/yet/there"), "a", "", Sharing::Shared).is_ok());
    }

    #[test]
    fn an_exclusive_session_is_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let first = open(path, "a", "u", Sharing::Exclusive).unwrap();
        assert!(matches!(open(path, "a", "u", Sharing::Exclusive), Err(Error::Locked)));
        assert!(matches!(open(path, "a", "u", Sharing::Shared), Err(Error::Locked)));
        open(path, "a", "v", Sharing::Exclusive).unwrap();
        open(path, "b", "u", Sharing::Exclusive).unwrap();
        first.unlock().unwrap();
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
            assert!(matches!(opened, Err(Error::PermissionDenied { .. })), "{planted}");
            assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "{planted}");
        }
    }

    #[test]
    fn directories_are_for_the_app_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path(), "a", "u", Sharing::Exclusive).unwrap();
        for path in [root.native.clone(), root.native.join("store"), root.native.join("usr")] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
