//! The calls of a page and of the host.

use super::Api;

/// The calls that can fail, with the names that start WeChat's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `wx.uploadFile`.
    UploadFile,
    /// `wx.downloadFile`.
    DownloadFile,
    /// `wx.saveFile`.
    SaveFile,
    /// `wx.getSavedFileList`.
    GetSavedFileList,
    /// `wx.getSavedFileInfo`.
    GetSavedFileInfo,
    /// `wx.removeSavedFile`.
    RemoveSavedFile,
    /// `FileSystemManager.access`.
    Access,
    /// `FileSystemManager.stat`.
    Stat,
    /// `FileSystemManager.unlink`.
    Unlink,
    /// `FileSystemManager.copyFile`.
    CopyFile,
    /// `FileSystemManager.rename`.
    Rename,
    /// `FileSystemManager.mkdir`.
    MakeDirectory,
    /// `FileSystemManager.rmdir`.
    RemoveDirectory,
    /// `FileSystemManager.readdir`.
    ListDirectory,
    /// `FileSystemManager.getFileInfo`.
    GetFileInfo,
    /// `FileSystemManager.readFile`.
    ReadFile,
    /// `FileSystemManager.writeFile`.
    WriteFile,
    /// `FileSystemManager.appendFile`.
    AppendFile,
    /// `FileSystemManager.write`: at a position.
    Write,
    /// A call of the host: a native file becomes a temporary file.
    ImportFile,
    /// A call of the host: the native path of a `wxfile://` path.
    ResolvePath,
}

impl Call {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Call::UploadFile => "uploadFile",
            Call::DownloadFile => "downloadFile",
            Call::SaveFile => "saveFile",
            Call::GetSavedFileList => "getSavedFileList",
            Call::GetSavedFileInfo => "getSavedFileInfo",
            Call::RemoveSavedFile => "removeSavedFile",
            Call::Access => "access",
            Call::Stat => "stat",
            Call::Unlink => "unlink",
            Call::CopyFile => "copyFile",
            Call::Rename => "rename",
            Call::MakeDirectory => "mkdir",
            Call::RemoveDirectory => "rmdir",
            Call::ListDirectory => "readdir",
            Call::GetFileInfo => "getFileInfo",
            Call::ReadFile => "readFile",
            Call::WriteFile => "writeFile",
            Call::AppendFile => "appendFile",
            Call::Write => "write",
            Call::ImportFile => "importFile",
            Call::ResolvePath => "resolvePath",
        }
    }

    /// Whether the call uses the network.
    pub fn is_transfer(self) -> bool {
        matches!(self, Call::UploadFile | Call::DownloadFile)
    }
}

impl From<Api> for Call {
    fn from(api: Api) -> Call {
        match api {
            Api::Upload => Call::UploadFile,
            Api::Download => Call::DownloadFile,
        }
    }
}
