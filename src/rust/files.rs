//! The files of a session: saving, importing, and `FileSystemManager`.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::{CallFailure, Error, Session};
use crate::session::Admission;
use crate::storage::{EntryKind, FileStat, ImportMode, StoredFile, WriteMode};
use crate::terms::{Call, DigestAlgorithm, TransferError};

/// One file of the mini program.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path.
    pub file_path: String,
    /// The path of the same file on the device, for the host. Do not store it: iOS moves an app's directory.
    pub native_path: PathBuf,
    /// `size`: the size in bytes.
    pub size: u64,
    /// `createTime`: seconds since the Unix epoch. `None` if the operation does not determine it: import,
    /// resolve and `info`.
    pub create_time: Option<u64>,
}

/// Without the path on the device, which contains the user's id.
impl fmt::Debug for FileInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileInfo")
            .field("file_path", &self.file_path)
            .field("size", &self.size)
            .field("create_time", &self.create_time)
            .finish_non_exhaustive()
    }
}

/// `Stats`: the attributes of a file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileStats {
    /// `path` of `FileStats`: `/` for the directory itself, `/a` and `/a/b` for its contents. Empty unless the call was
    /// recursive, and for a file.
    pub path: String,
    /// `size`: the size in bytes.
    pub size: u64,
    /// `lastAccessedTime`: seconds since the Unix epoch. Many systems update it only roughly.
    pub last_accessed_time: u64,
    /// `lastModifiedTime`: seconds since the Unix epoch.
    pub last_modified_time: u64,
    /// `mode`: POSIX `st_mode`, with file type and permissions.
    pub mode: u32,
    /// `isFile()`: it is a regular file.
    pub is_file: bool,
    /// `isDirectory()`: it is a directory.
    pub is_directory: bool,
}

impl From<StoredFile> for FileInfo {
    fn from(file: StoredFile) -> FileInfo {
        let StoredFile { path, native_path, length, create_time } = file;
        FileInfo { file_path: path, native_path, size: length, create_time }
    }
}

impl From<FileStat> for FileStats {
    fn from(FileStat { path, entry }: FileStat) -> FileStats {
        FileStats {
            path,
            size: entry.length,
            last_accessed_time: entry.accessed,
            last_modified_time: entry.modified,
            mode: entry.mode,
            is_file: entry.kind == EntryKind::File,
            is_directory: entry.kind == EntryKind::Directory,
        }
    }
}

/// Saving and importing.
///
/// These methods and those of [`Files`] wait for the disk. Closing the session ends them. Each fails with
/// [`Error::SessionClosed`], or with [`Error::Failed`], whose numbers the linked function of the C interface lists.
impl Session {
    /// `wx.saveFile`: moves a temporary file to the store, or to the `wxfile://usr/` path `file_path`.
    ///
    /// Failures: [`wxt_save_file`](crate::ffi::file::wxt_save_file).
    pub fn save_file(&self, temp_file_path: &str, file_path: Option<&str>) -> Result<FileInfo, Error> {
        let saved = self.file_call(Call::SaveFile, |admission| admission.save_file(temp_file_path, file_path));
        saved.map(FileInfo::from)
    }

    /// `wx.getSavedFileList`: the files of the store, oldest first, without those under `wxfile://usr/`.
    ///
    /// Failures: [`wxt_get_saved_file_list`](crate::ffi::file::wxt_get_saved_file_list).
    pub fn get_saved_file_list(&self) -> Result<Vec<FileInfo>, Error> {
        let files = self.file_call(Call::GetSavedFileList, |admission| admission.saved_files())?;
        Ok(files.into_iter().map(FileInfo::from).collect())
    }

    /// `wx.getSavedFileInfo`.
    ///
    /// Failures: [`wxt_get_saved_file_info`](crate::ffi::file::wxt_get_saved_file_info).
    pub fn get_saved_file_info(&self, file_path: &str) -> Result<FileInfo, Error> {
        self.file_call(Call::GetSavedFileInfo, |admission| admission.saved_file(file_path)).map(FileInfo::from)
    }

    /// `wx.removeSavedFile`.
    ///
    /// Failures: [`wxt_remove_saved_file`](crate::ffi::file::wxt_remove_saved_file).
    pub fn remove_saved_file(&self, file_path: &str) -> Result<(), Error> {
        self.file_call(Call::RemoveSavedFile, |admission| admission.remove_saved_file(file_path))
    }

    /// Makes a temporary file from a file of the host, such as a photo just taken. The path must be UTF-8.
    ///
    /// Failures: [`wxt_import_file`](crate::ffi::file::wxt_import_file).
    pub fn import_file(&self, native_path: impl AsRef<Path>, mode: ImportMode) -> Result<FileInfo, Error> {
        let imported = self.file_call(Call::ImportFile, |admission| {
            let path = native_path.as_ref().to_str().ok_or_else(|| TransferError::not_text("filePath"))?;
            admission.import_path(path, mode)
        });
        imported.map(FileInfo::from)
    }

    /// Makes a temporary file from an open file or pipe, read from its current offset. `length` is the number of bytes
    /// to read; `None` means up to the end. `name` provides the extension.
    ///
    /// Failures: [`wxt_import_file_descriptor`](crate::ffi::file::wxt_import_file_descriptor).
    pub fn import_file_descriptor(
        &self,
        descriptor: OwnedFd,
        length: Option<u64>,
        name: Option<&str>,
    ) -> Result<FileInfo, Error> {
        let import = |admission: &Admission<'_>| admission.import_descriptor(descriptor, length, name);
        self.file_call(Call::ImportFile, import).map(FileInfo::from)
    }

    /// Makes a temporary file from bytes in memory, such as a picture just drawn. `name` provides the extension.
    ///
    /// Failures: [`wxt_import_data`](crate::ffi::file::wxt_import_data).
    pub fn import_data(&self, data: &[u8], name: Option<&str>) -> Result<FileInfo, Error> {
        self.file_call(Call::ImportFile, |admission| admission.import_data(data, name)).map(FileInfo::from)
    }

    /// The path on the device of an existing `wxfile://` path, for the host's own use (a player, a viewer).
    ///
    /// Failures: [`wxt_resolve_path`](crate::ffi::file::wxt_resolve_path).
    pub fn resolve_path(&self, file_path: &str) -> Result<FileInfo, Error> {
        self.file_call(Call::ResolvePath, |admission| admission.resolve_path(file_path)).map(FileInfo::from)
    }

    /// The calls of a page's `FileSystemManager`.
    pub fn files(&self) -> Files<'_> {
        Files(self)
    }

    fn file_call<T>(
        &self,
        call: Call,
        run: impl FnOnce(&Admission<'_>) -> Result<T, TransferError>,
    ) -> Result<T, Error> {
        run(&self.admit()?).map_err(|error| Error::Failed(CallFailure::of(call, error)))
    }
}

/// `FileSystemManager` of a session: the calls of a page on its files, other than saving.
///
/// A page may read `wxfile://tmp_…` and `wxfile://store_…` files, and may read and write files and directories under
/// `wxfile://usr`. Symbolic links are not followed. They, and files with a second hard link, fail with
/// `WXT_ERRNO_PERMISSION_DENIED`.
#[derive(Clone, Copy)]
pub struct Files<'a>(&'a Session);

impl Files<'_> {
    /// `access`: whether a file or directory exists.
    ///
    /// Failures: [`wxt_file_access`](crate::ffi::file_system::wxt_file_access).
    pub fn access(&self, path: &str) -> Result<(), Error> {
        self.0.file_call(Call::Access, |admission| admission.access(path))
    }

    /// `stat`: of a file or directory, as one element. If `recursive` is set and the path is a directory: of the
    /// directory and everything in it, ordered by path.
    ///
    /// Failures: [`wxt_file_stat`](crate::ffi::file_system::wxt_file_stat).
    pub fn stat(&self, path: &str, recursive: bool) -> Result<Vec<FileStats>, Error> {
        let stats = self.0.file_call(Call::Stat, |admission| admission.stat(path, recursive))?;
        Ok(stats.into_iter().map(FileStats::from).collect())
    }

    /// `unlink`: deletes a file under `wxfile://usr`.
    ///
    /// Failures: [`wxt_file_unlink`](crate::ffi::file_system::wxt_file_unlink).
    pub fn unlink(&self, file_path: &str) -> Result<(), Error> {
        self.0.file_call(Call::Unlink, |admission| admission.unlink(file_path))
    }

    /// `copyFile`.
    ///
    /// Failures: [`wxt_file_copy`](crate::ffi::file_system::wxt_file_copy).
    pub fn copy(&self, src_path: &str, dest_path: &str) -> Result<(), Error> {
        self.0.file_call(Call::CopyFile, |admission| admission.copy_file(src_path, dest_path))
    }

    /// `rename`: moves a file or directory under `wxfile://usr`.
    ///
    /// Failures: [`wxt_file_rename`](crate::ffi::file_system::wxt_file_rename).
    pub fn rename(&self, old_path: &str, new_path: &str) -> Result<(), Error> {
        self.0.file_call(Call::Rename, |admission| admission.rename(old_path, new_path))
    }

    /// `mkdir`. With `recursive`, missing parents are made, too. An existing directory is a failure.
    ///
    /// Failures: [`wxt_file_make_directory`](crate::ffi::file_system::wxt_file_make_directory).
    pub fn make_directory(&self, dir_path: &str, recursive: bool) -> Result<(), Error> {
        self.0.file_call(Call::MakeDirectory, |admission| admission.make_directory(dir_path, recursive))
    }

    /// `rmdir`. With `recursive`, also a directory that is not empty.
    ///
    /// Failures: [`wxt_file_remove_directory`](crate::ffi::file_system::wxt_file_remove_directory).
    pub fn remove_directory(&self, dir_path: &str, recursive: bool) -> Result<(), Error> {
        self.0.file_call(Call::RemoveDirectory, |admission| admission.remove_directory(dir_path, recursive))
    }

    /// `readdir`: the names in a directory.
    ///
    /// Failures: [`wxt_file_list_directory`](crate::ffi::file_system::wxt_file_list_directory).
    pub fn list_directory(&self, dir_path: &str) -> Result<Vec<String>, Error> {
        self.0.file_call(Call::ListDirectory, |admission| admission.list_directory(dir_path))
    }

    /// `getFileInfo`: the file, and its digest as lower-case hexadecimal digits.
    ///
    /// Failures: [`wxt_file_info`](crate::ffi::file_system::wxt_file_info).
    pub fn info(&self, file_path: &str, algorithm: DigestAlgorithm) -> Result<(FileInfo, String), Error> {
        let info = self.0.file_call(Call::GetFileInfo, |admission| admission.file_info(file_path, algorithm));
        info.map(|(file, digest)| (file.into(), digest))
    }

    /// `readFile`: from `position` on, `length` bytes, or up to the end. At most 100 MiB.
    ///
    /// Failures: [`wxt_file_read`](crate::ffi::file_system::wxt_file_read).
    pub fn read(&self, file_path: &str, position: u64, length: Option<u64>) -> Result<Vec<u8>, Error> {
        self.0.file_call(Call::ReadFile, |admission| admission.read_file(file_path, position, length))
    }

    /// `writeFile`, `appendFile` or `write`, according to `mode`. At most 100 MiB.
    ///
    /// Failures: [`wxt_file_write`](crate::ffi::file_system::wxt_file_write).
    pub fn write(&self, file_path: &str, data: &[u8], mode: WriteMode) -> Result<(), Error> {
        let call = match mode {
            WriteMode::Whole => Call::WriteFile,
            WriteMode::Append => Call::AppendFile,
            WriteMode::At(_) => Call::Write,
        };
        self.0.file_call(call, |admission| admission.write_file(file_path, mode, data))
    }
}

impl fmt::Debug for Files<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Files").field(self.0).finish()
    }
}
