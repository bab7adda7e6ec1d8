//! The two APIs that transfer files.

/// A transfer API of WeChat. Each has its own domain list, queue and quirks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// `wx.uploadFile`.
    Upload,
    /// `wx.downloadFile`.
    Download,
}
