//! The two APIs that transfer files.

/// A transfer API of WeChat. Domain lists, queues and quirks are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// `wx.uploadFile`.
    Upload,
    /// `wx.downloadFile`.
    Download,
}
