//! Temporary files made of what the host owns: a photo just taken, a document just picked.

/// How a file of the host becomes a temporary file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// The host keeps its file. Its blocks are shared where the file system can (a clone), else copied.
    Copy,
    /// The host gives its file away. It is renamed where that is possible, else copied and removed.
    Move,
}
