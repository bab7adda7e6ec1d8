//! The head of a response, as it is on the wire.

/// One header field of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name in the letters of the wire.
    pub name: String,
    /// The value; bytes that are no UTF-8 are read as Latin-1.
    pub value: String,
}

#[derive(Debug)]
pub(super) struct Head {
    pub status: u16,
    pub headers: Vec<Header>,
}
